/* Brings a part's weights from its file into the form that operations want: names and shapes checked, matrices
 * and convolutions packed, vectors widened to f32. A dry loader checks all the names and shapes and adds up the memory,
 * but reads nothing. What is streamed stays in the file, which must outlive the store. */
#ifndef I2V_MODEL_LOADER_H
#define I2V_MODEL_LOADER_H

#include "model/scope.h"
#include "tensor/ops.h"
#include "weights/binder.h"
#include "weights/lora.h"

/* Memory of one loaded part, given back all at once. Zero-initialized is empty. */
typedef struct i2v_store {
    void **blocks;
    size_t count, room;
    uint64_t bytes;   /* of weights */
    uint64_t scratch; /* the most that loading one of them takes beside them all, given back after */
} i2v_store;

void i2v_store_free(i2v_store *store);

typedef struct i2v_loader {
    i2v_binder binder;
    i2v_store *store;
    const i2v_backend *backend;
    i2v_device device;
    i2v_element element; /* of the activations: with bf16, weights take two bytes, whatever the file has */
    int streams;         /* matrices and convolutions stay in their file, for tensor/stream.h */
    /* Added to matrices and convolutions, which are then packed as those of an f32 file, not streamed; NULL: nothing.
     */
    const i2v_lora_set *lora;
    int dry;
    i2v_error *error; /* may be NULL */
    i2v_status status;
    i2v_scope scope; /* the module that is loaded */
    /* Told after each tensor how many bytes of the file are done; may be NULL. Non-zero cancels. */
    int (*progress)(void *user, uint64_t bytes);
    void *user;
    uint64_t done;
} i2v_loader;

/* Prepares loader (its public fields set before: store, backend, device, element, streams, lora, dry, error, progress,
 * user). */
void i2v_loader_begin(i2v_loader *loader, const i2v_weights *weights);
/* The first failure, with the file's leftovers checked. */
i2v_status i2v_loader_finish(i2v_loader *loader);

/* Zeroed memory for a model's structs, kept by the store; real in a dry run too. NULL on failure. */
void *i2v_load_array(i2v_loader *loader, size_t count, size_t size);

/* Names are those of the model's modules in diffusers. The loader is in one of them, at first in the model itself:
 * names of modules and tensors are relative to it. Entering one is to be ended by leaving it, whether it failed or not.
 */
I2V_PRINTF(2, 3) void i2v_loader_enter(i2v_loader *loader, const char *format, ...);
void i2v_loader_leave(i2v_loader *loader);

/* 1 if the file has the tensor. */
int i2v_loader_has(const i2v_loader *loader, const char *tensor);

/* Each reads .weight and .bias of the module. groups: 1 for a layer norm. */
void i2v_load_norm(i2v_loader *loader, i2v_norm *norm, int channels, int groups, double epsilon, const char *module);
/* Appends a part to linear (zeroed before its first part): in and out must agree with the parts before. Its input has
 * the element of activations; with _f32, its input is f32 whatever activations are. */
void i2v_load_linear(i2v_loader *loader, i2v_linear *linear, int in, int out, int has_bias, const char *module);
void i2v_load_linear_f32(i2v_loader *loader, i2v_linear *linear, int in, int out, int has_bias, const char *module);
/* [2 hidden, in] as two parts: value and gate. */
void i2v_load_geglu(i2v_loader *loader, i2v_linear *linear, int in, int hidden, const char *module);
/* A 1 x 1 convolution [out, in, 1, 1] as a linear. */
void i2v_load_linear_1x1(i2v_loader *loader, i2v_linear *linear, int in, int out, const char *module);
void i2v_load_linear_1x1_f32(i2v_loader *loader, i2v_linear *linear, int in, int out, const char *module);
/* conv's in, out, kernel, stride and padding are set by the caller. */
void i2v_load_conv(i2v_loader *loader, i2v_conv *conv, int has_bias, const char *module);
/* [out, in, 3, 1, 1]. */
void i2v_load_temporal_conv(i2v_loader *loader, i2v_temporal_conv *conv, int in, int out, const char *module);
/* The tensor itself, [rows, columns], or [rows] if columns is 0; NULL in a dry run. */
const float *i2v_load_table(i2v_loader *loader, int rows, int columns, const char *tensor);
/* sigmoid of the one value of the module's .mix_factor. */
float i2v_load_mix(i2v_loader *loader, const char *module);
/* Marks all tensors of the module, or one tensor, as known and not used, their shapes unchecked. */
void i2v_load_ignore(i2v_loader *loader, const char *module);
void i2v_load_ignore_tensor(i2v_loader *loader, const char *tensor);

/* A convolution 3 x 3 with padding 1. */
i2v_conv i2v_conv_3x3(int in, int out);

#endif
