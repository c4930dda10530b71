/* Decoding the latents of a video again: the same frames, its events, and what it refuses. */
#include "recorder.h"

#include <string.h>

static void decoding_again_gives_the_same_frames(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        i2v_params params = small_params(), for_decode;
        params.num_videos = 2;
        i2v_video *video = generate(shared[i], picture, &params), *again = NULL;
        i2v_params_default(&for_decode);
        for_decode.decode_chunk_size = params.decode_chunk_size;
        for_decode.fps = 13;
        size_t frames = frames_count(video) / 2;
        for (int index = 0; index < 2; index++) {
            assert_int_equal(decode(shared[i], video, index, &for_decode, &again), I2V_OK);
            assert_int_equal(again->num_videos, 1);
            assert_int_equal(again->fps, 13);
            assert_int_equal(again->height, video->height);
            assert_int_equal(again->width, video->width);
            assert_memory_equal(again->frames, video->frames + (size_t)index * frames, frames * sizeof(float));
            i2v_video_free(again);
        }
        for_decode.decode_chunk_size = 0;
        assert_int_equal(decode(shared[i], video, 0, &for_decode, &again), I2V_OK);
        assert_memory_not_equal(again->frames, video->frames, frames * sizeof(float));
        i2v_video_free(again);
        i2v_video_free(video);
    }
}

static void events_of_decode(void **state) {
    (void)state;
    recorder r;
    i2v_params params = recorded_params(&r, -1);
    params.on_event = NULL;
    i2v_video *video = generate(shared[0], picture, &params), *again = NULL;
    params.on_event = record;
    assert_int_equal(decode(shared[0], video, 1, &params, &again), I2V_OK);
    char text[1024];
    write_events(&r, text, sizeof text);
    assert_string_equal(text, "L D0:0/3 D0:2/3 D0:3/3 ");
    for (int i = 0; i < r.count; i++) assert_int_equal(r.events[i].num_videos, 1);
    i2v_video_free(again);
    recorded_params(&r, 1);
    assert_int_equal(decode(shared[0], video, 1, &params, &again), I2V_CANCELLED);
    assert_null(again);
    i2v_video_free(video);
}

static void wrong_parameters_of_decode(void **state) {
    (void)state;
    static const int wrong[][3] = {{0, 1, 1}, {-1, 1, 1},        {INT32_MAX, 1, 1}, {1, 0, 1},
                                   {1, 1, 0}, {1, INT32_MAX, 1}, {1, 1, -5}};
    float latents[4] = {0};
    i2v_params params = small_params();
    i2v_video *video = NULL;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        const int *w = wrong[i];
        assert_int_equal(i2v_decode(shared[0], latents, w[0], w[1], w[2], &params, &video), I2V_ERROR_PARAMETER);
        const char *name = w[0] != 1 ? "num_frames" : w[1] != 1 ? "height" : "width";
        assert_non_null(strstr(i2v_error_message(shared[0]), name));
        assert_null(video);
    }
    params.decode_chunk_size = -1;
    assert_int_equal(i2v_decode(shared[0], latents, 1, 1, 1, &params, &video), I2V_ERROR_PARAMETER);
    assert_non_null(strstr(i2v_error_message(shared[0]), "decode_chunk_size"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decoding_again_gives_the_same_frames),
        cmocka_unit_test(events_of_decode),
        cmocka_unit_test(wrong_parameters_of_decode),
    };
    return cmocka_run_group_tests_name("pipeline_decode", tests, open_shared, close_shared);
}
