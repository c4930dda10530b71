/* The UNet of tools/make_cache_reference.py: three levels of two layers, whose weights and inputs are made by a formula
 * of their names. Every helper fails the running test rather than return an error. */
#ifndef I2V_TESTS_SMALL_UNET_H
#define I2V_TESTS_SMALL_UNET_H

#include "reference.h"

typedef struct small_unet {
    i2v_memory_part given; /* for i2v_options.unet_memory, beside the first reference's other parts */
    i2v_memory_tensor *tensors;
    void *names; /* owns the names and shapes */
    float *values;
} small_unet;

small_unet small_unet_new(void);
void small_unet_free(small_unet *unet);

/* As many of -1..1, exactly as the tool makes them. */
void small_unet_numbers(const char *name, float *values, size_t count);

#endif
