/* The name of a model on the hub. */
#ifndef I2V_HUB_ID_H
#define I2V_HUB_ID_H

#include "base/error.h"

/* What a call asks for. */
typedef struct i2v_hub_name {
    char repository[200]; /* "org/name" */
    char revision[256];
    char file[520]; /* "": no single file */
} i2v_hub_name;

/* Takes id and options (which may be NULL) apart, and checks that they are fit for addresses and paths. */
i2v_status i2v_hub_name_read(i2v_hub_name *name, const char *id, const i2v_hub_options *options, i2v_error *error);

#endif
