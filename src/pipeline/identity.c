/* What decides the bits of a call, as names and texts. */
#include "pipeline/identity.h"

#include "base/parameters.h"
#include "base/sha256.h"
#include "pipeline/clip_pixels.h"
#include "weights/fingerprint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Puts a text under the name; 0 without memory. */
static int put(json_t *identity, const char *name, const char *text) {
    return json_object_set_new(identity, name, json_string(text)) == 0;
}

static i2v_status fail_memory(i2v_error *error) {
    return i2v_fail_memory(error, "what decides the run", 0);
}

/* Ends the hash and puts it under the name. */
static i2v_status put_hash(json_t *identity, const char *name, i2v_sha256 *hash, i2v_error *error) {
    char hex[I2V_SHA256_SIZE];
    i2v_status status = i2v_sha256_end(hash, hex, error);
    return status || put(identity, name, hex) ? status : fail_memory(error);
}

/* ---- the model ---- */

_Static_assert(sizeof(i2v_unet_config) % sizeof(int) == 0, "the structs that are hashed have no gaps");
_Static_assert(sizeof(i2v_clip_config) == 8 * sizeof(int) + sizeof(double), "the structs that are hashed have no gaps");

static void hash_vae(i2v_sha256 *hash, const i2v_vae_config *config) {
    char text[128];
    int length = snprintf(text, sizeof text, "%d %d %.17g %d %d %d %d;", config->levels, config->layers_per_block,
                          config->scaling_factor, config->temporal_decoder, config->decoder_mid_attention,
                          config->has_quant_conv, config->has_post_quant_conv);
    i2v_sha256_update(hash, text, (size_t)length);
    i2v_sha256_update(hash, config->block_out_channels, sizeof config->block_out_channels);
}

/* What the configurations say beside the weights. The scheduler's part is in the noise levels. */
static i2v_status put_configuration(json_t *identity, const i2v_model *model, i2v_error *error) {
    i2v_sha256 hash;
    i2v_sha256_begin(&hash);
    i2v_sha256_update(&hash, &model->unet, sizeof model->unet);
    i2v_sha256_update(&hash, &model->clip, sizeof model->clip);
    i2v_sha256_update(&hash, &model->normalization, sizeof model->normalization);
    hash_vae(&hash, &model->vae);
    hash_vae(&hash, &model->decoder);
    return put_hash(identity, "configuration", &hash, error);
}

static i2v_status put_loras(json_t *identity, const i2v_lora_set *loras, i2v_error *error) {
    const char *name = I2V_PARAMETER(OPTIONS, i2v_options, loras)->name;
    i2v_sha256 hash;
    if (!loras) return put(identity, name, "") ? I2V_OK : fail_memory(error);
    i2v_sha256_begin(&hash);
    i2v_lora_hash_strengths(loras, &hash);
    i2v_status hashed = i2v_lora_fingerprint(loras, &hash, error);
    i2v_status status = put_hash(identity, name, &hash, hashed ? NULL : error);
    return hashed ? hashed : status;
}

/* It is in the model's hash, too: this says which file is another one. */
static i2v_status put_tiny_decoder(json_t *identity, const i2v_weights *weights, i2v_error *error) {
    const char *name = I2V_PARAMETER(OPTIONS, i2v_options, tiny_decoder)->name;
    i2v_sha256 hash;
    if (!weights) return put(identity, name, "") ? I2V_OK : fail_memory(error);
    i2v_sha256_begin(&hash);
    i2v_status hashed = i2v_weights_fingerprint(weights, &hash, error);
    i2v_status status = put_hash(identity, name, &hash, hashed ? NULL : error);
    return hashed ? hashed : status;
}

static i2v_status put_model(json_t *identity, i2v_engine *engine) {
    const i2v_model *model = engine->model;
    char hex[I2V_SHA256_SIZE];
    i2v_status status = put_loras(identity, model->lora, &engine->error); /* the model's hash has them in it, too */
    if (!status) status = put_tiny_decoder(identity, model->weights[I2V_PART_TINY_DECODER], &engine->error);
    if (!status) status = i2v_model_hash(engine, hex);
    if (!status && !put(identity, "model", hex)) status = fail_memory(&engine->error);
    return status ? status : put_configuration(identity, model, &engine->error);
}

/* What computes. */
static i2v_status put_program(json_t *identity, const i2v_model *model, i2v_error *error) {
    const i2v_parameter *dtype = I2V_PARAMETER(OPTIONS, i2v_options, dtype);
    char name[64];
    i2v_status status = i2v_parameter_get(dtype, &(i2v_options){.dtype = model->dtype}, name, sizeof name, error);
    if (status) return status;
    int all = put(identity, "version", I2V_VERSION) && put(identity, "compiler", __VERSION__) &&
              put(identity, "backend", model->backend->name) && put(identity, dtype->name, name);
    return all ? I2V_OK : fail_memory(error);
}

/* ---- the picture, and arrays that were given ---- */

static void hash_floats(i2v_sha256 *hash, const float *values, size_t count) {
    if (values) i2v_sha256_update(hash, values, count * sizeof *values);
}

