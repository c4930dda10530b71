/* Weights of the plain backend: f32, in the order of the file. */
#include "backend/plain/plain.h"

#include "backend/plain/source.h"
#include "backend/widen.h"

size_t i2v_plain_pack_scratch(const i2v_device *device) {
    return 0;
}

i2v_packing i2v_plain_choose_packing(const i2v_device *device, i2v_element element, i2v_element input, int in,
                                     int taps) {
    return element == I2V_ELEMENT_INT8 ? I2V_PACKING_ROWS_INT8 : I2V_PACKING_ROWS_F32;
}

static size_t values_of(const i2v_filter *filter) {
    return (size_t)filter->out * (size_t)filter->in * (size_t)filter->taps;
}

size_t i2v_plain_filter_size(const i2v_device *device, const i2v_filter *filter) {
    if (filter->packing != I2V_PACKING_ROWS_INT8) return values_of(filter) * sizeof(float);
    return i2v_plain_int8_scales_at(filter) + (size_t)filter->out * i2v_plain_int8_blocks(filter->in) * sizeof(float);
}

/* Values that are read at a time. */
enum { PIECE = I2V_PLAIN_PIECE };

i2v_status i2v_plain_read(const i2v_source *source, size_t first, size_t values, size_t count, float *out,
                          i2v_error *error) {
    size_t size = i2v_element_size(source->element);
    char memory[PIECE * sizeof(float)];
    const char *from = i2v_bytes_read(&source->bytes, first * size, values * size, memory);
    if (!from) return i2v_bytes_fail(&source->bytes, error);
    if (!i2v_source_is_finite(source, from, values)) return i2v_source_fail_value(source, count, error);
    if (size == 1) {
        i2v_widen_bytes(source->element, source->scale, from, (int64_t)values, out);
        return I2V_OK;
    }
    for (size_t i = 0; i < values; i++) {
        uint32_t bits = i2v_widen(source->element, from + i * size);
        memcpy(out + i, &bits, sizeof bits);
    }
    return I2V_OK;
}

i2v_status i2v_plain_filter_pack(const i2v_device *device, const i2v_filter *filter, const i2v_source *source,
                                 void *scratch, void *packed, i2v_error *error) {
    if (filter->packing == I2V_PACKING_ROWS_INT8) return i2v_plain_int8_pack(filter, source, packed, error);
    size_t count = values_of(filter);
    float *out = packed;
    for (size_t first = 0; first < count; first += PIECE) {
        size_t values = count - first < PIECE ? count - first : PIECE;
        i2v_status status = i2v_plain_read(source, first, values, count, out + first, error);
        if (status) return status;
    }
    return I2V_OK;
}

static i2v_filter conv_filter(const i2v_conv *conv) {
    return (i2v_filter){.in = conv->in, .out = conv->out, .taps = conv->kernel * conv->kernel};
}

size_t i2v_plain_conv_size(const i2v_device *device, const i2v_conv *conv) {
    i2v_filter filter = conv_filter(conv);
    return i2v_plain_filter_size(device, &filter);
}

i2v_status i2v_plain_conv_pack(const i2v_device *device, const i2v_conv *conv, const i2v_source *source, void *scratch,
                               void *packed, i2v_error *error) {
    i2v_filter filter = conv_filter(conv);
    return i2v_plain_filter_pack(device, &filter, source, scratch, packed, error);
}
