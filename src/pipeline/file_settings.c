/* What a single file says of sampling, in tensors of one value. */
#include "pipeline/file_settings.h"

#include <math.h>

/* ComfyUI writes f32 that it has from a table of logarithms. */
#define ROUNDING 1e-4

/* The positive number that tensor `name` holds, or `usual` where there is none, or one that is as good as equal. */
static i2v_status read_value(double *value, const i2v_weights *file, const char *name, double usual, i2v_error *error) {
    *value = usual;
    const i2v_weight *tensor = i2v_weights_find(file, name);
    if (!tensor) return I2V_OK;
    float found = 0;
    int is_one = tensor->count == 1 && tensor->dtype != I2V_WEIGHT_OTHER;
    if (is_one && i2v_weight_read_f32(tensor, 0, 1, &found)) return i2v_bytes_fail(&tensor->at, error);
    if (!(found > 0 && found <= 1e6f))
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: tensor %s is not one floating number in 0 to 1e6: the file is damaged", tensor->file,
                        tensor->name);
    if (fabs((double)found / usual - 1) > ROUNDING) *value = (double)found;
    return I2V_OK;
}

i2v_status i2v_file_settings_read(i2v_scheduler_config *config, const i2v_weights *file, double scaling_factor,
                                  i2v_error *error) {
    double scale;
    i2v_status status = i2v_scheduler_config_svd(config, error);
    if (!status) status = read_value(&config->sigma_max, file, "edm_vpred.sigma_max", config->sigma_max, error);
    if (!status) status = read_value(&config->sigma_min, file, "edm_vpred.sigma_min", config->sigma_min, error);
    if (!status) status = read_value(&scale, file, "scale_factor", scaling_factor, error);
    if (status) return status;
    if (!(config->sigma_min < config->sigma_max))
        return i2v_fail(
            error, I2V_ERROR_MODEL,
            "%s: tensor edm_vpred.sigma_min (%g) is not below edm_vpred.sigma_max (%g): the file is damaged",
            i2v_weights_path(file), config->sigma_min, config->sigma_max);
    if (scale != scaling_factor)
        return i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                        "%s: tensor scale_factor is %g, where latents of this VAE are scaled by %g: the file is of "
                        "another kind",
                        i2v_weights_path(file), scale, scaling_factor);
    return I2V_OK;
}
