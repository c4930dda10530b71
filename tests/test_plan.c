/* The memory of runs: plans that hold to the byte, and trades that change no bit. */
#include "part_in_memory.h"
#include "reference.h"

#include "pipeline/decode.h"
#include "pipeline/denoise.h"
#include "pipeline/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static i2v_params params_of(int width, int height) {
    i2v_params params;
    i2v_params_default(&params);
    params.width = width;
    params.height = height;
    params.num_frames = 3;
    params.num_inference_steps = 1;
    params.decode_chunk_size = 2;
    params.seed = 3;
    return params;
}

static i2v_engine *engine_of(int index, i2v_dtype dtype) {
    i2v_options options;
    i2v_options_default(&options);
    options.threads = 2;
    options.dtype = dtype;
    i2v_engine *engine = NULL;
    if (i2v_open(&engine, i2v_reference_at(index).model, &options)) fail_msg("%s", i2v_error_message(engine));
    return engine;
}

static i2v_sizes sizes_of(i2v_engine *engine, const i2v_params *params) {
    i2v_sizes sizes;
    assert_int_equal(i2v_sizes_of_params(&sizes, engine, params), I2V_OK);
    return sizes;
}

/* ---- one stage ----------------------------------------------------------------------------------------------------
 */

static void fill(float *values, size_t count) {
    for (size_t i = 0; i < count; i++) values[i] = (float)(i * 2654435761u % 2001) / 1000 - 1;
}

static i2v_status run_stage(i2v_stage *stage, const i2v_sizes *sizes, float *latents, float *frames) {
    if (stage->kind == I2V_STAGE_DECODER) {
        return i2v_decode_chunk(&stage->run, stage->model.decoder, sizes, sizes->num_frames, latents, 0, frames);
    }
    static float picture[1 << 16], embedding[1 << 12];
    fill(picture, COUNT(picture));
    fill(embedding, COUNT(embedding));
    i2v_condition condition = {.embedding = embedding,
                               .latent = picture,
                               .time_ids = {6, 127, 0.02f},
                               .min_guidance_scale = 1,
                               .max_guidance_scale = 3};
    i2v_step first = {.timestep = 0.3f, .update = i2v_euler_update(2, 1)};
    i2v_step second = {.timestep = 0.1f, .update = i2v_euler_update(1, 0.5f)};
    i2v_denoiser denoiser;
    i2v_status status = i2v_denoiser_begin(&denoiser, &stage->run, stage->model.unet, sizes, &condition);
    if (!status) status = i2v_denoise_step(&denoiser, &first, latents);
    /* the dry run of one step is to be enough for more */
    if (!status && latents) status = i2v_denoise_step(&denoiser, &second, latents);
    i2v_denoiser_end(&denoiser);
    return status;
}

/* What the stage makes with these trades, in a pool as large as a dry run says; *bytes is its size, *weights that of
 * the weights beside it. To be freed. */
static float *made_with(i2v_engine *engine, i2v_stage_kind kind, const i2v_sizes *sizes, i2v_trades trades,
                        uint64_t *bytes, uint64_t *weights) {
    i2v_stage stage;
    i2v_stage_plan plan = {.trades = trades};
    size_t latents = i2v_sizes_latents(sizes), frames = i2v_sizes_pixels(sizes);
    float *values = calloc(latents + frames, sizeof *values);
    assert_int_equal(i2v_stage_begin(&stage, kind, engine, sizes, NULL, &plan), I2V_OK);
    assert_int_equal(run_stage(&stage, sizes, NULL, NULL), I2V_OK);
    plan.tensors = i2v_pool_peak(stage.run.pool);
    *weights = stage.part->store.bytes;
    i2v_stage_end(&stage);

    i2v_call call = {.engine = engine, .num_videos = 1};
    fill(values, latents);
    assert_int_equal(i2v_stage_begin(&stage, kind, engine, sizes, &call, &plan), I2V_OK);
    if (run_stage(&stage, sizes, values, values + latents)) fail_msg("%s", i2v_error_message(engine));
    assert_int_equal(i2v_pool_peak(stage.run.pool), plan.tensors);
    assert_int_equal(stage.part->store.bytes, *weights);
    i2v_stage_end(&stage);
    *bytes = plan.tensors;
    return values;
}

/* A frame at a time, a pixel or a tile at a time, and what the plans use. */
static const i2v_trades all_trades[] = {{.batch = 1},
                                        {.batch = 1, .twice = 1},
                                        {.batch = 30000},
                                        {.batch = 100000, .twice = 1},
                                        {.batch = (int64_t)1 << 22},
                                        {.batch = (int64_t)1 << 24, .twice = 1},
                                        {.stream = 1},
                                        {.batch = 1, .twice = 1, .stream = 1},
                                        {.batch = 100000, .twice = 1, .stream = 1}};

