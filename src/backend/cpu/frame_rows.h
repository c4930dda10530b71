/* The rows that a convolution over frames reads and writes: those of all pixels of each frame, or of a band of them. */
#ifndef I2V_BACKEND_CPU_FRAME_ROWS_H
#define I2V_BACKEND_CPU_FRAME_ROWS_H

#include "backend/cpu/product.h"

typedef struct i2v_frame_rows {
    i2v_product_input input;
    int pairs; /* see i2v_product */
    int frames;
    int64_t pixels;           /* of a frame */
    int64_t x_rows, out_rows; /* from frame to frame */
} i2v_frame_rows;

i2v_frame_rows i2v_frame_rows_of(const i2v_kernels *kernels, const i2v_temporal_conv_args *args);

/* Pixels first..first + pixels of all frames as `element`, as i2v_product_read has it: out[frames][pixels][channels].
 */
void i2v_frame_rows_read(const i2v_frame_rows *rows, int64_t first, int64_t pixels, i2v_element element, void *out);

/* The lines [frames] that they are of the output. */
void i2v_frame_rows_lines(const i2v_frame_rows *rows, int64_t first, int64_t pixels, i2v_product_line *lines);

#endif
