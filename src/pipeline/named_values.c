/* Values that are set by a name: what presets and speeds have in common. */
#include "pipeline/named_values.h"

#include <stdio.h>
#include <string.h>

static i2v_status fail_unknown(const char *what, i2v_name_at *name_at, const char *name, i2v_error *error) {
    char names[256] = "";
    size_t length = 0;
    for (size_t i = 0; name_at(i) && length < sizeof names; i++) {
        const char *before = i == 0 ? "" : name_at(i + 1) ? ", " : " and ";
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", before, name_at(i));
    }
    return i2v_fail(error, I2V_ERROR_PARAMETER, "there is no %s '%s'; there are %s", what, name, names);
}

i2v_status i2v_named_find(size_t *index, const char *what, i2v_name_at *name_at, const char *name, i2v_error *error) {
    const char *other;
    for (size_t i = 0; (other = name_at(i)); i++) {
        if (strcmp(other, name) != 0) continue;
        *index = i;
        return I2V_OK;
    }
    return fail_unknown(what, name_at, name, error);
}

/* What comes out the same whatever was there before is what the name sets. */
int i2v_named_sets(i2v_set_by_name *set, const char *name, const i2v_parameter *parameter) {
    i2v_params params[2];
    i2v_options options[2];
    if (!name || !parameter) return 0;
    memset(params, 0, sizeof *params);
    memset(params + 1, 0xff, sizeof *params);
    memset(options, 0, sizeof *options);
    memset(options + 1, 0xff, sizeof *options);
    for (int i = 0; i < 2; i++)
        if (set(name, &options[i], &params[i], NULL) != I2V_OK) return 0;
    if (parameter->settings == I2V_STRUCT_PARAMS) return i2v_parameter_is_alike(parameter, &params[0], &params[1]);
    return parameter->settings == I2V_STRUCT_OPTIONS && i2v_parameter_is_alike(parameter, &options[0], &options[1]);
}

void i2v_named_set_steps(i2v_params *params, int steps, i2v_scheduler scheduler) {
    params->num_inference_steps = steps;
    params->sigmas = NULL;
    params->sigmas_count = 0;
    params->scheduler = scheduler;
    params->sigma_schedule = I2V_SIGMA_SCHEDULE_AUTO;
}
