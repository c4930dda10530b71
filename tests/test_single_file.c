/* Stability's single files: made here of a reference's folder by the table in data/single_file, which
 * tools/make_single_file.py writes and proves against sgm's own modules. */
#include "model_copy.h"
#include "part_in_memory.h"

#include "base/float8.h"
#include "model/clip_names.h"
#include "model/file_layout.h"
#include "model/stability.h"
#include "pipeline/file_settings.h"
#include "weights/rename.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MODEL I2V_TEST_DATA "/reference/plain_top"
#define MAX_TENSORS 1024
#define VISUAL "conditioner.embedders.0.open_clip.model.visual."
#define CONDITIONER "conditioner.embedders.3.encoder."

/* ---- making files ----------------------------------------------------------------------------------------------- */

typedef struct {
    char name[200];
    char dtype[8];
    int ndim;
    int64_t shape[8];
    uint8_t *data;
    size_t bytes;
} tensor;

static struct {
    tensor tensors[MAX_TENSORS];
    int count;
    int with_metadata;
    int reversed; /* order of the bytes */
} made;

static char path[64], other_path[64]; /* a file, and another to compare it with */

static void clear(void) {
    for (int i = 0; i < made.count; i++) free(made.tensors[i].data);
    memset(&made, 0, sizeof made);
    made.with_metadata = 1;
}

