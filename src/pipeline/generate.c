/* A whole call: one clip, or several that go on from one another. */
#include "base/parameters.h"
#include "media/media.h"
#include "pipeline/checkpoint.h"
#include "pipeline/decode.h"
#include "pipeline/expect.h"
#include "pipeline/not_finite.h"
#include "pipeline/one_colour.h"
#include "pipeline/sample.h"

#include <stdlib.h>
#include <string.h>

void i2v_params_default(i2v_params *params) {
    if (!params) return;
    *params = (i2v_params){0};
    i2v_parameters_default(I2V_STRUCT_PARAMS, params);
}

void i2v_video_free(i2v_video *video) {
    if (!video) return;
    free(video->frames);
    free(video->latents);
    free(video);
}

static i2v_video *video_new(const i2v_sizes *sizes, int fps, i2v_error *error) {
    size_t videos = (size_t)sizes->num_videos, clips = (size_t)sizes->num_clips;
    size_t values = videos * (size_t)i2v_sizes_frames(sizes) * i2v_sizes_frame(sizes);
    i2v_video *video = calloc(1, sizeof *video);
    if (video) {
        *video = (i2v_video){.num_videos = sizes->num_videos,
                             .num_frames = i2v_sizes_frames(sizes),
                             .height = sizes->height,
                             .width = sizes->width,
                             .latent_channels = sizes->latent_channels,
                             .latent_height = sizes->latent_height,
                             .latent_width = sizes->latent_width,
                             .fps = fps,
                             .num_clips = sizes->num_clips,
                             .clip_frames = sizes->num_frames};
        if (!sizes->latents_only) video->frames = malloc(values * sizeof(float));
        video->latents = malloc(videos * clips * i2v_sizes_latents(sizes) * sizeof(float));
        if ((video->frames || sizes->latents_only) && video->latents) return video;
    }
    i2v_video_free(video);
    i2v_fail_memory(error, "the video's frames", values * sizeof(float));
    return NULL;
}

/* ---- clips that go on from one another ---- */

/* Clip `clip` of video `index` and of those after it: its first frame is the last one of the clip before. */
static i2v_clip_place place_of(const i2v_video *video, const i2v_sizes *sizes, int index, int clip) {
    size_t latents = i2v_sizes_latents(sizes), frame = i2v_sizes_frame(sizes);
    i2v_clip_place place = {.latents = {.stride = (size_t)sizes->num_clips * latents},
                            .frames_stride = (size_t)video->num_frames * frame,
                            .has_first = clip > 0};
    place.latents.first = video->latents + (size_t)index * place.latents.stride + (size_t)clip * latents;
    if (!video->frames) return place;
    place.frames =
        video->frames + (size_t)index * place.frames_stride + (size_t)clip * (size_t)(sizes->num_frames - 1) * frame;
    return place;
}

/* Makes the clip of the frame where it starts. */
static i2v_status generate_next(i2v_call *call, const i2v_request *request, const i2v_plan *plan,
                                const i2v_clip_place *place) {
    const i2v_sizes *sizes = &request->sizes;
    i2v_image *image = NULL;
    i2v_status status = i2v_image_new(&image, sizes->width, sizes->height, &call->engine->error);
    if (status) return status;
    i2v_frame_to_u8(place->frames, i2v_sizes_frame(sizes), image->pixels);
    status = i2v_sample(call, image, request, plan, place);
    i2v_image_free(image);
    return status;
}

/* Of what the call is to take, what was done before it. */
static void skip_done(i2v_call *call, const i2v_sizes *sizes) {
    const i2v_checkpoint *checkpoint = call->checkpoint;
    double steps = 0, frames = 0, encodings = 0;
    for (int clip = 0; clip < sizes->num_clips; clip++) {
        for (int video = 0; video < sizes->num_videos; video++) {
            int done = i2v_checkpoint_steps(checkpoint, clip, video), one = clip > 0 || video == sizes->num_videos - 1;
            steps += i2v_passes_cost(&sizes->passes, done);
            frames += i2v_checkpoint_frames(checkpoint, clip, video);
            encodings += one && done == sizes->steps;
        }
    }
    i2v_call_skip(call, I2V_STAGE_CLIP, encodings);
    i2v_call_skip(call, I2V_STAGE_ENCODER, encodings);
    i2v_call_skip(call, I2V_STAGE_UNET, steps);
    if (!sizes->latents_only) i2v_call_skip(call, I2V_STAGE_DECODER, frames);
}

static i2v_status generate_clips(i2v_call *call, const i2v_image *image, const i2v_request *request,
                                 const i2v_plan *plan, i2v_video *video) {
    const i2v_sizes *sizes = &request->sizes;
    i2v_clip_place first = place_of(video, sizes, 0, 0);
    i2v_expect_clips(call, plan, sizes);
    skip_done(call, sizes);
    i2v_status status = i2v_sample(call, image, request, plan, &first);
    for (call->clip = 1; !status && call->clip < sizes->num_clips; call->clip++) {
        i2v_request one = i2v_request_of_clip(request, call->clip);
        for (int i = 0; !status && i < sizes->num_videos; i++) {
            i2v_clip_place place = place_of(video, sizes, i, call->clip);
            call->first_video = i;
            status = generate_next(call, &one, plan, &place);
        }
    }
    return status ? status : i2v_checkpoint_take_latents(call->checkpoint, NULL, &call->engine->error);
}

