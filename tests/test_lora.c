/* LoRA files: the UNet with them against peft's merged one (tools/make_lora_reference.py), and files that are none. */
#include "model/stability.h"
#include "model/unet.h"

#include "pipeline/plan.h"
#include "reference.h"
#include "weights/lora.h"

#include <ftw.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define FOLDER I2V_TEST_DATA "/lora/"
#define CONVOLUTIONS FOLDER "convolutions.safetensors"
#define KOHYA FOLDER "layers-kohya.safetensors"
#define PATTERNS FOLDER "patterns.safetensors"

/* As for the UNet without a LoRA. */
static const double TOLERANCE = 1e-5;

#define POOL_BYTES ((uint64_t)32 << 20)

static i2v_engine *engine_with(const i2v_lora *loras, size_t count, i2v_dtype dtype) {
    i2v_options options;
    i2v_options_default(&options);
    options.threads = 2;
    options.dtype = dtype;
    options.loras = loras;
    options.loras_count = count;
    i2v_engine *engine = NULL;
    if (i2v_open(&engine, i2v_reference_at(0).model, &options)) fail_msg("%s", i2v_error_message(engine));
    return engine;
}

/* ---- the UNet's output ------------------------------------------------------------------------------------------ */

/* The first step of the reference's run, [frames, height, width, channels]; .data is to be freed. */
static i2v_tensor output_at(int rung, const i2v_lora *loras, size_t count, i2v_dtype dtype) {
    i2v_reference reference = i2v_reference_at(0);
    i2v_weights *tensors = i2v_reference_open(&reference);
    i2v_engine *engine = engine_with(loras, count, dtype);
    i2v_call call = {.engine = engine, .num_videos = 1};
    i2v_stage stage;
    i2v_stage_plan plan = {.trades = i2v_trades_at(rung), .tensors = POOL_BYTES};
    if (i2v_stage_begin(&stage, I2V_STAGE_UNET, engine, NULL, &call, &plan)) fail_msg("%s", i2v_error_message(engine));
    i2v_run *run = &stage.run;
    const i2v_unet *unet = stage.model.unet;
    float *timesteps = i2v_reference_values(tensors, "timesteps", (size_t)reference.params.num_inference_steps);
    float *vector = i2v_reference_values(tensors, "clip.image_embeds", (size_t)unet->config.cross_attention_dim);
    static const float time_ids[3] = {6, 127, 0.02f};
    i2v_tensor sample = i2v_reference_channels_last(tensors, "unet.input");
    i2v_tensor context = {vector, 1, 1, 1, unet->config.cross_attention_dim, I2V_ELEMENT_F32};
    i2v_unet_tensors positions, cross, time;
    i2v_unet_positions(&positions, run, unet, sample.frames);
    i2v_unet_cross_attention(&cross, run, unet, context);
    i2v_unet_time(&time, run, unet, timesteps[0], time_ids);
    i2v_unet_input input = {sample, &positions, &cross, &time};
    i2v_tensor out = i2v_tensor_new_f32(run, sample.frames, sample.height, sample.width, unet->config.out_channels);
    i2v_unet_forward(run, unet, out, &input, NULL, NULL);
    assert_int_equal(run->status, I2V_OK);
    i2v_tensor kept = out;
    kept.data = malloc(i2v_tensor_bytes(&out));
    assert_non_null(kept.data);
    memcpy(kept.data, out.data, i2v_tensor_bytes(&out));
    free(sample.data);
    free(vector);
    free(timesteps);
    i2v_stage_end(&stage);
    i2v_close(engine);
    i2v_weights_close(tensors);
    return kept;
}

static i2v_tensor output_with(const i2v_lora *loras, size_t count, i2v_dtype dtype) {
    return output_at(0, loras, count, dtype);
}

static i2v_tensor wanted_output(const char *name) {
    i2v_weights *tensors = NULL;
    i2v_error error = {0};
    if (i2v_weights_open(&tensors, I2V_TEST_DATA "/lora", "outputs", NULL, &error)) fail_msg("%s", error.message);
    i2v_tensor wanted = i2v_reference_channels_last(tensors, name);
    i2v_weights_close(tensors);
    return wanted;
}

static double difference(i2v_tensor a, i2v_tensor b) {
    double most = 0, largest = 0;
    for (int64_t i = 0; i < i2v_tensor_count(&a); i++) {
        /* fmax here crashes GCC 12 for AArch64 */
        double off = fabs((double)i2v_tensor_floats(&a)[i] - (double)i2v_tensor_floats(&b)[i]);
        double size = fabs((double)i2v_tensor_floats(&b)[i]);
        if (off > most) most = off;
        if (size > largest) largest = size;
    }
    return most / largest;
}

