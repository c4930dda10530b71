/* The door to tensors' values (tensor/values.h), and that nothing goes around it: CLIP, VAE, UNet and whole calls on
 * the fenced backend, whose memory nobody else can reach, with the bits of the plain one. */
#include "fenced_backend.h"
#include "reference.h"

#include "pipeline/conditioning.h"
#include "pipeline/decode.h"
#include "pipeline/denoise.h"
#include "pipeline/plan.h"
#include "tensor/values.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const i2v_backend *backend_at(int index) {
    return index == 0 ? i2v_backend_plain() : i2v_backend_fenced();
}

/* ---- the fence --------------------------------------------------------------------------------------------------- */

/* A run over a pool of its own. */
static i2v_run begin_run(const i2v_backend *backend, uint64_t bytes) {
    i2v_run run = {.backend = backend, .element = I2V_ELEMENT_F32};
    assert_int_equal(i2v_pool_new(&run.pool, backend, &run.device, bytes, NULL), I2V_OK);
    return run;
}

static void end_run(i2v_run *run) {
    i2v_pool_free(run->pool);
}

/* Four values, and their run. */
typedef struct {
    i2v_run *run;
    i2v_tensor x;
} four_values;

static void reads_by_pointer(const void *argument) {
    const four_values *at = argument;
    volatile float *values = at->x.data;
    float first = values[0];
    (void)first;
}

static void writes_by_pointer(const void *argument) {
    const four_values *at = argument;
    volatile float *values = at->x.data;
    values[3] = 1;
}

static void reads_by_the_door(const void *argument) {
    const four_values *at = argument;
    float values[4];
    i2v_tensor_read(at->run, at->x, values);
    if (values[3] != 0) abort();
}

/* The signal that ends a process that does this; 0: none. */
static int signal_of(void (*access)(const void *argument), const void *argument) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL); /* cmocka and the sanitizers tell of it, and go on */
        access(argument);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) return WTERMSIG(status);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return 0;
}

static void pointers_end_at_the_fence(void **state) {
    (void)state;
    for (int b = 0; b < 2; b++) {
        i2v_run run = begin_run(backend_at(b), 1 << 12);
        four_values at = {&run, i2v_tensor_new_f32(&run, 1, 1, 1, 4)};
        i2v_tensor_zero(&run, at.x);
        int wanted = b == 0 ? 0 : SIGSEGV;
        assert_int_equal(signal_of(reads_by_pointer, &at), wanted);
        assert_int_equal(signal_of(writes_by_pointer, &at), wanted);
        assert_int_equal(signal_of(reads_by_the_door, &at), 0);
        end_run(&run);
    }
}

/* ---- the door ---------------------------------------------------------------------------------------------------- */

static void expect_values(i2v_run *run, i2v_tensor tensor, const float *wanted) {
    size_t bytes = i2v_tensor_bytes(&tensor);
    float *found = malloc(bytes);
    assert_non_null(found);
    i2v_tensor_read(run, tensor, found);
    assert_int_equal(run->status, I2V_OK);
    assert_memory_equal(found, wanted, bytes);
    free(found);
}