static tensor *find(const char *name) {
    for (int i = 0; i < made.count; i++)
        if (strcmp(made.tensors[i].name, name) == 0) return &made.tensors[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

/* The tensor's bytes, to be freed. */
static uint8_t *bytes_of(const i2v_weight *weight) {
    uint8_t *copy = malloc(weight->bytes);
    const void *bytes = i2v_bytes_read(&weight->at, 0, weight->bytes, copy);
    assert_non_null(bytes);
    if (bytes != copy) memcpy(copy, bytes, weight->bytes);
    return copy;
}

static tensor *add(const char *name, const i2v_weight *like) {
    assert_true(made.count < MAX_TENSORS);
    tensor *t = &made.tensors[made.count++];
    snprintf(t->name, sizeof t->name, "%s", name);
    snprintf(t->dtype, sizeof t->dtype, "%s", like->dtype_name);
    t->ndim = like->ndim;
    memcpy(t->shape, like->shape, sizeof t->shape);
    t->bytes = like->bytes;
    t->data = bytes_of(like);
    return t;
}

static void drop(const char *name) {
    tensor *t = find(name);
    free(t->data);
    *t = made.tensors[--made.count];
}

static void transpose(tensor *t, const i2v_weight *weight) {
    size_t rows = (size_t)weight->shape[0], columns = (size_t)weight->shape[1], size = weight->bytes / weight->count;
    uint8_t *data = bytes_of(weight);
    for (size_t i = 0; i < rows * columns; i++)
        memcpy(t->data + (i % columns * rows + i / columns) * size, data + i * size, size);
    free(data);
    t->shape[0] = (int64_t)columns;
    t->shape[1] = (int64_t)rows;
}

static void append(const char *name, int third, const i2v_weight *weight) {
    if (third == 0) {
        add(name, weight);
        return;
    }
    tensor *t = find(name);
    t->data = realloc(t->data, t->bytes + weight->bytes);
    uint8_t *data = bytes_of(weight);
    memcpy(t->data + t->bytes, data, weight->bytes);
    free(data);
    t->bytes += weight->bytes;
    t->shape[0] += weight->shape[0];
}

/* All tensors of the reference's folder under the names of the table. */
static void make(void) {
    static const char *const parts[] = {"unet", "vae", "image_encoder"};
    clear();
    i2v_weights *weights[3];
    for (int i = 0; i < 3; i++) {
        char folder[512];
        snprintf(folder, sizeof folder, "%s/%s", MODEL, parts[i]);
        const char *stem = i == 2 ? "model" : "diffusion_pytorch_model";
        assert_int_equal(i2v_weights_open(&weights[i], folder, stem, NULL, NULL), I2V_OK);
    }
    FILE *table = fopen(I2V_TEST_DATA "/single_file/plain_top.txt", "r");
    assert_non_null(table);
    char part[32], theirs[200], ours[200], change[32];
    while (fscanf(table, "%31s %199s %199s %31s", part, theirs, ours, change) == 4) {
        int p = strcmp(part, "unet") == 0 ? 0 : strcmp(part, "vae") == 0 ? 1 : 2;
        const i2v_weight *weight = i2v_weights_find(weights[p], theirs);
        assert_non_null(weight);
        if (strncmp(change, "third", 5) == 0) {
            append(ours, change[5] - '0', weight);
            continue;
        }
        tensor *t = add(ours, weight);
        if (strcmp(change, "transposed") == 0) transpose(t, weight);
        if (strcmp(change, "1x1") == 0 && t->ndim == 2) {
            t->ndim = 4;
            t->shape[2] = t->shape[3] = 1;
        }
    }
    fclose(table);
    for (int i = 0; i < 3; i++) i2v_weights_close(weights[i]);
}

static json_t *config_text(const char *part) {
    char name[512];
    snprintf(name, sizeof name, "%s/%s/config.json", MODEL, part);
    json_t *config = json_load_file(name, 0, NULL);
    char *text = json_dumps(config, JSON_COMPACT);
    json_t *string = json_string(text);
    free(text);
    json_decref(config);
    return string;
}

static void write_to(const char *to) {
    json_t *header = json_object();
    if (made.with_metadata) {
        json_object_set_new(header, "__metadata__",
                            json_pack("{s:o, s:o, s:o}", "img2vid.unet_config", config_text("unet"),
                                      "img2vid.vae_config", config_text("vae"), "img2vid.image_encoder_config",
                                      config_text("image_encoder")));
    }
    size_t offset = 0;
    for (int k = 0; k < made.count; k++) {
        const tensor *t = &made.tensors[made.reversed ? made.count - 1 - k : k];
        json_t *shape = json_array();
        for (int d = 0; d < t->ndim; d++) json_array_append_new(shape, json_integer(t->shape[d]));
        json_object_set_new(header, t->name,
                            json_pack("{s:s, s:o, s:[I, I]}", "dtype", t->dtype, "shape", shape, "data_offsets",
                                      (json_int_t)offset, (json_int_t)(offset + t->bytes)));
        offset += t->bytes;
    }
    char *text = json_dumps(header, JSON_COMPACT);
    json_decref(header);
    uint64_t length = strlen(text);
    FILE *file = fopen(to, "wb");
    assert_non_null(file);
    fwrite(&length, 1, sizeof length, file);
    fwrite(text, 1, length, file);
    for (int k = 0; k < made.count; k++) {
        const tensor *t = &made.tensors[made.reversed ? made.count - 1 - k : k];
        fwrite(t->data, 1, t->bytes, file);
    }
    assert_int_equal(fclose(file), 0);
    free(text);
}

/* ---- runs ------------------------------------------------------------------------------------------------------- */

static i2v_params small_params(void) {
    i2v_params params;
    i2v_params_default(&params);
    params.width = 16;
    params.height = 8;
    params.num_inference_steps = 2;
    params.seed = 5;
    return params;
}

static i2v_video *run(const char *model, const i2v_options *options) {
    i2v_engine *engine;
    if (i2v_open(&engine, model, options)) fail_msg("%s", i2v_error_message(engine));
    i2v_image *picture;
    assert_int_equal(i2v_image_new(&picture, 16, 8, NULL), I2V_OK);
    for (int i = 0; i < 16 * 8 * 3; i++) picture->pixels[i] = (uint8_t)(i * i / 7 % 256);
    i2v_params params = small_params();
    i2v_video *video = NULL;
    if (i2v_generate(engine, picture, &params, &video)) fail_msg("%s", i2v_error_message(engine));
    i2v_image_free(picture);
    i2v_close(engine);
    return video;
}

static void expect_same(const char *model, const i2v_options *options, const char *other, const i2v_options *others) {
    i2v_video *a = run(model, options), *b = run(other, others);
    size_t count = (size_t)a->num_frames * (size_t)a->height * (size_t)a->width * 3;
    assert_int_equal(a->num_frames, b->num_frames);
    assert_memory_equal(a->frames, b->frames, count * sizeof(float));
    i2v_video_free(a);
    i2v_video_free(b);
}

static void expect_failure(const i2v_options *options, const char *words, const char *more) {
    i2v_engine *engine;
    assert_int_not_equal(i2v_open(&engine, path, options), I2V_OK);
    const char *message = i2v_error_message(engine);
    if (!strstr(message, words) || !strstr(message, more)) fail_msg("'%s' lacks '%s' or '%s'", message, words, more);
    i2v_close(engine);
}

static void gives_the_folders_frames(void **state) {
    (void)state;
    make();
    write_to(path);
    expect_same(path, NULL, MODEL, NULL);
}

/* Another order, and what the published files hold beside the parts. */
static void ignores_what_is_known(void **state) {
    (void)state;
    static const char *const others[] = {"conditioner.embedders.0.open_clip.model.token_embedding.weight",
                                         "conditioner.embedders.0.open_clip.model.logit_scale",
                                         "first_stage_model.encoder.conv_in.weight",
                                         "conditioner.embedders.3.encoder.decoder.conv_in.weight",
                                         "conditioner.embedders.3.encoder.post_quant_conv.bias",
                                         "denoiser.sigmas"};
    i2v_weight like = {.dtype_name = "F32", .ndim = 1, .shape = {2}, .bytes = 8, .at.data = (const uint8_t *)"abcdefg"};
    make();
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) add(others[i], &like);
    made.reversed = 1;
    write_to(path);
    expect_same(path, NULL, MODEL, NULL);
}

/* All tensors, which are of bf16, as f16, or as f32 of the same values. */
static void store_as(int half) {
    for (int i = 0; i < made.count; i++) {
        tensor *t = &made.tensors[i];
        assert_string_equal(t->dtype, "BF16");
        size_t count = t->bytes / 2, size = half ? 2 : 4;
        uint8_t *data = malloc(count * size);
        for (size_t k = 0; k < count; k++) {
            uint16_t bits;
            memcpy(&bits, t->data + 2 * k, 2);
            uint16_t narrow = i2v_narrow_f16(i2v_widen_bf16(bits));
            uint32_t wide = i2v_widen_f16(narrow);
            memcpy(data + k * size, half ? (const void *)&narrow : (const void *)&wide, size);
        }
        free(t->data);
        t->data = data;
        t->bytes = count * size;
        snprintf(t->dtype, sizeof t->dtype, half ? "F16" : "F32");
    }
}

/* As the pruned files are published. */
static void reads_half_precision(void **state) {
    (void)state;
    make();
    store_as(0);
    write_to(other_path);
    make();
    store_as(1);
    write_to(path);
    expect_same(path, NULL, other_path, NULL);
}

static void replaces_parts(void **state) {
    (void)state;
    make();
    write_to(path);
    i2v_options options;
    i2v_options_default(&options);
    options.unet = options.vae = options.image_encoder = path;
    expect_same(MODEL, &options, MODEL, NULL);
    options = (i2v_options){.unet = MODEL "/unet", .vae = MODEL, .image_encoder = MODEL "/image_encoder"};
    expect_same(path, &options, MODEL, NULL);
    options = (i2v_options){.image_encoder = MODEL "/image_encoder/model.safetensors"};
    expect_same(path, &options, MODEL, NULL);
    /* the UNet alone, without the usual prefix */
    const char *prefix = "model.diffusion_model.";
    for (int i = 0; i < made.count; i++) {
        if (strncmp(made.tensors[i].name, prefix, strlen(prefix)) == 0) {
            memmove(made.tensors[i].name, made.tensors[i].name + strlen(prefix),
                    strlen(made.tensors[i].name) - strlen(prefix) + 1);
        } else {
            drop(made.tensors[i--].name);
        }
    }
    write_to(path);
    expect_failure(NULL, "it has no VAE", "as vae");
    options = (i2v_options){.unet = path};
    expect_same(MODEL, &options, MODEL, NULL);
}

/* All tensors of the file as one part's. */
static part_in_memory in_memory(const char *file, const char *part) {
    char config[512];
    i2v_weights *weights = NULL;
    snprintf(config, sizeof config, "%s/%s/config.json", MODEL, part);
    assert_int_equal(i2v_weights_open_file(&weights, file, NULL), I2V_OK);
    return part_in_memory_of(weights, config);
}

/* Stability's names, of parts that the caller holds. */
static void takes_parts_in_memory(void **state) {
    (void)state;
    make();
    write_to(path);
    part_in_memory unet = in_memory(path, "unet"), vae = in_memory(path, "vae");
    part_in_memory image_encoder = in_memory(path, "image_encoder");
    i2v_options options;
    i2v_options_default(&options);
    options.unet_memory = &unet.given;
    options.vae_memory = &vae.given;
    options.image_encoder_memory = &image_encoder.given;
    expect_same(MODEL, &options, MODEL, NULL);
    part_in_memory_free(&unet);
    part_in_memory_free(&vae);
    part_in_memory_free(&image_encoder);
}

static void names_what_is_wrong(void **state) {
    (void)state;
    const char *conv = "model.diffusion_model.input_blocks.1.0.in_layers.2.weight";
    make();
    drop(conv);
    write_to(path);
    expect_failure(NULL, conv, "is missing");
    make();
    drop("conditioner.embedders.0.open_clip.model.visual.transformer.resblocks.1.attn.in_proj_bias");
    write_to(path);
    expect_failure(NULL, "visual.transformer.resblocks.1.attn.in_proj_bias", "is missing");
    make();
    tensor *t = find(conv);
    int64_t side = t->shape[0];
    t->shape[0] = t->shape[1] * 3;
    t->shape[1] = side / 3; /* no such shape: the bytes no longer fit */
    write_to(path);
    expect_failure(NULL, conv, "");
    make();
    t = find("model.diffusion_model.time_embed.0.weight");
    side = t->shape[0];
    t->shape[0] = t->shape[1];
    t->shape[1] = side;
    write_to(path);
    expect_failure(NULL, "model.diffusion_model.time_embed.0.weight", "has shape");
    make();
    snprintf(find(conv)->name, 200, "model.diffusion_model.input_blocks.1.0.in_layers.9.weight");
    write_to(path);
    expect_failure(NULL, conv, "is missing");
    i2v_weight like = {.dtype_name = "F32", .ndim = 1, .shape = {2}, .bytes = 8, .at.data = (const uint8_t *)"abcdefg"};
    static const char *const unknown[] = {"model.diffusion_model.extra.weight", "motion_module.weight"};
    for (int i = 0; i < 2; i++) {
        make();
        add(unknown[i], &like);
        write_to(path);
        expect_failure(NULL, unknown[i], "has no place");
    }
    make();
    write_to(path);
    assert_int_equal(truncate(path, 1000000), 0);
    expect_failure(NULL, path, "truncated");
    made.with_metadata = 0;
    write_to(path);
    expect_failure(NULL, "no multiple of 64", "img2vid.unet_config");
}

/* What is read off shapes is what config.json says. */
static void reads_sizes(void **state) {
    (void)state;
    make();
    write_to(path);
    i2v_weights *file;
    i2v_file_layout layout;
    assert_int_equal(i2v_weights_open_file(&file, path, NULL), I2V_OK);
    assert_int_equal(i2v_file_layout_read(&layout, file, NULL), I2V_OK);
    i2v_unet_config unet, wanted;
    assert_int_equal(i2v_unet_config_read(&wanted, MODEL "/unet/config.json", NULL), I2V_OK);
    i2v_stability_unet_sizes(&unet, file, layout.unet.prefix, NULL); /* fails on the heads of 32 channels alone */
    memcpy(unet.num_attention_heads, wanted.num_attention_heads, sizeof unet.num_attention_heads);
    unet.num_frames = wanted.num_frames;
    unet.sample_height = wanted.sample_height;
    unet.sample_width = wanted.sample_width;
    assert_memory_equal(&unet, &wanted, sizeof unet);
    i2v_vae_config vae, encoder, decoder;
    assert_int_equal(i2v_vae_config_read(&vae, MODEL "/vae/config.json", NULL), I2V_OK);
    assert_int_equal(i2v_stability_encoder_sizes(&encoder, file, layout.encoder.prefix, NULL), I2V_OK);
    assert_int_equal(i2v_stability_decoder_sizes(&decoder, file, layout.decoder.prefix, NULL), I2V_OK);
    decoder.scaling_factor = encoder.scaling_factor = vae.scaling_factor;
    decoder.has_quant_conv = encoder.has_quant_conv;
    assert_memory_equal(&decoder, &vae, sizeof vae);
    assert_int_equal(encoder.layers_per_block, vae.layers_per_block);
    i2v_clip_config clip, clip_wanted;
    assert_int_equal(i2v_clip_config_read(&clip_wanted, MODEL "/image_encoder/config.json", NULL), I2V_OK);
    assert_int_equal(i2v_stability_clip_sizes(&clip, file, layout.image_encoder.prefix, NULL), I2V_OK);
    assert_int_equal(clip.num_hidden_layers, clip_wanted.num_hidden_layers);
    assert_int_equal(clip.intermediate_size, clip_wanted.intermediate_size);
    assert_int_equal(clip.patch_size, clip_wanted.patch_size);
    assert_int_equal(clip.projection_dim, clip_wanted.projection_dim);
    i2v_weights_close(file);
}

/* A temporal decoder that mixes nothing in time computes what the decoder without time does. */
static void decodes_frame_by_frame(void **state) {
    (void)state;
    static const uint8_t far_below[] = {0x48, 0xc3}, one[] = {0x80, 0x3f}; /* -200 and 1 in bf16 */
    make();
    for (int i = 0; i < made.count; i++) {
        tensor *t = &made.tensors[i];
        if (strncmp(t->name, "first_stage_model.", 18) == 0 && strstr(t->name, "mix_factor"))
            memcpy(t->data, far_below, 2);
        if (strstr(t->name, "time_mix_conv")) memset(t->data, 0, t->bytes);
        if (strstr(t->name, "time_mix_conv.weight"))
            for (int c = 0; c < 3; c++) memcpy(t->data + 2 * ((c * 3 + c) * 3 + 1), one, 2);
    }
    write_to(path);
    for (int i = 0; i < made.count; i++) {
        const char *name = made.tensors[i].name;
        if (strncmp(name, "first_stage_model.decoder.", 26) == 0 &&
            (strstr(name, "time_stack") || strstr(name, "mix_factor") || strstr(name, "time_mix_conv")))
            drop(made.tensors[i--].name);
    }
    i2v_weight identity = {.dtype_name = "BF16", .ndim = 4, .shape = {8, 8, 1, 1}, .bytes = 128};
    uint8_t values[128] = {0};
    for (int c = 0; c < 8; c++) memcpy(values + 18 * c, one, 2);
    identity.at.data = values;
    add("first_stage_model.post_quant_conv.weight", &identity);
    memset(values, 0, sizeof values);
    identity = (i2v_weight){.dtype_name = "BF16", .ndim = 1, .shape = {8}, .bytes = 16, .at.data = values};
    add("first_stage_model.post_quant_conv.bias", &identity);
    write_to(other_path);
    i2v_video *wanted = run(path, NULL);
    part_in_memory memory = in_memory(other_path, "vae");
    i2v_options options[3];
    for (int i = 0; i < 3; i++) i2v_options_default(&options[i]);
    options[1].frame_decoder = other_path;
    options[2].frame_decoder_memory = &memory.given;
    const char *models[] = {other_path, MODEL, MODEL};
    for (int i = 0; i < 3; i++) {
        i2v_video *found = run(models[i], &options[i]);
        size_t count = (size_t)found->num_frames * (size_t)found->height * (size_t)found->width * 3;
        i2v_expect_close("frames", found->frames, wanted->frames, count, 1e-6);
        i2v_video_free(found);
    }
    part_in_memory_free(&memory);
    i2v_video_free(wanted);
}

/* This model's latents are not TAESDV's, so that finding it there is an error. A frame decoder comes before it. */
static void looks_for_a_tiny_decoder_beside_the_file(void **state) {
    (void)state;
    char folder[] = "/tmp/img2vid-test-XXXXXX", file[64], tiny[64], *wanted = NULL;
    i2v_engine *engine;
    i2v_options options;
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/model.safetensors", folder);
    snprintf(tiny, sizeof tiny, "%s/taesdv.pth", folder);
    assert_int_equal(symlink(I2V_TEST_DATA "/tiny/taesdv.pth", tiny), 0);
    make();
    write_to(file);
    i2v_options_default(&options);
    assert_int_equal(i2v_open(&engine, file, &options), I2V_OK);
    i2v_close(engine);
    options.tiny_decoder = "auto";
    assert_int_equal(i2v_open(&engine, file, &options), I2V_ERROR_MODEL);
    assert_true(asprintf(&wanted, "%s: the tiny decoder is for other latents", tiny) > 0);
    if (!strstr(i2v_error_message(engine), wanted)) fail_msg("%s", i2v_error_message(engine));
    free(wanted);
    i2v_close(engine);
    options.frame_decoder = MODEL "/vae";
    assert_int_equal(i2v_open(&engine, file, &options), I2V_OK);
    i2v_close(engine);
    unlink(tiny);
    unlink(file);
    assert_int_equal(rmdir(folder), 0);
}

/* ---- as ComfyUI saves them -------------------------------------------------------------------------------------- */

static void add_value(const char *name, float value) {
    i2v_weight one = {.dtype_name = "F32", .bytes = sizeof value, .at.data = (const uint8_t *)&value};
    add(name, &one);
}

static void add_empty(const char *name) {
    i2v_weight none = {.dtype_name = "F32", .ndim = 1, .at.data = (const uint8_t *)""};
    tensor *t = add(name, &none);
    t->shape[0] = 0;
}

/* What follows the encoder changes nothing, so that the file without it is the same model. */
static void make_with_plain_moments(void) {
    static const uint8_t one[] = {0x80, 0x3f}; /* in bf16 */
    make();
    tensor *t = find(CONDITIONER "quant_conv.weight");
    memset(t->data, 0, t->bytes);
    for (int64_t c = 0; c < t->shape[0]; c++) memcpy(t->data + 2 * (size_t)(c * t->shape[1] + c), one, 2);
    t = find(CONDITIONER "quant_conv.bias");
    memset(t->data, 0, t->bytes);
}

/* CLIP's tensors as its folder has them, behind a prefix; flat: as transformers saves them now. */
static void add_clip(const char *prefix, int flat) {
    i2v_weights *weights;
    assert_int_equal(i2v_weights_open(&weights, MODEL "/image_encoder", "model", NULL, NULL), I2V_OK);
    for (size_t i = 0; i < i2v_weights_count(weights); i++) {
        const i2v_weight *weight = i2v_weights_at(weights, i);
        const char *inner = strncmp(weight->name, "vision_model.", 13) == 0 ? weight->name + 13 : weight->name;
        char name[200];
        snprintf(name, sizeof name, "%s%s", prefix, flat ? inner : weight->name);
        add(name, weight);
    }
    i2v_weights_close(weights);
}

/* CLIP under transformers' names, the encoder beside the decoder and without quant_conv, noise levels from a table. */
static void make_comfy(int flat) {
    make_with_plain_moments();
    drop(CONDITIONER "quant_conv.weight");
    drop(CONDITIONER "quant_conv.bias");
    for (int i = 0; i < made.count; i++) {
        tensor *t = &made.tensors[i];
        if (strncmp(t->name, VISUAL, strlen(VISUAL)) == 0) {
            drop(t->name);
            i--;
        } else if (strncmp(t->name, CONDITIONER, strlen(CONDITIONER)) == 0) {
            char name[200];
            snprintf(name, sizeof name, "first_stage_model.%s", t->name + strlen(CONDITIONER));
            memcpy(t->name, name, sizeof name);
        }
    }
    add_clip(VISUAL, flat);
    add_value("edm_vpred.sigma_max", 699.9997f);
    add_value("edm_vpred.sigma_min", 0.002f);
}

static void opens_comfy_checkpoints(void **state) {
    (void)state;
    i2v_options options;
    make_with_plain_moments();
    write_to(other_path);
    for (int flat = 0; flat < 2; flat++) {
        make_comfy(flat);
        write_to(path);
        expect_same(path, NULL, other_path, NULL);
        i2v_options_default(&options);
        options.unet = options.vae = options.image_encoder = path;
        i2v_options plain;
        i2v_options_default(&plain);
        plain.unet = plain.vae = plain.image_encoder = other_path;
        expect_same(MODEL, &options, MODEL, &plain);
    }
    add_value("motion_module.weight", 1);
    write_to(path);
    expect_failure(NULL, "motion_module.weight", "has no place");
}

/* Without a configuration, from shapes. */
static void reads_comfy_sizes(void **state) {
    (void)state;
    i2v_weights *file, *part;
    i2v_file_layout layout;
    for (int flat = 0; flat < 2; flat++) {
        make_comfy(flat);
        write_to(path);
        assert_int_equal(i2v_weights_open_file(&file, path, NULL), I2V_OK);
        assert_int_equal(i2v_file_layout_read(&layout, file, NULL), I2V_OK);
        assert_string_equal(layout.encoder.prefix, "first_stage_model.");
        assert_string_equal(layout.image_encoder.prefix, VISUAL);
        i2v_vae_config encoder, vae;
        assert_int_equal(i2v_vae_config_read(&vae, MODEL "/vae/config.json", NULL), I2V_OK);
        assert_int_equal(i2v_stability_encoder_sizes(&encoder, file, layout.encoder.prefix, NULL), I2V_OK);
        assert_int_equal(encoder.has_quant_conv, 0);
        assert_int_equal(encoder.latent_channels, vae.latent_channels);
        i2v_clip_config clip, wanted;
        assert_int_equal(i2v_clip_config_read(&wanted, MODEL "/image_encoder/config.json", NULL), I2V_OK);
        assert_int_equal(i2v_weights_strip(&part, file, layout.image_encoder.prefix, NULL), I2V_OK);
        assert_int_equal(i2v_clip_names_settle(&part, NULL), I2V_OK);
        assert_int_equal(i2v_transformers_clip_sizes(&clip, part, "", NULL), I2V_OK);
        assert_int_equal(clip.hidden_size, wanted.hidden_size);
        assert_int_equal(clip.num_hidden_layers, wanted.num_hidden_layers);
        assert_int_equal(clip.intermediate_size, wanted.intermediate_size);
        assert_int_equal(clip.patch_size, wanted.patch_size);
        assert_int_equal(clip.image_size, wanted.image_size);
        assert_int_equal(clip.projection_dim, wanted.projection_dim);
        i2v_weights_close(part);
        i2v_weights_close(file);
    }
}

/* A CLIPVisionModel's names in a folder, and in a file that the model's own configuration fits. */
static void reads_flat_clip_names(void **state) {
    (void)state;
    model_copy copy;
    i2v_options options;
    i2v_options_default(&options);
    clear();
    made.with_metadata = 0;
    add_clip("", 1);
    model_copy_make(&copy, MODEL "/image_encoder");
    write_to(model_copy_file(&copy, "model.safetensors"));
    write_to(path);
    options.image_encoder = copy.path;
    expect_same(MODEL, &options, MODEL, NULL);
    options.image_encoder = path;
    expect_same(MODEL, &options, MODEL, NULL);
    drop("visual_projection.weight");
    write_to(model_copy_file(&copy, "model.safetensors"));
    i2v_engine *engine;
    options.image_encoder = copy.path;
    assert_int_equal(i2v_open(&engine, MODEL, &options), I2V_ERROR_MODEL);
    assert_non_null(strstr(i2v_error_message(engine), "visual_projection.weight is missing"));
    i2v_close(engine);
    model_copy_remove(&copy);
}

/* ---- what says how to sample ------------------------------------------------------------------------------------ */

static void passes_markers_over(void **state) {
    (void)state;
    static const char *const empty[] = {"v_pred", "scaled_fp8",     "model.diffusion_model.scaled_fp8",
                                        "betas",  "alphas_cumprod", "sqrt_one_minus_alphas_cumprod",
                                        "logvar", "global_step"};
    make();
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) add_empty(empty[i]);
    add_value("scale_factor", 0.5f); /* of this VAE */
    write_to(path);
    expect_same(path, NULL, MODEL, NULL);
}

