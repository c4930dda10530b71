/* Which files of a model are needed to run it: no second precision, no pickles beside safetensors, no pictures of its
 * page. */
#ifndef I2V_HUB_SELECT_H
#define I2V_HUB_SELECT_H

#include "hub/listing.h"

/* Marks the files wanted. file: only that one. Otherwise, where there is a model_index.json, the configurations of all
 * parts and one set of weights for each (variant as in i2v_options; of sharded weights the index only, marked is_index,
 * see i2v_select_shards); else the one .safetensors file. *opened is what i2v_open takes: "" for the folder of the
 * model, or the name of the file; it points into listing. id is for messages. */
i2v_status i2v_select(i2v_hub_listing *listing, const char *variant, const char *file, const char *id,
                      const char **opened, i2v_error *error);

/* Marks the shards that an index at path, with that name in the listing, names. */
i2v_status i2v_select_shards(i2v_hub_listing *listing, const char *index_name, const char *path, i2v_error *error);

#endif