static void slices_are_written_and_copied(void **state) {
    (void)state;
    const float values[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    for (int b = 0; b < 2; b++) {
        i2v_run run = begin_run(backend_at(b), 1 << 12);
        i2v_tensor x = i2v_tensor_new(&run, 2, 1, 2, 3), y = i2v_tensor_new(&run, 2, 1, 2, 3);
        i2v_tensor narrow = i2v_tensor_new(&run, 2, 1, 2, 2);
        i2v_tensor_write(&run, x, values);
        expect_values(&run, x, values);
        expect_values(&run, i2v_tensor_frames(&x, 1, 1), values + 6);
        expect_values(&run, i2v_tensor_pixels(&x, 1, 1, 1), values + 9);
        i2v_tensor_zero(&run, y);
        i2v_tensor_copy(&run, i2v_tensor_frames(&y, 0, 1), i2v_tensor_frames(&x, 1, 1));
        expect_values(&run, y, (const float[]){7, 8, 9, 10, 11, 12, 0, 0, 0, 0, 0, 0});
        i2v_tensor_copy_channels(&run, narrow, x, 0);
        expect_values(&run, narrow, (const float[]){1, 2, 4, 5, 7, 8, 10, 11});
        i2v_tensor_copy_channels(&run, narrow, x, 1);
        expect_values(&run, narrow, (const float[]){2, 3, 5, 6, 8, 9, 11, 12});
        end_run(&run);
    }
}

/* It moves to the end of its memory, over itself. */
static void tensors_grow_over_others(void **state) {
    (void)state;
    const float values[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (int b = 0; b < 2; b++) {
        i2v_run run = begin_run(backend_at(b), 1 << 12);
        i2v_tensor x = i2v_tensor_new(&run, 1, 1, 2, 4);
        i2v_tensor_write(&run, x, values);
        i2v_tensor over = i2v_tensor_new_over(&run, &x, 1, 3, 4);
        expect_values(&run, x, values);
        i2v_tensor_free(&run, &over);
        end_run(&run);
    }
}

/* Rows of which many, few, and none but one are copied together. */
static void walks_see_every_row(void **state) {
    (void)state;
    static const int sizes[][2] = {{1, 1}, {70000, 1}, {1000, 40}, {3, 20000}};
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
        int rows = sizes[i / 2][0], channels = sizes[i / 2][1];
        i2v_run run = begin_run(backend_at((int)(i % 2)), 1 << 20);
        i2v_tensor x = i2v_tensor_new(&run, 1, rows, 1, channels);
        i2v_walk walk = i2v_walk_to_write(&run, x);
        for (float *row; (row = i2v_walk_next(&walk));) {
            for (int c = 0; c < channels; c++) row[c] = (float)(walk.row * channels + c);
        }
        i2v_walk_end(&walk);
        float *values = malloc(i2v_tensor_bytes(&x));
        assert_non_null(values);
        i2v_tensor_read(&run, x, values);
        for (int k = 0; k < rows * channels; k++) assert_true(values[k] == (float)k);
        walk = i2v_walk_to_read(&run, x);
        int64_t seen = 0;
        for (const float *row; (row = i2v_walk_next(&walk)); seen++) {
            assert_memory_equal(row, values + walk.row * channels, (size_t)channels * sizeof *row);
        }
        i2v_walk_end(&walk);
        assert_int_equal(seen, rows);
        free(values);
        end_run(&run);
    }
}

/* A walk that ends early leaves the other rows as they are. */
static void walks_may_end_early(void **state) {
    (void)state;
    for (int b = 0; b < 2; b++) {
        i2v_run run = begin_run(backend_at(b), 1 << 12);
        i2v_tensor x = i2v_tensor_new(&run, 1, 1, 3, 1);
        i2v_tensor_write(&run, x, (const float[]){1, 2, 3});
        i2v_walk walk = i2v_walk_to_write(&run, x);
        *i2v_walk_next(&walk) = 7;
        i2v_walk_end(&walk);
        expect_values(&run, x, (const float[]){7, 2, 3});
        end_run(&run);
    }
}

static void use_every_verb(i2v_run *run) {
    float value = 5;
    i2v_tensor x = i2v_tensor_new(run, 1, 1, 1, 1), y = i2v_tensor_new(run, 1, 1, 1, 1);
    i2v_tensor_write(run, x, NULL);
    i2v_tensor_zero(run, x);
    i2v_tensor_copy(run, y, x);
    i2v_tensor_copy_channels(run, y, x, 0);
    i2v_tensor_read(run, x, &value);
    assert_true(value == 5);
    i2v_walk walks[] = {i2v_walk_to_read(run, x), i2v_walk_to_write(run, y)};
    for (int i = 0; i < 2; i++) {
        assert_null(i2v_walk_next(&walks[i]));
        i2v_walk_end(&walks[i]);
    }
}

static void the_door_is_closed_where_nothing_computes(void **state) {
    (void)state;
    for (int b = 0; b < 2; b++) {
        i2v_run dry = begin_run(backend_at(b), 0), failed = begin_run(backend_at(b), 1 << 12);
        use_every_verb(&dry);
        assert_int_equal(dry.status, I2V_OK);
        failed.status = I2V_ERROR_MODEL;
        use_every_verb(&failed);
        assert_int_equal(failed.status, I2V_ERROR_MODEL);
        atomic_int cancel = 1;
        failed.status = I2V_OK;
        failed.device.cancel = &cancel;
        use_every_verb(&failed);
        assert_int_equal(failed.status, I2V_CANCELLED);
        end_run(&dry);
        end_run(&failed);
    }
}

/* ---- parts of the model ------------------------------------------------------------------------------------------ */

static i2v_engine *open_on(const i2v_backend *backend, const char *model, i2v_dtype dtype, int keep_loaded) {
    i2v_options options;
    i2v_options_default(&options);
    options.threads = 2;
    options.dtype = dtype;
    options.keep_loaded = keep_loaded;
    i2v_engine *engine = NULL;
    if (i2v_open(&engine, model, &options)) fail_msg("%s", i2v_error_message(engine));
    engine->model->backend = backend; /* nothing is loaded yet */
    return engine;
}

/* Values between -1 and 1. */
static float *made_up(size_t count) {
    float *values = malloc(count * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++) values[i] = sinf((float)(i * i % 1000));
    return values;
}

/* A part at work on one of the backends; its output goes to out, which has room for 2^20 values. */
typedef size_t (*part_at_work)(i2v_stage *stage, const i2v_sizes *sizes, float *out);

static size_t embed(i2v_stage *stage, const i2v_sizes *sizes, float *out) {
    float *pixels = made_up((size_t)224 * 224 * 3);
    assert_int_equal(i2v_embed_pixels(&stage->run, stage->model.clip, pixels, out), I2V_OK);
    free(pixels);
    return (size_t)stage->model.clip->config.projection_dim;
}

static size_t encode(i2v_stage *stage, const i2v_sizes *sizes, float *out) {
    float *pixels = made_up(i2v_sizes_frame(sizes));
    assert_int_equal(i2v_encode_pixels(&stage->run, stage->model.encoder, sizes, pixels, out), I2V_OK);
    free(pixels);
    return i2v_sizes_latents(sizes) / (size_t)sizes->num_frames;
}

/* Two steps, with guidance and each scheduler's. */
static size_t denoise(i2v_stage *stage, const i2v_sizes *sizes, float *out) {
    size_t count = i2v_sizes_latents(sizes);
    float *latents = made_up(count), *noise = made_up(count);
    float *embedding = made_up((size_t)stage->model.unet->config.cross_attention_dim);
    i2v_condition condition = {.embedding = embedding,
                               .latent = noise,
                               .time_ids = {6, 127, 0.02f},
                               .min_guidance_scale = 1,
                               .max_guidance_scale = 3};
    i2v_denoiser denoiser;
    assert_int_equal(sizes->guidance, 1);
    assert_int_equal(i2v_denoiser_begin(&denoiser, &stage->run, stage->model.unet, sizes, &condition), I2V_OK);
    i2v_step step = {.timestep = 0.7f, .update = i2v_euler_update(16, 4)};
    assert_int_equal(i2v_denoise_step(&denoiser, &step, latents), I2V_OK);
    step = (i2v_step){.timestep = 0.3f, .noise = noise};
    i2v_solver_animatelcm.update(&step.update, (const float[]){4, 1}, 1, 0);
    assert_int_equal(i2v_denoise_step(&denoiser, &step, latents), I2V_OK);
    i2v_denoiser_end(&denoiser);
    memcpy(out, latents, count * sizeof *out);
    free(latents);
    free(noise);
    free(embedding);
    return count;
}

static size_t decode(i2v_stage *stage, const i2v_sizes *sizes, float *out) {
    int count = sizes->decode_chunk_size;
    float *latents = made_up(i2v_sizes_latents(sizes));
    assert_int_equal(i2v_decode_chunk(&stage->run, stage->model.decoder, sizes, count, latents, 0, out), I2V_OK);
    free(latents);
    return (size_t)count * i2v_sizes_frame(sizes);
}

static size_t work(const i2v_backend *backend, const i2v_reference *reference, i2v_stage_kind kind, part_at_work part,
                   i2v_dtype dtype, int rung, float *out) {
    i2v_engine *engine = open_on(backend, reference->model, dtype, 0);
    i2v_call call = {.engine = engine, .num_videos = 1};
    i2v_stage_plan plan;
    i2v_params params = reference->params;
    i2v_sizes sizes;
    i2v_stage stage;
    params.max_guidance_scale = 3;
    assert_int_equal(i2v_sizes_of_params(&sizes, engine, &params), I2V_OK);
    assert_int_equal(i2v_plan_stage(&plan, kind, engine, &sizes, rung), I2V_OK);
    if (i2v_stage_begin(&stage, kind, engine, &sizes, &call, &plan)) fail_msg("%s", i2v_error_message(engine));
    size_t count = part(&stage, &sizes, out);
    i2v_stage_end(&stage);
    i2v_close(engine);
    return count;
}

static void expect_same_part(i2v_stage_kind kind, part_at_work part, i2v_dtype dtype, int rung) {
    for (int i = 0; i < I2V_REFERENCES; i++) {
        i2v_reference reference = i2v_reference_at(i);
        float *outs[2];
        size_t counts[2];
        for (int b = 0; b < 2; b++) {
            outs[b] = calloc((size_t)1 << 20, sizeof **outs);
            assert_non_null(outs[b]);
            counts[b] = work(backend_at(b), &reference, kind, part, dtype, rung, outs[b]);
        }
        assert_true(counts[0] > 1 && outs[0][0] != outs[0][counts[0] - 1]);
        assert_int_equal(counts[0], counts[1]);
        assert_memory_equal(outs[0], outs[1], counts[0] * sizeof **outs);
        free(outs[0]);
        free(outs[1]);
    }
    assert_int_equal(i2v_fenced_blocks(), 0);
}

static void clip(void **state) {
    (void)state;
    expect_same_part(I2V_STAGE_CLIP, embed, I2V_DTYPE_F32, 0);
}

static void vae_encoder(void **state) {
    (void)state;
    expect_same_part(I2V_STAGE_ENCODER, encode, I2V_DTYPE_F32, 0);
}

/* Those below in bf16, too, with all that is traded for memory. */
#define LEAST (I2V_TRADES_RUNGS - 1)

static void unet(void **state) {
    (void)state;
    expect_same_part(I2V_STAGE_UNET, denoise, I2V_DTYPE_F32, 0);
    expect_same_part(I2V_STAGE_UNET, denoise, I2V_DTYPE_BF16, LEAST);
    expect_same_part(I2V_STAGE_UNET, denoise, I2V_DTYPE_INT8, LEAST);
}

static void vae_decoder(void **state) {
    (void)state;
    expect_same_part(I2V_STAGE_DECODER, decode, I2V_DTYPE_F32, 0);
    expect_same_part(I2V_STAGE_DECODER, decode, I2V_DTYPE_BF16, LEAST);
}

static void reads_weights(const void *argument) {
    const volatile float *weights = argument;
    float first = weights[0];
    (void)first;
}

/* A model's vectors and packed weights lie behind the fence, too; its structs do not. */
static void weights_lie_behind_the_fence(void **state) {
    (void)state;
    i2v_reference reference = i2v_reference_at(0);
    i2v_engine *engine = open_on(i2v_backend_fenced(), reference.model, I2V_DTYPE_F32, 0);
    i2v_call call = {.engine = engine, .num_videos = 1};
    i2v_stage stage;
    i2v_stage_plan plan = {.tensors = 64};
    assert_int_equal(i2v_stage_begin(&stage, I2V_STAGE_CLIP, engine, NULL, &call, &plan), I2V_OK);
    const i2v_clip *model = stage.model.clip;
    assert_int_equal(signal_of(reads_weights, model->pre_layernorm.weight), SIGSEGV);
    assert_int_equal(signal_of(reads_weights, model->layers[0].qkv.parts[1].bias), SIGSEGV);
    assert_int_equal(signal_of(reads_weights, model->layers[0].qkv.parts[1].filter.packed), SIGSEGV);
    assert_int_equal(signal_of(reads_weights, model->position_embedding.data), SIGSEGV);
    assert_int_equal(signal_of(reads_weights, model->layers), 0);
    i2v_stage_end(&stage);
    i2v_close(engine);
}

/* ---- whole calls ------------------------------------------------------------------------------------------------- */

static i2v_video *generate(i2v_engine *engine) {
    i2v_params params;
    i2v_image *picture = NULL;
    i2v_video *video = NULL;
    i2v_params_default(&params);
    params.width = 16;
    params.height = 8;
    params.num_frames = 3;
    params.num_inference_steps = 2;
    params.decode_chunk_size = 2;
    assert_int_equal(i2v_image_new(&picture, 30, 20, NULL), I2V_OK);
    for (int i = 0; i < 30 * 20 * 3; i++) picture->pixels[i] = (uint8_t)(i * i / 7 % 256);
    i2v_status status = i2v_generate(engine, picture, &params, &video);
    if (status) fail_msg("%s", i2v_error_message(engine));
    i2v_image_free(picture);
    return video;
}

static void whole_runs(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        i2v_reference reference = i2v_reference_at(i);
        i2v_dtype dtype = i == 0 ? I2V_DTYPE_F32 : I2V_DTYPE_BF16;
        i2v_video *videos[2];
        for (int b = 0; b < 2; b++) {
            i2v_engine *engine = open_on(backend_at(b), reference.model, dtype, 0);
            videos[b] = generate(engine);
            i2v_close(engine);
        }
        size_t values = (size_t)videos[0]->num_frames * 16 * 8 * 3;
        assert_int_equal(videos[0]->num_frames, 3);
        assert_memory_equal(videos[0]->frames, videos[1]->frames, values * sizeof(float));
        i2v_video_free(videos[0]);
        i2v_video_free(videos[1]);
    }
    assert_int_equal(i2v_fenced_blocks(), 0);
}

