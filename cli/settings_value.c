/* Values of settings as text, for names of files. */
#include "settings_value.h"

#include <string.h>

/* That are no parameters of the library. */
static const struct {
    const char *name;
    size_t offset;
} own_texts[] = {{"model", CLI_AT(model)}, {"preset", CLI_AT(preset)}, {"speed", CLI_AT(speed)}};

static int set_text(cli_value *value, const cli_settings *settings, size_t offset) {
    const char *text = settings ? *(const char *const *)((const char *)settings + offset) : NULL;
    value->text = text ? text : "";
    value->is_path = 1;
    return 1;
}

static const i2v_parameter *find(const char *name) {
    const i2v_parameter *parameter = i2v_parameter_find(name);
    if (!parameter || !parameter->group || !(parameter->calls & I2V_FOR_GENERATE)) return NULL;
    return parameter->type == I2V_PARAMETER_NUMBERS || parameter->type == I2V_PARAMETER_LORAS ? NULL : parameter;
}

int cli_settings_value(cli_value *value, const cli_settings *settings, const char *name) {
    *value = (cli_value){.text = ""};
    for (size_t i = 0; i < sizeof own_texts / sizeof *own_texts; i++)
        if (strcmp(own_texts[i].name, name) == 0) return set_text(value, settings, own_texts[i].offset);
    const i2v_parameter *parameter = find(name);
    if (!parameter) return 0;
    size_t place = cli_settings_place(parameter->settings);
    if (parameter->type == I2V_PARAMETER_TEXT) return set_text(value, settings, place + parameter->offset);
    if (settings && i2v_parameter_get(parameter, (const char *)settings + place, value->number, sizeof value->number,
                                      NULL) == I2V_OK)
        value->text = value->number;
    return 1;
}
