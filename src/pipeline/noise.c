/* A call's random numbers, in diffusers' order or ComfyUI's. */
#include "pipeline/noise.h"

#include "pipeline/not_finite.h"
#include "random/random.h"

#include <stdlib.h>
#include <string.h>

/* One draw: from the caller's source, or from ours. */
static i2v_status draw(i2v_engine *engine, const i2v_request *request, i2v_random *random, float *values,
                       size_t count) {
    if (!request->random) {
        i2v_random_normal(random, values, count);
        return I2V_OK;
    }
    int code = request->random(values, count, request->random_user);
    if (code != 0) {
        return i2v_fail(&engine->error, I2V_ERROR_PARAMETER,
                        "the caller's source of random numbers failed with %d; it returns 0 where it has filled them",
                        code);
    }
    return i2v_check_given(engine, values, count, "the caller's source of random numbers");
}

/* Of the noise of all videos, one behind the other, that of the call's. */
static void place_noise(const i2v_sizes *sizes, const float *all, const i2v_latents_place *place) {
    size_t video = i2v_sizes_latents(sizes);
    for (int i = 0; i < sizes->num_videos; i++) {
        memcpy(i2v_latents_of(place, i), all + video * (size_t)(sizes->first_noise + i), video * sizeof *all);
    }
}

/* One draw of the noise of all videos, of which those of the call are kept: torch's generator would give other values
 * in several. */
static i2v_status draw_videos(i2v_engine *engine, const i2v_request *request, i2v_random *random,
                              const i2v_latents_place *place) {
    const i2v_sizes *sizes = &request->sizes;
    size_t video = i2v_sizes_latents(sizes), count = video * (size_t)sizes->num_noises;
    if (sizes->num_noises == 1 || (sizes->num_noises == sizes->num_videos && place->stride == video))
        return draw(engine, request, random, place->first, count);
    float *all = malloc(count * sizeof *all);
    if (!all) return i2v_fail_memory(&engine->error, "the noise of all videos", count * sizeof *all);
    i2v_status status = draw(engine, request, random, all, count);
    if (!status) place_noise(sizes, all, place);
    free(all);
    return status;
}

/* The caller's noise of all videos. */
static i2v_status take_latents(i2v_engine *engine, const i2v_request *request, const i2v_latents_place *place) {
    size_t count = i2v_sizes_latents(&request->sizes) * (size_t)request->sizes.num_noises;
    place_noise(&request->sizes, request->latents, place);
    return i2v_check_given(engine, request->latents, count, "latents");
}

i2v_status i2v_draw_noise(i2v_engine *engine, const i2v_request *request, float *augmentation,
                          const i2v_latents_place *latents, float *step_noise) {
    const i2v_sizes *sizes = &request->sizes;
    size_t pixels = i2v_sizes_frame(sizes), video = i2v_sizes_latents(sizes);
    int last = request->noise_aug == I2V_NOISE_AUG_COMFYUI;
    i2v_random *random = NULL;
    i2v_status status = I2V_OK;
    if (!request->random) status = i2v_random_new(&random, request->rng, request->seed, &engine->error);
    if (!status && !last) status = draw(engine, request, random, augmentation, pixels);
    if (!status) {
        status =
            request->latents ? take_latents(engine, request, latents) : draw_videos(engine, request, random, latents);
    }
    for (int i = 0; !status && i < sizes->noise_draws; i++) {
        float *noise = step_noise + (size_t)i * (size_t)sizes->num_videos * video;
        status = draw_videos(engine, request, random, &(i2v_latents_place){noise, video});
    }
    if (!status && last && augmentation) status = draw(engine, request, random, augmentation, pixels);
    i2v_random_free(random);
    return status;
}
