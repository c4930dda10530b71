/* What diffusers computed, read and compared. */
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REFERENCE(name) .model = I2V_TEST_DATA "/reference/" name, .folder = I2V_TEST_DATA "/reference", .stem = name

/* Larger than any stage of the reference models needs; what a stage does need is test_pipeline_memory.c's subject. */
#define POOL_BYTES ((uint64_t)32 << 20)

/* The settings stand in the files too, in the metadata of their headers. */
i2v_reference i2v_reference_at(int index) {
    i2v_params params;
    i2v_params_default(&params);
    params.num_inference_steps = 3;
    params.seed = 42;
    params.decode_chunk_size = 2;
    if (index == 0) {
        params.width = 40;
        params.height = 24;
        return (i2v_reference){REFERENCE("attention_top"), .latent_channels = 4, .latent_height = 3,
                               .latent_width = 5,          .num_frames = 3,      .params = params};
    }
    params.num_frames = 2;
    params.rng = I2V_RNG_TORCH;
    params.fps = 12;
    params.motion_bucket_id = 40;
    params.noise_aug_strength = 0.1;
    params.min_guidance_scale = 1.5;
    params.max_guidance_scale = 2;
    return (i2v_reference){REFERENCE("plain_top"), .latent_channels = 8, .latent_height = 8,
                           .latent_width = 12,     .num_frames = 2,      .params = params};
}

i2v_weights *i2v_reference_open(const i2v_reference *reference) {
    i2v_weights *tensors = NULL;
    i2v_error error = {0};
    if (i2v_weights_open(&tensors, reference->folder, reference->stem, NULL, &error)) fail_msg("%s", error.message);
    return tensors;
}

static const i2v_weight *find(const i2v_weights *tensors, const char *name) {
    const i2v_weight *weight = i2v_weights_find(tensors, name);
    if (!weight) fail_msg("the reference has no %s", name);
    return weight;
}

float *i2v_reference_values(const i2v_weights *tensors, const char *name, size_t count) {
    const i2v_weight *weight = find(tensors, name);
    if (weight->count != count) fail_msg("the reference's %s has %zu values", name, (size_t)weight->count);
    float *values = malloc(count * sizeof *values);
    assert_non_null(values);
    i2v_weight_read_f32(weight, 0, count, values);
    return values;
}

i2v_tensor i2v_reference_channels_last(const i2v_weights *tensors, const char *name) {
    const i2v_weight *weight = find(tensors, name);
    assert_int_equal(weight->ndim, 4);
    i2v_tensor out = {malloc(weight->count * sizeof(float)),
                      (int)weight->shape[0],
                      (int)weight->shape[2],
                      (int)weight->shape[3],
                      (int)weight->shape[1],
                      I2V_ELEMENT_F32};
    float *values = i2v_reference_values(tensors, name, weight->count);
    assert_non_null(out.data);
    int64_t pixels = (int64_t)out.height * out.width;
    for (int64_t frame = 0; frame < out.frames; frame++) {
        for (int64_t i = 0; i < pixels; i++) {
            for (int64_t c = 0; c < out.channels; c++) {
                i2v_tensor_floats(&out)[(frame * pixels + i) * out.channels + c] =
                    values[(frame * out.channels + c) * pixels + i];
            }
        }
    }
    free(values);
    return out;
}

i2v_image *i2v_reference_picture(const i2v_weights *tensors, const i2v_reference *reference) {
    const i2v_weight *weight = find(tensors, "picture");
    i2v_image *image = NULL;
    assert_int_equal(i2v_image_new(&image, reference->params.width ? reference->params.width : (int)weight->shape[1],
                                   reference->params.height ? reference->params.height : (int)weight->shape[0], NULL),
                     I2V_OK);
    assert_int_equal(weight->bytes, 3 * image->width * image->height);
    assert_ptr_equal(i2v_bytes_read(&weight->at, 0, weight->bytes, image->pixels), image->pixels);
    return image;
}

i2v_engine *i2v_reference_engine(const i2v_reference *reference, int threads) {
    i2v_options options;
    i2v_options_default(&options);
    options.threads = threads;
    i2v_engine *engine = NULL;
    if (i2v_open(&engine, reference->model, &options)) fail_msg("%s", i2v_error_message(engine));
    return engine;
}

void i2v_expect_close(const char *what, const float *found, const float *wanted, size_t count, double tolerance) {
    double largest = 0, worst = 0;
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        double difference = fabs((double)found[i] - (double)wanted[i]);
        largest = fmax(largest, fabs((double)wanted[i]));
        if (difference <= worst) continue; /* false for NaN */
        worst = difference;
        at = i;
        if (isnan(difference)) break;
    }
    if (!(worst <= tolerance * largest)) {
        fail_msg("%s: value %zu is %.9g, expected %.9g; largest %.3g, so off by %.1e of it and %.1e is allowed", what,
                 at, (double)found[at], (double)wanted[at], largest, worst / largest, tolerance);
    }
}

void i2v_reference_stage_begin(i2v_reference_stage *at, int index, i2v_stage_kind kind) {
    *at = (i2v_reference_stage){.reference = i2v_reference_at(index)};
    at->tensors = i2v_reference_open(&at->reference);
    at->engine = i2v_reference_engine(&at->reference, 2);
    at->call = (i2v_call){.engine = at->engine, .num_videos = 1};
    if (i2v_stage_begin(&at->stage, kind, at->engine, NULL, &at->call, &(i2v_stage_plan){.tensors = POOL_BYTES})) {
        fail_msg("%s", i2v_error_message(at->engine));
    }
    at->run = &at->stage.run;
}

void i2v_reference_stage_end(i2v_reference_stage *at) {
    if (at->run->status) fail_msg("%s", i2v_error_message(at->engine));
    i2v_stage_end(&at->stage);
    i2v_close(at->engine);
    i2v_weights_close(at->tensors);
}
