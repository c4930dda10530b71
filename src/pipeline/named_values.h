/* Values that are set by a name: what presets and speeds have in common. */
#ifndef I2V_PIPELINE_NAMED_VALUES_H
#define I2V_PIPELINE_NAMED_VALUES_H

#include "base/parameters.h"

/* The name number index of a table; NULL after the last. */
typedef const char *i2v_name_at(size_t index);

/* Sets the values of that name, as i2v_speed_set; fails where there is no such name. */
typedef i2v_status i2v_set_by_name(const char *name, i2v_options *options, i2v_params *params, i2v_error *error);

/* The name's place in its table. I2V_ERROR_PARAMETER, with all names, where it is not there. what: "preset". */
i2v_status i2v_named_find(size_t *index, const char *what, i2v_name_at *name_at, const char *name, i2v_error *error);

/* 1 if that name sets the parameter. name, parameter: NULL, or a name that is not there, set none. */
int i2v_named_sets(i2v_set_by_name *set, const char *name, const i2v_parameter *parameter);

/* So many steps of a scheduler, and no other list of noise levels. */
void i2v_named_set_steps(i2v_params *params, int steps, i2v_scheduler scheduler);

#endif
