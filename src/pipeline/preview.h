/* Previews: what a step takes the clean video to be, as small pictures.
 *
 * A latent pixel becomes red, green and blue by an affine map of its channels. The map is fitted in the run itself: the
 * picture, reduced to the latents' size, and its own latent are a sample of what the VAE does. So it needs no weights
 * and fits any VAE. */
#ifndef I2V_PIPELINE_PREVIEW_H
#define I2V_PIPELINE_PREVIEW_H

#include "pipeline/sizes.h"

typedef struct i2v_preview {
    int every;         /* steps from one to the next; 0: none, and all else is zero */
    float *map;        /* [3][channels + 1], to 0..1 */
    float *denoised;   /* [num_frames, channels, h, w]: the step's estimate of the clean latents */
    i2v_image *images; /* [num_frames], of the latents' size */
    const i2v_sizes *sizes;
} i2v_preview;

/* What they take, in bytes. */
uint64_t i2v_preview_bytes(const i2v_sizes *sizes);

/* For a run of these sizes, which must stay; of those without previews, none. To be ended in any case. */
i2v_status i2v_preview_begin(i2v_preview *preview, const i2v_sizes *sizes, i2v_error *error);
void i2v_preview_end(i2v_preview *preview);

/* Fits the map: pixels [height, width, 3] in -1..1 are what the VAE makes latent [h, w, channels] of, which is not
 * multiplied by the scaling factor. */
i2v_status i2v_preview_fit(i2v_preview *preview, const float *pixels, const float *latent, double scaling_factor,
                           i2v_error *error);

/* Is there one after step `step`, from 1, of `steps`? There is after the last. */
int i2v_preview_is_due(const i2v_preview *preview, int step, int steps);

/* Makes the images of what is in `denoised`. */
void i2v_preview_make(i2v_preview *preview);

#endif
