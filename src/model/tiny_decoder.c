/* The layers, in the order of their numbers in the file: a convolution and a ReLU; then, for each doubling, three
 * blocks, the nearest neighbour's upsampling and a convolution; a block and a convolution at the end. */
#include "model/tiny_decoder.h"

#include "base/text.h"
#include "tensor/values.h"
#include "weights/rename.h"

#include <stdio.h>
#include <string.h>

/* ---- the file ---------------------------------------------------------------------------------------------------- */

/* A stage is three blocks, an upsampling and a convolution. */
enum { STAGE_LAYERS = I2V_TINY_STAGE_BLOCKS + 2 };

/* The number of the first block, and of the last layer. */
static int first_block(const i2v_tiny_config *config) {
    return config->first + 2;
}

static int last_layer(const i2v_tiny_config *config) {
    return first_block(config) + STAGE_LAYERS * config->stages + 1;
}

I2V_PRINTF(3, 4)
static const i2v_weight *find(const i2v_weights *file, const char *prefix, const char *format, ...) {
    char name[I2V_NAME_SIZE];
    int used = snprintf(name, sizeof name, "%s", prefix);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name + used, sizeof name - (size_t)used, format, arguments);
    va_end(arguments);
    return i2v_weights_find(file, name);
}

/* 1 if the names behind prefix are those of a decoder whose first convolution has that number. */
static int is_decoder(const i2v_weights *file, const char *prefix, int first) {
    const i2v_weight *in = find(file, prefix, "%d.weight", first);
    const i2v_weight *block = find(file, prefix, "%d.conv.0.weight", first + 2);
    return in && in->ndim == 4 && block && block->ndim == 4 && !find(file, prefix, "%d.weight", first + 1) &&
           (first == 0 || !find(file, prefix, "0.weight"));
}

/* Sets the sizes; the loader checks all shapes by them. */
static void read_sizes(i2v_tiny_config *config, const i2v_weights *file, const char *prefix, int first) {
    const i2v_weight *in = find(file, prefix, "%d.weight", first);
    const i2v_weight *block = find(file, prefix, "%d.conv.0.weight", first + 2);
    *config = (i2v_tiny_config){.first = first};
    config->latent_channels = in->shape[1] < 1 || in->shape[1] > 4096 ? 1 : (int)in->shape[1];
    config->channels = in->shape[0] < 1 || in->shape[0] > 4096 ? 1 : (int)in->shape[0];
    config->temporal = block->shape[1] == 2 * (int64_t)config->channels;
    for (config->stages = 1; config->stages < I2V_TINY_MAX_STAGES; config->stages++)
        if (find(file, prefix, "%d.weight", last_layer(config))) return;
}

i2v_status i2v_tiny_config_find(i2v_tiny_config *config, i2v_weights **part, i2v_weights *file, i2v_error *error) {
    for (size_t i = 0; i < i2v_weights_count(file); i++) {
        const char *name = i2v_weights_at(file, i)->name;
        char prefix[I2V_NAME_SIZE];
        for (int first = 0; first < 2; first++) {
            const char *ending = first ? "1.weight" : "0.weight";
            size_t length = strlen(name) - strlen(ending);
            if (!i2v_ends_with(name, ending) || length >= sizeof prefix / 2 || (length && name[length - 1] != '.'))
                continue;
            snprintf(prefix, sizeof prefix, "%.*s", (int)length, name);
            if (!is_decoder(file, prefix, first)) continue;
            read_sizes(config, file, prefix, first);
            i2v_weights_explain_misfit(
                file, "the file is no decoder of TAESD, TAESDV or AutoencoderTiny, or it is damaged: download "
                      "it again");
            return i2v_weights_strip(part, file, prefix, error);
        }
    }
    return i2v_fail(error, I2V_ERROR_MODEL,
                    "%s: it has no decoder of TAESD, TAESDV or diffusers' AutoencoderTiny (its first tensor is %s); "
                    "give " I2V_TINY_FILES,
                    i2v_weights_path(file), i2v_weights_count(file) ? i2v_weights_at(file, 0)->name : "missing");
}

static void load_block(i2v_loader *loader, i2v_tiny_block *block, const i2v_tiny_config *config, int layer) {
    i2v_loader_enter(loader, "%d.conv", layer);
    for (int i = 0; i < 3; i++) {
        char number[16];
        block->conv[i] =
            i2v_conv_3x3(i == 0 && config->temporal ? 2 * config->channels : config->channels, config->channels);
        snprintf(number, sizeof number, "%d", 2 * i);
        i2v_load_conv(loader, &block->conv[i], 1, number);
    }
    i2v_loader_leave(loader);
}

static void load_conv(i2v_loader *loader, i2v_conv *conv, int in, int out, int doubles, int layer) {
    char number[16];
    snprintf(number, sizeof number, "%d", layer);
    *conv = i2v_conv_3x3(in, out);
    conv->doubles = doubles;
    i2v_load_conv(loader, conv, !doubles, number);
}

