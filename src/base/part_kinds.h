/* The parts of a model: what they are called here and by diffusers, and where they lie in its layout. */
#ifndef I2V_BASE_PART_KINDS_H
#define I2V_BASE_PART_KINDS_H

#include <stddef.h>

typedef enum i2v_part {
    I2V_PART_UNET,
    I2V_PART_VAE,
    I2V_PART_IMAGE_ENCODER,
    I2V_PART_FRAME_DECODER,
    I2V_PART_TINY_DECODER,
    I2V_PARTS_COUNT
} i2v_part;

typedef struct i2v_part_kind {
    const char *title, *described;                      /* "UNet", "a UNet" */
    const char *class_name;                             /* in diffusers or transformers */
    const char *folder, *stem;                          /* in diffusers' layout; the stem is its weights' */
    const char *metadata;                               /* key under which a file may hold the part's config.json */
    const char *class_key, *config_class, *other_class; /* of that config.json */
    size_t path, memory;                                /* fields of i2v_options that stand in its place; memory is no
                                                           field of the tiny decoder's */
} i2v_part_kind;

extern const i2v_part_kind i2v_part_kinds[I2V_PARTS_COUNT];

/* "image_encoder": the parameter that stands in the part's place. */
const char *i2v_part_name(i2v_part part);

/* What a model's folder holds beside its parts. */
typedef struct i2v_settings_kind {
    const char *folder, *config;
} i2v_settings_kind;

enum { I2V_SETTINGS_EXTRACTOR, I2V_SETTINGS_SCHEDULER, I2V_SETTINGS_COUNT };

extern const i2v_settings_kind i2v_settings_kinds[I2V_SETTINGS_COUNT];

#endif