static void expect_settings(float high, float low, double sigma_max, double sigma_min) {
    i2v_weights *file;
    i2v_scheduler_config config;
    i2v_error error = {0};
    clear();
    add_value("edm_vpred.sigma_max", high);
    add_value("edm_vpred.sigma_min", low);
    write_to(other_path);
    assert_int_equal(i2v_weights_open_file(&file, other_path, NULL), I2V_OK);
    i2v_status status = i2v_file_settings_read(&config, file, 0.18215, &error);
    if (sigma_max > 0) {
        if (status) fail_msg("%s", error.message);
        assert_true(config.sigma_max == sigma_max && config.sigma_min == sigma_min);
    } else {
        assert_int_equal(status, I2V_ERROR_MODEL);
        assert_non_null(strstr(error.message, "edm_vpred.sigma_m"));
    }
    i2v_weights_close(file);
}

static void obeys_noise_levels(void **state) {
    (void)state;
    expect_settings(699.9997f, 0.00200001f, 700, 0.002);
    expect_settings(80, 0.5f, 80, 0.5);
    expect_settings(1, 2, 0, 0);
    expect_settings(-700, 0.002f, 0, 0);
    expect_settings(700, NAN, 0, 0);
    expect_settings(INFINITY, 0.002f, 0, 0);
    /* the same noise levels in a folder's configuration, where the bundled reference has 700 */
    model_copy copy;
    model_copy_make(&copy, MODEL);
    json_t *config = json_load_file(model_copy_file(&copy, "scheduler/scheduler_config.json"), 0, NULL);
    json_object_set_new(config, "sigma_max", json_real(80));
    json_dump_file(config, model_copy_file(&copy, "scheduler/scheduler_config.json"), 0);
    json_decref(config);
    make();
    add_value("edm_vpred.sigma_max", 80);
    write_to(path);
    expect_same(path, NULL, copy.path, NULL);
    model_copy_remove(&copy);
}

