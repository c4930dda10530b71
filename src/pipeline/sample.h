/* One clip: picture -> conditioning -> denoising -> frames. */
#ifndef I2V_PIPELINE_SAMPLE_H
#define I2V_PIPELINE_SAMPLE_H

#include "pipeline/noise.h"
#include "pipeline/plan.h"

/* Where one clip of every video goes. */
typedef struct {
    i2v_latents_place latents;
    float *frames;        /* of the first video; of latents alone, NULL */
    size_t frames_stride; /* from one video's to the next one's */
    int has_first;        /* 1: the first frame is there already, and stays: it is the last of the clip before */
} i2v_clip_place;

/* One clip of each of the request's videos, all of the same picture; they are told of as call's first_video and on. */
i2v_status i2v_sample(i2v_call *call, const i2v_image *image, const i2v_request *request, const i2v_plan *plan,
                      const i2v_clip_place *place);

#endif