static i2v_status put_image(json_t *identity, const i2v_image *image, const i2v_request *request, i2v_error *error) {
    char sizes[64];
    int length = snprintf(sizes, sizeof sizes, "%d %d %d %d", image->width, image->height, request->clip_pixels != NULL,
                          request->vae_pixels != NULL);
    i2v_sha256 hash;
    i2v_sha256_begin(&hash);
    i2v_sha256_update(&hash, sizes, (size_t)length);
    i2v_sha256_update(&hash, image->pixels, (size_t)image->width * (size_t)image->height * 3);
    hash_floats(&hash, request->clip_pixels, (size_t)3 * I2V_CLIP_SIDE * I2V_CLIP_SIDE);
    hash_floats(&hash, request->vae_pixels, i2v_sizes_frame(&request->sizes));
    return put_hash(identity, "image", &hash, error);
}

static i2v_status put_latents(json_t *identity, const i2v_request *request, i2v_error *error) {
    i2v_sha256 hash;
    if (!request->latents) return put(identity, "latents", "") ? I2V_OK : fail_memory(error);
    i2v_sha256_begin(&hash);
    hash_floats(&hash, request->latents, i2v_sizes_latents(&request->sizes) * (size_t)request->sizes.num_noises);
    return put_hash(identity, "latents", &hash, error);
}

/* ---- parameters ---- */

/* The levels that the model's scheduler, or the caller, makes of all parameters about them. */
static i2v_status put_levels(json_t *identity, const i2v_request *request, i2v_engine *engine) {
    i2v_schedule schedule = {0};
    i2v_status status = i2v_schedule_make(&schedule, &engine->model->scheduler, &request->schedule, &engine->error);
    i2v_sha256 hash;
    i2v_sha256_begin(&hash);
    if (!status) {
        hash_floats(&hash, schedule.sigmas, (size_t)schedule.steps + 1);
        hash_floats(&hash, schedule.timesteps, (size_t)schedule.steps);
        hash_floats(&hash, &schedule.initial, 1);
    }
    i2v_status put = put_hash(identity, "noise levels", &hash, &engine->error);
    i2v_schedule_free(&schedule);
    return status ? status : put;
}

static i2v_params resolved(const i2v_params *params, const i2v_sizes *sizes, const i2v_model *model) {
    i2v_params all = *params;
    all.scheduler = i2v_schedule_scheduler(&model->scheduler, params->scheduler);
    all.width = sizes->width;
    all.height = sizes->height;
    all.num_frames = sizes->num_frames;
    all.num_inference_steps = sizes->levels;
    all.decode_chunk_size = sizes->decode_chunk_size;
    return all;
}

static i2v_status put_parameters(json_t *identity, const i2v_params *params, i2v_error *error) {
    const i2v_parameter *parameter;
    char text[64];
    i2v_status status = I2V_OK;
    for (size_t i = 0; !status && (parameter = i2v_parameter_at(i)); i++) {
        int is_list = parameter->type == I2V_PARAMETER_NUMBERS; /* what it comes to is in the noise levels */
        if (parameter->settings != I2V_STRUCT_PARAMS || !parameter->decides || is_list) continue;
        status = i2v_parameter_get(parameter, params, text, sizeof text, error);
        if (!status && !put(identity, parameter->name, text)) status = fail_memory(error);
    }
    return status;
}

i2v_status i2v_identity_make(json_t **identity, i2v_engine *engine, const i2v_image *image, const i2v_params *params,
                             const i2v_request *request) {
    i2v_error *error = &engine->error;
    i2v_params all = resolved(params, &request->sizes, engine->model);
    json_t *made = json_object();
    i2v_status status = made ? put_program(made, engine->model, error) : fail_memory(error);
    if (!status) status = put_model(made, engine);
    if (!status) status = put_parameters(made, &all, error);
    if (!status) status = put_image(made, image, request, error); /* as it is seen by the parameters' fit and size */
    if (!status) status = put_latents(made, request, error);
    if (!status && !put(made, "source of random numbers", request->random ? "the caller's" : "the library's"))
        status = fail_memory(error);
    if (!status) status = put_levels(made, request, engine);
    if (status) json_decref(made);
    *identity = status ? NULL : made;
    return status;
}

/* ---- comparing ---- */

static i2v_status fail_other(const char *path, const char *name, const char *then, const char *now, i2v_error *error) {
    if (i2v_parameter_find(name))
        return i2v_fail(error, I2V_ERROR_PARAMETER,
                        "cannot go on from %.400s: " I2V_NAME("%s") " is %.80s there and %.80s here; give the same, or "
                                                                    "remove the file to begin anew",
                        path, name, *then ? then : "not set", *now ? now : "not set");
    return i2v_fail(
        error, I2V_ERROR_PARAMETER,
        "cannot go on from %.400s: the %s is another one (%.64s there, %.64s here); give the same, or remove "
        "the file to begin anew",
        path, name, *then ? then : "none", *now ? now : "none");
}

i2v_status i2v_identity_check(const json_t *identity, const json_t *metadata, const char *path, i2v_error *error) {
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)identity, name, value) {
        const char *now = json_string_value(value), *then = json_string_value(json_object_get(metadata, name));
        if (!then)
            return i2v_fail(error, I2V_ERROR_FORMAT, "%.400s does not say its %s; remove it and begin anew", path,
                            name);
        if (strcmp(now, then) == 0) continue;
        return fail_other(path, name, then, now, error);
    }
    return I2V_OK;
}
