/* The rows that a convolution over frames reads and writes. */
#include "backend/cpu/frame_rows.h"

i2v_frame_rows i2v_frame_rows_of(const i2v_kernels *kernels, const i2v_temporal_conv_args *args) {
    int64_t pixels = (int64_t)args->x.height * args->x.width;
    return (i2v_frame_rows){.input = {.kernels = kernels,
                                      .element = args->x.element,
                                      .source = {args->x.data},
                                      .channels = {args->x.channels},
                                      .norm = &args->input_norm},
                            .pairs = i2v_product_is_of_pairs(kernels, args->x.element, args->x.channels, 0),
                            .frames = args->x.frames,
                            .pixels = pixels,
                            .x_rows = args->x_frame_rows ? args->x_frame_rows : pixels,
                            .out_rows = args->out_frame_rows ? args->out_frame_rows : pixels};
}

void i2v_frame_rows_read(const i2v_frame_rows *rows, int64_t first, int64_t pixels, i2v_element element, void *out) {
    size_t frame = (size_t)(pixels * rows->input.channels[0]) * i2v_element_size(element);
    for (int64_t f = 0; f < rows->frames; f++) {
        i2v_product_read(&rows->input, f * rows->x_rows + first, pixels, element, (char *)out + (size_t)f * frame);
    }
}

void i2v_frame_rows_lines(const i2v_frame_rows *rows, int64_t first, int64_t pixels, i2v_product_line *lines) {
    for (int64_t f = 0; f < rows->frames; f++) {
        lines[f] = (i2v_product_line){.out = f * rows->out_rows + first, .rows = (int)pixels};
    }
}
