/* Weights of the plain backend: f32, in the order of the file. */
#include "backend/plain/plain.h"

#include "backend/widen.h"

size_t i2v_plain_filter_size(const i2v_filter *filter) {
    return (size_t)filter->out * (size_t)filter->in * (size_t)filter->taps * sizeof(float);
}

static void widen(i2v_element element, const char *from, size_t count, float *out) {
    for (size_t i = 0; i < count; i++, from += i2v_element_size(element)) {
        uint32_t bits = i2v_widen(element, from);
        memcpy(out + i, &bits, sizeof bits);
    }
}

void i2v_plain_filter_pack(const i2v_device *device, const i2v_filter *filter, i2v_element element, const void *weights,
                           void *packed) {
    widen(element, weights, i2v_plain_filter_size(filter) / sizeof(float), packed);
}

static i2v_filter conv_filter(const i2v_conv *conv) {
    return (i2v_filter){.in = conv->in, .out = conv->out, .taps = conv->kernel * conv->kernel};
}

size_t i2v_plain_conv_size(const i2v_conv *conv) {
    i2v_filter filter = conv_filter(conv);
    return i2v_plain_filter_size(&filter);
}

i2v_status i2v_plain_conv_pack(const i2v_device *device, const i2v_conv *conv, i2v_element element, const void *weights,
                               void *packed, i2v_error *error) {
    i2v_filter filter = conv_filter(conv);
    i2v_plain_filter_pack(device, &filter, element, weights, packed);
    return I2V_OK;
}