static void refuses_other_sampling(void **state) {
    (void)state;
    static const char *const marks[] = {"ztsnr", "edm_mean", "edm_std"};
    for (int i = 0; i < 3; i++) {
        make();
        add_empty(marks[i]);
        write_to(path);
        expect_failure(NULL, marks[i], "not supported");
    }
    make();
    add_value("scale_factor", 0.13025f);
    write_to(path);
    expect_failure(NULL, "scale_factor is 0.13025", "another kind");
}

/* ---- weights of one byte ---------------------------------------------------------------------------------------- */

static float value_of_code(int e5m2, uint8_t code) {
    uint32_t bits = e5m2 ? i2v_widen_e5m2(code) : i2v_widen_e4m3(code);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The code of the largest value that is not above |value|, with value's sign: codes are in the order of values. */
static uint8_t code_of(int e5m2, float value) {
    int low = 0, high = e5m2 ? 0x7b : 0x7e;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (value_of_code(e5m2, (uint8_t)middle) <= fabsf(value))
            low = middle;
        else
            high = middle - 1;
    }
    return (uint8_t)(low | (value < 0 ? 0x80 : 0));
}

/* The UNet's tensors in one byte, matrices of LAYER.weight scaled where there is a scale's name, or, if wide, as f32 of
 * the same values. */
