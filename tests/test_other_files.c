/* What is saved as weights and is none is named, with the way out. */
#include "weights/weights.h"
#include "json/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MAGIC(text) (text), sizeof(text) - 1

/* path ends in XXXXXX. */
static void make_file(char *path, const char *bytes, size_t size) {
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, bytes, size), size);
    close(descriptor);
}

/* What opening a file of these bytes says. */
static const char *said(const char *bytes, size_t size) {
    static i2v_error error;
    char path[] = "/tmp/img2vid-test-XXXXXX";
    make_file(path, bytes, size);
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
          "accept the licence on the page of org/svd-xt,", "img2vid pull org/svd-xt");
    NAMES("{\"error\":\"Access to model is restricted\"}", "JSON", "");
    NAMES("{\"error\":\"Access to model org/svd-xt is restricted. You must be authenticated\"}",
          "accept the licence on the page of org/svd-xt,", "img2vid pull");
    NAMES("<!DOCTYPE html><html><p>Access to model org/svd is restricted.", "the page of org/svd,", "img2vid pull");
    NAMES("Invalid username or password.", "the hub's refusal", "token");
    NAMES("Entry not found", "the hub's refusal", "file's name");
    NAMES("{\"error\": \"Not found\"}", "server's refusal", "img2vid pull");
    NAMES("\xff\xfe{\0\"\0a\0\"\0:\0001\0}\0", "JSON", "img2vid pull");
    NAMES("{\n  \"metadata\": {},\n  \"weight_map\": {}}", "index of a part's shards", "folder");
    NAMES("{\"_class_name\": \"UNet\"}", "JSON", "img2vid pull");
    NAMES("GGUF\x03\0\0\0\x0a\0\0\0\0\0\0\0", "a GGUF file", "safetensors");
    NAMES("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a Git LFS pointer", "git lfs pull");
    NAMES("/annex/objects/SHA256E-s1--0.safetensors", "git-annex", "git annex get");
    NAMES("../../blobs/0123456789abcdef", "a link", "copy what it leads to");
    NAMES("Too Many Requests\nslow down", "begins with \"Too Many Requests\"", "img2vid pull");
    NAMES("404", "begins with \"404\"", "img2vid pull");
    NAMES("MZ and BM are letters, too", "begins with \"MZ and", "img2vid pull");
}

static void test_web_pages_are_named(void **state) {
    NAMES("<!DOCTYPE html><html><head>", "a web page", "img2vid pull");
    NAMES("\xef\xbb\xbf\n <HTML lang=en>", "a web page", "img2vid pull");
    NAMES("<!-- saved from url=(0014)about:internet --><p>", "a web page", "img2vid pull");
    NAMES("<?xml version=\"1.0\"?><!DOCTYPE html><html xmlns=\"x\">", "a web page", "img2vid pull");
    NAMES("<?xml version=\"1.0\"?><Error>", "XML", "img2vid pull");
    NAMES("\xff\xfe<\0h\0t\0m\0l\0>\0", "a web page", "img2vid pull");
    NAMES("\xfe\xff\0<\0h\0t\0m\0l\0>", "a web page", "img2vid pull");
    NAMES("<\0h\0t\0m\0l\0>\0", "a web page", "img2vid pull");
    NAMES("<svg xmlns=\"x\">", "a picture", "no model");
}

static void test_other_formats_are_named(void **state) {
    char tar[512] = "svd/model.safetensors";
    memcpy(tar + 257, "ustar", 5);
    names(tar, sizeof tar, "a tar archive", "unpack");
#define NO_FILES "PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ZIP(length, name) "PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" length "\0\0\0" name "\1\2"
    NAMES(ZIP("\x10", "archive/data.pkl"), "the archive's directory at its end is missing", "download it again");
    NAMES(ZIP("\5", "a.npy") NO_FILES, "NumPy arrays", "safetensors");
    NAMES(ZIP("\x0f", "svd.safetensors") NO_FILES, "a ZIP archive, where", "unzip");
    NAMES(ZIP("\5", "a.txt") NO_FILES, "a ZIP archive without PyTorch's data.pkl", "safetensors");
    NAMES("\x80\x02}q\0(X\x0a\0", "a Python pickle", "safetensors");
    NAMES("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", "that PyTorch had before 1.6", "newer PyTorch");
    NAMES("\x1f\x8b\x08\0\0\0\0\0\0", "compressed with gzip", "gunzip");
    NAMES("\xfd\x37zXZ\0\0\x04\xe6\xd6", "compressed with xz", "unxz");
    NAMES("BZh91AY&SY\0\x01", "compressed with bzip2", "bunzip2");
    NAMES("7z\xbc\xaf\x27\x1c\0\x04", "a 7z archive", "unpack");
    NAMES("Rar!\x1a\x07\x01\0", "a RAR archive", "unpack");
    NAMES("\x89HDF\r\n\x1a\n\0", "an HDF5 file", "safetensors");
    NAMES("\x93NUMPY\x01\0v\0{'descr'", "a NumPy array", "safetensors");
    NAMES("\x08\x08\x12\x07pytorch\x1a\x05\x32.1.0", "an ONNX", "safetensors");
    NAMES("\x81\xa6params\x82\xa4unet\x80", "a Flax file", "safetensors");
    NAMES("\xde\0\x10\xa7"
          "conv_in\x82",
          "a Flax file", "safetensors");
    NAMES("\x1c\0\0\0TFL3\x14\0 \0", "TensorFlow Lite", "safetensors");
    NAMES("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", "a picture", "no model");
    NAMES("\xff\xd8\xff\xe0\0\x10JFIF", "a picture", "no model");
    NAMES("\0\0\0\x20"
          "ftypisom\0\0\x02\0isom",
          "a video", "no model");
    NAMES("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF", "no model");
    NAMES("", "it is empty", "download it again");
    NAMES("\0\0\0\0\0\0\0\0\0\0\0\0", "begins with zeros", "download it again");
    NAMES("\0\0\0", "begins with zeros", "download it again");
}

