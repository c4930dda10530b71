/* Weights that are not finite, found by their exponents. */
#include "backend/plain/source.h"

#include "backend/widen.h"

#include <math.h>

/* Loops without a way out, which would keep them from being vectorised: a value is none if all bits of its exponent are
 * set; of E4M3, which has no infinities, if all but the sign are. */

static int any_of_4(const char *from, size_t count, uint32_t exponent) {
    uint32_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, from + i * sizeof bits, sizeof bits);
        found |= (bits & exponent) == exponent;
    }
    return found != 0;
}

static int any_of_2(const char *from, size_t count, uint16_t exponent) {
    uint16_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint16_t bits;
        memcpy(&bits, from + i * sizeof bits, sizeof bits);
        found |= (uint16_t)((bits & exponent) == exponent);
    }
    return found != 0;
}

static int any_of_1(const char *from, size_t count, uint8_t exponent) {
    uint8_t found = 0;
    for (size_t i = 0; i < count; i++) found |= (uint8_t)(((uint8_t)from[i] & exponent) == exponent);
    return found != 0;
}

int i2v_source_is_finite(const i2v_source *source, const void *from, size_t count) {
    if (!source->name) return 1;
    switch (source->element) {
    case I2V_ELEMENT_F32:
        return !any_of_4(from, count, 0x7f800000);
    case I2V_ELEMENT_F16:
        return !any_of_2(from, count, 0x7c00);
    case I2V_ELEMENT_BF16:
        return !any_of_2(from, count, 0x7f80);
    case I2V_ELEMENT_E4M3:
        return !any_of_1(from, count, 0x7f);
    default:
        return !any_of_1(from, count, 0x7c);
    }
}

static float value_of(const i2v_source *source, const void *from) {
    float value;
    if (i2v_element_size(source->element) == 1) {
        i2v_widen_bytes(source->element, 1, from, 1, &value);
    } else {
        uint32_t bits = i2v_widen(source->element, from);
        memcpy(&value, &bits, sizeof value);
    }
    return value;
}

i2v_status i2v_source_fail_value(const i2v_source *source, uint64_t count, i2v_error *error) {
    size_t size = i2v_element_size(source->element);
    float value = NAN;
    for (uint64_t i = 0; i < count; i++) {
        char memory[sizeof value];
        const void *from = i2v_bytes_read(&source->bytes, i * size, size, memory);
        if (!from) return i2v_bytes_fail(&source->bytes, error);
        value = value_of(source, from);
        if (!isfinite(value)) break;
    }
    return i2v_fail(error, I2V_ERROR_MODEL, "tensor %s of %s holds %g%s", source->name, source->file, (double)value,
                    source->bytes.file ? ", so the file is damaged; download it again" : ", which is not finite");
}
