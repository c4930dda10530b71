/* Brings a part's weights from its file into the form that operations want: names and shapes checked, matrices
 * and convolutions packed, vectors widened to f32. A dry loader checks all the names and shapes and adds up the memory,
 * but reads nothing. What is streamed stays in the file, which must outlive the store. */
#ifndef I2V_MODEL_LOADER_H
#define I2V_MODEL_LOADER_H

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

/* Each reads PREFIX.weight and PREFIX.bias, PREFIX being the formatted name. groups: 1 for a layer norm. */
I2V_PRINTF(6, 7) void i2v_load_norm(i2v_loader *loader, i2v_norm *norm, int channels, int groups,
                                                         double epsilon, const char *format, ...);
/* Appends a part to linear (zeroed before its first part): in and out must agree with the parts before. It is to meet
 * activations; the second one, what is f32 whatever they are. */
I2V_PRINTF(6, 7) void i2v_load_linear(i2v_loader *loader, i2v_linear *linear, int in, int out,
                                                           int has_bias, const char *format, ...);
I2V_PRINTF(6, 7) void i2v_load_linear_f32(i2v_loader *loader, i2v_linear *linear, int in, int out,
                                                               int has_bias, const char *format, ...);
/* [2 hidden, in] as two parts: value and gate. */
I2V_PRINTF(5, 6) void i2v_load_geglu(i2v_loader *loader, i2v_linear *linear, int in, int hidden,
                                                          const char *format, ...);
/* Likewise a 1 x 1 convolution [out, in, 1, 1] as a linear. */
I2V_PRINTF(5, 6) void i2v_load_linear_1x1(i2v_loader *loader, i2v_linear *linear, int in, int out,
                                                               const char *format, ...);
I2V_PRINTF(5, 6) void i2v_load_linear_1x1_f32(i2v_loader *loader, i2v_linear *linear, int in,
                                                                   int out, const char *format, ...);
/* conv's in, out, kernel, stride and padding are set by the caller. */
I2V_PRINTF(4, 5) void i2v_load_conv(i2v_loader *loader, i2v_conv *conv, int has_bias,
                                                         const char *format, ...);
/* [out, in, 3, 1, 1]. */
I2V_PRINTF(5, 6) void i2v_load_temporal_conv(i2v_loader *loader, i2v_temporal_conv *conv, int in,
                                                                  int out, const char *format, ...);
/* The tensor of the formatted name itself, [rows, columns], or [rows] if columns is 0; NULL in a dry run. */
I2V_PRINTF(4, 5) const float *i2v_load_table(i2v_loader *loader, int rows, int columns,
                                                                  const char *format, ...);
/* sigmoid of the one value of NAME.mix_factor. */
I2V_PRINTF(2, 3) float i2v_load_mix(i2v_loader *loader, const char *format, ...);
/* Marks PREFIX.weight and PREFIX.bias (and all under PREFIX.) as known and not used, their shapes unchecked. */
I2V_PRINTF(2, 3) void i2v_load_ignore(i2v_loader *loader, const char *format, ...);

/* A convolution 3 x 3 with padding 1. */
i2v_conv i2v_conv_3x3(int in, int out);

#endif
