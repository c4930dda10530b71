/* 2D convolutions of kernel 3 by Winograd's method, which multiplies 2.25 times less with tiles of 2x2 outputs, and 4
 * times less with tiles of 4x4. Transforms are f32, and so are sums. The larger tile's rounding is 3e-6 of the largest
 * value in f32; pairs of bf16 would be magnified, and have the smaller one. */
#ifndef I2V_BACKEND_CPU_WINOGRAD_H
#define I2V_BACKEND_CPU_WINOGRAD_H

#include "backend/cpu/cpu.h"

/* Whether the convolution is of that kind, and large enough to gain. Depends on shapes and elements only. */
int i2v_winograd_fits(const i2v_conv_args *args);

size_t i2v_winograd_scratch(const i2v_kernels *kernels, const i2v_device *device, const i2v_conv_args *args);
void i2v_winograd_conv(const i2v_kernels *kernels, const i2v_device *device, const i2v_conv_args *args, void *scratch);

#endif
