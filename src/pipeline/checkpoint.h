/* The state of a call on disk, from which another process goes on and makes the same bits. */
#ifndef I2V_PIPELINE_CHECKPOINT_H
#define I2V_PIPELINE_CHECKPOINT_H

#include "base/flush.h"
#include "pipeline/call.h"
#include "pipeline/identity.h"
#include "pipeline/position.h"
#include "weights/sealed_file.h"

/* One call's; zero-initialized, and NULL, is one that writes nothing and has nothing to go on from. */
typedef struct i2v_checkpoint {
    const char *path;            /* that is written; NULL: nothing is */
    i2v_video *video;            /* what the call makes */
    const i2v_sizes *sizes;      /* of all of it */
    float *memory;               /* what is remembered between steps of the video that is denoised; NULL: nothing */
    json_t *identity;            /* of the call; NULL: neither is asked for */
    i2v_position begin;          /* what was done before this call */
    i2v_tensor_file file;        /* where that stands, until the call has its latents */
    int resumes;                 /* 1: the file is open */
    char noise[I2V_SHA256_SIZE]; /* over what a caller's own source of random numbers gave so far; "": nothing */
    i2v_flush flush;             /* of the last state that was written */
    i2v_error error;             /* why one could not be written */
    double wrote, took;          /* when the last was written, and the seconds that the call waited for that */
} i2v_checkpoint;

/* Begins a call's. Where params has resume_from, checks that this is undamaged and of the same call, and takes its
 * frames. request and video are used until the end. */
i2v_status i2v_checkpoint_begin(i2v_checkpoint *checkpoint, i2v_engine *engine, const i2v_image *image,
                                const i2v_params *params, const i2v_request *request, i2v_video *video);
/* Ends it, also one that did not begin well. The file stays. */
void i2v_checkpoint_end(i2v_checkpoint *checkpoint);

/* What was done before the call, as i2v_position_steps, _frames and _is_past. */
int i2v_checkpoint_steps(const i2v_checkpoint *checkpoint, int clip, int video);
int i2v_checkpoint_frames(const i2v_checkpoint *checkpoint, int clip, int video);
int i2v_checkpoint_is_past(const i2v_checkpoint *checkpoint, int clip, int video);

/* Numbers that a caller's own source gave: the state knows them again. */
i2v_status i2v_checkpoint_add_noise(i2v_checkpoint *checkpoint, const float *values, size_t count, i2v_error *error);
/* Once those of a clip are noted, of the first clips those of all videos: fails where the call that is gone on with was
 * in that clip and had got others. */
i2v_status i2v_checkpoint_check_noise(const i2v_checkpoint *checkpoint, int clip, int video, i2v_error *error);

/* Lays the latents that were worked on before the call over those in its video, and lets go of the file. To be called
 * once the noise of all of them is drawn. memory, NULL or [sizes' remembered, num_frames, channels, h, w], gets what
 * was remembered between steps of the video that was denoised, and is written with each state until _forget. */
i2v_status i2v_checkpoint_take_latents(i2v_checkpoint *checkpoint, float *memory, i2v_error *error);
void i2v_checkpoint_forget(i2v_checkpoint *checkpoint);

/* Writes the state of the call, if it has one to write: all before the position is done. None is written where
 * i2v_position_is_state does not hold. One with many frames in it is
 * written no more often than costs a hundredth of the time, but for the last. Where writing fails, the call's
 * next events say why, and the state that was written before is still there. */
void i2v_checkpoint_write_at(i2v_call *call, i2v_position position);

#endif
