/* Its latents are the UNet's as they are, kept within -3..3, and its frames are 0..1. */
#include "pipeline/decode_tiny.h"

#include "tensor/values.h"

#include <math.h>
#include <string.h>

static void fill_latents(i2v_run *run, i2v_tensor z, const float *latents) {
    int64_t pixels = (int64_t)z.height * z.width;
    i2v_walk walk = i2v_walk_to_write(run, z);
    for (float *out; (out = i2v_walk_next(&walk));) {
        int64_t frame = walk.row / pixels, i = walk.row % pixels;
        for (int c = 0; c < z.channels; c++)
            out[c] = tanhf(latents[(frame * z.channels + c) * pixels + i] / 3.0f) * 3.0f;
    }
    i2v_walk_end(&walk);
}

i2v_status i2v_decode_tiny(i2v_run *run, const i2v_tiny_decoder *decoder, i2v_tiny_memory *memory,
                           const i2v_sizes *sizes, int count, const float *latents, int skipped, float *out) {
    i2v_tensor z = i2v_tensor_new_f32(run, count, sizes->latent_height, sizes->latent_width, sizes->latent_channels);
    i2v_tensor x = i2v_tensor_new_f32(run, count, sizes->height, sizes->width, 3);
    fill_latents(run, z, latents);
    i2v_tiny_decode(run, decoder, memory, x, z);
    if (skipped < count)
        i2v_tensor_read(run, i2v_tensor_frames(&x, skipped, count - skipped),
                        skipped ? out + (size_t)skipped * i2v_sizes_frame(sizes) : out);
    i2v_tensor_free(run, &x);
    i2v_tensor_free(run, &z);
    return run->status;
}
