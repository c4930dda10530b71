/* Models that are damaged, of another kind or made to harm: i2v_open says what is wrong, and nothing crashes. A copy of
 * a reference model is damaged in one place at a time. What a weight file alone can have wrong is test_weights.c's. */
#include "img2vid/img2vid.h"

#include "reference.h"

#include "base/file.h"

#include <dirent.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ORIGINAL I2V_TEST_DATA "/reference/plain_top"
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const configs[] = {"model_index.json",
                                      "unet/config.json",
                                      "vae/config.json",
                                      "image_encoder/config.json",
                                      "scheduler/scheduler_config.json",
                                      "feature_extractor/preprocessor_config.json"};
#define UNET configs[1]
#define VAE configs[2]
#define CLIP configs[3]

#define UNET_INDEX "unet/diffusion_pytorch_model.safetensors.index.json"
#define UNET_SHARD "unet/diffusion_pytorch_model-00001-of-00010.safetensors"
#define UNET_SHARD_2 "unet/diffusion_pytorch_model-00002-of-00010.safetensors"
#define VAE_SHARD "vae/diffusion_pytorch_model-00002-of-00003.safetensors"
#define CLIP_WEIGHTS "image_encoder/model.safetensors"

/* ---- the copy --------------------------------------------------------------------------------------------------- */

static char copy[512];

static const char *in_copy(const char *name) {
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s", copy, name);
    return path;
}

/* The original's bytes, to be freed. */
static uint8_t *read_original(const char *name, size_t *size) {
    uint8_t *data = NULL;
    i2v_error error = {0};
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", ORIGINAL, name);
    if (i2v_file_read(&data, size, path, (size_t)1 << 30, &error)) fail_msg("%s", error.message);
    return data;
}

