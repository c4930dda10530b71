/* Brings the weights of a model's part from its file into the form that operations need. The loader checks the name and
 * the shape of every tensor, packs matrices and convolutions, and widens vectors to f32.
 *
 * A dry loader checks names and shapes and adds up the memory, but reads no values. A loader that streams leaves
 * matrices and convolutions in their file, which must outlive the store. */
#ifndef I2V_MODEL_LOADER_H
#define I2V_MODEL_LOADER_H

#include "model/scope.h"
#include "tensor/ops.h"
#include "weights/binder.h"
#include "weights/lora.h"

/* Memory of one loaded part, given back all at once. Zero-initialized is empty. */
typedef struct i2v_store {
    struct i2v_store_block *blocks;
    size_t count, room;
    uint64_t bytes;   /* of weights */
    uint64_t scratch; /* the most that loading takes beside the weights, and gives back */
} i2v_store;

void i2v_store_free(i2v_store *store);

typedef struct i2v_loader {
    i2v_binder binder;
    i2v_store *store;
    const i2v_backend *backend;
    i2v_device device;
    i2v_element element; /* of activations; where it is bf16, f32 weights are packed as bf16 */
    int int8;            /* those layers are of int8 that i2v_load_linear_int8 and i2v_load_geglu load */
    int streams;         /* matrices and convolutions stay in their file, for tensor/stream.h */
    /* Added to matrices and convolutions before they are packed; NULL: nothing. What it changes is packed as f32
     * weights are, and never streamed. */
    const i2v_lora_set *lora;
    int dry;
    i2v_error *error; /* may be NULL */
    i2v_status status;
    i2v_scope scope; /* the module that is loaded */
    /* Called after each tensor with the bytes of the file that are done. Non-zero cancels. May be NULL. */
    int (*progress)(void *user, uint64_t bytes);
    void *user;
    uint64_t done;
} i2v_loader;

/* The caller sets these fields first: store, backend, device, element, int8, streams, lora, dry, error, progress, user.
 */
void i2v_loader_begin(i2v_loader *loader, const i2v_weights *weights);
/* Ends what i2v_loader_begin began, failed or not, and returns the first failure. A tensor that no module has asked for
 * is one. */
i2v_status i2v_loader_end(i2v_loader *loader);

/* Zeroed memory of the host for a model's structs, which the store keeps. A dry loader gives it, too. NULL on failure.
 */
void *i2v_load_array(i2v_loader *loader, size_t count, size_t size);

/* The loader is in one module of the model, at first in the model itself. Modules have their names in diffusers, and
 * all names below are relative to the module that the loader is in. Leave every module that you enter, after a failure,
 * too. */
I2V_PRINTF(2, 3) void i2v_loader_enter(i2v_loader *loader, const char *format, ...);
void i2v_loader_leave(i2v_loader *loader);

/* 1 if the file has the tensor. */
int i2v_loader_has(const i2v_loader *loader, const char *tensor);

/* Each reads .weight and .bias of the module. groups: 1 for a layer norm. */
void i2v_load_norm(i2v_loader *loader, i2v_norm *norm, int channels, int groups, double epsilon, const char *module);
/* Appends a part to linear, which is zeroed before its first part. in and out must agree with the parts before. The
 * weights are packed to be multiplied with activations; those of i2v_load_linear_f32 with f32, whatever activations
 * are. */
void i2v_load_linear(i2v_loader *loader, i2v_linear *linear, int in, int out, int has_bias, const char *module);
void i2v_load_linear_f32(i2v_loader *loader, i2v_linear *linear, int in, int out, int has_bias, const char *module);
/* The same as i2v_load_linear, or of int8: for layers that are much of the work and bear the rounding. */
void i2v_load_linear_int8(i2v_loader *loader, i2v_linear *linear, int in, int out, int has_bias, const char *module);
/* [2 hidden, in] as two parts: value and gate. */
void i2v_load_geglu(i2v_loader *loader, i2v_linear *linear, int in, int hidden, const char *module);
/* As i2v_load_linear, of a convolution [out, in, 1, 1] with bias. */
void i2v_load_linear_1x1(i2v_loader *loader, i2v_linear *linear, int in, int out, const char *module);
void i2v_load_linear_1x1_f32(i2v_loader *loader, i2v_linear *linear, int in, int out, const char *module);
/* The caller has set in, out, kernel, stride, padding and doubles of conv. */
void i2v_load_conv(i2v_loader *loader, i2v_conv *conv, int has_bias, const char *module);
/* [out, in, 3, 1, 1]. */
void i2v_load_temporal_conv(i2v_loader *loader, i2v_temporal_conv *conv, int in, int out, const char *module);
/* The tensor itself: of [rows, columns], [rows, 1, 1, columns]; of [rows], if columns is 0, [1, 1, 1, rows]. Without
 * memory in a dry run. */
i2v_tensor i2v_load_table(i2v_loader *loader, int rows, int columns, const char *tensor);
/* sigmoid of the one value of the module's .mix_factor. */
float i2v_load_mix(i2v_loader *loader, const char *module);
/* All tensors of the module, or the one tensor, are known and not used. Their shapes are not checked. */
void i2v_load_ignore(i2v_loader *loader, const char *module);
void i2v_load_ignore_tensor(i2v_loader *loader, const char *tensor);

/* A convolution 3 x 3 with padding 1. */
i2v_conv i2v_conv_3x3(int in, int out);

#endif