static void outputs_equal_peft(void **state) {
    (void)state;
    static const struct {
        i2v_lora loras[3];
        size_t count;
        const char *wanted;
    } cases[] = {
        {{{0}}, 0, "none"},
        {{{FOLDER "layers/adapter_model.safetensors", 0.7}}, 1, "layers"},
        {{{KOHYA, 0.7}}, 1, "layers"},
        {{{FOLDER "layers-kohya-stability.safetensors", 0.7}}, 1, "layers"},
        {{{FOLDER "layers-diffusers.safetensors", 1.5 * 0.7}}, 1, "layers"},
        {{{FOLDER "layers-diffusers-old.safetensors", 1.5 * 0.7}}, 1, "layers"},
        {{{FOLDER "layers", 0.7}}, 1, "layers"},
        {{{FOLDER "pissa", 1}}, 1, "pissa"},
        {{{FOLDER "olora/", 1}}, 1, "olora"},
        {{{CONVOLUTIONS, 1}}, 1, "convolutions"},
        {{{PATTERNS, 0.5}}, 1, "patterns"},
        {{{KOHYA, 0.7}, {CONVOLUTIONS, 1}, {PATTERNS, 0.5}}, 3, "all"},
    };
    i2v_tensor none = wanted_output("none");
    for (size_t i = 0; i < COUNT(cases); i++) {
        i2v_tensor found = output_with(cases[i].loras, cases[i].count, I2V_DTYPE_F32);
        i2v_tensor wanted = wanted_output(cases[i].wanted);
        assert_int_equal(i2v_tensor_count(&found), i2v_tensor_count(&wanted));
        char what[600];
        snprintf(what, sizeof what, "%s with %s", cases[i].wanted, cases[i].count ? cases[i].loras[0].path : "no file");
        i2v_expect_close(what, found.data, wanted.data, (size_t)i2v_tensor_count(&found), TOLERANCE);
        assert_true(cases[i].count == 0 || difference(found, none) > 0.1);
        free(found.data);
        free(wanted.data);
    }
    free(none.data);
}

static void scale_of_zero_changes_no_bit(void **state) {
    (void)state;
    static const i2v_lora loras[] = {{KOHYA, 0}, {CONVOLUTIONS, 0}};
    i2v_tensor with = output_with(loras, COUNT(loras), I2V_DTYPE_F32), without = output_with(NULL, 0, I2V_DTYPE_F32);
    assert_memory_equal(with.data, without.data, i2v_tensor_bytes(&without));
    free(with.data);
    free(without.data);
}

/* Where weights are streamed, those with a LoRA in them are not. */
static void trades_change_no_bit(void **state) {
    (void)state;
    static const i2v_lora loras[] = {{KOHYA, 0.7}, {CONVOLUTIONS, 1}};
    i2v_tensor wanted = output_with(loras, COUNT(loras), I2V_DTYPE_F32);
    int streamed = 0;
    for (int rung = 1; rung < I2V_TRADES_RUNGS; rung++) {
        i2v_tensor found = output_at(rung, loras, COUNT(loras), I2V_DTYPE_F32);
        assert_memory_equal(found.data, wanted.data, i2v_tensor_bytes(&wanted));
        free(found.data);
        streamed += i2v_trades_at(rung).stream;
    }
    assert_true(streamed > 0);
    free(wanted.data);
}

/* Parts add up, whatever their number. */
static void many_files(void **state) {
    (void)state;
    i2v_lora parts[10];
    for (size_t i = 0; i < COUNT(parts); i++) parts[i] = (i2v_lora){KOHYA, i % 2 ? 0.24 : -0.1};
    i2v_tensor found = output_with(parts, COUNT(parts), I2V_DTYPE_F32), wanted = wanted_output("layers");
    i2v_expect_close("ten files", found.data, wanted.data, (size_t)i2v_tensor_count(&found), TOLERANCE);
    free(found.data);
    free(wanted.data);
}

/* Roundings to eight bits: far off at 1e-5, and far nearer than without the files. */
static void expect_rounded(i2v_dtype dtype) {
    static const i2v_lora loras[] = {{KOHYA, 0.7}, {CONVOLUTIONS, 1}, {PATTERNS, 0.5}};
    i2v_tensor found = output_with(loras, COUNT(loras), dtype), wanted = wanted_output("all");
    double off = difference(found, wanted);
    if (!(off < 0.1 && off > 1e-4)) fail_msg("dtype %d is off by %g", (int)dtype, off);
    free(found.data);
    free(wanted.data);
}

static void bf16(void **state) {
    (void)state;
    expect_rounded(I2V_DTYPE_BF16);
}

static void int8(void **state) {
    (void)state;
    expect_rounded(I2V_DTYPE_INT8);
}

/* ---- memory ----------------------------------------------------------------------------------------------------- */

/* What packing takes beside a weight. */
static uint64_t packing_of(const i2v_engine *engine) {
    return engine->model->backend->pack_scratch(&engine->device);
}

/* scratch: without what packing takes. */
static uint64_t weights_with(const i2v_lora *loras, size_t count, i2v_dtype dtype, uint64_t *scratch) {
    i2v_engine *engine = engine_with(loras, count, dtype);
    i2v_call call = {.engine = engine, .num_videos = 1};
    i2v_stage dry, real;
    i2v_stage_plan plan = {.tensors = POOL_BYTES};
    assert_int_equal(i2v_stage_begin(&dry, I2V_STAGE_UNET, engine, NULL, NULL, &plan), I2V_OK);
    assert_int_equal(i2v_stage_begin(&real, I2V_STAGE_UNET, engine, NULL, &call, &plan), I2V_OK);
    assert_int_equal(dry.part->store.bytes, real.part->store.bytes);
    assert_int_equal(dry.part->store.scratch, real.part->store.scratch);
    uint64_t bytes = dry.part->store.bytes;
    *scratch = dry.part->store.scratch - packing_of(engine);
    i2v_stage_end(&dry);
    i2v_stage_end(&real);
    i2v_close(engine);
    return bytes;
}