static void store_unet_as_bytes(int e5m2, const char *scale_name, int wide) {
    static const char *const unet = "model.diffusion_model.";
    int count = made.count;
    for (int i = 0; i < count; i++) {
        tensor *t = &made.tensors[i];
        const char *weight = strstr(t->name, ".weight");
        if (strncmp(t->name, unet, strlen(unet)) != 0) continue;
        size_t values = t->bytes / 2;
        float scale = scale_name && weight && t->ndim == 2 ? 0.013f : 1;
        uint8_t *data = malloc(4 * values);
        for (size_t k = 0; k < values; k++) {
            uint16_t half;
            float value;
            memcpy(&half, t->data + 2 * k, 2);
            uint32_t bits = i2v_widen_bf16(half);
            memcpy(&value, &bits, sizeof value);
            data[wide ? 4 * k : k] = code_of(e5m2, value / scale);
            value = value_of_code(e5m2, data[wide ? 4 * k : k]) * scale;
            if (wide) memcpy(data + 4 * k, &value, sizeof value);
        }
        free(t->data);
        t->data = data;
        t->bytes = values * (wide ? 4 : 1);
        snprintf(t->dtype, sizeof t->dtype, "%s", wide ? "F32" : e5m2 ? "F8_E5M2" : "F8_E4M3");
        if (scale == 1 || wide) continue;
        char name[200];
        snprintf(name, sizeof name, "%.*s.%s", (int)(weight - t->name), t->name, scale_name);
        add_value(name, scale);
    }
}