static void write_copy(const char *name, const void *data, size_t size) {
    FILE *file = fopen(in_copy(name), "wb");
    assert_non_null(file);
    if (size) assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Undoes any damage to one file. */
static void restore(const char *name) {
    size_t size;
    uint8_t *data = read_original(name, &size);
    if (remove(in_copy(name)) != 0) assert_false(i2v_is_file(in_copy(name)));
    write_copy(name, data, size);
    free(data);
}

static int copy_entry(const char *path, const struct stat *info, int type, struct FTW *at) {
    (void)info;
    (void)at;
    const char *name = path + strlen(ORIGINAL);
    if (*name == '/') name++;
    if (type == FTW_D) return *name ? mkdir(in_copy(name), 0700) : 0;
    restore(name);
    return 0;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *at) {
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

static int make_copy(void **state) {
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(copy, sizeof copy, "%s/img2vid-test-XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(copy)) return -1;
    return nftw(ORIGINAL, copy_entry, 16, FTW_PHYS);
}

static int remove_copy(void **state) {
    (void)state;
    return nftw(copy, remove_entry, 16, FTW_PHYS | FTW_DEPTH);
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

/* Opening path fails with one line that has all of the parts (NULL: none). status 0: any of those that blame a file. */
static void expect_refused(const char *what, const char *path, i2v_status wanted, const char *one, const char *two) {
    i2v_engine *engine = NULL;
    i2v_status status = i2v_open(&engine, path, NULL);
    const char *message = i2v_error_message(engine);
    int blames_file = status == I2V_ERROR_IO || status == I2V_ERROR_FORMAT || status == I2V_ERROR_MODEL;
    int right = wanted ? status == wanted : blames_file;
    if (!right || (one && !strstr(message, one)) || (two && !strstr(message, two)) || strchr(message, '\n')) {
        fail_msg("%s: status %d, \"%s\"; expected \"%s\", \"%s\"", what, status, message, one ? one : "",
                 two ? two : "");
    }
    i2v_close(engine);
}

static void expect_copy_refused(const char *what, const char *one, const char *two) {
    expect_refused(what, copy, 0, one, two);
}

static void expect_copy_opens(void) {
    i2v_engine *engine = NULL;
    if (i2v_open(&engine, copy, NULL)) fail_msg("%s", i2v_error_message(engine));
    i2v_close(engine);
}

static void the_copy_itself_is_sound(void **state) {
    (void)state;
    expect_copy_opens();
    char path[600];
    snprintf(path, sizeof path, "%s//", copy);
    i2v_engine *engine = NULL;
    assert_int_equal(i2v_open(&engine, path, NULL), I2V_OK);
    i2v_close(engine);
}

/* ---- folders and missing files ---------------------------------------------------------------------------------- */

static void wrong_paths(void **state) {
    (void)state;
    char path[6000];
    expect_refused("empty path", "", I2V_ERROR_IO, "folder", "model_index.json");
    expect_refused("no folder", "/no/such/model", I2V_ERROR_IO, "/no/such/model", NULL);
    expect_refused("two lines", "/no\nsuch\r\033[31mmodel", I2V_ERROR_IO, "folder", NULL);
    snprintf(path, sizeof path, "%s", in_copy(UNET));
    expect_refused("file", path, I2V_ERROR_MODEL, path, "it is JSON");
    snprintf(path, sizeof path, "%s", in_copy(CLIP_WEIGHTS));
    expect_refused("weights", path, I2V_ERROR_MODEL, path, "as unet");
    snprintf(path, sizeof path, "%s", in_copy("unet"));
    expect_refused("a part", path, 0, "folder of a UNet", "as unet");
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    expect_refused("long path", path, I2V_ERROR_IO, "aaa", NULL);
}

static void missing_files(void **state) {
    (void)state;
    static const char *const weights[][2] = {{UNET_INDEX, "diffusion_pytorch_model"},
                                             {UNET_SHARD, "00001-of-00010"},
                                             {VAE_SHARD, "00002-of-00003"},
                                             {CLIP_WEIGHTS, "model.safetensors"}};
    for (size_t i = 0; i < COUNT(configs); i++) {
        assert_int_equal(remove(in_copy(configs[i])), 0);
        expect_copy_refused(configs[i], configs[i], NULL);
        restore(configs[i]);
    }
    for (size_t i = 0; i < COUNT(weights); i++) {
        assert_int_equal(remove(in_copy(weights[i][0])), 0);
        expect_copy_refused(weights[i][0], weights[i][1], NULL);
        restore(weights[i][0]);
    }
    expect_copy_opens();
}

/* A folder in the place of a file, a link to nowhere, a link to itself. */
static void other_things_in_place_of_files(void **state) {
    (void)state;
    static const char *const names[] = {"model_index.json", "vae/config.json", UNET_INDEX, UNET_SHARD, CLIP_WEIGHTS};
    for (size_t i = 0; i < COUNT(names); i++) {
        char target[1024];
        for (int kind = 0; kind < 3; kind++) {
            assert_int_equal(remove(in_copy(names[i])), 0);
            snprintf(target, sizeof target, "%s", kind == 1 ? "/no/such/file" : in_copy(names[i]));
            if (kind == 0) assert_int_equal(mkdir(in_copy(names[i]), 0700), 0);
            if (kind != 0) assert_int_equal(symlink(target, in_copy(names[i])), 0);
            expect_copy_refused(names[i], copy, NULL);
            restore(names[i]);
        }
    }
    expect_copy_opens();
}

static void a_file_in_place_of_a_folder(void **state) {
    (void)state;
    char aside[1024], vae[1024];
    snprintf(vae, sizeof vae, "%s", in_copy("vae"));
    snprintf(aside, sizeof aside, "%s", in_copy("aside"));
    assert_int_equal(rename(vae, aside), 0);
    write_copy("vae", "{}", 2);
    expect_copy_refused("vae", "vae/config.json", NULL);
    assert_int_equal(remove(vae), 0);
    assert_int_equal(rename(aside, vae), 0);
    expect_copy_opens();
}

/* ---- configurations --------------------------------------------------------------------------------------------- */

/* Sets a key: of two equal keys in one object the last counts. */
static void set_key(const char *name, const char *key, const char *value) {
    size_t size;
    uint8_t *text = read_original(name, &size);
    while (size > 0 && text[size - 1] != '}') size--;
    assert_true(size > 0);
    FILE *file = fopen(in_copy(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size - 1, file), size - 1);
    fprintf(file, ", \"%s\": %s}", key, value);
    assert_int_equal(fclose(file), 0);
    free(text);
}

typedef struct {
    const char *key, *value;
    const char *says; /* NULL: the key */
} wrong_value;

static void expect_values_refused(const char *name, const wrong_value *wrong, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char what[300];
        snprintf(what, sizeof what, "%s: %s %.100s", name, wrong[i].key, wrong[i].value);
        set_key(name, wrong[i].key, wrong[i].value);
        expect_copy_refused(what, wrong[i].says ? wrong[i].says : wrong[i].key, copy);
        restore(name);
    }
    expect_copy_opens();
}

static void wrong_unet_configurations(void **state) {
    (void)state;
    static const wrong_value wrong[] = {
        {"_class_name", "\"UNet2DConditionModel\"", "UNet2DConditionModel"},
        {"_class_name", "null", "UNetSpatioTemporalConditionModel"},
        {"_class_name", "5", NULL},
        {"_class_name", "\"a\\u0000b\"", "line"},
        {"_class_name", "\"a\\nb\"", NULL},
        {"block_out_channels", "[64, 33]", NULL},
        {"block_out_channels", "[0, 32]", NULL},
        {"block_out_channels", "[-64, 32]", NULL},
        {"block_out_channels", "[64, 2147483647]", NULL},
        {"block_out_channels", "[64, 9223372036854775807]", NULL},
        {"block_out_channels", "[64, 99999999999999999999]", "line"},
        {"block_out_channels", "[64]", "down_block_types"},
        {"block_out_channels", "[64, 32, 32]", "down_block_types"},
        {"block_out_channels", "[]", "down_block_types"},
        {"block_out_channels", "[32,32,32,32,32,32,32,32,32]", NULL},
        {"block_out_channels", "[64, 32.5]", NULL},
        {"block_out_channels", "[64, \"32\"]", NULL},
        {"block_out_channels", "[64, null]", NULL},
        {"block_out_channels", "[[64, 32]]", NULL},
        {"block_out_channels", "{\"0\": 64}", NULL},
        {"block_out_channels", "\"64\"", NULL},
        {"in_channels", "15", NULL},
        {"in_channels", "17", NULL},
        {"in_channels", "0", NULL},
        {"in_channels", "-16", NULL},
        {"in_channels", "16.5", NULL},
        {"in_channels", "1e999", "line"},
        {"in_channels", "true", NULL},
        {"in_channels", "NaN", "line"},
        {"out_channels", "4", NULL},
        {"out_channels", "1000000000", NULL},
        {"num_attention_heads", "0", NULL},
        {"num_attention_heads", "[1, 0]", NULL},
        {"num_attention_heads", "-1", NULL},
        {"num_attention_heads", "[1, 3]", "divide"},
        {"num_attention_heads", "[1, 2, 2]", NULL},
        {"num_attention_heads", "100000", NULL},
        {"layers_per_block", "0", NULL},
        {"layers_per_block", "1000", NULL},
        {"layers_per_block", "9", NULL},
        {"layers_per_block", "[1, -1]", NULL},
        {"layers_per_block", "[1, 1, 1]", NULL},
        {"layers_per_block", "2", "missing"},
        {"transformer_layers_per_block", "0", NULL},
        {"transformer_layers_per_block", "1000", NULL},
        {"transformer_layers_per_block", "[[1, 1], [1, 1]]", NULL},
        {"transformer_layers_per_block", "64", "missing"},
        {"cross_attention_dim", "[40, 48]", NULL},
        {"cross_attention_dim", "0", NULL},
        {"cross_attention_dim", "48", NULL},
        {"down_block_types", "[\"DownBlock2D\", \"DownBlockSpatioTemporal\"]", "DownBlock2D"},
        {"down_block_types", "[\"DownBlockSpatioTemporal\"]", NULL},
        {"down_block_types", "[\"DownBlockSpatioTemporal\", 3]", NULL},
        {"down_block_types", "\"DownBlockSpatioTemporal\"", NULL},
        {"down_block_types", "[\"DownBlockSpatioTemporal\", \"DownBlockSpatioTemporal\"]", "down_blocks.1.attentions"},
        {"up_block_types", "[\"UpBlockSpatioTemporal\", \"UpDecoderBlock2D\"]", "UpDecoderBlock2D"},
        {"up_block_types", "[\"UpBlockSpatioTemporal\", \"UpBlockSpatioTemporal\"]", "up_blocks.0.attentions"},
        {"up_block_types", "[]", "up_blocks"},
        {"addition_time_embed_dim", "15", NULL},
        {"addition_time_embed_dim", "0", NULL},
        {"addition_time_embed_dim", "-2147483648", NULL},
        {"projection_class_embeddings_input_dim", "47", NULL},
        {"num_frames", "0", NULL},
        {"num_frames", "-3", NULL},
        {"num_frames", "1000000000", NULL},
        {"num_frames", "\"3\"", NULL},
        {"sample_size", "[8, 0]", NULL},
        {"sample_size", "[-8, 12]", NULL},
        {"sample_size", "[8, 12, 16]", NULL},
        {"sample_size", "[8, 1000000000]", NULL},
        {"sample_size", "\"large\"", NULL},
    };
    expect_values_refused(UNET, wrong, COUNT(wrong));
}

static void wrong_vae_configurations(void **state) {
    (void)state;
    static const wrong_value wrong[] = {
        {"_class_name", "\"AutoencoderKL\"", "up_block_types"},
        {"_class_name", "\"AutoencoderTiny\"", "AutoencoderTiny"},
        {"_class_name", "[]", NULL},
        {"block_out_channels", "[32, 48]", NULL},
        {"block_out_channels", "[32]", "down_block_types"},
        {"block_out_channels", "[32, 64]", "shape"},
        {"block_out_channels", "[-32, 32]", NULL},
        {"down_block_types", "[\"DownEncoderBlock2D\", \"AttnDownEncoderBlock2D\"]", "AttnDownEncoderBlock2D"},
        {"down_block_types", "[]", NULL},
        {"in_channels", "4", NULL},
        {"out_channels", "1", NULL},
        {"layers_per_block", "0", NULL},
        {"layers_per_block", "1000", NULL},
        {"layers_per_block", "[2, 2]", NULL},
        {"layers_per_block", "3", "missing"},
        {"layers_per_block", "1", "no place"},
        {"latent_channels", "0", NULL},
        {"latent_channels", "4", NULL},
        {"latent_channels", "-8", NULL},
        {"scaling_factor", "0", NULL},
        {"scaling_factor", "-0.5", NULL},
        {"scaling_factor", "1e300", NULL},
        {"scaling_factor", "\"0.5\"", NULL},
        {"scaling_factor", "Infinity", "scaling_factor is 1e+300"},
    };
    expect_values_refused(VAE, wrong, COUNT(wrong));
}

static void wrong_image_encoder_configurations(void **state) {
    (void)state;
    static const wrong_value wrong[] = {
        {"model_type", "\"siglip_vision_model\"", "siglip_vision_model"},
        {"model_type", "null", NULL},
        {"hidden_size", "0", NULL},
        {"hidden_size", "33", NULL},
        {"hidden_size", "64", "shape"},
        {"hidden_size", "-32", NULL},
        {"num_attention_heads", "0", NULL},
        {"num_attention_heads", "5", NULL},
        {"num_hidden_layers", "0", NULL},
        {"num_hidden_layers", "1000", NULL},
        {"num_hidden_layers", "-1", NULL},
        {"num_hidden_layers", "256", "missing"},
        {"num_hidden_layers", "1", "no place"},
        {"image_size", "336", NULL},
        {"image_size", "0", NULL},
        {"image_size", "[224, 224]", NULL},
        {"patch_size", "225", NULL},
        {"patch_size", "0", NULL},
        {"patch_size", "-16", NULL},
        {"patch_size", "14", "shape"},
        {"patch_size", "1", "shape"},
        {"projection_dim", "48", NULL},
        {"projection_dim", "0", NULL},
        {"intermediate_size", "0", NULL},
        {"intermediate_size", "129", "shape"},
        {"hidden_act", "\"relu\"", "relu"},
        {"hidden_act", "7", NULL},
        {"layer_norm_eps", "-1", NULL},
        {"layer_norm_eps", "1e300", NULL},
        {"layer_norm_eps", "\"small\"", NULL},
        {"num_channels", "1", NULL},
    };
    expect_values_refused(CLIP, wrong, COUNT(wrong));
}

static void wrong_other_configurations(void **state) {
    (void)state;
    static const wrong_value index[] = {
        {"_class_name", "\"StableDiffusionPipeline\"", "StableDiffusionPipeline"},
        {"_class_name", "null", "StableVideoDiffusionPipeline"},
        {"_class_name", "{}", NULL},
    };
    static const wrong_value scheduler[] = {
        {"_class_name", "\"DDIMScheduler\"", "DDIMScheduler"},
        {"prediction_type", "\"epsilon\"", NULL},
        {"use_beta_sigmas", "true", NULL},
        {"use_exponential_sigmas", "true", "exclude"},
        {"num_train_timesteps", "1e12", NULL},
        {"beta_end", "[]", NULL},
        {"sigma_max", "-1", NULL},
        {"sigma_min", "1e999", "line"},
    };
    static const wrong_value extractor[] = {
        {"image_mean", "[1e308, -1e308, 0]", NULL},
        {"image_std", "[1, -1, 1]", NULL},
        {"image_std", "[1, 1, 1e-300]", NULL},
        {"image_mean", "[0.5, 0.5]", NULL},        {"image_mean", "[0.5, 0.5, 0.5, 0.5]", NULL},
        {"image_mean", "[0.5, 0.5, \"x\"]", NULL}, {"image_mean", "\"x\"", NULL},
        {"image_std", "[0, 0.5, 0.5]", NULL},      {"image_std", "[0.5, [0.5], 0.5]", NULL},
        {"image_std", "[0.5, 0.5, 1e-400]", NULL},
    };
    expect_values_refused(configs[0], index, COUNT(index));
    expect_values_refused(configs[4], scheduler, COUNT(scheduler));
    expect_values_refused(configs[5], extractor, COUNT(extractor));
}

/* Text that is no configuration at all, in the place of each. */
static void damaged_configurations(void **state) {
    (void)state;
    size_t large = (size_t)17 << 20, deep = 100000;
    char *spaces = malloc(large), *nested = malloc(deep);
    assert_true(spaces && nested);
    memset(spaces, ' ', large);
    memset(nested, '[', deep);
    memcpy(nested, "{\"a\":", 5);
    const struct {
        const char *text;
        size_t size;
    } wrong[] = {
        {"", 0},
        {"{", 1},
        {"[]", 2},
        {"null", 4},
        {"\"text\"", 6},
        {"{\"a\" 1}", 7},
        {"{\"a\":1},", 8},
        {"{\0}", 3},
        {"{\"\xff\":1}", 7},
        {"\xef\xbb\xbf{}", 5},
        {nested, deep},
        {spaces, large},
        {"{\"_class_name\": \"", 17},
    };
    for (size_t i = 0; i < COUNT(configs); i++) {
        for (size_t k = 0; k < COUNT(wrong); k++) {
            write_copy(configs[i], wrong[k].text, wrong[k].size);
            expect_copy_refused(configs[i], configs[i], NULL);
        }
        restore(configs[i]);
    }
    free(spaces);
    free(nested);
    expect_copy_opens();
}

/* ---- weights ---------------------------------------------------------------------------------------------------- */

/* Replaces the first `find` after the first `after` in the copy of a file; both texts are equally long. */
static void replace_in(const char *name, const char *after, const char *find, const char *with) {
    size_t size;
    uint8_t *data = read_original(name, &size);
    uint8_t *start = memmem(data, size, after, strlen(after));
    if (!start) fail_msg("%s has no %s", name, after);
    uint8_t *place = memmem(start, size - (size_t)(start - data), find, strlen(find));
    if (!place) fail_msg("%s has no %s after %s", name, find, after);
    assert_int_equal(strlen(find), strlen(with));
    memcpy(place, with, strlen(with));
    write_copy(name, data, size);
    free(data);
}

static void truncated_weights(void **state) {
    (void)state;
    static const char *const names[] = {UNET_SHARD, VAE_SHARD, CLIP_WEIGHTS};
    for (size_t i = 0; i < COUNT(names); i++) {
        size_t size;
        uint8_t *data = read_original(names[i], &size);
        const size_t sizes[] = {0, 1, 7, 8, 9, 100, size / 20, size / 2, size - 1};
        for (size_t k = 0; k < COUNT(sizes); k++) {
            write_copy(names[i], data, sizes[k]);
            expect_copy_refused("truncated", names[i], NULL);
        }
        uint8_t *longer = calloc(1, size + 1);
        memcpy(longer, data, size);
        write_copy(names[i], longer, size + 1);
        expect_copy_refused("one byte more", names[i], NULL);
        free(longer);
        free(data);
        restore(names[i]);
    }
    expect_copy_opens();
}

static void wrong_header_lengths(void **state) {
    (void)state;
    size_t size;
    uint8_t *data = read_original(CLIP_WEIGHTS, &size);
    const uint64_t lengths[] = {0,    1,        2, size - 7, size, UINT64_MAX, UINT64_MAX - 7, (uint64_t)1 << 63,
                                1000, 99999999u};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        memcpy(data, &lengths[i], 8);
        write_copy(CLIP_WEIGHTS, data, size);
        expect_copy_refused("header length", CLIP_WEIGHTS, lengths[i] > size - 8 ? "header" : NULL);
    }
    free(data);
    restore(CLIP_WEIGHTS);
}

static void wrong_tensors(void **state) {
    (void)state;
    static const char projection[] = "\"visual_projection.weight\"";
    static const struct {
        const char *find, *with, *one, *two;
    } wrong[] = {
        {"[40,32]", "[32,40]", "visual_projection.weight", "[32, 40], expected [40, 32]"},
        {"[40,32]", "[1280] ", "visual_projection.weight", "[1280]"},
        {"[40,32]", "[40,31]", "visual_projection.weight", "data_offsets"},
        {"[40,32]", "[-4,32]", "visual_projection.weight", "shape"},
        {"[40,32]", "[40,3.]", CLIP_WEIGHTS, "JSON"},
        {"[40,32]", "\"40,3\" ", "visual_projection.weight", "shape"},
        {"[40,32]", "[9e9,1]", "visual_projection.weight", "shape"},
        {"\"BF16\"", "\"I16\" ", "visual_projection.weight", "I16"},
        {"\"BF16\"", "\"F32\" ", "visual_projection.weight", "F32"},
        {"\"BF16\"", "\"Q16\" ", "visual_projection.weight", "Q16"},
        {"\"BF16\"", "12345 ", "visual_projection.weight", "dtype"},
        {"visual_projection.weight", "visual_projection.weighs", "visual_projection.weight", "missing"},
        {"visual_projection.weight", "visual_projection.weigh\x01", CLIP_WEIGHTS, "JSON"},
        {"data_offsets", "data_offset_", "visual_projection.weight", "data_offsets"},
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        replace_in(CLIP_WEIGHTS, projection, wrong[i].find, wrong[i].with);
        expect_copy_refused(wrong[i].with, wrong[i].one, wrong[i].two);
        expect_copy_refused(wrong[i].with, CLIP_WEIGHTS, NULL);
    }
    /* one name twice in a file */
    replace_in(CLIP_WEIGHTS, "\"vision_model.encoder.layers.0.mlp.fc1.bias\"", "layers.0", "layers.1");
    expect_copy_refused("duplicate", "the key vision_model.encoder.layers.1.mlp.fc1.bias twice", CLIP_WEIGHTS);
    restore(CLIP_WEIGHTS);
    expect_copy_opens();
}

/* Files that are sound by themselves, in the place of others. */
static void exchanged_weights(void **state) {
    (void)state;
    static const char *const exchanges[][2] = {
        {UNET_SHARD_2, UNET_SHARD}, {VAE_SHARD, UNET_SHARD}, {CLIP_WEIGHTS, VAE_SHARD}};
    for (size_t i = 0; i < COUNT(exchanges); i++) {
        size_t size;
        uint8_t *data = read_original(exchanges[i][1], &size);
        write_copy(exchanges[i][0], data, size);
        expect_copy_refused("exchanged", "tensor", copy);
        free(data);
        restore(exchanges[i][0]);
    }
    replace_in(UNET_INDEX, "weight_map", "-00001-of", "-00002-of");
    expect_copy_refused("index", "diffusion_pytorch_model", "tensor");
    replace_in(UNET_INDEX, "weight_map", "-00001-of", "-00011-of");
    expect_copy_refused("index", "00011-of-00010", UNET_INDEX);
    replace_in(UNET_INDEX, "weight_map", "\"diffusion", "\"/../usion");
    expect_copy_refused("index", UNET_INDEX, "/../usion");
    restore(UNET_INDEX);
    expect_copy_opens();
}

/* ---- a picture through them ------------------------------------------------------------------------------------- */

/* With one thread: the tensors are too small to be worth more. */
static i2v_status open_copy(i2v_engine **engine) {
    i2v_options options;
    i2v_options_default(&options);
    options.threads = 1;
    return i2v_open(engine, copy, &options);
}

/* As little work as there is. Frames, if any come, are in their range. */
static i2v_status generate_from(i2v_engine *engine) {
    i2v_image *picture = NULL;
    i2v_video *video = NULL;
    assert_int_equal(i2v_image_new(&picture, 8, 8, NULL), I2V_OK);
    memset(picture->pixels, 100, 8 * 8 * 3);
    i2v_params params;
    i2v_params_default(&params);
    params.width = params.height = 8;
    params.num_frames = 2;
    params.num_inference_steps = 1;
    i2v_status status = i2v_generate(engine, picture, &params, &video);
    if (status) assert_string_not_equal(i2v_error_message(engine), "");
    for (int i = 0; video && i < 2 * 8 * 8 * 3; i++) assert_true(video->frames[i] >= 0 && video->frames[i] <= 1);
    i2v_video_free(video);
    i2v_image_free(picture);
    return status;
}

/* Values that no training leaves, in every place of a file's data. */
static void weights_that_are_no_numbers(void **state) {
    (void)state;
    static const char *const names[] = {UNET_SHARD, UNET_SHARD_2, VAE_SHARD, CLIP_WEIGHTS};
    static const uint16_t values[] = {0x7fc0, 0xffff, 0x7f80, 0xff80, 0x7f7f, 0x0001}; /* BF16: NaN, Inf, ends */
    for (size_t i = 0; i < COUNT(names); i++) {
        for (size_t k = 0; k < COUNT(values); k++) {
            size_t size;
            uint64_t header;
            uint8_t *data = read_original(names[i], &size);
            memcpy(&header, data, 8);
            for (size_t at = 8 + header; at + 2 <= size; at += 2) memcpy(data + at, &values[k], 2);
            write_copy(names[i], data, size);
            free(data);
            i2v_engine *engine = NULL;
            /* a scalar, as mix_factor, is read when the model is opened, all else when it is used */
            i2v_status status = open_copy(&engine), wanted = k < 4 ? I2V_ERROR_MODEL : I2V_OK;
            if (!status) status = generate_from(engine);
            /* the largest numbers overflow, or their sums do not */
            if (status != wanted && !(k == 4 && status == I2V_ERROR_MODEL)) {
                fail_msg("%s, %x: status %d, \"%s\"", names[i], values[k], status, i2v_error_message(engine));
            }
            i2v_close(engine);
        }
        restore(names[i]);
    }
}

/* Configurations that are allowed, if odd: they open, and give frames or say why not. */
static void odd_configurations(void **state) {
    (void)state;
    static const struct {
        const char *name, *key, *value;
    } odd[] = {
        {"vae/config.json", "scaling_factor", "1e-6"},
        {"vae/config.json", "scaling_factor", "1e6"},
        {"image_encoder/config.json", "layer_norm_eps", "0"},
        {"image_encoder/config.json", "layer_norm_eps", "1"},
        {"scheduler/scheduler_config.json", "sigma_max", "1e6"},
        {"scheduler/scheduler_config.json", "sigma_min", "699.9999"},
        {"unet/config.json", "sample_size", "[4096, 4096]"},
        {"unet/config.json", "sample_size", "[1, 1]"},
        {"unet/config.json", "num_frames", "4096"},
    };
    for (size_t i = 0; i < COUNT(odd); i++) {
        set_key(odd[i].name, odd[i].key, odd[i].value);
        i2v_engine *engine = NULL;
        i2v_model_info info;
        if (open_copy(&engine)) fail_msg("%s: %s", odd[i].value, i2v_error_message(engine));
        assert_int_equal(i2v_get_model_info(engine, &info), I2V_OK);
        assert_true(info.width > 0 && info.height > 0 && info.num_frames > 0);
        generate_from(engine);
        i2v_close(engine);
        restore(odd[i].name);
    }
}

/* ---- chance ----------------------------------------------------------------------------------------------------- */

static uint64_t random_state;

/* xorshift64: the same damage in every run. */
static size_t random_below(size_t limit) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)(random_state % limit);
}