/* The model's file is f16: in f32, changed weights take two bytes more each, in bf16 none. */
static void plans_count_what_is_loaded(void **state) {
    (void)state;
    static const i2v_lora lora = {CONVOLUTIONS, 1};
    uint64_t scratch, without = weights_with(NULL, 0, I2V_DTYPE_F32, &scratch);
    assert_int_equal(scratch, 0);
    /* mid_block.resnets.1.spatial_res_block.conv2 and others are 32 x 32 x 9, and three rows of it */
    uint64_t with = weights_with(&lora, 1, I2V_DTYPE_F32, &scratch);
    assert_int_equal(scratch, ((32 + 3) * 32 * 9 + 32 * 3) * sizeof(float));
    assert_true(with - without > 2 * 4 * 32 * 32 * 9);
    assert_int_equal(weights_with(&lora, 1, I2V_DTYPE_BF16, &scratch), weights_with(NULL, 0, I2V_DTYPE_BF16, &scratch));
}

/* ---- files that are none ---------------------------------------------------------------------------------------- */

static char folder[512];
static i2v_weights *unet;
static i2v_name_map stability;

static const char *in_folder(const char *name) {
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int set_up(void **state) {
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/img2vid-test-XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(folder)) return -1;
    i2v_unet_config config;
    if (i2v_unet_config_read(&config, I2V_TEST_DATA "/reference/attention_top/unet/config.json", NULL)) return -1;
    i2v_stability_unet_names(&stability, &config, "");
    return i2v_weights_open(&unet, I2V_TEST_DATA "/reference/attention_top/unet", "diffusion_pytorch_model", NULL,
                            NULL);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place) {
    (void)info, (void)kind, (void)place;
    return remove(path);
}