/* Their frames are those of the values that they have, to the bit. */
static void widens_bytes(void **state) {
    (void)state;
    static const char *const scales[] = {NULL, "scale_weight", "weight_scale"};
    for (int i = 0; i < 3; i++) {
        for (int wide = 0; wide < 2; wide++) {
            make();
            store_unet_as_bytes(i == 1, scales[i], wide);
            write_to(wide ? other_path : path);
        }
        i2v_options options;
        i2v_options_default(&options);
        expect_same(path, &options, other_path, &options);
        options.dtype = I2V_DTYPE_BF16;
        if (i == 2) expect_same(path, &options, other_path, &options);
    }
    /* the least memory that does, where weights are streamed */
    i2v_options options;
    i2v_options_default(&options);
    options.max_memory = 1;
    i2v_engine *engine;
    i2v_memory_plan plan;
    i2v_params params = small_params();
    assert_int_equal(i2v_open(&engine, path, &options), I2V_OK);
    assert_int_equal(i2v_plan_generate(engine, &params, &plan), I2V_ERROR_MEMORY);
    i2v_close(engine);
    options.max_memory = plan.peak;
    expect_same(path, &options, other_path, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_folders_frames), cmocka_unit_test(ignores_what_is_known),
        cmocka_unit_test(reads_half_precision),     cmocka_unit_test(replaces_parts),
        cmocka_unit_test(names_what_is_wrong),      cmocka_unit_test(reads_sizes),
        cmocka_unit_test(decodes_frame_by_frame),   cmocka_unit_test(opens_comfy_checkpoints),
        cmocka_unit_test(reads_comfy_sizes),        cmocka_unit_test(reads_flat_clip_names),
        cmocka_unit_test(passes_markers_over),      cmocka_unit_test(obeys_noise_levels),
        cmocka_unit_test(refuses_other_sampling),   cmocka_unit_test(widens_bytes),
        cmocka_unit_test(takes_parts_in_memory),    cmocka_unit_test(looks_for_a_tiny_decoder_beside_the_file),
    };
    snprintf(path, sizeof path, "/tmp/i2v-single-XXXXXX");
    snprintf(other_path, sizeof other_path, "/tmp/i2v-other-XXXXXX");
    close(mkstemp(path));
    close(mkstemp(other_path));
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    clear();
    unlink(path);
    unlink(other_path);
    return failed;
}
