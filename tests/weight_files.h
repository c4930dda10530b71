/* Safetensors files that a test writes into its temporary folder, and a part's weights opened from there: as they
 * should open, or refused with a sentence. Every helper fails the running test rather than return an error. */
#ifndef I2V_TESTS_WEIGHT_FILES_H
#define I2V_TESTS_WEIGHT_FILES_H

#include "expect_error.h"
#include "temporary_folder.h"

#include "weights/weights.h"

#define STEM "diffusion_pytorch_model"
#define PLAIN STEM ".safetensors"
#define INDEX STEM ".safetensors.index.json"

/* A safetensors file of this header and data, in memory to be freed. */
uint8_t *make_safetensors(const char *header, const void *data, size_t data_size, size_t *size);
void write_safetensors(const char *name, const char *header, const void *data, size_t data_size);

/* A file of one F32 tensor of one value. */
void write_one(const char *name, const char *tensor, float value);

/* Three kinds of floats and integers; the header's length leaves all of them unaligned. */
extern const char *const mixed_header;
uint8_t *make_mixed(size_t *size);
i2v_weights *open_mixed(void);

/* What the folder has of the part STEM; variant as in i2v_weights_open. */
i2v_weights *open_variant(const char *variant);

/* The first value of a tensor that is there. */
float value_of(const i2v_weights *weights, const char *name);

/* Opening the plain file fails so, with a sentence that names it and has these parts; two may be NULL. */
void expect_refused_as(i2v_status status, const char *one, const char *two);

/* Opening fails as a model error whose sentence names the file and has these parts (each may be NULL). */
void expect_refused(const char *variant, const char *one, const char *two);

/* The same for a plain file of this header and data_size bytes; the sentence names the file. */
void expect_header_refused(const char *header, size_t data_size, const char *one, const char *two);

#endif