/* Sizes at which every trade has something to cut: images of several tiles, rungs of odd sizes. */
static void check_trades(int index, i2v_dtype dtype, i2v_stage_kind kind) {
    static const int unet[I2V_REFERENCES][2] = {{376, 360}, {96, 104}},
                     decoder[I2V_REFERENCES][2] = {{72, 56}, {72, 56}};
    i2v_engine *engine = engine_of(index, dtype);
    const int *size = kind == I2V_STAGE_UNET ? unet[index] : decoder[index];
    i2v_params params = params_of(size[0], size[1]);
    i2v_sizes sizes = sizes_of(engine, &params);
    size_t values = i2v_sizes_latents(&sizes) + i2v_sizes_pixels(&sizes);
    uint64_t most, all_weights, bytes, weights;
    float *wanted = made_with(engine, kind, &sizes, (i2v_trades){0}, &most, &all_weights);
    for (size_t i = 0; i < COUNT(all_trades); i++) {
        float *found = made_with(engine, kind, &sizes, all_trades[i], &bytes, &weights);
        if (memcmp(found, wanted, values * sizeof *found) != 0) fail_msg("trade %zu changes bits", i);
        if (all_trades[i].stream) {
            assert_true(weights < all_weights / 4 && bytes + weights < most + all_weights);
        } else {
            assert_true(weights == all_weights && bytes <= most);
        }
        if (i < 2) assert_true(bytes < most);
        free(found);
    }
    free(wanted);
    i2v_close(engine);
}

static void trades_change_no_bit_of_the_unet(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) check_trades(i, I2V_DTYPE_F32, I2V_STAGE_UNET);
    check_trades(1, I2V_DTYPE_BF16, I2V_STAGE_UNET);
    for (int i = 0; i < I2V_REFERENCES; i++) check_trades(i, I2V_DTYPE_INT8, I2V_STAGE_UNET);
}

static void trades_change_no_bit_of_the_decoder(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) check_trades(i, I2V_DTYPE_F32, I2V_STAGE_DECODER);
    check_trades(1, I2V_DTYPE_BF16, I2V_STAGE_DECODER);
}

/* A UNet that the caller holds is packed at each use too. */
static void trades_change_no_bit_of_a_unet_in_memory(void **state) {
    (void)state;
    part_in_memory memory = part_in_memory_from(i2v_reference_at(1).model, "unet");
    i2v_options options;
    i2v_options_default(&options);
    options.unet_memory = &memory.given;
    i2v_engine *own = engine_of(1, I2V_DTYPE_F32), *given = NULL;
    assert_int_equal(i2v_open(&given, i2v_reference_at(1).model, &options), I2V_OK);
    i2v_params params = params_of(64, 64);
    i2v_sizes sizes = sizes_of(own, &params);
    uint64_t most, all_weights, bytes, weights;
    float *wanted = made_with(own, I2V_STAGE_UNET, &sizes, (i2v_trades){0}, &most, &all_weights);
    float *found = made_with(given, I2V_STAGE_UNET, &sizes, (i2v_trades){.stream = 1}, &bytes, &weights);
    assert_memory_equal(found, wanted, i2v_sizes_latents(&sizes) * sizeof *found);
    assert_true(weights < all_weights / 4 && bytes + weights < most + all_weights);
    free(found);
    free(wanted);
    i2v_close(own);
    i2v_close(given);
    part_in_memory_free(&memory);
}

/* ---- the choice ---------------------------------------------------------------------------------------------------
 */

/* Peaks of a stage at each rung. */
static void peaks_of(i2v_engine *engine, i2v_stage_kind kind, const i2v_sizes *sizes,
                     uint64_t peaks[I2V_TRADES_RUNGS]) {
    for (int rung = 0; rung < I2V_TRADES_RUNGS; rung++) {
        i2v_stage_plan plan;
        assert_int_equal(i2v_plan_stage(&plan, kind, engine, sizes, rung), I2V_OK);
        peaks[rung] = i2v_stage_peak(&plan);
    }
}

static int rung_within(i2v_engine *engine, const i2v_sizes *sizes, i2v_stage_kind kind, uint64_t budget,
                       i2v_status *status) {
    i2v_plan plan;
    engine->max_memory = budget;
    *status = i2v_plan_make(&plan, engine, sizes, kind);
    engine->max_memory = 0;
    return plan.stages[kind].rung;
}

