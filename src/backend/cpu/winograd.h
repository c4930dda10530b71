/* 2D convolutions of kernel 3 by Winograd's method, which multiplies 2.25 times less with tiles of 2x2 outputs, and 4
 * times less with tiles of 4x4. Its sums are f32; the larger tile's rounding is some 1e-5, so that it is used only
 * where activations are rounded to bf16. */
#ifndef I2V_BACKEND_CPU_WINOGRAD_H
#define I2V_BACKEND_CPU_WINOGRAD_H

#include "backend/cpu/cpu.h"

/* Whether the convolution is of that kind, and large enough to gain. Depends on shapes and elements only. */
int i2v_winograd_fits(const i2v_conv_args *args);

size_t i2v_winograd_scratch(const i2v_kernels *kernels, const i2v_device *device, const i2v_conv_args *args);
void i2v_winograd_conv(const i2v_kernels *kernels, const i2v_device *device, const i2v_conv_args *args, void *scratch);

#endif
