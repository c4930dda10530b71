/* Parameters by name in a struct of settings: i2v_set and i2v_get. */
#include "base/parameters.h"

static const char *struct_name(i2v_struct settings) {
    static const char *const names[] = {"i2v_options", "i2v_params", "i2v_output", "i2v_image_options",
                                        "i2v_hub_options"};
    return (unsigned)settings < sizeof names / sizeof *names ? names[settings] : "that struct";
}

static i2v_status fail_unknown(i2v_struct settings, const char *name, i2v_error *error) {
    const i2v_parameter *meant = NULL, *parameter;
    int least = I2V_UNLIKE;
    for (size_t i = 0; (parameter = i2v_parameter_at(i)); i++) {
        int unlike = parameter->settings == settings ? i2v_unlikeness(name, parameter->name) : I2V_UNLIKE;
        if (unlike < least) meant = parameter;
        if (unlike < least) least = unlike;
    }
    if (!meant) return i2v_fail(error, I2V_ERROR_PARAMETER, "there is no parameter '%.100s'", name);
    return i2v_fail(error, I2V_ERROR_PARAMETER, "there is no parameter '%.100s'; did you mean " I2V_NAME("%s") "?",
                    name, meant->name);
}

/* NULL: *status says why. */
static const i2v_parameter *find(i2v_status *status, i2v_struct settings, const char *name, i2v_error *error) {
    *status = i2v_require(error, "name", name, NULL);
    if (*status) return NULL;
    const i2v_parameter *parameter = i2v_parameter_find(name);
    if (parameter && parameter->settings == settings) return parameter;
    *status = parameter ? i2v_fail(error, I2V_ERROR_PARAMETER, I2V_NAME("%s") " is a parameter of %s, not of %s", name,
                                   struct_name(parameter->settings), struct_name(settings))
                        : fail_unknown(settings, name, error);
    return NULL;
}

i2v_status i2v_set(i2v_struct settings, void *values, const char *name, const char *text, i2v_error *error) {
    i2v_status status;
    const i2v_parameter *parameter = find(&status, settings, name, error);
    return parameter ? i2v_parameter_set(parameter, values, text, error) : status;
}

i2v_status i2v_get(i2v_struct settings, const void *values, const char *name, char *text, size_t size,
                   i2v_error *error) {
    i2v_status status;
    const i2v_parameter *parameter = find(&status, settings, name, error);
    return parameter ? i2v_parameter_get(parameter, values, text, size, error) : status;
}
