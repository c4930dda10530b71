/* What is saved as weights and is none is named, with the way out. */
#include "weights/weights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What opening a file of these bytes says. */
static const char *said(const char *bytes, size_t size) {
    static i2v_error error;
    char path[] = "/tmp/img2vid-test-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, bytes, size), size);
    close(descriptor);
    i2v_weights *weights = NULL;
    assert_int_equal(i2v_weights_open_file(&weights, path, &error), I2V_ERROR_MODEL);
    assert_null(weights);
    assert_non_null(strstr(error.message, path));
    unlink(path);
    return error.message;
}

static void names(const char *bytes, size_t size, const char *what, const char *way_out) {
    const char *message = said(bytes, size);
    if (!strstr(message, what) || !strstr(message, way_out)) fail_msg("\"%s\" lacks %s, %s", message, what, way_out);
}

#define NAMES(bytes, what, way_out) names(bytes, sizeof(bytes) - 1, what, way_out)

static void test_other_files_are_named(void **state) {
    NAMES("Access to model org/svd-xt is restricted. You must have access to it and be authenticated to access it.",
          "accept the licence on the page of org/svd-xt,", "img2vid pull");
    NAMES("Invalid username or password.", "the hub's refusal", "token");
    NAMES("Entry not found", "the hub's refusal", "file's name");
    NAMES("<!DOCTYPE html><html><head>", "a web page", "img2vid pull");
    NAMES("\xef\xbb\xbf\n <HTML lang=en>", "a web page", "img2vid pull");
    NAMES("<?xml version=\"1.0\"?><Error>", "XML", "img2vid pull");
    NAMES("{\"error\": \"Not found\"}", "JSON", "img2vid pull");
    NAMES("GGUF\x03\0\0\0\x0a\0\0\0\0\0\0\0", "a GGUF file", "safetensors");
    NAMES("PK\x03\x04\x0a\0\0\0\0\0\0\0", "a ZIP archive", "safetensors");
    NAMES("\x80\x02}q\0(X\x0a\0", "a Python pickle", "safetensors");
    NAMES("\x1f\x8b\x08\0\0\0\0\0\0", "compressed with gzip", "gunzip");
    NAMES("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a Git LFS pointer", "git lfs pull");
}

/* A header's length may begin with the bytes of anything. */
static void test_safetensors_are_told_from_them(void **state) {
    const char *message = said("{\"\0\0\0\0\0\0{}", 10);
    assert_non_null(strstr(message, "JSON")); /* 8827 bytes of header are not there */
    char file[8 + 0x227b] = "{\"";
    memset(file + 8, ' ', sizeof file - 8);
    file[8] = '{', file[9] = '}';
    message = said(file, sizeof file);
    assert_non_null(strstr(message, "it has no tensors"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_other_files_are_named),
                                       cmocka_unit_test(test_safetensors_are_told_from_them)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
