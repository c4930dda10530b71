/* SHA-256, by whichever code this build has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/sha256.h"

#include <stdlib.h>
#include <string.h>

static void check(const void *bytes, size_t size, const char *wanted) {
    char hex[I2V_SHA256_SIZE];
    assert_int_equal(i2v_sha256_of(bytes, size, hex, NULL), I2V_OK);
    assert_string_equal(hex, wanted);
}

/* NIST's examples. */
static void known_hashes(void **state) {
    (void)state;
    check("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    enum { MILLION = 1000000 };
    char *text = malloc(MILLION);
    assert_non_null(text);
    memset(text, 'a', MILLION);
    check(text, MILLION, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(text);
}

/* Hashes of 0, 1, ... up to three blocks, one after the other, hashed. */
static void all_lengths(void **state) {
    (void)state;
    char all[193 * (I2V_SHA256_SIZE - 1) + 1];
    uint8_t bytes[192];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(7 * i + 3);
    for (size_t size = 0; size <= sizeof bytes; size++)
        assert_int_equal(i2v_sha256_of(bytes, size, all + size * (I2V_SHA256_SIZE - 1), NULL), I2V_OK);
    check(all, sizeof all - 1, "daac531efe5e0c724703ebaf653dc57a48bec3a8d68b49061a01752d4c1f5843");
}

static void pieces_make_no_difference(void **state) {
    (void)state;
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * i);
    char whole[I2V_SHA256_SIZE], pieces[I2V_SHA256_SIZE];
    assert_int_equal(i2v_sha256_of(bytes, sizeof bytes, whole, NULL), I2V_OK);
    for (size_t step = 1; step < sizeof bytes; step++) {
        i2v_sha256 hash;
        i2v_sha256_begin(&hash);
        for (size_t at = 0; at < sizeof bytes; at += step)
            i2v_sha256_update(&hash, bytes + at, sizeof bytes - at < step ? sizeof bytes - at : step);
        assert_int_equal(i2v_sha256_end(&hash, pieces, NULL), I2V_OK);
        assert_string_equal(pieces, whole);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_hashes),
        cmocka_unit_test(all_lengths),
        cmocka_unit_test(pieces_make_no_difference),
    };
    return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
