/* One clip: picture -> conditioning -> denoising -> frames. */
#ifndef I2V_PIPELINE_SAMPLE_H
#define I2V_PIPELINE_SAMPLE_H

#include "pipeline/plan.h"

/* Where one clip of every video goes. */
typedef struct {
    float *latents; /* [num_videos, num_frames, channels, h, w] */
    float *frames;  /* of the first video; of latents alone, NULL */
    size_t stride;  /* from one video's to the next one's */
} i2v_clip_place;

/* One clip of each of sizes->num_videos videos, all of the same picture; they are told of as call's first_video and on.
 */
i2v_status i2v_sample(i2v_call *call, const i2v_image *image, const i2v_params *params, const i2v_sizes *sizes,
                      const i2v_plan *plan, const i2v_clip_place *place);

#endif
