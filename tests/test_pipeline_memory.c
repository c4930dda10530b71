/* Memory of a run: the plan holds at every size, and a run that would take too much is refused before it begins. */
#include "recorder.h"

#include <stdio.h>
#include <string.h>

/* The pool of every stage is as large as the plan says, so a pass that took more would fail. */
static void plans_hold_at_every_size(void **state) {
    (void)state;
    static const int sizes[][4] = {/* width, height, frames, chunk */
                                   {8, 8, 1, 0},   {8, 8, 5, 1},   {16, 8, 2, 2}, {8, 24, 4, 3},
                                   {24, 40, 2, 1}, {56, 16, 1, 0}, {16, 16, 7, 0}};
    for (int i = 0; i < I2V_REFERENCES; i++) {
        for (size_t k = 0; k < COUNT(sizes); k++) {
            i2v_params params = small_params();
            params.width = sizes[k][0];
            params.height = sizes[k][1];
            params.num_frames = sizes[k][2];
            params.decode_chunk_size = sizes[k][3];
            params.num_inference_steps = 1;
            params.max_guidance_scale = k % 2 ? 1 : 3;
            i2v_video *video = generate(shared[i], picture, &params);
            assert_int_equal(video->width, params.width);
            assert_int_equal(video->height, params.height);
            expect_sound(video);
            i2v_video_free(video);
        }
    }
}

static i2v_status generate_within(uint64_t bytes, const i2v_params *params, char *message, size_t size) {
    i2v_options options;
    i2v_options_default(&options);
    options.threads = 2;
    options.max_memory = bytes;
    i2v_engine *engine = NULL;
    i2v_video *video = NULL;
    assert_int_equal(i2v_open(&engine, i2v_reference_at(0).model, &options), I2V_OK);
    i2v_status status = i2v_generate(engine, picture, params, &video);
    assert_int_equal(status == I2V_OK, video != NULL);
    snprintf(message, size, "%s", i2v_error_message(engine));
    i2v_video_free(video);
    i2v_close(engine);
    return status;
}

static void too_little_memory(void **state) {
    (void)state;
    recorder r;
    char message[I2V_ERROR_MESSAGE_SIZE];
    i2v_params params = recorded_params(&r, -1);
    assert_int_equal(generate_within((uint64_t)1 << 30, &params, message, sizeof message), I2V_OK);
    r.count = 0;
    assert_int_equal(generate_within(1, &params, message, sizeof message), I2V_ERROR_MEMORY);
    assert_non_null(strstr(message, "max_memory"));
    assert_int_equal(r.count, 0); /* before any work */
    /* decoding all frames together takes most; the message says how to take less */
    params.width = params.height = 96;
    params.num_frames = 16;
    params.num_videos = 1;
    params.num_inference_steps = 1;
    params.decode_chunk_size = 0;
    uint64_t budget = (uint64_t)100 << 20;
    assert_int_equal(generate_within(budget, &params, message, sizeof message), I2V_ERROR_MEMORY);
    assert_non_null(strstr(message, "decode_chunk_size"));
    assert_non_null(strstr(message, "VAE decoder"));
    params.decode_chunk_size = 1;
    recorded_params(&r, 0); /* the plan fits: the run begins */
    assert_int_equal(generate_within(budget, &params, message, sizeof message), I2V_CANCELLED);
    params.num_frames = 4096;
    params.width = params.height = 8192;
    assert_int_equal(generate_within(0, &params, message, sizeof message), I2V_ERROR_MEMORY);
    assert_non_null(strstr(message, "num_frames"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_hold_at_every_size),
        cmocka_unit_test(too_little_memory),
    };
    return cmocka_run_group_tests_name("pipeline_memory", tests, open_shared, close_shared);
}