static void remove_peft(void) {
    nftw(in_folder("peft"), remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static int tear_down(void **state) {
    (void)state;
    unlink(in_folder("lora.safetensors"));
    remove_peft(); /* of a test that failed */
    i2v_weights_close(unet);
    i2v_name_map_free(&stability);
    return rmdir(folder);
}

static void write_file(const char *name, const void *data, size_t size) {
    FILE *file = fopen(in_folder(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static i2v_status try_open(const char *name, double scale, i2v_error *error) {
    i2v_lora lora = {in_folder(name), scale};
    i2v_lora_set *set = NULL;
    *error = (i2v_error){0};
    i2v_status status = i2v_lora_open(&set, &lora, 1, unet, &stability, error);
    i2v_lora_close(set);
    if (status) {
        assert_null(set);
        assert_true(error->message[0]);
    }
    return status;
}

static void expect_refused(const char *name, double scale, const char *sentence) {
    i2v_error error;
    if (!try_open(name, scale, &error)) fail_msg("not refused: %s", sentence);
    if (!strstr(error.message, sentence)) fail_msg("said \"%s\", without \"%s\"", error.message, sentence);
}

/* A file of float32 tensors "NAME [SIDE,SIDE]", each on a line, their values all `value`. */
static void write_lora(const char *name, const char *metadata, const char *lines, float value) {
    static char file[2 << 20];
    char header[8192];
    size_t used = (size_t)snprintf(header, sizeof header, "{\"__metadata__\":{%s}", metadata), place = 0;
    const char *line = lines;
    while (*line) {
        char tensor[700], shape[64], dtype[8];
        int length = 0;
        assert_int_equal(sscanf(line, "%699s %63s %7s%n", tensor, shape, dtype, &length), 3);
        size_t count = 1;
        for (const char *c = shape; *c; c++) {
            if (*c >= '0' && *c <= '9' && (c[-1] == '[' || c[-1] == ',')) count *= strtoul(c, NULL, 10);
        }
        size_t bytes = count * (strcmp(dtype, "I64") == 0 ? 8 : 4);
        used += (size_t)snprintf(header + used, sizeof header - used,
                                 ",\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%zu,%zu]}", tensor, dtype,
                                 shape, place, place + bytes);
        place += bytes;
        line += length + (line[length] == '\n');
    }
    used += (size_t)snprintf(header + used, sizeof header - used, "}");
    uint64_t size = used;
    assert_true(8 + used + place <= sizeof file);
    memcpy(file, &size, 8);
    memcpy(file + 8, header, used);
    for (size_t i = 0; i < place / 4; i++) memcpy(file + 8 + used + 4 * i, &value, 4);
    write_file(name, file, 8 + used + place);
}

/* What adding takes is part of the plan where it is more than a pass takes: here for its rank of 3000. */
static void plans_count_what_adding_takes(void **state) {
    (void)state;
    write_lora("lora.safetensors", "",
               "unet.conv_in.lora_A.weight [3000,8,3,3] F32\nunet.conv_in.lora_B.weight [32,3000,1,1] F32\n", 0);
    const i2v_lora lora = {in_folder("lora.safetensors"), 1};
    i2v_params params = i2v_reference_at(0).params;
    params.width = params.height = 8;
    params.num_frames = 1;
    uint64_t tensors[2], adding = ((3000 + 32) * 8 * 9 + 32 * 3000) * sizeof(float), packing = 0;
    for (size_t i = 0; i < 2; i++) {
        i2v_engine *engine = engine_with(&lora, i, I2V_DTYPE_F32);
        i2v_sizes sizes;
        i2v_stage_plan plan;
        assert_int_equal(i2v_sizes_of_params(&sizes, engine, &params), I2V_OK);
        assert_int_equal(i2v_plan_stage(&plan, I2V_STAGE_UNET, engine, &sizes, 0), I2V_OK);
        tensors[i] = plan.tensors;
        packing = packing_of(engine);
        i2v_close(engine);
    }
    assert_true(tensors[0] < adding);
    assert_int_equal(tensors[1], adding + packing);
}

#define LAYER "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"
#define DOWN LAYER ".lora_down.weight [2,32] F32\n"
#define UP LAYER ".lora_up.weight [32,2] F32\n"
#define GOOD DOWN UP

static void tensors_that_do_not_fit(void **state) {
    (void)state;
    static const struct {
        const char *lines, *sentence;
    } cases[] = {
        {"conv_in.weight [2,2] F32\n", "it has no LoRA"},
        {LAYER ".alpha [1] F32\n", "it has no LoRA"},
        {"lora_te_text_model_x.lora_down.weight [2,2] F32\n", "for a text encoder only"},
        {"text_encoder.x.lora_A.weight [2,2] F32\n", "for a text encoder only"},
        {GOOD "lora_unet_input_blocks_9_1_proj_in.lora_down.weight [2,32] F32\n",
         "tensor lora_unet_input_blocks_9_1_proj_in.lora_down.weight is for a layer that this model's UNet does not"},
        {GOOD "unet.nothing.lora_A.weight [2,32] F32\n", "tensor unet.nothing.lora_A.weight is for a layer that"},
        {GOOD "transformer.x.lora_A.weight [2,32] F32\n", "transformer.x.lora_A.weight is for a layer"},
        {GOOD "something [2,32] F32\n", "tensor something is not of a LoRA"},
        {GOOD ".lora_A.weight [2,32] F32\n", "tensor .lora_A.weight is not of a LoRA"},
        {GOOD "unet.lora_A.weight [2,32] F32\n", "unet.lora_A.weight is not of a LoRA"},
        {GOOD "lora_unet_conv_in.dora_scale [1,32] F32\n", "conv_in.dora_scale is of DoRA, which is not supported"},
        {"lora_unet_conv_in.hada_w1_a [2,32] F32\n", "conv_in.hada_w1_a is of LoHa"},
        {"conv_in.lokr_w1 [2,32] F32\n", "conv_in.lokr_w1 is of LoKr"},
        {GOOD LAYER ".lora_mid.weight [2,2,3,3] F32\n", "lora_mid.weight is of LoCon with a Tucker core"},
        {"lora_unet_conv_in.diff [2,2] F32\n", "conv_in.diff is of whole differences"},
        {GOOD "lora_unet_conv_in.diff_b [2] F32\n", "conv_in.diff_b is of whole differences"},
        {GOOD "model.diffusion_model.conv_in [2] F32\n", "conv_in is not of a LoRA"},
        {"base_model.model.conv_in.ia3_l [1,32] F32\n", "conv_in.ia3_l is of IA3"},
        {"lora_unet_conv_in.on_input [1] F32\nlora_unet_conv_in.weight [32] F32\n", "on_input is of IA3"},
        {"lora_unet_conv_in.oft_blocks [2,4,4] F32\n", "conv_in.oft_blocks is of OFT"},
        {"base_model.model.conv_in.boft_R [2,4,4] F32\n", "conv_in.boft_R is of BOFT"},
        {"lora_unet_conv_in.a1.weight [2,2] F32\n", "conv_in.a1.weight is of GLoRA"},
        {"lora_unet_conv_norm_out.w_norm [32] F32\n", "w_norm is of trained norms"},
        {GOOD "base_model.model.conv_in.lora_E [2,1] F32\n", "conv_in.lora_E is of AdaLoRA"},
        {"base_model.model.conv_in.lora_A [2,32] F32\n", "conv_in.lora_A is of AdaLoRA"},
        {GOOD "base_model.model.conv_in.lora_magnitude_vector [2] F32\n", "magnitude_vector is of DoRA"},
        {GOOD "base_model.model.conv_in.lora_B.bias [2] F32\n", "lora_B.bias is of LoRA with biases"},
        {GOOD "base_model.model.conv_in.base_layer.bias [32] F32\n", "base_layer.bias was trained whole beside"},
        {GOOD "base_model.model.conv_out.weight [2,2] F32\n", "conv_out.weight was trained whole beside the LoRA"},
        {DOWN, "to_q.lora_down.weight is there without its up (B) matrix"},
        {UP, "to_q.lora_up.weight is there without its down (A) matrix"},
        {GOOD "lora_unet_conv_in.alpha [] F32\n", "conv_in.alpha is there without its down (A) matrix"},
        {LAYER ".lora_down.weight [2,31] F32\n" UP, "lora_down.weight has shape [2, 31], which does not fit mid_block."
                                                    "attentions.0.transformer_blocks.0.attn1.to_q.weight of this "
                                                    "model, [32, 32]"},
        {LAYER ".lora_down.weight [3,32] F32\n" UP, "lora_up.weight has shape [32, 2]"},
        {LAYER ".lora_down.weight [2,32,3,3] F32\n" UP, "lora_down.weight has shape [2, 32, 3, 3]"},
        {LAYER ".lora_down.weight [64] F32\n" UP, "lora_down.weight has shape [64]"},
        {LAYER ".lora_down.weight [0,32] F32\n" LAYER ".lora_up.weight [32,0] F32\n", "has shape [0, 32]"},
        {DOWN LAYER ".lora_up.weight [33,2] F32\n", "lora_up.weight has shape [33, 2]"},
        {DOWN LAYER ".lora_up.weight [32,2,1,3] F32\n", "lora_up.weight has shape [32, 2, 1, 3]"},
        {DOWN LAYER ".lora_up.weight [] F32\n", "lora_up.weight has shape []"},
        {"conv_norm_out.lora_A.weight [2,32] F32\nconv_norm_out.lora_B.weight [32,2] F32\n",
         "conv_norm_out.lora_A.weight has shape"},
        {GOOD LAYER ".alpha [2] F32\n", "to_q.alpha has 2 values, expected one"},
        {GOOD LAYER ".alpha [1] I64\n", "to_q.alpha has dtype I64"},
        {DOWN LAYER ".lora_up.weight [32,2] I64\n", "lora_up.weight has dtype I64"},
        {GOOD "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.weight [2,32] F32\n",
         "are the same of one layer"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        write_lora("lora.safetensors", "", cases[i].lines, 1);
        expect_refused("lora.safetensors", 1, cases[i].sentence);
    }
    char lines[800];
    memset(lines, 'x', 600);
    snprintf(lines + 600, sizeof lines - 600, ".lora_A.weight [2,32] F32\n");
    write_lora("lora.safetensors", "", lines, 1);
    expect_refused("lora.safetensors", 1, "it has no LoRA");
}

static void tensors_that_fit(void **state) {
    (void)state;
    static const char *const cases[] = {
        GOOD,
        GOOD LAYER ".alpha [] F32\n",
        GOOD LAYER ".alpha [1,1] F32\n",
        GOOD "lora_te2_x [2] I64\n",
        LAYER ".lora_down.weight [2,32,1,1] F32\n" LAYER ".lora_up.weight [32,2,1,1] F32\n",
        /* of no effect: there is one token to attend to */
        "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight [2,48] F32\n"
        "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k.lora_up.weight [32,2] F32\n",
        "diffusion_model.middle_block.2.in_layers.2.lora_A.weight [1,32,3,3] F32\n"
        "diffusion_model.middle_block.2.in_layers.2.lora_B.weight [32,1,1,1] F32\n",
        "unet.conv_in.lora.down.weight [1,8,3,3] F32\nunet.conv_in.lora.up.weight [32,1] F32\n",
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        i2v_error error;
        write_lora("lora.safetensors", "", cases[i], 1);
        if (try_open("lora.safetensors", 1, &error)) fail_msg("%s", error.message);
    }
}

static void values_that_are_none(void **state) {
    (void)state;
    i2v_error error;
    write_lora("lora.safetensors", "", GOOD, 1);
    expect_refused("lora.safetensors", NAN, "scale of");
    expect_refused("lora.safetensors", INFINITY, "is not a finite number");
    expect_refused("lora.safetensors", 1e300, "the strength of " LAYER ".lora_down.weight is not a finite number");
    write_lora("lora.safetensors", "", GOOD LAYER ".alpha [] F32\n", NAN);
    expect_refused("lora.safetensors", 1, "the strength of " LAYER ".alpha is not a finite number");
    expect_refused("missing.safetensors", 1, "missing.safetensors");
    write_file("lora.safetensors", "no file", 7);
    expect_refused("lora.safetensors", 1, "a text that begins with \"no file\"");
    for (size_t i = 0; i < 2; i++) {
        i2v_lora_set *set = NULL;
        i2v_lora lora = {i ? "" : NULL, 1};
        assert_int_equal(i2v_lora_open(&set, &lora, 1, unet, &stability, &error), I2V_ERROR_PARAMETER);
        assert_non_null(strstr(error.message, "path is empty"));
    }
}

/* Values are looked at when they are added: a run fails then, and names them. */
static void values_that_are_not_finite(void **state) {
    (void)state;
    static const float values[] = {NAN, INFINITY, 1e38f};
    i2v_image *image = NULL;
    assert_int_equal(i2v_image_new(&image, 40, 24, NULL), I2V_OK);
    memset(image->pixels, 99, (size_t)40 * 24 * 3);
    i2v_params params = i2v_reference_at(0).params;
    for (size_t i = 0; i < COUNT(values); i++) {
        write_lora("lora.safetensors", "", GOOD, values[i]);
        i2v_lora lora = {in_folder("lora.safetensors"), 1};
        i2v_engine *engine = engine_with(&lora, 1, I2V_DTYPE_F32);
        i2v_video *video = NULL;
        assert_int_equal(i2v_generate(engine, image, &params, &video), I2V_ERROR_MODEL);
        assert_null(video);
        assert_non_null(strstr(i2v_error_message(engine), LAYER ".lora_up.weight and " LAYER ".lora_down.weight make"));
        i2v_close(engine);
    }
    i2v_image_free(image);
}

#define METADATA(text) "\"lora_adapter_metadata\":\"{" text "}\""

static void configurations(void **state) {
    (void)state;
    static const struct {
        const char *metadata, *sentence;
    } cases[] = {
        {"\"lora_adapter_metadata\":\"[1]\"", "lora.safetensors"},
        {"\"lora_adapter_metadata\":\"{\"", "lora.safetensors"},
        {METADATA("\\\"lora_alpha\\\":\\\"4\\\""), "lora_alpha of the LoRA's configuration is a string"},
        {METADATA("\\\"unet.lora_alpha\\\":null"), "lora_alpha of the LoRA's configuration is null"},
        {METADATA("\\\"alpha_pattern\\\":[]"), "alpha_pattern of the LoRA's configuration is an array"},
        {METADATA("\\\"alpha_pattern\\\":{\\\"to_q\\\":true}"), "to_q of the LoRA's configuration is"},
        {METADATA("\\\"alpha_pattern\\\":{\\\"to_.*\\\":1}"), "regular expression"},
        {METADATA("\\\"alpha_pattern\\\":{\\\"a\\\\u0007\\\":1}"), "regular expression"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        write_lora("lora.safetensors", cases[i].metadata, GOOD, 1);
        expect_refused("lora.safetensors", 1, cases[i].sentence);
    }
    /* an .alpha counts more; a header may have other things in it */
    i2v_error error;
    write_lora("lora.safetensors", "\"lora_adapter_metadata\":7,\"ss_network_dim\":\"2\"", GOOD, 1);
    assert_int_equal(try_open("lora.safetensors", 1, &error), I2V_OK);
}

/* ---- peft's folders --------------------------------------------------------------------------------------------- */

/* An adapter in "peft". */
static void write_adapter(const char *config) {
    mkdir(in_folder("peft"), 0700);
    write_lora("peft/adapter_model.safetensors", "", GOOD, 1);
    write_file("peft/adapter_config.json", config, strlen(config));
}

#define LONG "a value of many words "

/* Each value that makes weights which the model's and a product would not give is refused by name; what only trains
 * another way is not. */
static void fields_of_peft(void **state) {
    (void)state;
    static const struct {
        const char *config, *sentence; /* NULL: it is opened */
    } cases[] = {
        {"{\"init_lora_weights\":true,\"bias\":\"all\",\"use_rslora\":true,\"use_dora\":false,\"lora_alpha\":2}", NULL},
        {"{\"init_lora_weights\":false,\"loftq_config\":{},\"layer_replication\":null,\"peft_type\":\"LORA\"}", NULL},
        {"{\"init_lora_weights\":\"gaussian\",\"fan_in_fan_out\":true,\"megatron_config\":{\"a\":1}}", NULL},
        {"{\"init_lora_weights\":\"eva\",\"eva_config\":{\"rho\":2.0},\"rank_pattern\":{\"to_q\":2}}", NULL},
        {"{\"init_lora_weights\":\"orthogonal\",\"alora_invocation_tokens\":null,\"use_bdlora\":null}", NULL},
        {"{\"init_lora_weights\":\"mica\",\"text_encoder.use_dora\":true,\"kasa_config\":null}", NULL},
        {"{\"init_lora_weights\":\"pissa\"}", "peft/adapter_config.json: init_lora_weights is \"pissa\": its training "
                                              "began by changing the model's weights"},
        {"{\"init_lora_weights\":\"pissa\"}", "save it in peft with path_initial_model_for_weight_conversion, or merge "
                                              "it there (merge_and_unload) and give the UNet as unet"},
        {"{\"init_lora_weights\":\"pissa_niter_16\"}", "is \"pissa_niter_16\": its training began"},
        {"{\"init_lora_weights\":\"pissa_niter_16\"}", "merge it there before it is saved (merge_and_unload)"},
        {"{\"init_lora_weights\":\"OLoRA\"}", "init_lora_weights is \"OLoRA\": its training began"},
        {"{\"unet.init_lora_weights\":\"corda\"}", "init_lora_weights is \"corda\": its training began"},
        {"{\"init_lora_weights\":\"lora_ga\"}", "init_lora_weights is \"lora_ga\": its training began"},
        {"{\"init_lora_weights\":\"loftq\"}", "init_lora_weights is \"loftq\", and the weights that"},
        {"{\"init_lora_weights\":\"new\"}", "init_lora_weights is \"new\", and the weights that"},
        {"{\"init_lora_weights\":[1]}", "init_lora_weights is [1], and the weights that"},
        {"{\"peft_type\":\"LOHA\"}", "peft/adapter_config.json: peft_type is \"LOHA\", and plain LoRA alone"},
        {"{\"peft_type\":7}", "peft_type is 7"},
        {"{\"use_dora\":true}", "use_dora is true, and plain LoRA alone"},
        {"{\"unet.use_dora\":true}", "use_dora is true"},
        {"{\"lora_bias\":true}", "lora_bias is true"},
        {"{\"use_qalora\":true}", "use_qalora is true"},
        {"{\"use_bdlora\":{\"nblocks\":2}}", "use_bdlora is {\"nblocks\":2}"},
        {"{\"kasa_config\":{\"beta\":0.1}}", "kasa_config is {\"beta\":"},
        {"{\"monteclora_config\":{\"beta\":1}}", "monteclora_config is"},
        {"{\"arrow_config\":{\"top_k\":1}}", "arrow_config is"},
        {"{\"layer_replication\":[[0,4]]}", "layer_replication is [[0,4]]"},
        {"{\"alora_invocation_tokens\":[1]}", "alora_invocation_tokens is [1]"},
        {"{\"use_what_comes\":\"" LONG LONG LONG LONG "\"}", "use_what_comes is \"" LONG LONG LONG},
        {"{\"use_rslora\":1}", "use_rslora of the LoRA's configuration is an integer"},
        {"{\"lora_alpha\":", "peft/adapter_config.json"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        i2v_error error;
        write_adapter(cases[i].config);
        if (cases[i].sentence)
            expect_refused("peft", 1, cases[i].sentence);
        else if (try_open("peft", 1, &error))
            fail_msg("%s", error.message);
    }
    remove_peft();
}

static void folders(void **state) {
    (void)state;
    i2v_error error;
    mkdir(in_folder("peft"), 0700);
    expect_refused("peft", 1, "peft: an empty folder, no LoRA");
    write_file("peft/b.txt", "", 0);
    write_file("peft/.hidden.safetensors", "", 0);
    mkdir(in_folder("peft/a"), 0700);
    expect_refused("peft", 1, "a folder without a file of weights, so no LoRA; in it are a, b.txt; give");
    write_file("peft/step.pt", "\x80\x02.", 3);
    expect_refused("peft", 1, "peft/step.pt: it is a Python pickle");
    write_file("peft/optimizer.bin", "", 0);
    expect_refused("peft", 1, "several files that may be the LoRA, optimizer.bin, step.pt; give one");
    write_file("peft/adapter_model.bin", "", 0);
    expect_refused("peft", 1, "peft/adapter_model.bin: it is empty");
    write_lora("peft/mine.safetensors", "", GOOD, 1);
    assert_int_equal(try_open("peft", 1, &error), I2V_OK);
    write_lora("peft/other.safetensors", "", GOOD, 1);
    expect_refused("peft", 1, "several files that may be the LoRA, mine.safetensors, other.safetensors; give one");
    write_lora("peft/pytorch_lora_weights.safetensors", "", GOOD, 1);
    assert_int_equal(try_open("peft", 1, &error), I2V_OK);
    write_lora("peft/adapter_model.safetensors", "", GOOD, 1);
    expect_refused("peft", 1, "LoRA, adapter_model.safetensors, pytorch_lora_weights.safetensors; give one of them");
    for (int i = 0; i < 9; i++) {
        char name[32];
        snprintf(name, sizeof name, "peft/%d.safetensors", i);
        write_file(name, "", 0);
    }
    unlink(in_folder("peft/adapter_model.safetensors"));
    unlink(in_folder("peft/pytorch_lora_weights.safetensors"));
    expect_refused("peft", 1, "4.safetensors and 6 more; give one");
    remove_peft();
}

/* How many warnings a LoRA of these tensors gives. */
static size_t warnings_of(const char *name) {
    i2v_lora lora = {in_folder(name), 1};
    i2v_lora_set *set = NULL;
    i2v_error error = {0};
    if (i2v_lora_open(&set, &lora, 1, unet, &stability, &error)) fail_msg("%s", error.message);
    size_t count;
    const char *const *warnings = i2v_lora_warnings(set, &count);
    assert_true(count == 0 ? warnings == NULL : count == 1);
    if (count) {
        assert_non_null(strstr(warnings[0], lora.path));
        assert_non_null(strstr(warnings[0], ": nothing says its alpha"));
    }
    i2v_lora_close(set);
    return count;
}

#define PEFT "base_model.model.mid_block.attentions.0.transformer_blocks.0.attn1.to_q.lora_"
#define PIPELINE "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q.lora_"
#define OLD "mid_block.attentions.0.transformer_blocks.0.attn1.processor.to_q_lora."

/* Not of a diffusers pipeline's file: it says none where it is the rank. */
static void alphas_that_are_not_said(void **state) {
    (void)state;
    static const struct {
        const char *metadata, *lines;
        size_t warnings;
    } cases[] = {
        {"", GOOD, 1},
        {"", GOOD LAYER ".alpha [] F32\n", 0},
        {"", PEFT "A.weight [2,32] F32\n" PEFT "B.weight [32,2] F32\n", 1},
        {METADATA("\\\"r\\\":2"), PEFT "A.weight [2,32] F32\n" PEFT "B.weight [32,2] F32\n", 1},
        {METADATA("\\\"lora_alpha\\\":2"), PEFT "A.weight [2,32] F32\n" PEFT "B.weight [32,2] F32\n", 0},
        {"", PIPELINE "A.weight [2,32] F32\n" PIPELINE "B.weight [32,2] F32\n", 0},
        {"", OLD "down.weight [2,32] F32\n" OLD "up.weight [32,2] F32\n", 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        write_lora("lora.safetensors", cases[i].metadata, cases[i].lines, 1);
        assert_int_equal(warnings_of("lora.safetensors"), cases[i].warnings);
    }
    write_adapter("{\"lora_alpha\":4}");
    assert_int_equal(warnings_of("peft"), 0);
    assert_int_equal(warnings_of("peft/adapter_model.safetensors"), 0);
    /* under another name, where the configuration can be no other file's */
    write_lora("peft/style.safetensors", "", GOOD, 1);
    assert_int_equal(warnings_of("peft/style.safetensors"), 1);
    unlink(in_folder("peft/adapter_model.safetensors"));
    assert_int_equal(warnings_of("peft/style.safetensors"), 0);
    assert_int_equal(warnings_of("peft"), 0);
    write_adapter("{\"lora_alpha\":4}");
    unlink(in_folder("peft/style.safetensors"));
    unlink(in_folder("peft/adapter_config.json"));
    assert_int_equal(warnings_of("peft"), 1);
    remove_peft();

    /* what a caller sees; each file by itself */
    write_lora("lora.safetensors", "", GOOD, 1);
    i2v_lora loras[] = {{KOHYA, 1}, {in_folder("lora.safetensors"), 1}, {in_folder("lora.safetensors"), 0}};
    for (size_t count = 1; count <= 3; count++) {
        i2v_engine *engine = engine_with(loras, count, I2V_DTYPE_F32);
        i2v_model_info info;
        assert_int_equal(i2v_get_model_info(engine, &info), I2V_OK);
        assert_int_equal(info.warnings_count, count - 1);
        if (count > 1) assert_non_null(strstr(info.warnings[0], "lora.safetensors: nothing says its alpha"));
        i2v_close(engine);
    }
}

/* Every part of a file is no file. Also what bytes say that are turned over: a sentence, or a LoRA. */
static void damaged_files(void **state) {
    (void)state;
    FILE *file = fopen(KOHYA, "rb");
    assert_non_null(file);
    static uint8_t whole[1 << 17], damaged[1 << 17];
    size_t size = fread(whole, 1, sizeof whole, file);
    fclose(file);
    uint64_t header;
    memcpy(&header, whole, 8);
    assert_true(header < size && size < sizeof whole);
    i2v_error error;
    for (size_t end = 0; end < size; end += end < 64 ? 1 : 997) {
        write_file("lora.safetensors", whole, end);
        assert_int_not_equal(try_open("lora.safetensors", 1, &error), I2V_OK);
    }
    uint32_t random = 1;
    int refused = 0;
    for (int i = 0; i < 600; i++) {
        memcpy(damaged, whole, size);
        for (int k = 0; k < 1 + i % 3; k++) {
            random = random * 1664525u + 1013904223u;
            damaged[(random >> 8) % (8 + header)] ^= (uint8_t)(1u << (random & 7));
        }
        write_file("lora.safetensors", damaged, size);
        refused += try_open("lora.safetensors", 1, &error) != I2V_OK;
    }
    assert_true(refused > 500);
}

/* i2v_open says what is wrong, and nothing is left behind. */
static void engines(void **state) {
    (void)state;
    i2v_lora loras[] = {{KOHYA, 1}, {CONVOLUTIONS, NAN}};
    i2v_options options;
    i2v_options_default(&options);
    options.loras = loras;
    options.loras_count = 2;
    i2v_engine *engine = NULL;
    assert_int_equal(i2v_open(&engine, i2v_reference_at(0).model, &options), I2V_ERROR_PARAMETER);
    assert_non_null(strstr(i2v_error_message(engine), "convolutions.safetensors"));
    i2v_close(engine);
    /* a LoRA for other sizes */
    loras[1].scale = 1;
    assert_int_equal(i2v_open(&engine, i2v_reference_at(1).model, &options), I2V_ERROR_MODEL);
    assert_non_null(strstr(i2v_error_message(engine), "layers-kohya.safetensors: tensor lora_unet_"));
    i2v_close(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_equal_peft),
        cmocka_unit_test(scale_of_zero_changes_no_bit),
        cmocka_unit_test(trades_change_no_bit),
        cmocka_unit_test(many_files),
        cmocka_unit_test(bf16),
        cmocka_unit_test(int8),
        cmocka_unit_test(plans_count_what_is_loaded),
        cmocka_unit_test(plans_count_what_adding_takes),
        cmocka_unit_test(tensors_that_do_not_fit),
        cmocka_unit_test(tensors_that_fit),
        cmocka_unit_test(values_that_are_none),
        cmocka_unit_test(values_that_are_not_finite),
        cmocka_unit_test(configurations),
        cmocka_unit_test(fields_of_peft),
        cmocka_unit_test(folders),
        cmocka_unit_test(alphas_that_are_not_said),
        cmocka_unit_test(damaged_files),
        cmocka_unit_test(engines),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
