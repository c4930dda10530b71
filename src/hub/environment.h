/* Where the hub and its cache are, by the environment variables that huggingface_hub reads. */
#ifndef I2V_HUB_ENVIRONMENT_H
#define I2V_HUB_ENVIRONMENT_H

#include "base/error.h"

#include <stdint.h>

typedef struct i2v_hub_environment {
    char *endpoint;   /* "https://huggingface.co", without a slash at its end */
    char *cache;      /* folder of models--org--name */
    char *token_path; /* where a token is looked for when HF_TOKEN is not set */
    char *token;      /* NULL: none */
    int token_from_file;
    int token_from_login;  /* a browser's: only the Python library renews it */
    int64_t token_expires; /* that login's, in seconds since 1970; -1: unknown */
    int offline;
} i2v_hub_environment;

/* options may be NULL; what it sets comes before the environment. On failure environment is all zero. */
i2v_status i2v_hub_environment_read(i2v_hub_environment *environment, const i2v_hub_options *options, i2v_error *error);
void i2v_hub_environment_free(i2v_hub_environment *environment);

#endif
