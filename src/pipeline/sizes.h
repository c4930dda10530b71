/* The sizes of one run, checked. */
#ifndef I2V_PIPELINE_SIZES_H
#define I2V_PIPELINE_SIZES_H

#include "pipeline/engine.h"
#include "pipeline/passes.h"

typedef struct i2v_sizes {
    int width, height; /* pixels */
    int num_frames;    /* of a clip */
    int num_videos, num_clips;
    int latent_channels, latent_height, latent_width;
    int decode_chunk_size; /* 1..num_frames */
    int levels;            /* num_inference_steps: the last step ends below them */
    int steps;        /* that a run tells of: evaluations of the UNet, one a level, or more (i2v_solver_evaluations) */
    int latents_only; /* 1: nothing is decoded */
    int guidance;     /* 1: two passes an evaluation, or in some of them */
    i2v_passes passes; /* in which */
    /* Noise is drawn for num_noises videos. num_videos of them are made, from number first_noise on. So a video that is
     * made alone (video_index) has the same noise as if all were made. */
    int num_noises, first_noise;
    int preview_every; /* steps from one preview to the next; 0: none are made */
    uint64_t picture; /* bytes of the caller's picture, at least a frame's; 0 of i2v_decode, which has none */
    int noise_draws; /* for steps, beside the latents' own: one a step, or none; each [num_videos, num_frames, channels,
                        h, w] */
    int cache_interval; /* evaluations from one full pass to the next; 0 or 1: all are full. At most the steps. */
    int cache_branch;
    int remembered; /* arrays of a video's latents that are kept from one evaluation to the next: first what the
                       scheduler remembers, then what passes do */
} i2v_sizes;

/* Checks every parameter and fills in the model's own values for those left open. */
i2v_status i2v_sizes_of_params(i2v_sizes *sizes, i2v_engine *engine, const i2v_params *params);

/* What such a run asks of its scheduler. */
i2v_schedule_request i2v_sizes_request(const i2v_sizes *sizes, const i2v_params *params);

/* Those of i2v_decode. */
i2v_status i2v_sizes_of_latents(i2v_sizes *sizes, i2v_engine *engine, const i2v_params *params, int num_frames,
                                int latent_height, int latent_width);

/* Values in one clip's latents, in one frame's, in one clip's frames, and in one frame. */
size_t i2v_sizes_latents(const i2v_sizes *sizes);
size_t i2v_sizes_frame_latents(const i2v_sizes *sizes);
size_t i2v_sizes_pixels(const i2v_sizes *sizes);
size_t i2v_sizes_frame(const i2v_sizes *sizes);
/* Frames of a video: those of its clips, with the one that neighbours share counted once. */
int i2v_sizes_frames(const i2v_sizes *sizes);

/* Values of what is remembered of one video. */
size_t i2v_sizes_memory(const i2v_sizes *sizes);

/* Values in all draws of step noise. */
size_t i2v_sizes_step_noise(const i2v_sizes *sizes);

#endif
