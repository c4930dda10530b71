/* Whether two jobs of a list can have one opened model. */
#include "same_model.h"
#include "option_json.h"

int cli_opens_same(const cli_settings *a, const cli_settings *b) {
    const cli_command *command = a->command;
    if (a == b) return 1;
    for (size_t i = 0; i < command->options_count; i++) {
        const cli_option *option = &command->options[i];
        i2v_struct of = option->parameter ? option->parameter->settings : I2V_STRUCT_PARAMS;
        if (of != I2V_STRUCT_OPTIONS && of != I2V_STRUCT_HUB_OPTIONS && option->offset != CLI_AT(model)) continue;
        json_t *first = cli_option_json(option, a), *second = cli_option_json(option, b);
        int same = first && second && json_equal(first, second);
        json_decref(first);
        json_decref(second);
        if (!same) return 0;
    }
    return a->options.keep_loaded == b->options.keep_loaded;
}
