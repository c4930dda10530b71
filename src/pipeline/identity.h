/* What decides the bits of a call, as names and texts: two calls that have the same give the same frames. */
#ifndef I2V_PIPELINE_IDENTITY_H
#define I2V_PIPELINE_IDENTITY_H

#include "pipeline/request.h"

#include <jansson.h>

/* An object of texts, to be released: version and compiler, what computes, hashes of model, LoRAs, picture and given
 * noise, and all parameters of i2v_params that decide (i2v_parameter), with what those left open came to. Numbers from
 * a caller's own source are not in it. On failure *identity is NULL. */
i2v_status i2v_identity_make(json_t **identity, i2v_engine *engine, const i2v_image *image, const i2v_params *params,
                             const i2v_request *request);

/* I2V_OK if the metadata of the file at path has all of them; else I2V_ERROR_PARAMETER, with the first that is another
 * one there, or I2V_ERROR_FORMAT where it is missing. */
i2v_status i2v_identity_check(const json_t *identity, const json_t *metadata, const char *path, i2v_error *error);

#endif