/* What stays loaded stays in the backend's memory, and goes back to it. */
static void kept_parts(void **state) {
    (void)state;
    i2v_reference reference = i2v_reference_at(0);
    i2v_engine *engine = open_on(i2v_backend_fenced(), reference.model, I2V_DTYPE_F32, 1);
    i2v_video *first = generate(engine);
    assert_true(i2v_fenced_blocks() > 0);
    i2v_video *second = generate(engine);
    assert_memory_equal(first->frames, second->frames, (size_t)first->num_frames * 16 * 8 * 3 * sizeof(float));
    i2v_video_free(first);
    i2v_video_free(second);
    i2v_unload(engine);
    assert_int_equal(i2v_fenced_blocks(), 0);
    i2v_close(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pointers_end_at_the_fence),
        cmocka_unit_test(slices_are_written_and_copied),
        cmocka_unit_test(tensors_grow_over_others),
        cmocka_unit_test(walks_see_every_row),
        cmocka_unit_test(walks_may_end_early),
        cmocka_unit_test(the_door_is_closed_where_nothing_computes),
        cmocka_unit_test(clip),
        cmocka_unit_test(vae_encoder),
        cmocka_unit_test(unet),
        cmocka_unit_test(vae_decoder),
        cmocka_unit_test(weights_lie_behind_the_fence),
        cmocka_unit_test(whole_runs),
        cmocka_unit_test(kept_parts),
    };
    return cmocka_run_group_tests_name("fenced", tests, NULL, NULL);
}
