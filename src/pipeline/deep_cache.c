/* DeepCache over the evaluations of a video. As in its code for Stable Video Diffusion, evaluations 0, N, 2N, ... are
 * full, and those between go on from the features of the last full one; a scheduler that takes two evaluations a step
 * is counted by evaluations, too. (There the list of full ones ends at the number of steps, so that Heun's second half
 * has none: this is not followed.) */
#include "pipeline/deep_cache.h"

#include "tensor/values.h"

void i2v_deep_cache_begin(i2v_deep_cache *cache, i2v_run *run, const i2v_unet *unet, const i2v_sizes *sizes) {
    *cache = (i2v_deep_cache){0};
    if (sizes->cache_interval < 2) return;
    cache->interval = sizes->cache_interval;
    cache->cut = i2v_unet_cut_at(&unet->config, sizes->cache_branch);
    for (int half = sizes->guidance ? I2V_HALF_WITHOUT : I2V_HALF_WITH; half < I2V_HALVES; half++) {
        cache->halves[half].kept =
            i2v_unet_features_new(run, &cache->cut, sizes->num_frames, sizes->latent_height, sizes->latent_width);
    }
}

void i2v_deep_cache_end(i2v_deep_cache *cache, i2v_run *run) {
    if (!cache->interval) return;
    for (int half = 0; half < I2V_HALVES; half++) i2v_tensor_free(run, &cache->halves[half].kept);
    *cache = (i2v_deep_cache){0};
}

void i2v_deep_cache_forget(i2v_deep_cache *cache) {
    for (int half = 0; half < I2V_HALVES; half++) cache->halves[half].interval = 0;
}

/* A half whose pass is not made where its interval begins is full when it is made. */
int i2v_deep_cache_note(int *kept, int interval, int evaluation) {
    int last = *kept;
    *kept = interval > 1 ? 1 + evaluation / interval : 0;
    return *kept && *kept == last;
}

int i2v_deep_cache_has(const i2v_deep_cache *cache, int half, int evaluation) {
    int kept = cache->halves[half].interval;
    return i2v_deep_cache_note(&kept, cache->interval, evaluation);
}

const i2v_unet_features *i2v_deep_cache_next(i2v_deep_cache *cache, i2v_unet_features *features, int half,
                                             int evaluation) {
    if (!cache->interval) return NULL;
    int is_cached = i2v_deep_cache_note(&cache->halves[half].interval, cache->interval, evaluation);
    *features = (i2v_unet_features){.cut = &cache->cut, .kept = cache->halves[half].kept, .is_cached = is_cached};
    return features;
}
