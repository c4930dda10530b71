/* The parameters of the public header by name: i2v_parameter_at and the like, and what the layers check with them. */
#ifndef I2V_BASE_PARAMETERS_H
#define I2V_BASE_PARAMETERS_H

#include "base/error.h"

#include <stddef.h>

/* The parameter that stands at that field: I2V_PARAMETER(OPTIONS, i2v_options, unet). NULL if there is none. */
#define I2V_PARAMETER(settings, struct_type, field)                                                                    \
    i2v_parameter_of_field(I2V_STRUCT_##settings, offsetof(struct_type, field))
const i2v_parameter *i2v_parameter_of_field(i2v_struct settings, size_t offset);

/* Sets every field of the struct that is a parameter to its initial value; the others must be zero. */
void i2v_parameters_default(i2v_struct settings, void *values);

/* Fails if a number or choice is not in its parameter's range, nor what leaves it open. Of all parameters for one of
 * those calls (I2V_FOR_...), or of one. */
i2v_status i2v_parameters_check(i2v_struct settings, unsigned calls, const void *values, i2v_error *error);
i2v_status i2v_parameter_check(const i2v_parameter *parameter, const void *values, i2v_error *error);

/* 1: the number, choice, flag or text (by its address) is the same in both structs; 0: it is not, or is a list. */
int i2v_parameter_is_alike(const i2v_parameter *parameter, const void *values, const void *others);

enum { I2V_CHOICE_SIZE = 32 };

/* The choice at that place, into text: "triangle"; "?" if there is none. */
const char *i2v_choice_name(char text[I2V_CHOICE_SIZE], const i2v_parameter *parameter, int place);

#endif
