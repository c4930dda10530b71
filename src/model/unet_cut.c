/* Where DeepCache cuts the UNet: the layers are counted, by its configuration alone. */
#include "model/unet_cut.h"

/* Skips that a level's way down leaves. */
static int skips_of(const i2v_unet_config *config, int level) {
    return config->layers_per_block[level] + (level + 1 < config->levels);
}

int i2v_unet_branches_end(const i2v_unet_config *config) {
    int end = 0;
    for (int level = 0; level < config->levels; level++) end += skips_of(config, level);
    return end;
}

static int min(int a, int b) {
    return a < b ? a : b;
}

/* The layers of the way down that a cached pass computes. */
static void count_down(i2v_unet_cut *cut, const i2v_unet_config *config) {
    int left = cut->skips - 1;
    for (int level = 0; level < config->levels; level++) {
        int layers = min(left, config->layers_per_block[level]);
        cut->resnets.first += layers;
        if (config->down_attention[level]) cut->transformers.first += layers;
        left -= min(left, skips_of(config, level));
    }
}

/* Those that a full pass has before the way up. */
static void count_all_down(i2v_unet_cut *cut, const i2v_unet_config *config) {
    for (int level = 0; level < config->levels; level++) {
        cut->resnets.end += config->layers_per_block[level];
        if (config->down_attention[level]) cut->transformers.end += config->layers_per_block[level];
    }
    cut->resnets.end += 2; /* the mid block's */
    cut->transformers.end += 1;
}

/* The layers of the way up that a cached pass leaves out, and the one where it goes on: what comes to the first layer
 * of a block has the channels of the block below. */
static void count_up(i2v_unet_cut *cut, const i2v_unet_config *config) {
    int left = cut->layers_out;
    for (int index = 0; index < config->levels; index++) {
        int level = config->levels - 1 - index, layers = config->layers_per_block[level] + 1, out = min(left, layers);
        cut->resnets.end += out;
        if (config->up_attention[index]) cut->transformers.end += out;
        left -= out;
        if (out == layers) continue;
        cut->level = level;
        cut->channels = config->block_out_channels[out == 0 && index > 0 ? level + 1 : level];
        return;
    }
}

i2v_unet_cut i2v_unet_cut_at(const i2v_unet_config *config, int branch) {
    i2v_unet_cut cut = {.skips = branch + 2, .layers_out = i2v_unet_branches_end(config) - branch - 1};
    count_down(&cut, config);
    count_all_down(&cut, config);
    count_up(&cut, config);
    return cut;
}