/* Decodes all clips of the video's latents; where two share a frame, the earlier one's stays. */
static i2v_status decode_clips(i2v_call *call, const i2v_sizes *sizes, const i2v_plan *plan, i2v_video *video) {
    i2v_stage stage;
    i2v_expect_decoding(call, plan, sizes);
    i2v_status status =
        i2v_stage_begin(&stage, I2V_STAGE_DECODER, call->engine, sizes, call, &plan->stages[I2V_STAGE_DECODER]);
    for (call->clip = 0; !status && call->clip < sizes->num_clips; call->clip++) {
        i2v_clip_place place = place_of(video, sizes, 0, call->clip);
        status = i2v_decode_latents(call, &stage, sizes, 0, place.latents.first, place.has_first, place.frames);
    }
    i2v_stage_end(&stage);
    return status;
}

/* ---- calls ---- */

/* Ends a call: the result is the caller's only if all went well. */
static i2v_status finish(i2v_engine *engine, i2v_status status, i2v_video *made, i2v_video **video) {
    if (status) {
        i2v_video_free(made);
    } else {
        i2v_warn_of_one_colour(made);
        *video = made;
    }
    return i2v_engine_end(engine, status);
}

i2v_status i2v_generate(i2v_engine *engine, const i2v_image *image, const i2v_params *params, i2v_video **video) {
    i2v_request request;
    i2v_sizes *sizes = &request.sizes;
    i2v_plan plan;
    i2v_checkpoint checkpoint = {0};
    i2v_video *made = NULL;
    if (video) *video = NULL;
    i2v_status status = i2v_engine_begin(engine);
    if (status) return status;
    status = i2v_require(&engine->error, "params", params, "video", video, NULL);
    if (!status) status = i2v_image_check(image, "image", &engine->error);
    if (!status) status = i2v_request_make(&request, engine, params);
    if (!status) {
        uint64_t picture = (uint64_t)image->width * (uint64_t)image->height * 3;
        if (sizes->picture < picture) sizes->picture = picture;
        status = i2v_plan_make(&plan, engine, sizes, I2V_STAGE_CLIP);
    }
    if (!status) {
        i2v_plan_free_others(&plan, engine, sizes);
        made = video_new(sizes, request.fps, &engine->error);
        if (!made) status = I2V_ERROR_MEMORY;
    }
    if (!status) status = i2v_checkpoint_begin(&checkpoint, engine, image, params, &request, made);
    if (!status) {
        i2v_call call = {.engine = engine,
                         .on_event = params->on_event,
                         .user = params->user,
                         .num_videos = sizes->num_videos,
                         .num_clips = sizes->num_clips,
                         .passes = &sizes->passes,
                         .checkpoint = &checkpoint};
        status = generate_clips(&call, image, &request, &plan, made);
    }
    i2v_checkpoint_end(&checkpoint);
    return finish(engine, status, made, video);
}

/* Values in the latents of all clips of a video. */
static size_t latents_count(const i2v_sizes *sizes) {
    return (size_t)sizes->num_clips * i2v_sizes_latents(sizes);
}

i2v_status i2v_decode(i2v_engine *engine, const float *latents, int num_frames, int latent_height, int latent_width,
                      const i2v_params *params, i2v_video **video) {
    i2v_sizes sizes;
    i2v_plan plan;
    i2v_video *made = NULL;
    if (video) *video = NULL;
    i2v_status status = i2v_engine_begin(engine);
    if (status) return status;
    status = i2v_require(&engine->error, "latents", latents, "params", params, "video", video, NULL);
    if (!status) {
        status = i2v_sizes_of_latents(&sizes, engine, params, num_frames, latent_height, latent_width);
    }
    if (!status) status = i2v_check_given(engine, latents, latents_count(&sizes), "latents");
    if (!status) status = i2v_plan_make(&plan, engine, &sizes, I2V_STAGE_DECODER);
    if (!status) {
        i2v_plan_free_others(&plan, engine, &sizes);
        made = video_new(&sizes, params->fps, &engine->error);
        if (!made) status = I2V_ERROR_MEMORY;
    }
    if (!status) {
        i2v_call call = {.engine = engine,
                         .on_event = params->on_event,
                         .user = params->user,
                         .num_videos = 1,
                         .num_clips = sizes.num_clips};
        memcpy(made->latents, latents, latents_count(&sizes) * sizeof *latents);
        status = decode_clips(&call, &sizes, &plan, made);
    }
    return finish(engine, status, made, video);
}
