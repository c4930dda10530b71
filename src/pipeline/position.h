/* How far a call is. First the first clips of all videos are denoised one after the other, and then decoded one after
 * the other; each later clip is denoised and decoded by itself, those of all videos before the next. */
#ifndef I2V_PIPELINE_POSITION_H
#define I2V_PIPELINE_POSITION_H

#include "pipeline/sizes.h"

typedef struct i2v_position {
    int clip, video;
    int decodes; /* 0: it denoises, 1: it decodes */
    int done;    /* of that: steps, or frames */
} i2v_position;

/* 1 if latents and frames are all that is needed to go on from there: between chunks that are decoded, and between the
 * intervals of DeepCache. Within an interval the UNet's features would be needed, too. They are tens of times as large
 * as the latents that they were computed from, and a full pass would make them again; but the few cached passes that
 * are lost back to the interval's begin cost hardly more than that pass, and often less. */
int i2v_position_is_state(const i2v_position *position, const i2v_sizes *sizes);

/* 1 if a call of these sizes comes past it, and keeps a state there. */
int i2v_position_fits(const i2v_position *position, const i2v_sizes *sizes);

/* What is done there of a clip of a video: steps, and frames. */
int i2v_position_steps(const i2v_position *position, const i2v_sizes *sizes, int clip, int video);
int i2v_position_frames(const i2v_position *position, const i2v_sizes *sizes, int clip, int video);
/* 1: all of it. */
int i2v_position_is_past(const i2v_position *position, const i2v_sizes *sizes, int clip, int video);

/* 1: nothing comes after it. */
int i2v_position_is_end(const i2v_position *position, const i2v_sizes *sizes);

/* Clips of a video that have latents, and its frames that are there, from the first. */
int i2v_position_video_clips(const i2v_position *position, const i2v_sizes *sizes, int video);
int i2v_position_video_frames(const i2v_position *position, const i2v_sizes *sizes, int video);

#endif
