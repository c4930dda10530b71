/* Hostile weight files: what is wrong is refused with a sentence, and what opens can be read. */
#include "damage.h"
#include "weight_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void refuses_wrong_headers(void **state) {
    (void)state;
    write_file(PLAIN, "", 0);
    expect_refused(NULL, "it is empty", PLAIN);
    write_file(PLAIN, "\2\0\0\0\0", 5);
    expect_refused(NULL, "5 bytes are too few", PLAIN);
    write_text(PLAIN, "version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
    expect_refused(NULL, "git lfs pull", PLAIN);
    write_text(PLAIN, "<html>404 Not Found</html>");
    expect_refused(NULL, "a web page", PLAIN);
    write_file(PLAIN, "\x01\xe1\xf5\x05\0\0\0\0{}", 10); /* 100,000,001 */
    expect_refused(NULL, "a header of 100000001 bytes", PLAIN);
    write_file(PLAIN, "\x03\0\0\0\0\0\0\0{}", 10);
    expect_refused(NULL, "header ends at byte 11, past the end of the file (10 bytes)", "truncated");
    write_file(PLAIN, "\xff\xff\xff\xff\xff\xff\xff\xff{}", 10);
    expect_refused(NULL, "a header of 18446744073709551615 bytes", PLAIN);
    expect_header_refused("", 0, "begins with zeros", NULL);
    expect_header_refused("[]", 0, "no object", NULL);
    expect_header_refused("{\"x\":", 0, "damaged JSON", NULL);
    expect_header_refused("{} {}", 0, "damaged JSON", NULL);
    expect_header_refused("{}", 0, "no tensors", NULL);
    expect_header_refused("{\"__metadata__\":{}}", 0, "no tensors", NULL);
    char *deep = calloc(1, 200001);
    assert_non_null(deep);
    memset(deep, '[', 200000);
    expect_header_refused(deep, 0, "nested more than 64 deep", NULL);
    free(deep);
}

#define PLACE "\"data_offsets\":"

/* One tensor "t" with these fields; 8 bytes of data. */
static void expect_tensor_refused(const char *fields, const char *part) {
    char header[512];
    snprintf(header, sizeof header, "{\"t\":%s}", fields);
    expect_header_refused(header, 8, "tensor t", part);
}

static void refuses_wrong_tensors(void **state) {
    (void)state;
    expect_tensor_refused("7", "described by an integer");
    expect_tensor_refused("{}", "unknown dtype missing");
    expect_tensor_refused("{\"dtype\":3}", "unknown dtype an integer");
    expect_tensor_refused("{\"dtype\":\"F33\",\"shape\":[2]," PLACE "[0,8]}", "unknown dtype F33");
    expect_tensor_refused("{\"dtype\":\"F32\"," PLACE "[0,8]}", "shape is missing");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":2," PLACE "[0,8]}", "shape is an integer");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[2.0]," PLACE "[0,8]}", "dimension 0 of its shape");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[1,\"2\"]," PLACE "[0,8]}", "dimension 1 of its shape");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[-1,-2]," PLACE "[0,8]}", "dimension 0 of its shape");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,2]," PLACE "[0,8]}", "9 dimensions");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,2]," PLACE "[0,8]}",
                          "more elements than can be counted");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[4611686018427387906]," PLACE "[0,8]}",
                          "more bytes than can be counted");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[2]}", "no [begin, end]");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[2]," PLACE "[0]}", "no [begin, end]");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[2]," PLACE "[0,8,8]}", "no [begin, end]");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[2]," PLACE "[-8,0]}", "no [begin, end]");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[2]," PLACE "[8,0]}", "no [begin, end]");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[2]," PLACE "[0,null]}", "no [begin, end]");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[2]," PLACE "{\"0\":0}}", "no [begin, end]");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[3]," PLACE "[0,8]}",
                          "span 8 bytes, but its shape and dtype F32 take 12");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[3]," PLACE "[0,12]}",
                          "t ends at byte 75, past the end of the file (71 bytes, 4 are missing)");
    expect_tensor_refused("{\"dtype\":\"U8\",\"shape\":[9223372036854775807]," PLACE "[0,9223372036854775807]}",
                          "past the end of the file");
    expect_tensor_refused("{\"dtype\":\"U8\",\"shape\":[1]," PLACE "[9223372036854775806,9223372036854775807]}",
                          "truncated or damaged");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[1]," PLACE "[4,8]}", "a gap of 4 bytes before");
    expect_header_refused("{\"t\":{\"dtype\":\"F32\",\"shape\":[1]," PLACE "[0,4]}}", 8,
                          "4 bytes follow the last tensor", "download it again");
    expect_header_refused("{\"t\\u001b[2J\":{}}", 0, "control characters", NULL);
    expect_header_refused("{\"t\\u0000\":{}}", 0, "damaged JSON", NULL);
    expect_header_refused("{\"t\xff\":{}}", 0, "damaged JSON", NULL);
}