void i2v_tiny_decoder_load(i2v_loader *loader, i2v_tiny_decoder *decoder, const i2v_tiny_config *config) {
    memset(decoder, 0, sizeof *decoder);
    decoder->config = *config;
    int channels = config->channels, layer = first_block(config);
    load_conv(loader, &decoder->conv_in, config->latent_channels, channels, 0, config->first);
    for (int s = 0; s < config->stages; s++, layer += 2) {
        for (int i = 0; i < I2V_TINY_STAGE_BLOCKS; i++)
            load_block(loader, &decoder->stages[s].blocks[i], config, layer++);
        load_conv(loader, &decoder->stages[s].upsampler, channels, channels, 1, layer + 1);
    }
    load_block(loader, &decoder->last, config, layer);
    load_conv(loader, &decoder->conv_out, channels, 3, 0, layer + 1);
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

void i2v_tiny_memory_begin(i2v_run *run, i2v_tiny_memory *memory, const i2v_tiny_decoder *decoder, int height,
                           int width) {
    const i2v_tiny_config *config = &decoder->config;
    *memory = (i2v_tiny_memory){0};
    if (!config->temporal) return;
    for (int i = 0; i <= config->stages * I2V_TINY_STAGE_BLOCKS; i++) {
        int stage = i / I2V_TINY_STAGE_BLOCKS;
        memory->blocks[i] = i2v_tensor_new(run, 1, height << stage, width << stage, config->channels);
        i2v_tensor_zero(run, memory->blocks[i]);
        memory->count++;
    }
}

void i2v_tiny_memory_end(i2v_run *run, i2v_tiny_memory *memory) {
    for (int i = memory->count; i-- > 0;) i2v_tensor_free(run, &memory->blocks[i]);
    memory->count = 0;
}

int i2v_tiny_decoder_reach(const i2v_tiny_config *config) {
    return config->temporal ? config->stages * I2V_TINY_STAGE_BLOCKS + 1 : 0;
}

/* ---- the pass ---------------------------------------------------------------------------------------------------- */

/* The block's first convolution, in which each frame of a temporal decoder meets the one before. */
static void convolve_with_past(i2v_run *run, const i2v_conv *conv, i2v_tensor out, i2v_tensor x, i2v_tensor *past) {
    i2v_epilogue relu = i2v_epilogue_relu();
    if (!past) {
        i2v_op_conv(run, out, x, conv, relu);
        return;
    }
    i2v_op_conv_normed(run, i2v_tensor_frames(&out, 0, 1), i2v_tensor_frames(&x, 0, 1), *past, NULL, conv, relu);
    if (x.frames > 1)
        i2v_op_conv_normed(run, i2v_tensor_frames(&out, 1, x.frames - 1), i2v_tensor_frames(&x, 1, x.frames - 1),
                           i2v_tensor_frames(&x, 0, x.frames - 1), NULL, conv, relu);
    i2v_tensor_copy(run, *past, i2v_tensor_frames(&x, x.frames - 1, 1));
}

/* Into x itself. past: NULL without time. */
static void run_block(i2v_run *run, const i2v_tiny_block *block, i2v_tensor x, i2v_tensor *past) {
    i2v_tensor hidden = i2v_tensor_new(run, x.frames, x.height, x.width, x.channels);
    i2v_tensor middle = i2v_tensor_new(run, x.frames, x.height, x.width, x.channels);
    i2v_epilogue add_and_relu = i2v_epilogue_residual(x);
    add_and_relu.relu = 1;
    convolve_with_past(run, &block->conv[0], hidden, x, past);
    i2v_op_conv(run, middle, hidden, &block->conv[1], i2v_epilogue_relu());
    i2v_op_conv(run, x, middle, &block->conv[2], add_and_relu);
    i2v_tensor_free(run, &middle);
    i2v_tensor_free(run, &hidden);
}

/* Some frames through the whole network. */
static void decode(i2v_run *run, const i2v_tiny_decoder *decoder, i2v_tiny_memory *memory, i2v_tensor out,
                   i2v_tensor latents) {
    int channels = decoder->config.channels, number = 0, frames = latents.frames;
    i2v_tensor x = i2v_tensor_new(run, frames, latents.height, latents.width, channels);
    i2v_op_conv(run, x, latents, &decoder->conv_in, i2v_epilogue_relu());
    for (int s = 0; s < decoder->config.stages; s++) {
        for (int i = 0; i < I2V_TINY_STAGE_BLOCKS; i++, number++)
            run_block(run, &decoder->stages[s].blocks[i], x, memory->count ? &memory->blocks[number] : NULL);
        i2v_tensor doubled = i2v_tensor_new(run, frames, 2 * x.height, 2 * x.width, channels);
        i2v_op_conv(run, doubled, x, &decoder->stages[s].upsampler, i2v_epilogue_plain());
        i2v_tensor_free(run, &x);
        x = doubled;
    }
    run_block(run, &decoder->last, x, memory->count ? &memory->blocks[number] : NULL);
    i2v_op_conv(run, out, x, &decoder->conv_out, i2v_epilogue_plain());
    i2v_tensor_free(run, &x);
}

void i2v_tiny_decode(i2v_run *run, const i2v_tiny_decoder *decoder, i2v_tiny_memory *memory, i2v_tensor out,
                     i2v_tensor latents) {
    int64_t values = (int64_t)out.height * out.width * decoder->config.channels;
    int batch = i2v_run_batch(run, latents.frames, values);
    for (int first = 0; first < latents.frames; first += batch)
        decode(run, decoder, memory, i2v_tensor_frames(&out, first, batch), i2v_tensor_frames(&latents, first, batch));
}
