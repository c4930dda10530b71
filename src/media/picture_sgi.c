/* SGI: planes of 8 or 16 bits (of which the high byte is kept), last row first, plain or each row in run lengths. */
#include "base/byte_order.h"
#include "media/picture_rare.h"
#include "media/reader.h"

enum { HEADER_SIZE = 512 };

typedef struct sgi {
    int is_rle, bytes, planes;
    int64_t width, height;
} sgi;

int i2v_is_sgi(const uint8_t *data, size_t size) {
    return size >= 12 && i2v_big_endian(data, 2) == 474 && data[2] <= 1 && (data[3] == 1 || data[3] == 2) &&
           i2v_big_endian(data + 4, 2) <= 3;
}

static void read_header(sgi *file, const uint8_t *data) {
    file->is_rle = data[2];
    file->bytes = data[3];
    file->width = i2v_big_endian(data + 6, 2);
    file->height = i2v_big_endian(data + 8, 2);
    file->planes = i2v_big_endian(data + 4, 2) < 3 ? 1 : (int)i2v_big_endian(data + 10, 2);
}

/* One row of one plane, a sample every `step` bytes of out. */
static int read_plain(const sgi *file, i2v_reader *reader, uint8_t *out, size_t step) {
    const uint8_t *row = i2v_read_bytes(reader, (size_t)file->width * (size_t)file->bytes);
    if (!row) return 0;
    for (size_t x = 0; x < (size_t)file->width; x++) out[x * step] = row[x * (size_t)file->bytes];
    return 1;
}

/* A count, of which the highest bit says that as many samples follow, not one to repeat; all of the file's bytes a
 * sample, the count in the low one. */
static int read_runs(const sgi *file, i2v_reader *reader, uint8_t *out, size_t step) {
    size_t bytes = (size_t)file->bytes, x = 0, width = (size_t)file->width;
    while (x < width) {
        const uint8_t *atom = i2v_read_bytes(reader, bytes), *sample = NULL;
        size_t count = atom ? atom[bytes - 1] & 0x7f : 0;
        if (count == 0 || count > width - x) return 0;
        for (size_t i = 0; i < count; i++) {
            if (i == 0 || atom[bytes - 1] & 0x80) sample = i2v_read_bytes(reader, bytes);
            if (!sample) return 0;
            out[x++ * step] = sample[0];
        }
    }
    return 1;
}

i2v_status i2v_decode_sgi(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    sgi file = {0};
    if (source->size < HEADER_SIZE) return i2v_fail_truncated(source, error);
    read_header(&file, source->data);
    if (file.planes != 1 && file.planes != 3 && file.planes != 4) {
        return i2v_fail(error, I2V_ERROR_UNSUPPORTED, "%s is an SGI picture of %d planes: convert it to PNG",
                        source->name, file.planes);
    }
    i2v_status status = i2v_raster_check(file.width, file.height, source->name, error);
    if (status) return status;
    size_t rows = (size_t)file.height * (size_t)file.planes, row = (size_t)file.width * (size_t)file.bytes;
    if ((source->size - HEADER_SIZE) / rows < (file.is_rle ? 8 : row)) return i2v_fail_truncated(source, error);
    status = i2v_raster_alloc(raster, file.width, file.height, file.planes == 4 ? 4 : 3, source->name, error);
    if (status) return status;
    size_t channels = (size_t)raster->channels, stride = (size_t)raster->width * channels;
    for (size_t i = 0; i < rows; i++) {
        size_t plane = i / (size_t)file.height, y = (size_t)file.height - 1 - i % (size_t)file.height;
        size_t at = file.is_rle ? i2v_big_endian(source->data + HEADER_SIZE + 4 * i, 4) : HEADER_SIZE + i * row;
        uint8_t *out = raster->pixels + y * stride + plane;
        i2v_reader reader = {source->data, source->size, at < source->size ? at : source->size};
        int is_read =
            file.is_rle ? read_runs(&file, &reader, out, channels) : read_plain(&file, &reader, out, channels);
        if (!is_read) return i2v_fail_truncated(source, error);
    }
    for (size_t i = 0; file.planes == 1 && i < stride * (size_t)raster->height; i += 3) {
        raster->pixels[i + 1] = raster->pixels[i + 2] = raster->pixels[i];
    }
    return I2V_OK;
}
