/* DeepCache over the evaluations of a video: which passes are full, and the features that are kept between them. */
#ifndef I2V_PIPELINE_DEEP_CACHE_H
#define I2V_PIPELINE_DEEP_CACHE_H

#include "model/unet.h"
#include "pipeline/sizes.h"

/* The halves of guidance. */
enum { I2V_HALF_WITHOUT, I2V_HALF_WITH, I2V_HALVES };

/* Of one video at a time. Zero-initialized is one that keeps nothing. */
typedef struct i2v_deep_cache {
    int interval; /* evaluations from one full pass of a half to the next; 0: nothing is kept */
    i2v_unet_cut cut;
    struct {
        i2v_tensor kept;
        int interval; /* in which it was kept, from 1; 0: in none of this video's */
    } halves[I2V_HALVES];
} i2v_deep_cache;

/* Takes room for the features of calls of these sizes from the run's pool: none where their cache_interval is 1. End it
 * in any case. */
void i2v_deep_cache_begin(i2v_deep_cache *cache, i2v_run *run, const i2v_unet *unet, const i2v_sizes *sizes);
void i2v_deep_cache_end(i2v_deep_cache *cache, i2v_run *run);

/* Another video begins. */
void i2v_deep_cache_forget(i2v_deep_cache *cache);

/* Notes a half's pass of an evaluation, from 0: *kept becomes the number of its interval, from 1. Returns 1 if the pass
 * is cached, that is made of features which an earlier one of the interval kept, and 0 if it is full. interval:
 * evaluations in one; 0 or 1: every pass is full, and *kept 0. */
int i2v_deep_cache_note(int *kept, int interval, int evaluation);

/* 1 if the half's pass of this evaluation, from 0, would be made of features. */
int i2v_deep_cache_has(const i2v_deep_cache *cache, int half, int evaluation);

/* The half's pass of this evaluation, which is to follow: cached, or full. Returns *features, or NULL where nothing is
 * kept. */
const i2v_unet_features *i2v_deep_cache_next(i2v_deep_cache *cache, i2v_unet_features *features, int half,
                                             int evaluation);

#endif
