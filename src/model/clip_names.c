/* transformers' names of CLIP's tensors. */
#include "model/clip_names.h"

#include "base/text.h"
#include "weights/rename.h"

i2v_status i2v_clip_names_settle(i2v_weights **weights, i2v_error *error) {
    if (i2v_weights_have(*weights, "vision_model.") || !i2v_weights_have(*weights, "embeddings.")) return I2V_OK;
    i2v_name_map map = {0};
    for (size_t i = 0; i < i2v_weights_count(*weights); i++) {
        const char *name = i2v_weights_at(*weights, i)->name;
        char settled[I2V_NAME_SIZE];
        i2v_name_print(settled, "%s%s", i2v_starts_with(name, "visual_projection.") ? "" : "vision_model.", name);
        i2v_name_map_tensor(&map, I2V_NAME_ONLY, name, settled);
    }
    i2v_weights *settled = NULL;
    i2v_status status = i2v_weights_rename(&settled, *weights, &map, error);
    if (status) return status;
    i2v_weights_close(*weights);
    *weights = settled;
    return I2V_OK;
}
