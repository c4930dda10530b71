/* Photoshop files of 8 bits, by the composite that they carry behind their layers: planes, plain or in packbits. */
#include "base/byte_order.h"
#include "media/cmyk.h"
#include "media/picture_rare.h"
#include "media/reader.h"

#include <string.h>

enum { HEADER_SIZE = 26, GREY = 1, INDEXED = 2, RGB = 3, CMYK = 4, DUOTONE = 8, PALETTE_SIZE = 768 };

typedef struct psd {
    int64_t width, height;
    int mode, planes, all;  /* planes that are read, and that there are */
    const uint8_t *palette; /* all reds, all greens, all blues */
    int is_packed;
    i2v_reader reader;
    size_t lengths_at; /* of packed rows, 2 bytes each */
} psd;

static i2v_status fail_unusual(const i2v_encoded *source, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                    "%s is a Photoshop file that is not of 8 bits in RGB, CMYK, grey or a palette: save it as PNG",
                    source->name);
}

static int planes_of(int mode, int planes) {
    switch (mode) {
    case GREY:
    case DUOTONE:
    case INDEXED:
        return 1;
    case RGB:
        return planes == 4 ? 4 : 3; /* more than one beyond colour are masks */
    case CMYK:
        return 4;
    default:
        return 0;
    }
}

/* A length and as many bytes; NULL if they are missing. */
static const uint8_t *read_section(i2v_reader *reader, size_t *length) {
    const uint8_t *at = i2v_read_bytes(reader, 4);
    if (!at) return NULL;
    *length = i2v_big_endian(at, 4);
    return i2v_read_bytes(reader, *length);
}

static i2v_status read_header(psd *file, const i2v_encoded *source, i2v_error *error) {
    const uint8_t *data = source->data;
    size_t palette = 0, unused = 0;
    if (source->size < HEADER_SIZE) return i2v_fail_truncated(source, error);
    file->height = i2v_big_endian(data + 14, 4);
    file->width = i2v_big_endian(data + 18, 4);
    file->mode = (int)i2v_big_endian(data + 24, 2);
    file->all = (int)i2v_big_endian(data + 12, 2);
    file->planes = planes_of(file->mode, file->all);
    if (i2v_big_endian(data + 4, 2) != 1 || i2v_big_endian(data + 22, 2) != 8 || file->planes < 1 ||
        file->planes > file->all) {
        return fail_unusual(source, error);
    }
    file->reader = (i2v_reader){data, source->size, HEADER_SIZE};
    file->palette = read_section(&file->reader, &palette);
    if (!file->palette || !read_section(&file->reader, &unused) || !read_section(&file->reader, &unused)) {
        return i2v_fail_truncated(source, error);
    }
    if (file->mode == INDEXED && palette != PALETTE_SIZE) return fail_unusual(source, error);
    const uint8_t *compression = i2v_read_bytes(&file->reader, 2);
    if (!compression) return i2v_fail_truncated(source, error);
    file->is_packed = (int)i2v_big_endian(compression, 2);
    return file->is_packed > 1 ? fail_unusual(source, error) : I2V_OK;
}

/* A count and as many bytes more one, or 257 less the count times the next byte. */
static int unpack(i2v_reader *reader, uint8_t *out, size_t width, size_t step) {
    size_t x = 0;
    while (x < width) {
        int count = i2v_read_byte(reader);
        if (count < 0) return 0;
        if (count == 0x80) continue;
        int is_run = count > 0x80;
        const uint8_t *bytes = i2v_read_bytes(reader, is_run ? 1 : (size_t)count + 1);
        if (!bytes) return 0;
        count = is_run ? 257 - count : count + 1;
        for (int i = 0; i < count && x < width; i++) out[x++ * step] = bytes[is_run ? 0 : i];
    }
    return 1;
}

static int read_row(psd *file, size_t row, uint8_t *out, size_t step) {
    size_t width = (size_t)file->width;
    size_t length = file->is_packed ? i2v_big_endian(file->reader.data + file->lengths_at + 2 * row, 2) : width;
    const uint8_t *bytes = i2v_read_bytes(&file->reader, length);
    if (!bytes) return 0;
    if (file->is_packed) {
        i2v_reader packed = {bytes, length, 0};
        return unpack(&packed, out, width, step);
    }
    for (size_t x = 0; x < width; x++) out[x * step] = bytes[x];
    return 1;
}

static void finish(i2v_raster *raster, const psd *file) {
    size_t count = (size_t)raster->width * (size_t)raster->height;
    if (file->mode == CMYK) { /* pixels close up */
        for (size_t i = 0; i < count; i++) {
            uint8_t light[4];
            memcpy(light, raster->pixels + 4 * i, 4);
            i2v_cmyk_to_rgb(raster->pixels + 3 * i, light);
        }
        raster->channels = 3;
    }
    for (size_t i = 0; file->planes == 1 && i < count; i++) {
        uint8_t *pixel = raster->pixels + 3 * i;
        size_t value = pixel[0];
        for (size_t c = 0; c < 3; c++) pixel[c] = file->mode == INDEXED ? file->palette[c * 256 + value] : pixel[0];
    }
}

i2v_status i2v_decode_psd(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    psd file = {0};
    i2v_status status = read_header(&file, source, error);
    if (!status) status = i2v_raster_check(file.width, file.height, source->name, error);
    if (status) return status;
    size_t rows = (size_t)file.height * (size_t)file.planes, left = source->size - file.reader.at;
    if (left / rows < (file.is_packed ? 2 : (size_t)file.width)) return i2v_fail_truncated(source, error);
    file.lengths_at = file.reader.at;
    if (file.is_packed && !i2v_read_bytes(&file.reader, 2 * (size_t)file.height * (size_t)file.all)) {
        return i2v_fail_truncated(source, error);
    }
    status = i2v_raster_alloc(raster, file.width, file.height, file.planes == 4 ? 4 : 3, source->name, error);
    if (status) return status;
    size_t channels = (size_t)raster->channels, stride = (size_t)raster->width * channels;
    for (size_t row = 0; row < rows; row++) {
        size_t plane = row / (size_t)file.height, y = row % (size_t)file.height;
        if (!read_row(&file, row, raster->pixels + y * stride + plane, channels)) {
            return i2v_fail_truncated(source, error);
        }
    }
    finish(raster, &file);
    return I2V_OK;
}
