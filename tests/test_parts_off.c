/* What a build that leaves out a part says of what it cannot do: the part, and the way out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "img2vid/img2vid.h"

#include <string.h>

#ifdef I2V_HAS_FFMPEG
enum { FFMPEG = 1 };
#else
enum { FFMPEG = 0 };
#endif
#ifdef I2V_HAS_HUB
enum { HUB = 1 };
#else
enum { HUB = 0 };
#endif
#ifdef I2V_HAS_TIFF
enum { TIFF = 1 };
#else
enum { TIFF = 0 };
#endif
#ifdef I2V_HAS_AVIF
enum { AVIF = 1 };
#else
enum { AVIF = 0 };
#endif
#ifdef I2V_HAS_OPENJPEG
enum { OPENJPEG = 1 };
#else
enum { OPENJPEG = 0 };
#endif

static void check_refused(i2v_status status, const i2v_error *error, const char *option) {
    if (status != I2V_ERROR_UNSUPPORTED || !strstr(error->message, option))
        fail_msg("status %d, %s", (int)status, error->message);
}

/* Broken files of the kind: a decoder that is there calls them damaged. */
static void pictures_are_named(void **state) {
    (void)state;
    static const struct {
        int is_there;
        const char *bytes, *option;
        size_t size;
    } cases[] = {
        {TIFF, "II*\0\x08\0\0\0\0\0\0\0\0\0\0\0", "I2V_TIFF=OFF", 16},
        {AVIF, "\0\0\0\x10" "ftypavif\0\0\0\0", "I2V_AVIF=OFF", 16},
        {OPENJPEG, "\xff\x4f\xff\x51\0\0\0\0\0\0\0\0\0\0\0\0", "I2V_OPENJPEG=OFF", 16},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        i2v_image *image = NULL;
        i2v_error error;
        i2v_status status = i2v_image_load_memory(&image, cases[i].bytes, cases[i].size, I2V_ALPHA_WHITE, &error);
        assert_null(image);
        if (!cases[i].is_there)
            check_refused(status, &error, cases[i].option);
        else if (status != I2V_ERROR_FORMAT)
            fail_msg("%s: status %d, %s", cases[i].option, (int)status, error.message);
    }
}

static void videos_are_refused_before_work(void **state) {
    (void)state;
    static const char *const paths[] = {"a.mp4", "a.MKV", "a.mov", "a.webm", "a.gif", "a.png"};
    i2v_error error;
    for (size_t i = 0; !FFMPEG && i < sizeof paths / sizeof *paths; i++)
        check_refused(i2v_video_check_path(paths[i], &error), &error, "I2V_FFMPEG=OFF");
    static const char *const always[] = {"a.webp", "a%03d.png", "a.npy"};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        assert_int_equal(i2v_video_check_path(always[i], &error), I2V_OK);
}

static void frames_are_read_or_named(void **state) {
    (void)state;
    i2v_error error;
    i2v_media_info info;
    i2v_frame_reader *reader;
    i2v_status status = i2v_frame_reader_open(&reader, I2V_TEST_DATA "/media/animated.gif", &info, &error);
    if (FFMPEG)
        assert_int_equal(status, I2V_OK);
    else
        check_refused(status, &error, "I2V_FFMPEG=OFF");
    i2v_frame_reader_close(reader);
    assert_int_equal(i2v_frame_reader_open(&reader, I2V_TEST_DATA "/media/animated.webp", &info, &error), I2V_OK);
    assert_int_equal(info.num_frames, 2);
    i2v_frame_reader_close(reader);
}

static void the_network_is_named(void **state) {
    (void)state;
    if (HUB) skip();
    i2v_error error;
    i2v_hub_model *model = NULL;
    i2v_image *image = NULL;
    i2v_engine *engine = NULL;
    check_refused(i2v_hub_pull(&model, "a/b", NULL, &error), &error, "I2V_HUB=OFF");
    check_refused(i2v_hub_find(&model, "a/b", NULL, &error), &error, "I2V_HUB=OFF");
    check_refused(
        i2v_image_load_url(&image, "https://user:secret@host/a.png?key=1", I2V_ALPHA_WHITE, NULL, NULL, &error), &error,
        "I2V_HUB=OFF");
    assert_null(strstr(error.message, "secret"));
    assert_null(model);
    assert_null(image);
    i2v_status status = i2v_open(&engine, "https://huggingface.co/a/b", NULL);
    assert_int_equal(status, I2V_ERROR_UNSUPPORTED);
    assert_non_null(strstr(i2v_error_message(engine), "I2V_HUB=OFF"));
    i2v_close(engine);
    engine = NULL;
    assert_int_equal(i2v_open(&engine, "svd_xt", NULL), I2V_ERROR_IO);
    assert_null(strstr(i2v_error_message(engine), "pull")); /* which this build cannot */
    i2v_close(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_named),
        cmocka_unit_test(videos_are_refused_before_work),
        cmocka_unit_test(frames_are_read_or_named),
        cmocka_unit_test(the_network_is_named),
    };
    return cmocka_run_group_tests_name("parts off", tests, NULL, NULL);
}