/* What stands where config.json, model_index.json or an index of shards should. */
static void test_other_files_than_json_are_named(void **state) {
    static const struct {
        const char *bytes;
        size_t size;
        const char *what;
    } cases[] = {{MAGIC("<!DOCTYPE html><html>"), "a web page, where JSON should be"},
                 {MAGIC("\n <html>"), "a web page"},
                 {MAGIC("version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"},
                 {MAGIC("Access to model org/svd is restricted."), "accept the licence"},
                 {MAGIC("{\"error\": \"Repository not found\"}"), "a server's refusal"},
                 {MAGIC("\x89PNG\r\n\x1a\n"), "a picture"},
                 {MAGIC("Not Found"), "begins with \"Not Found\""},
                 {MAGIC(""), "it is empty"},
                 {MAGIC("\0\0\0\0"), "zeros"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[] = "/tmp/img2vid-test-XXXXXX";
        i2v_error error;
        i2v_config *config = NULL;
        make_file(path, cases[i].bytes, cases[i].size);
        assert_int_equal(i2v_config_open(&config, path, &error), I2V_ERROR_MODEL);
        assert_non_null(strstr(error.message, path));
        if (!strstr(error.message, cases[i].what)) fail_msg("\"%s\" lacks %s", error.message, cases[i].what);
        unlink(path);
    }
}

/* They may have their full size, and zeros in them. */
static void test_downloads_that_have_not_ended(void **state) {
    static const char whole[] = "\x02\0\0\0\0\0\0\0{}";
    char name[64], beside[80], path[] = "/tmp/img2vid-test-XXXXXX";
    i2v_error error;
    i2v_weights *weights;
    make_file(path, whole, sizeof whole - 1);
    snprintf(name, sizeof name, "%s.crdownload", path);
    snprintf(beside, sizeof beside, "%s.aria2", path);
    assert_int_equal(rename(path, name), 0);
    assert_int_equal(i2v_weights_open_file(&weights, name, &error), I2V_ERROR_MODEL);
    assert_non_null(strstr(error.message, "its download has not ended"));
    assert_int_equal(rename(name, path), 0);
    FILE *control = fopen(beside, "wb");
    assert_int_equal(fclose(control), 0);
    assert_int_equal(i2v_weights_open_file(&weights, path, &error), I2V_ERROR_MODEL);
    assert_non_null(strstr(error.message, "aria2 has not ended its download"));
    unlink(beside);
    assert_int_equal(i2v_weights_open_file(&weights, path, &error), I2V_ERROR_MODEL);
    assert_non_null(strstr(error.message, "it has no tensors"));
    unlink(path);
}

/* A header's length may begin with the bytes of anything. */
static void test_safetensors_are_told_from_them(void **state) {
    const char *message = said("{\"\0\0\0\0\0\0{}", 10);
    assert_non_null(strstr(message, "truncated")); /* 8827 bytes of header are not there */
    char file[8 + 0x227b] = "{\"";
    memset(file + 8, ' ', sizeof file - 8);
    file[8] = '{', file[9] = '}';
    message = said(file, sizeof file);
    assert_non_null(strstr(message, "it has no tensors"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_other_files_are_named),         cmocka_unit_test(test_web_pages_are_named),
        cmocka_unit_test(test_other_formats_are_named),       cmocka_unit_test(test_other_files_than_json_are_named),
        cmocka_unit_test(test_downloads_that_have_not_ended), cmocka_unit_test(test_safetensors_are_told_from_them)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
