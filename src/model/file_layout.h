/* Which parts of a model one safetensors file holds, told by the names of its tensors. */
#ifndef I2V_MODEL_FILE_LAYOUT_H
#define I2V_MODEL_FILE_LAYOUT_H

#include "weights/set.h"

typedef enum i2v_naming {
    I2V_NAMING_NONE, /* the part is not there */
    I2V_NAMING_DIFFUSERS,
    I2V_NAMING_STABILITY /* sgm's and open_clip's names; see stability.h */
} i2v_naming;

typedef struct i2v_file_part {
    i2v_naming naming;
    char prefix[192]; /* of the part's names in the file; "" or ends in a dot */
} i2v_file_part;

typedef struct i2v_file_layout {
    i2v_file_part unet, encoder, decoder, image_encoder;
} i2v_file_layout;

/* Finds the parts. A file with none, or with a tensor that belongs to none and to nothing else that such files are
 * known to hold (text encoder, training state), fails. */
i2v_status i2v_file_layout_read(i2v_file_layout *layout, const i2v_weights *file, i2v_error *error);

#endif