/* Just what a rung takes is given to it; a byte less goes to the next that takes less, and below the leanest nothing
 * fits. */
static void budgets_choose_the_rung(void **state) {
    (void)state;
    i2v_engine *engine = engine_of(1, I2V_DTYPE_F32);
    i2v_params params = params_of(512, 512);
    params.num_frames = 4;
    params.decode_chunk_size = 0;
    i2v_sizes sizes = sizes_of(engine, &params);
    uint64_t peaks[I2V_TRADES_RUNGS];
    i2v_status status;
    peaks_of(engine, I2V_STAGE_DECODER, &sizes, peaks);
    int chosen = 0, last = I2V_TRADES_RUNGS - 1;
    for (int rung = 0; rung <= last; rung++) {
        if (rung > 0 && peaks[rung] >= peaks[chosen]) continue;
        if (rung > 0) {
            assert_int_equal(rung_within(engine, &sizes, I2V_STAGE_DECODER, peaks[chosen] - 1, &status), rung);
            assert_int_equal(status, I2V_OK);
        }
        chosen = rung;
        assert_int_equal(rung_within(engine, &sizes, I2V_STAGE_DECODER, peaks[rung], &status), rung);
        assert_int_equal(status, I2V_OK);
    }
    assert_int_equal(chosen, last);
    assert_int_equal(rung_within(engine, &sizes, I2V_STAGE_DECODER, peaks[last] - 1, &status), last);
    assert_int_equal(status, I2V_ERROR_MEMORY);
    char least[64];
    snprintf(least, sizeof least, "VAE decoder needs %llu MiB",
             (unsigned long long)((peaks[I2V_TRADES_RUNGS - 1] >> 20) + 1));
    assert_non_null(strstr(i2v_error_message(engine), least));
    assert_non_null(strstr(i2v_error_message(engine), "decode_chunk_size"));
    assert_non_null(strstr(i2v_error_message(engine), "bf16"));
    i2v_close(engine);
}

/* Where weights are most of what a stage takes, nothing else lowers it much: a budget that only streaming keeps. */
static void weights_are_streamed_within_small_budgets(void **state) {
    (void)state;
    i2v_engine *engine = engine_of(1, I2V_DTYPE_F32);
    i2v_params params = params_of(64, 64);
    i2v_sizes sizes = sizes_of(engine, &params);
    uint64_t peaks[I2V_TRADES_RUNGS];
    i2v_status status;
    int streams = 0;
    while (!i2v_trades_at(streams).stream) streams++;
    peaks_of(engine, I2V_STAGE_UNET, &sizes, peaks);
    for (int rung = 0; rung < streams; rung++) assert_true(peaks[rung] > peaks[streams]);
    assert_int_equal(rung_within(engine, &sizes, I2V_STAGE_UNET, peaks[streams], &status), streams);
    if (status) fail_msg("%s", i2v_error_message(engine));
    i2v_close(engine);
}

/* ---- a file that changes while its weights are streamed ------------------------------------------------------------
 */

/* A copy of the model in a folder of its own. */
static void copy_model(const char *model, char folder[512]) {
    const char *parent = getenv("TMPDIR");
    char command[2048];
    snprintf(folder, 512, "%s/img2vid-test-XXXXXX", parent ? parent : "/tmp");
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command, "cp -rL '%s/.' '%s'", model, folder);
    assert_int_equal(system(command), 0);
}

/* Cut, which would end the process where it is read beyond its end, or written to: an error that names it. */
static void a_file_that_changes_is_an_error(void **state) {
    (void)state;
    static const char *const changes[] = {"truncate -s 100 '%s/%s'", "printf x >> '%s/%s'"};
    static const char file[] = "unet/diffusion_pytorch_model.safetensors";
    i2v_options options;
    i2v_options_default(&options);
    i2v_params params = params_of(64, 64);
    for (size_t i = 0; i < COUNT(changes); i++) {
        char folder[512], command[2048];
        i2v_engine *engine;
        i2v_stage stage;
        copy_model(i2v_reference_at(0).model, folder);
        assert_int_equal(i2v_open(&engine, folder, &options), I2V_OK);
        i2v_sizes sizes = sizes_of(engine, &params);
        i2v_stage_plan plan;
        assert_int_equal(i2v_plan_stage(&plan, I2V_STAGE_UNET, engine, &sizes, I2V_TRADES_RUNGS - 1), I2V_OK);
        i2v_call call = {.engine = engine, .num_videos = 1};
        float *latents = calloc(i2v_sizes_latents(&sizes), sizeof *latents);
        assert_int_equal(i2v_stage_begin(&stage, I2V_STAGE_UNET, engine, &sizes, &call, &plan), I2V_OK);
        snprintf(command, sizeof command, changes[i], folder, file);
        assert_int_equal(system(command), 0);
        assert_int_equal(run_stage(&stage, &sizes, latents, NULL), I2V_ERROR_IO);
        assert_non_null(strstr(i2v_error_message(engine), file));
        assert_non_null(strstr(i2v_error_message(engine), "changed"));
        i2v_stage_end(&stage);
        i2v_close(engine);
        free(latents);
        snprintf(command, sizeof command, "rm -r '%s'", folder);
        assert_int_equal(system(command), 0);
    }
}

