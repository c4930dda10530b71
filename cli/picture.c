/* The picture that a run starts from. */
#include "picture.h"
#include "address.h"
#include "signals.h"

static i2v_image_options image_options(const cli_job *job) {
    enum { MOST = 8192 };
    const i2v_params *params = &job->params;
    int width = params->width ? params->width : job->model.width;
    int height = params->height ? params->height : job->model.height;
    int original = params->fit == I2V_FIT_DIFFUSERS || params->fit == I2V_FIT_COMFYUI;
    int resizes = !original && width > 0 && width <= MOST && height > 0 && height <= MOST;
    return (i2v_image_options){.alpha = job->settings->image.alpha,
                               .max_memory = i2v_memory_left(job->engine),
                               .width = resizes ? width : 0,
                               .height = resizes ? height : 0,
                               .fit = params->fit,
                               .cancelled = cli_signals_came};
}

i2v_status cli_picture_read(cli_job *job, const char *input) {
    i2v_image_options options = image_options(job);
    return cli_is_address(input) ? i2v_image_load_url_with(&job->image, input, &options, &job->error)
                                 : i2v_image_load_with(&job->image, input, &options, &job->error);
}
