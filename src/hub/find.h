/* A model in the cache. */
#ifndef I2V_HUB_FIND_H
#define I2V_HUB_FIND_H

#include "hub/cache.h"
#include "hub/id.h"

/* *model from what has been selected (see i2v_select) and is in the cache. */
i2v_status i2v_hub_model_make(i2v_hub_model **model, const i2v_cache *cache, const i2v_hub_listing *listing,
                              const char *opened, i2v_error *error);

/* Marks the shards of all wanted indexes, which are in the cache. */
i2v_status i2v_hub_select_all_shards(i2v_hub_listing *listing, const i2v_cache *cache, i2v_error *error);

#endif
