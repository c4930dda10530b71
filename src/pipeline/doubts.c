/* i2v_params_warning: parameters that a call takes, and that are likely to disappoint. */
#include "pipeline/sizes.h"

#include <stdio.h>

/* Channels of the UNet's first level in Stable Video Diffusion. Smaller models have sizes of their own. */
enum { CHANNELS_OF_SVD = 320 };

/* Stable Video Diffusion by its own weights at 512x256, a quarter of its pixels, has an FVD of 476 where it has 149 at
 * 1024x576 (Ben Yahia et al. 2024, "Mobile Video Diffusion", arXiv 2412.07583). */
static void doubt_size(const i2v_model *model, const i2v_sizes *sizes, char text[I2V_WARNING_SIZE]) {
    int width, height;
    i2v_model_default_size(model, &width, &height);
    int64_t pixels = (int64_t)sizes->width * sizes->height, own = (int64_t)width * height;
    if (model->unet.block_out_channels[0] < CHANNELS_OF_SVD || 2 * pixels >= own) return;
    snprintf(
        text, I2V_WARNING_SIZE,
        "%dx%d is less than half the pixels of %dx%d, which this model is for: videos get clearly worse (of SVD at "
        "512x256 FVD is 476, at 1024x576 149); fewer steps with AnimateLCM's weights are a better way to save time",
        sizes->width, sizes->height, width, height);
}

i2v_status i2v_params_warning(i2v_engine *engine, const i2v_params *params, char text[I2V_WARNING_SIZE]) {
    i2v_sizes sizes;
    if (text) text[0] = 0;
    i2v_status status = i2v_engine_ask(engine);
    if (status) return status;
    status = i2v_require(&engine->error, "params", params, "text", text, NULL);
    if (!status) status = i2v_sizes_of_params(&sizes, engine, params);
    if (!status) doubt_size(engine->model, &sizes, text);
    return status;
}
