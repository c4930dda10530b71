/* All that is asked of oneDNN. Functions return 0 or a status whose name i2v_onednn_status tells. Everything runs on
 * the calling thread. */
#ifndef I2V_BACKEND_CPU_ONEDNN_H
#define I2V_BACKEND_CPU_ONEDNN_H

#include "backend/backend.h"

const char *i2v_onednn_status(int status);

/* c[rows, columns] = a[rows, depth] weight[columns, depth]^T + beta c. */
int i2v_onednn_product(int64_t rows, int64_t columns, int64_t depth, const float *a, int64_t a_stride,
                       const float *weight, int64_t weight_stride, float beta, float *c, int64_t c_stride);

/* One image of a convolution, which may be a band of a larger one: then it has its own padding above and below. */
typedef struct i2v_onednn_band {
    int in_height, in_width, out_height, out_width;
    int pad_top, pad_bottom, pad_left, pad_right;
} i2v_onednn_band;

/* A convolution of one band, ready to run on any thread. All zero is nothing. */
typedef struct i2v_onednn_conv {
    void *engine, *description, *primitive;
    size_t scratch;     /* bytes it needs to run */
    size_t own_weights; /* bytes; not 0: it wants another layout than the packed one */
} i2v_onednn_conv;

int i2v_onednn_packed_size(const i2v_conv *conv, size_t *size);
int i2v_onednn_pack(const i2v_conv *conv, const float *weights, void *packed);

/* Describes a convolution: sets its sizes. */
int i2v_onednn_conv_describe(i2v_onednn_conv *made, const i2v_conv *conv, const i2v_onednn_band *band);
/* Makes the described convolution ready; own_weights has room for its own weights if it wants them. */
int i2v_onednn_conv_prepare(i2v_onednn_conv *made, const i2v_conv *conv, void *own_weights);
int i2v_onednn_conv_run(const i2v_onednn_conv *made, const float *x, const void *weights, float *out, void *scratch);
void i2v_onednn_conv_clear(i2v_onednn_conv *made);

#endif
