/* Weights that are read from their file at each use, where a run has no memory for all of them.
 *
 * A filter or convolution whose `packed` is NULL and whose `source` has a file is packed into memory of the run's pool
 * just before it is used, and that memory is given back after. What is packed already passes through as it is. The
 * operations do this by themselves; a model does it around several uses of the same weights, so that they are packed
 * once. */
#ifndef I2V_TENSOR_STREAM_H
#define I2V_TENSOR_STREAM_H

#include "tensor/run.h"

/* The weights, packed. On failure, which the run then holds, some are not. To be given back, with the same weights. */
i2v_linear i2v_stream_linear(i2v_run *run, const i2v_linear *weights);
i2v_conv i2v_stream_conv(i2v_run *run, const i2v_conv *weights);
i2v_temporal_conv i2v_stream_temporal_conv(i2v_run *run, const i2v_temporal_conv *weights);

void i2v_stream_linear_end(i2v_run *run, const i2v_linear *weights, const i2v_linear *packed);
void i2v_stream_conv_end(i2v_run *run, const i2v_conv *weights, const i2v_conv *packed);
void i2v_stream_temporal_conv_end(i2v_run *run, const i2v_temporal_conv *weights, const i2v_temporal_conv *packed);

#endif
