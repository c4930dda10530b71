/* Metadata goes into files of every ending and comes back out of them; hostile files give an error or nothing. */
#include "base/file.h"
#include "media/metadata.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <webp/decode.h>

enum { FRAMES = 3, WIDTH = 48, HEIGHT = 32, LONG = 1000 };

static const char *const names[] = {"a.mp4", "a.mov", "a.mkv", "a.webm", "a.gif", "a.webp", "a.png", "%d.png"};
#define NAMES (sizeof names / sizeof *names)

static const char text[] = "{\"program\":\"img2vid\",\"image\":\"a <b> & \\\"c\\\" 'd' \xc3\xa9 \xf0\x9f\x9a\x80\"}";

static char folder[64];

static const char *in_folder(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int set_up(void **state) {
    snprintf(folder, sizeof folder, "/tmp/i2v_test_metadata_XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state) {
    DIR *dir = opendir(folder);
    for (struct dirent *entry; (entry = readdir(dir));) unlink(in_folder(entry->d_name));
    closedir(dir);
    return rmdir(folder);
}

/* Where the first file of a name lies. */
static const char *file_of(const char *name) {
    return in_folder(strchr(name, '%') ? "1.png" : name);
}

static i2v_status save(const char *name, int frames, const char *metadata, i2v_error *error) {
    size_t count = (size_t)frames * WIDTH * HEIGHT * 3;
    i2v_video video = {.num_videos = 1, .num_frames = frames, .width = WIDTH, .height = HEIGHT, .fps = 7};
    video.frames = malloc(count * sizeof(float));
    for (size_t i = 0; i < count; i++) video.frames[i] = (float)(i % 1009) / 1008;
    i2v_output output;
    i2v_output_default(&output);
    output.metadata = metadata;
    i2v_status status = i2v_video_save(&video, in_folder(name), &output, error);
    free(video.frames);
    return status;
}

static void write_file(const char *name, const void *bytes, size_t size) {
    FILE *file = fopen(in_folder(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static uint8_t *read_file(const char *path, size_t *size) {
    uint8_t *data;
    assert_int_equal(i2v_file_read(&data, size, path, 1 << 28, NULL), I2V_OK);
    return data;
}

static void expect_text(const char *path, const char *wanted) {
    char *json;
    i2v_error error = {0};
    if (i2v_metadata_load(path, &json, &error)) fail_msg("%s: %s", path, error.message);
    if (!json != !wanted) fail_msg("%s: %s", path, json ? json : "nothing");
    if (wanted) assert_string_equal(json, wanted);
    i2v_metadata_free(json);
}

/* ---- writing and reading ---------------------------------------------------------------------------------------- */

static char *long_text(size_t size) {
    char *json = malloc(size + 1);
    memset(json, 'x', size);
    memcpy(json, "{\"a\":\"", 6);
    memcpy(json + size - 2, "\"}", 3);
    return json;
}

static void test_round_trip(void **state) {
    /* around the 255 bytes of a GIF's block, and the longest */
    const size_t sizes[] = {254, 255, 256, 510, 511, I2V_METADATA_MAX};
    for (size_t i = 0; i < NAMES; i++) {
        for (int frames = 1; frames <= FRAMES; frames += FRAMES - 1) {
            assert_int_equal(save(names[i], frames, text, NULL), I2V_OK);
            expect_text(file_of(names[i]), text);
        }
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            char *json = long_text(sizes[s]);
            assert_int_equal(save(names[i], FRAMES, json, NULL), I2V_OK);
            expect_text(file_of(names[i]), json);
            free(json);
        }
        assert_int_equal(save(names[i], FRAMES, NULL, NULL), I2V_OK);
        expect_text(file_of(names[i]), NULL);
    }
    assert_int_equal(save("%d.png", FRAMES, text, NULL), I2V_OK);
    expect_text(in_folder("3.png"), text);
    assert_int_equal(save("a.npy", FRAMES, text, NULL), I2V_OK);
    expect_text(in_folder("a.npy"), NULL);
}

/* What other readers see is the same with metadata as without. */
static void test_pictures_stay(void **state) {
    for (size_t i = 0; i < NAMES; i++) {
        i2v_media_info without, with;
        char *json = long_text(LONG);
        assert_int_equal(save(names[i], FRAMES, NULL, NULL), I2V_OK);
        assert_int_equal(i2v_media_probe(file_of(names[i]), &without, NULL), I2V_OK);
        i2v_image *first = NULL, *second = NULL;
        int is_picture = i2v_image_load(&first, file_of(names[i]), I2V_ALPHA_DROP, NULL) == I2V_OK;
        assert_int_equal(save(names[i], FRAMES, json, NULL), I2V_OK);
        assert_int_equal(i2v_media_probe(file_of(names[i]), &with, NULL), I2V_OK);
        assert_memory_equal(&without, &with, sizeof with);
        if (is_picture) {
            assert_int_equal(i2v_image_load(&second, file_of(names[i]), I2V_ALPHA_DROP, NULL), I2V_OK);
            assert_memory_equal(first->pixels, second->pixels, WIDTH * HEIGHT * 3);
        }
        i2v_image_free(first);
        i2v_image_free(second);
        free(json);
    }
}

/* A GIF's loop must stay right behind its colour table, a WebP must stay an animation. */
static void test_places(void **state) {
    size_t size;
    assert_int_equal(save("a.gif", FRAMES, text, NULL), I2V_OK);
    uint8_t *data = read_file(in_folder("a.gif"), &size);
    size_t loop = 13 + (data[10] & 0x80 ? (size_t)3 << ((data[10] & 7) + 1) : 0);
    assert_memory_equal(data + loop, "!\xff\x0bNETSCAPE2.0\3\1\0\0\0!\xfe", 21);
    free(data);
    assert_int_equal(save("a.webp", FRAMES, text, NULL), I2V_OK);
    data = read_file(in_folder("a.webp"), &size);
    WebPBitstreamFeatures features;
    assert_int_equal(WebPGetFeatures(data, size, &features), VP8_STATUS_OK);
    assert_true(features.has_animation);
    free(data);
}

static void test_refused_texts(void **state) {
    char *too_long = long_text(I2V_METADATA_MAX + 1);
    const char *const bad[] = {"",
                               "[]",
                               "x",
                               "{\"\n\"}",
                               "{\x7f}",
                               "{\x1b[2J}",
                               "{\xff}",
                               "{\xc0\x80}",
                               "{\xed\xa0\x80}",
                               "{\xc3",
                               "{\xf4\x90\x80\x80}",
                               "{\xe0\x80\x80}",
                               "{\xf0\x8f\xbf\xbf}",
                               too_long};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        i2v_error error = {0};
        i2v_status status = save("a.gif", 1, bad[i], &error);
        if (status != I2V_ERROR_PARAMETER || !strstr(error.message, "metadata"))
            fail_msg("text %zu: status %d, %s", i, status, error.message);
        assert_int_equal(access(in_folder("a.gif"), F_OK), -1);
    }
    free(too_long);
}

/* ---- files of others -------------------------------------------------------------------------------------------- */

static void expect_status(const void *bytes, size_t size, i2v_status wanted, const char *what) {
    char *json;
    i2v_error error = {0};
    write_file("x", bytes, size);
    i2v_status status = i2v_metadata_load(in_folder("x"), &json, &error);
    if (status != wanted || json) fail_msg("%s: status %d, %s%s", what, status, error.message, json ? json : "");
}

static void test_png(void **state) {
    size_t size;
    assert_int_equal(save("%d.png", 1, text, NULL), I2V_OK);
    uint8_t *data = read_file(in_folder("1.png"), &size);
    uint8_t *chunk = data + 33; /* length, "iTXt", "img2vid", NUL, not compressed, language, translated, text */
    assert_memory_equal(chunk + 4, "iTXtimg2vid\0\0\0\0\0{", 17);
    expect_status(data, 33 + 20, I2V_ERROR_FORMAT, "cut in the text");
    expect_status(data, 33, I2V_ERROR_FORMAT, "cut before the text");
    chunk[20]++;
    expect_status(data, size, I2V_ERROR_FORMAT, "a wrong checksum");
    chunk[20]--;
    memcpy(chunk, "\xff\xff\xff\xff", 4);
    expect_status(data, size, I2V_ERROR_FORMAT, "a length beyond the file");
    memcpy(chunk, "\0\0\0\x08", 4);
    expect_status(data, size, I2V_ERROR_FORMAT, "a chunk of the key alone, and rubbish for the next");
    free(data);
}

static void test_png_chunks(void **state) {
    /* after the signature and header; the checksums of skipped chunks do not matter */
    static const struct {
        const char *what, *bytes;
        size_t size;
    } chunks[] = {
        {"compressed", "\0\0\0\x0diTXtimg2vid\0\1\0\0\0{xxxx", 25},
        {"no end of language", "\0\0\0\x0ciTXtimg2vid\0\0\0abxxxx", 24},
        {"no translated key", "\0\0\0\x0ciTXtimg2vid\0\0\0a\0xxxx", 24},
        {"key alone", "\0\0\0\x07iTXtimg2vidxxxx", 19},
        {"empty", "\0\0\0\0iTXtxxxx", 12},
        {"another key", "\0\0\0\x0atEXtimg2vie\0{}xxxx", 22},
        {"zTXt", "\0\0\0\x0azTXtimg2vid\0\0{xxxx", 22},
    };
    size_t size;
    assert_int_equal(save("%d.png", 1, NULL, NULL), I2V_OK);
    uint8_t *data = read_file(in_folder("1.png"), &size), *whole = malloc(size + 64);
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        memcpy(whole, data, 33);
        memcpy(whole + 33, chunks[i].bytes, chunks[i].size);
        memcpy(whole + 33 + chunks[i].size, data + 33, size - 33);
        expect_status(whole, size + chunks[i].size, I2V_OK, chunks[i].what);
    }
    /* as an editor may have written it: CRC of "tEXtimg2vid\0{}" */
    static const char plain[] = "\0\0\0\x0atEXtimg2vid\0{}\x8c\x38\x08\x3a";
    memcpy(whole + 33, plain, sizeof plain - 1);
    memcpy(whole + 33 + sizeof plain - 1, data + 33, size - 33);
    write_file("x", whole, size + sizeof plain - 1);
    expect_text(in_folder("x"), "{}");
    free(whole);
    free(data);
}

static void test_gif(void **state) {
#define SCREEN "GIF89a\1\0\1\0\0\0\0"
    static const struct {
        const char *bytes;
        size_t size;
        i2v_status status;
    } files[] = {
        {SCREEN "!\xfe", 15, I2V_ERROR_FORMAT},       {SCREEN "!\xfe\0;", 17, I2V_OK},
        {SCREEN "!\xfe\xff{", 17, I2V_ERROR_FORMAT},  {SCREEN "!\xfe\2{}", 18, I2V_ERROR_FORMAT},
        {SCREEN "!\xfe\1x\0;", 19, I2V_OK},           {SCREEN "!\xfe\2{\0\0;", 20, I2V_OK},
        {"GIF89a\1\0\1\0\x87", 11, I2V_ERROR_FORMAT}, {SCREEN ",\0\0\0\0\1\0\1\0", 22, I2V_ERROR_FORMAT},
        {"GIF89a\1\0\1\0\x87\0\0!\xfe", 15, I2V_OK},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char what[16];
        snprintf(what, sizeof what, "GIF %zu", i);
        expect_status(files[i].bytes, files[i].size, files[i].status, what);
    }
    write_file("x", SCREEN "!\xfe\1x\0!\xfe\1{\1}\0;", 25);
    expect_text(in_folder("x"), "{}");
}

static void test_webp(void **state) {
    size_t size;
    assert_int_equal(save("a.webp", FRAMES, text, NULL), I2V_OK);
    uint8_t *data = read_file(in_folder("a.webp"), &size);
    uint8_t *xmp = memmem(data, size, "XMP ", 4);
    assert_non_null(xmp);
    expect_status(data, (size_t)(xmp - data) + 60, I2V_ERROR_FORMAT, "cut in the XMP");
    uint8_t *end = memmem(data, size, "</img2vid", 9);
    end[2]++;
    expect_status(data, size, I2V_OK, "no end of the element");
    end[2]--;
    memcpy(xmp + 4, "\xff\xff\xff\xff", 4);
    expect_status(data, size, I2V_ERROR_FORMAT, "a length beyond the file");
    free(data);
}

/* 100 MB of metadata in a file of each kind that our parsers read. */
static void test_huge(void **state) {
    const size_t huge = 100 << 20;
    uint8_t *bytes = malloc(huge + 1024);
    memset(bytes, 'x', huge + 1024);
    char *json = NULL;
    assert_int_equal(i2v_metadata_copy(&json, "{", I2V_METADATA_READ_MAX + 1, "x", NULL), I2V_ERROR_FORMAT);
    assert_null(json);
    size_t size;
    assert_int_equal(save("%d.png", 1, NULL, NULL), I2V_OK);
    uint8_t *data = read_file(in_folder("1.png"), &size);
    memcpy(bytes, data, 33);
    free(data);
    /* the checksum is computed over all of it, and wrong */
    memcpy(bytes + 33, "\x06\x40\0\0tEXtimg2vid\0{", 17);
    expect_status(bytes, huge + 1024, I2V_ERROR_FORMAT, "huge PNG");
    memset(bytes, 'x', 64);
    /* sub-blocks of 'x' + 1 bytes */
    memcpy(bytes, SCREEN "!\xfe\1{", 17);
    size = 17;
    while (size + 122 < huge) size += 'x' + 1;
    memcpy(bytes + size, "\0;", 2);
    expect_status(bytes, size + 2, I2V_ERROR_FORMAT, "huge GIF");
    memcpy(bytes, "RIFF\0\0\x40\x06WEBPXMP \0\0\x40\x06" I2V_XMP_BEGIN "{", 20 + sizeof I2V_XMP_BEGIN);
    memcpy(bytes + huge - 100, I2V_XMP_END, sizeof I2V_XMP_END - 1);
    expect_status(bytes, huge + 1024, I2V_ERROR_FORMAT, "huge WebP");
    free(bytes);
}

/* Cut and changed files give an answer or an error; the sanitizers watch. Reproducible: a linear congruence. */
static void test_damaged(void **state) {
    uint32_t random = 1;
    for (size_t i = 0; i < NAMES; i++) {
        size_t size;
        char *json;
        assert_int_equal(save(names[i], FRAMES, text, NULL), I2V_OK);
        uint8_t *data = read_file(file_of(names[i]), &size);
        for (size_t cut = 0; cut < size; cut += 1 + size / 100) {
            write_file("x", data, cut);
            if (i2v_metadata_load(in_folder("x"), &json, NULL) == I2V_OK) i2v_metadata_free(json);
        }
        for (int round = 0; round < 200; round++) {
            uint8_t *copy = malloc(size);
            memcpy(copy, data, size);
            for (int k = 0; k < 8; k++) {
                random = random * 1664525u + 1013904223u;
                copy[(random >> 8) % (k % 2 || size < 1500 ? size : 1500)] = (uint8_t)(random >> 3);
            }
            write_file("x", copy, size);
            if (i2v_metadata_load(in_folder("x"), &json, NULL) == I2V_OK) i2v_metadata_free(json);
            free(copy);
        }
        free(data);
    }
}

static void test_others(void **state) {
    expect_status("\xff\xd8\xff\xe0", 4, I2V_OK, "JPEG");
    expect_status("BM", 2, I2V_OK, "BMP");
    expect_status("", 0, I2V_ERROR_FORMAT, "nothing");
    expect_status("plain text of some length", 25, I2V_ERROR_FORMAT, "text");
    char *json;
    assert_int_equal(i2v_metadata_load(in_folder("missing"), &json, NULL), I2V_ERROR_IO);
    assert_null(json);
    char hash[I2V_SHA256_SIZE];
    write_file("x", "abc", 3); /* FIPS 180-4's own example */
    assert_int_equal(i2v_file_sha256(in_folder("x"), hash, NULL), I2V_OK);
    assert_string_equal(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(i2v_file_sha256(in_folder("missing"), hash, NULL), I2V_ERROR_IO);
    assert_string_equal(hash, "");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_round_trip),    IN_FOLDER(test_pictures_stay), IN_FOLDER(test_places),
        IN_FOLDER(test_refused_texts), IN_FOLDER(test_png),           IN_FOLDER(test_png_chunks),
        IN_FOLDER(test_gif),           IN_FOLDER(test_webp),          IN_FOLDER(test_huge),
        IN_FOLDER(test_damaged),       IN_FOLDER(test_others),
    };
    return cmocka_run_group_tests_name("metadata", tests, NULL, NULL);
}