/* Writes a copy of name with a few bytes changed in its first `head` (0: in all of it), sometimes cut short. */
static void damage(const char *name, size_t head) {
    static const char likely[] = "0123456789-+.eE\"[]{},: \n\\ntfuN\xff";
    size_t size;
    uint8_t *data = read_original(name, &size);
    if (head == 0 || head > size) head = size;
    for (size_t i = 0, count = 1 + random_below(4); i < count; i++) {
        size_t at = random_below(head);
        data[at] = random_below(2) ? (uint8_t)likely[random_below(sizeof likely)] : (uint8_t)random_below(256);
    }
    write_copy(name, data, random_below(16) ? size : random_below(size));
    free(data);
}

static int count_descriptors(void) {
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (!folder) return 0;
    while (readdir(folder)) count++;
    closedir(folder);
    return count;
}

/* Whatever the damage, i2v_open returns, with a sentence where it fails; what still opens still runs. */
static void random_damage(void **state) {
    (void)state;
    static const struct {
        const char *name;
        size_t head;
    } files[] = {{"model_index.json", 0},
                 {"unet/config.json", 0},
                 {"vae/config.json", 0},
                 {"image_encoder/config.json", 0},
                 {"scheduler/scheduler_config.json", 0},
                 {"feature_extractor/preprocessor_config.json", 0},
                 {UNET_INDEX, 4000},
                 {UNET_SHARD, 2000},
                 {VAE_SHARD, 2000},
                 {CLIP_WEIGHTS, 4000}};
    random_state = 0x9e3779b97f4a7c15;
    int descriptors = count_descriptors(), opened = 0, refused = 0;
    for (int i = 0; i < 1200; i++) {
        size_t which = (size_t)i % COUNT(files);
        damage(files[which].name, files[which].head);
        i2v_engine *engine = NULL;
        if (open_copy(&engine)) {
            assert_string_not_equal(i2v_error_message(engine), "");
            refused++;
        } else if (opened++ % 10 == 0) {
            generate_from(engine);
        }
        i2v_close(engine);
        restore(files[which].name);
    }
    assert_int_equal(count_descriptors(), descriptors);
    assert_true(opened > 50 && refused > 500); /* both paths are walked */
    expect_copy_opens();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_copy, remove_copy)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_copy_itself_is_sound),
        TEST(wrong_paths),
        TEST(missing_files),
        TEST(other_things_in_place_of_files),
        TEST(a_file_in_place_of_a_folder),
        TEST(wrong_unet_configurations),
        TEST(wrong_vae_configurations),
        TEST(wrong_image_encoder_configurations),
        TEST(wrong_other_configurations),
        TEST(damaged_configurations),
        TEST(truncated_weights),
        TEST(wrong_header_lengths),
        TEST(wrong_tensors),
        TEST(exchanged_weights),
        TEST(weights_that_are_no_numbers),
        TEST(odd_configurations),
        TEST(random_damage),
    };
    return cmocka_run_group_tests_name("hostile_files", tests, NULL, NULL);
}