/* ---- through the public header ------------------------------------------------------------------------------------
 */

static i2v_image *picture_of(int width, int height) {
    i2v_image *image = NULL;
    assert_int_equal(i2v_image_new(&image, width, height, NULL), I2V_OK);
    for (int i = 0; i < width * height * 3; i++) image->pixels[i] = (uint8_t)(i * i / 7 % 256);
    return image;
}

static int keep_most_memory(const i2v_event *event, void *user) {
    uint64_t *most = user;
    if (event->memory > *most) *most = event->memory;
    return 0;
}

static i2v_video *generate_within(i2v_engine *engine, const i2v_image *image, i2v_params params, uint64_t budget,
                                  uint64_t *most) {
    i2v_video *video = NULL;
    params.on_event = keep_most_memory;
    params.user = most;
    *most = 0;
    engine->max_memory = budget;
    if (i2v_generate(engine, image, &params, &video)) fail_msg("%s", i2v_error_message(engine));
    engine->max_memory = 0;
    return video;
}

/* A whole run at each of its plans, down to the least: the same video, and never more memory than planned. */
static void runs_keep_to_their_plans(void **state) {
    (void)state;
    i2v_engine *engine = engine_of(1, I2V_DTYPE_F32);
    i2v_params params = params_of(128, 128);
    params.num_frames = 20;
    params.max_guidance_scale = 1;
    params.decode_chunk_size = 0;
    i2v_image *image = picture_of(40, 30);
    i2v_memory_plan plan;
    uint64_t most;
    assert_int_equal(i2v_plan_generate(engine, &params, &plan), I2V_OK);
    assert_false(plan.budget_given);
    i2v_video *wanted = generate_within(engine, image, params, 0, &most);
    size_t bytes = (size_t)20 * 128 * 128 * 3 * sizeof(float);
    int plans = 0;
    for (uint64_t budget = plan.peak;; budget = plan.peak - 1, plans++) {
        engine->max_memory = budget;
        i2v_status status = i2v_plan_generate(engine, &params, &plan);
        if (status == I2V_ERROR_MEMORY) break;
        assert_int_equal(status, I2V_OK);
        assert_true(plan.budget_given && plan.budget == budget && plan.peak <= budget);
        i2v_video *found = generate_within(engine, image, params, budget, &most);
        assert_int_equal(most, plan.peak);
        assert_memory_equal(found->frames, wanted->frames, bytes);
        i2v_video_free(found);
    }
    assert_true(plans >= 2);
    i2v_video_free(wanted);
    i2v_image_free(image);
    i2v_close(engine);
}

/* Each trade has a clause of its own, which can be read without the ones before. */
static void trades_are_told(void **state) {
    (void)state;
    assert_null(i2v_trades_name(0));
    for (int rung = 1; rung < I2V_TRADES_RUNGS; rung++) {
        const i2v_trades trades = i2v_trades_at(rung);
        const char *name = i2v_trades_name(rung);
        assert_int_equal(trades.batch < i2v_trades_at(0).batch,
                         strstr(name, "fewer frames and pixels at a time") != NULL);
        assert_int_equal(trades.twice, strstr(name, ", temporal convolutions twice") != NULL);
        assert_int_equal(trades.stream, strstr(name, ", weights read from the file at each use") != NULL);
    }
}

