/* Previews: what a step takes the clean video to be, as small pictures. */
#include "pipeline/preview.h"

#include "base/affine_fit.h"
#include "media/media.h"

#include <stdlib.h>

/* Of a picture of one colour, or of few, this says which way the map goes on: not at all. Of others it changes nothing
 * that can be seen. */
static const double RIDGE = 1e-4;

static size_t map_values(const i2v_sizes *sizes) {
    return 3 * ((size_t)sizes->latent_channels + 1);
}

/* Bytes of one frame's picture. */
static size_t picture_bytes(const i2v_sizes *sizes) {
    return 3 * (size_t)sizes->latent_height * (size_t)sizes->latent_width;
}

uint64_t i2v_preview_bytes(const i2v_sizes *sizes) {
    if (!sizes->preview_every) return 0;
    uint64_t floats = map_values(sizes) + i2v_sizes_latents(sizes) + (size_t)sizes->latent_channels + 3;
    return floats * sizeof(float) + (uint64_t)sizes->num_frames * (sizeof(i2v_image) + picture_bytes(sizes)) +
           i2v_affine_fit_bytes(sizes->latent_channels, 3);
}

/* All pictures in one block, which the first has. */
static i2v_image *images_new(const i2v_sizes *sizes) {
    size_t count = (size_t)sizes->num_frames, bytes = picture_bytes(sizes);
    i2v_image *images = calloc(count, sizeof *images);
    uint8_t *pixels = images ? malloc(count * bytes) : NULL;
    if (!pixels) {
        free(images);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        images[i].width = sizes->latent_width;
        images[i].height = sizes->latent_height;
        images[i].pixels = pixels + i * bytes;
    }
    return images;
}

i2v_status i2v_preview_begin(i2v_preview *preview, const i2v_sizes *sizes, i2v_error *error) {
    *preview = (i2v_preview){0};
    if (!sizes->preview_every) return I2V_OK;
    *preview = (i2v_preview){.every = sizes->preview_every,
                             .map = malloc(map_values(sizes) * sizeof(float)),
                             .denoised = malloc(i2v_sizes_latents(sizes) * sizeof(float)),
                             .images = images_new(sizes),
                             .sizes = sizes};
    if (preview->map && preview->denoised && preview->images) return I2V_OK;
    return i2v_fail_memory(error, "previews", i2v_preview_bytes(sizes));
}

void i2v_preview_end(i2v_preview *preview) {
    if (preview->images) free(preview->images[0].pixels);
    free(preview->images);
    free(preview->denoised);
    free(preview->map);
    *preview = (i2v_preview){0};
}

/* The mean colour, in 0..1, of the pixels that one latent stands for. */
static void mean_color(float rgb[3], const i2v_sizes *sizes, const float *pixels, int x, int y) {
    int scale = sizes->width / sizes->latent_width;
    double sums[3] = {0};
    for (int row = y * scale; row < (y + 1) * scale; row++) {
        const float *line = pixels + 3 * ((size_t)row * (size_t)sizes->width + (size_t)x * (size_t)scale);
        for (int i = 0; i < 3 * scale; i++) sums[i % 3] += (double)line[i];
    }
    for (int c = 0; c < 3; c++) rgb[c] = (float)(0.5 + 0.5 * sums[c] / ((double)scale * scale));
}

static void add_samples(i2v_affine_fit *fit, const i2v_sizes *sizes, const float *pixels, const float *latent,
                        float scaling_factor, float *scaled) {
    float rgb[3];
    for (int y = 0; y < sizes->latent_height; y++) {
        for (int x = 0; x < sizes->latent_width; x++, latent += fit->inputs) {
            mean_color(rgb, sizes, pixels, x, y);
            for (int c = 0; c < fit->inputs; c++) scaled[c] = scaling_factor * latent[c];
            i2v_affine_fit_add(fit, scaled, rgb);
        }
    }
}

i2v_status i2v_preview_fit(i2v_preview *preview, const float *pixels, const float *latent, double scaling_factor,
                           i2v_error *error) {
    if (!preview->every) return I2V_OK;
    const i2v_sizes *sizes = preview->sizes;
    int channels = sizes->latent_channels;
    i2v_affine_fit fit;
    float *scaled = malloc((size_t)channels * sizeof *scaled);
    i2v_status status = I2V_OK;
    if (i2v_affine_fit_begin(&fit, channels, 3) && scaled) {
        add_samples(&fit, sizes, pixels, latent, (float)scaling_factor, scaled);
        i2v_affine_fit_solve(&fit, RIDGE, preview->map);
    } else {
        status = i2v_fail_memory(error, "previews", i2v_affine_fit_bytes(channels, 3));
    }
    i2v_affine_fit_end(&fit);
    free(scaled);
    return status;
}

int i2v_preview_is_due(const i2v_preview *preview, int step, int steps) {
    return preview->every && (step % preview->every == 0 || step == steps);
}

void i2v_preview_make(i2v_preview *preview) {
    const i2v_sizes *sizes = preview->sizes;
    size_t channels = (size_t)sizes->latent_channels, plane = picture_bytes(sizes) / 3;
    for (int frame = 0; frame < sizes->num_frames; frame++) {
        const float *latents = preview->denoised + (size_t)frame * i2v_sizes_frame_latents(sizes);
        for (size_t i = 0; i < plane; i++) {
            float rgb[3];
            for (size_t k = 0; k < 3; k++) {
                const float *weights = preview->map + k * (channels + 1);
                rgb[k] = weights[channels];
                for (size_t c = 0; c < channels; c++) rgb[k] += weights[c] * latents[c * plane + i];
            }
            i2v_frame_to_u8(rgb, 3, preview->images[frame].pixels + 3 * i);
        }
    }
}