static void refuses_overlaps_and_gaps(void **state) {
    (void)state;
    static const char *const header = "{\"one\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                                      "\"two\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[%d,%d]}}";
    char text[256];
    snprintf(text, sizeof text, header, 4, 12);
    expect_header_refused(text, 12, "tensor two overlaps tensor one", NULL);
    snprintf(text, sizeof text, header, 0, 8);
    expect_header_refused(text, 8, "overlaps", NULL);
    snprintf(text, sizeof text, header, 12, 20);
    expect_header_refused(text, 20, "a gap of 4 bytes before tensor two", NULL);
    snprintf(text, sizeof text, header, 8, 16);
    expect_header_refused(text, 11, "tensor two ends at byte", "5 are missing");
    write_safetensors(PLAIN, text, "0123456789abcdef", 16);
    i2v_weights_close(open_variant(NULL));
}

#define LONG_NAME "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight"
#define FIELDS "{\"dtype\":\"U8\",\"shape\":[0]," PLACE "[0,0]}"

static void refuses_duplicate_names(void **state) {
    (void)state;
    expect_header_refused("{\"t\":" FIELDS ",\"t\":" FIELDS "}", 0, "has the key t twice;", NULL);
    expect_header_refused("{\"" LONG_NAME "\":" FIELDS ",\n\"" LONG_NAME "\":" FIELDS "}", 0,
                          "has the key " LONG_NAME " twice;", NULL);
    expect_header_refused("{\"a\\\"b\":" FIELDS ",\"a\\\"b\":" FIELDS "}", 0, "has the key a\\\"b twice;", NULL);
    expect_header_refused("{\"\\\\\":" FIELDS ",\"\\\\\" :" FIELDS "}", 0, "has the key \\\\ twice;", NULL);
    expect_header_refused("{\"\":" FIELDS ",\"\":" FIELDS "}", 0, "has the key  twice;", NULL);
}

static int try_weights(void) {
    i2v_weights *weights = NULL;
    i2v_error error = {0};
    if (i2v_weights_open(&weights, folder, STEM, NULL, &error) != I2V_OK) {
        assert_null(weights);
        assert_true(error.message[0] != '\0' && error.status != I2V_OK);
        return 0;
    }
    for (size_t i = 0; i < i2v_weights_count(weights); i++) {
        const i2v_weight *weight = i2v_weights_at(weights, i);
        struct stat info;
        assert_int_equal(stat(weight->file, &info), 0);
        assert_true(weight->count <= 64 && weight->at.offset + weight->bytes <= (uint64_t)info.st_size);
        float values[64];
        i2v_weight_read_f32(weight, 0, weight->count, values);
    }
    i2v_weights_close(weights);
    return 1;
}

static void survives_damaged_weights(void **state) {
    (void)state;
    size_t size;
    uint8_t *file = make_mixed(&size), *copy = malloc(size);
    assert_non_null(copy);
    for (size_t length = 0; length < size; length++) {
        write_file(PLAIN, file, length);
        assert_int_equal(try_weights(), 0);
    }
    uint64_t random = 1;
    int opened = 0;
    for (int i = 0; i < 4000; i++) {
        memcpy(copy, file, size);
        damage(copy, i % 2 ? size : size - 48, &random);
        write_file(PLAIN, copy, size);
        opened += try_weights();
    }
    assert_in_range(opened, 1, 3999);
    free(file);
    free(copy);
}

static void survives_damaged_indices(void **state) {
    (void)state;
    static const char text[] = "{\"metadata\":{},\"weight_map\":{\"a\":\"1.safetensors\",\"b\":\"2.safetensors\"}}";
    write_one("1.safetensors", "a", 1);
    write_one("2.safetensors", "b", 2);
    uint64_t random = 2;
    int opened = 0;
    for (int i = 0; i < 2000; i++) {
        uint8_t copy[sizeof text - 1];
        memcpy(copy, text, sizeof copy);
        damage(copy, sizeof copy, &random);
        write_file(INDEX, copy, sizeof copy);
        opened += try_weights();
    }
    assert_in_range(opened, 1, 1999);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(refuses_wrong_headers),   IN_FOLDER(refuses_wrong_tensors),    IN_FOLDER(refuses_overlaps_and_gaps),
        IN_FOLDER(refuses_duplicate_names), IN_FOLDER(survives_damaged_weights), IN_FOLDER(survives_damaged_indices),
    };
    return cmocka_run_group_tests_name("weights_hostile", tests, NULL, NULL);
}