static void plans_say_what_runs_would(void **state) {
    (void)state;
    static const char *const names[] = {"image encoder", "VAE encoder", "UNet", "VAE decoder"};
    i2v_engine *engine = engine_of(0, I2V_DTYPE_F32);
    i2v_params params = params_of(392, 360);
    i2v_memory_plan plan;
    assert_int_equal(i2v_plan_generate(engine, &params, &plan), I2V_OK);
    assert_int_equal(plan.stages_count, 4);
    uint64_t peak = 0;
    for (int i = 0; i < 4; i++) {
        const i2v_stage_memory *stage = &plan.stages[i];
        assert_string_equal(stage->name, names[i]);
        assert_null(stage->traded);
        assert_true(stage->weights > 0 && stage->tensors > 0 && stage->held > 0);
        assert_int_equal(stage->peak, stage->weights + stage->tensors + stage->held);
        if (stage->peak > peak) peak = stage->peak;
    }
    assert_int_equal(plan.peak, peak);
    assert_true(plan.budget >= plan.peak);

    i2v_memory_plan decoding;
    assert_int_equal(i2v_plan_decode(engine, 3, 45, 49, &params, &decoding), I2V_OK);
    assert_int_equal(decoding.stages_count, 1);
    assert_string_equal(decoding.stages[0].name, "VAE decoder");
    assert_int_equal(decoding.stages[0].tensors, plan.stages[3].tensors);

    params.width = 3;
    assert_int_equal(i2v_plan_generate(engine, &params, &plan), I2V_ERROR_PARAMETER);
    assert_int_equal(plan.stages_count, 0);
    assert_int_equal(i2v_plan_decode(engine, 0, 45, 49, &params, &decoding), I2V_ERROR_PARAMETER);
    i2v_close(engine);
}

/* How much longer than the decoder a step of the UNet takes: whatever the product's rate was. */
static double step_over_decoding(i2v_engine *engine, const i2v_params *params, double *all) {
    i2v_memory_plan plan;
    assert_int_equal(i2v_plan_generate(engine, params, &plan), I2V_OK);
    double clip = plan.stages[0].seconds, encoder = plan.stages[1].seconds;
    double step = plan.stages[2].seconds, decoder = plan.stages[3].seconds, loading = 0, sum = 0;
    assert_true(clip > 0 && encoder > 0 && step > 0 && decoder > 0);
    for (size_t i = 0; i < plan.stages_count; i++) {
        assert_true(plan.stages[i].load_seconds >= 0); /* 0: streamed */
        loading += plan.stages[i].load_seconds;
        sum += plan.stages[i].run_seconds;
    }
    assert_float_equal(sum, plan.seconds, 1e-6 * sum);
    *all = (plan.seconds - loading - clip - encoder) / decoder;
    return step / decoder;
}

static void plans_estimate_time(void **state) {
    (void)state;
    i2v_engine *engine = engine_of(0, I2V_DTYPE_F32);
    i2v_params params = params_of(128, 128);
    double all;
    params.num_frames = 4;
    params.num_inference_steps = 10;
    params.max_guidance_scale = params.min_guidance_scale = 1;
    params.decode_chunk_size = 2;
    double alone = step_over_decoding(engine, &params, &all);
    assert_float_equal(all, 10 * alone + 1, 1e-6 * all);
    params.decode_chunk_size = 1;
    /* weights are widened for each chunk */
    assert_float_equal(step_over_decoding(engine, &params, &all), alone, 0.1 * alone);
    params.max_guidance_scale = 3;
    double guided = step_over_decoding(engine, &params, &all);
    assert_true(guided > 1.9 * alone && guided <= 2 * alone);
    params.num_videos = 3;
    assert_float_equal(step_over_decoding(engine, &params, &all), guided, 1e-6 * guided);
    assert_float_equal(all, 3 * (10 * guided + 1), 1e-6 * all);

    i2v_memory_plan decoding;
    params.num_videos = 1;
    assert_int_equal(i2v_plan_decode(engine, 4, 16, 16, &params, &decoding), I2V_OK);
    assert_true(decoding.seconds > 0);
    assert_float_equal(decoding.seconds, decoding.stages[0].seconds + decoding.stages[0].load_seconds, 1e-6);
    engine->max_memory = 1 << 20;
    assert_int_equal(i2v_plan_generate(engine, &params, &decoding), I2V_ERROR_MEMORY);
    assert_float_equal(decoding.seconds, 0, 0);
    i2v_close(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trades_change_no_bit_of_the_unet),
        cmocka_unit_test(trades_change_no_bit_of_the_decoder),
        cmocka_unit_test(trades_change_no_bit_of_a_unet_in_memory),
        cmocka_unit_test(budgets_choose_the_rung),
        cmocka_unit_test(weights_are_streamed_within_small_budgets),
        cmocka_unit_test(a_file_that_changes_is_an_error),
        cmocka_unit_test(runs_keep_to_their_plans),
        cmocka_unit_test(trades_are_told),
        cmocka_unit_test(plans_say_what_runs_would),
        cmocka_unit_test(plans_estimate_time),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
