/* Details of the hub's public calls that tests change. */
#ifndef I2V_HUB_HUB_H
#define I2V_HUB_HUB_H

#include "hub/http.h"

typedef struct i2v_hub_tuning {
    i2v_http_settings http; /* its callbacks are replaced */
    uint64_t part_size;
} i2v_hub_tuning;

void i2v_hub_tuning_default(i2v_hub_tuning *tuning);

/* i2v_hub_pull. */
i2v_status i2v_hub_pull_tuned(i2v_hub_model **model, const char *id, const i2v_hub_options *options,
                              const i2v_hub_tuning *tuning, i2v_error *error);

#endif
