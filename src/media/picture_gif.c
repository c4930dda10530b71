/* GIF: the first frame on its canvas, which is transparent around it or else of the palette's first colour, as in
 * Pillow. What is transparent keeps its colour. */
#include "base/byte_order.h"
#include "media/bytes.h"
#include "media/picture_rare.h"
#include "media/reader.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_SIZE = 13, DESCRIPTOR_SIZE = 10, MAX_BITS = 12, MAX_CODES = 1 << MAX_BITS, HAS_TABLE = 0x80 };

typedef struct gif_frame {
    int canvas_width, canvas_height, left, top, width, height;
    int is_interlaced, transparent; /* an index, -1: none */
    const uint8_t *palette;         /* NULL: grey */
    size_t colors;
    size_t data_at; /* the size of the first codes, then blocks */
} gif_frame;

static int larger(int a, int b) {
    return a > b ? a : b;
}

/* Takes the colour table at `at`, if flags say that there is one. Returns where it ends; beyond the file, if it does
 * not. */
static size_t take_table(gif_frame *frame, const i2v_encoded *source, size_t at, uint8_t flags) {
    size_t size = i2v_gif_table_size(flags);
    if (size && at <= source->size && source->size - at >= size) {
        frame->palette = source->data + at;
        frame->colors = size / 3;
    }
    return at + size;
}

static i2v_status read_descriptor(gif_frame *frame, const i2v_encoded *source, size_t at, i2v_error *error) {
    if (source->size - at < DESCRIPTOR_SIZE) return i2v_fail_truncated(source, error);
    const uint8_t *descriptor = source->data + at;
    frame->left = (int)i2v_little_endian(descriptor + 1, 2);
    frame->top = (int)i2v_little_endian(descriptor + 3, 2);
    frame->width = (int)i2v_little_endian(descriptor + 5, 2);
    frame->height = (int)i2v_little_endian(descriptor + 7, 2);
    frame->is_interlaced = descriptor[9] & 0x40;
    frame->canvas_width = larger(frame->canvas_width, frame->left + frame->width);
    frame->canvas_height = larger(frame->canvas_height, frame->top + frame->height);
    frame->data_at = take_table(frame, source, at + DESCRIPTOR_SIZE, descriptor[9]);
    return frame->data_at < source->size ? I2V_OK : i2v_fail_truncated(source, error);
}

/* Extensions, one of which may name a transparent index, up to the first picture. */
static i2v_status find_frame(gif_frame *frame, const i2v_encoded *source, i2v_error *error) {
    const uint8_t *data = source->data;
    if (source->size < HEADER_SIZE) return i2v_fail_truncated(source, error);
    *frame = (gif_frame){.canvas_width = (int)i2v_little_endian(data + 6, 2),
                         .canvas_height = (int)i2v_little_endian(data + 8, 2),
                         .transparent = -1};
    size_t at = take_table(frame, source, HEADER_SIZE, data[10]);
    while (at < source->size && data[at] != ',') {
        size_t left = source->size - at;
        if (data[at] != '!') return i2v_fail(error, I2V_ERROR_FORMAT, "%s is a damaged GIF", source->name);
        if (left >= 8 && data[at + 1] == 0xf9 && data[at + 2] >= 4 && data[at + 3] & 1) {
            frame->transparent = data[at + 6];
        }
        at = i2v_gif_skip(data, source->size, at + 2);
    }
    return at < source->size ? read_descriptor(frame, source, at, error) : i2v_fail_truncated(source, error);
}

/* ---- codes ------------------------------------------------------------------------------------------------------ */

/* LZW: a code is a string of indices, which is another code's and one index more. */
typedef struct code_reader {
    i2v_reader reader;
    int left; /* bytes of the block */
    uint32_t bits;
    int bit_count;
    int clear, width; /* the code that begins anew; bits of a code now */
    int count, last;  /* codes that there are; the code before, -1 at the beginning */
    uint16_t prefix[MAX_CODES];
    uint8_t suffix[MAX_CODES], stack[MAX_CODES];
    int stacked;
} code_reader;

static void begin_anew(code_reader *codes) {
    codes->count = codes->clear + 2;
    codes->width = 1;
    while (1 << codes->width < codes->count) codes->width++;
    codes->last = -1;
}

/* -1 at the end of the blocks. */
static int next_code(code_reader *codes) {
    while (codes->bit_count < codes->width) {
        if (codes->left == 0) codes->left = i2v_read_byte(&codes->reader);
        int byte = codes->left > 0 ? i2v_read_byte(&codes->reader) : -1;
        if (byte < 0) return -1;
        codes->left--;
        codes->bits |= (uint32_t)byte << codes->bit_count;
        codes->bit_count += 8;
    }
    int code = (int)(codes->bits & ((1u << codes->width) - 1));
    codes->bits >>= codes->width;
    codes->bit_count -= codes->width;
    return code;
}

/* Puts the string of `code` on the stack, last index first. Returns its first index. */
static uint8_t stack_string(code_reader *codes, int code) {
    for (; code >= codes->clear; code = codes->prefix[code]) codes->stack[codes->stacked++] = codes->suffix[code];
    return codes->stack[codes->stacked++] = (uint8_t)code;
}

static void add_code(code_reader *codes, int prefix, uint8_t suffix) {
    if (codes->count == MAX_CODES) return;
    codes->prefix[codes->count] = (uint16_t)prefix;
    codes->suffix[codes->count++] = suffix;
    if (codes->count == 1 << codes->width && codes->width < MAX_BITS) codes->width++;
}

/* The next index, -1 where they end. */
static int next_index(code_reader *codes) {
    if (codes->stacked > 0) return codes->stack[--codes->stacked];
    int code = next_code(codes);
    while (code == codes->clear) {
        begin_anew(codes);
        code = next_code(codes);
    }
    int is_new = code == codes->count && codes->last >= 0; /* the string before, and its first index again */
    if (code < 0 || code == codes->clear + 1 || (code > codes->clear && code >= codes->count && !is_new)) return -1;
    if (is_new) codes->stacked = 1; /* room for that index */
    uint8_t first = stack_string(codes, is_new ? codes->last : code);
    if (is_new) codes->stack[0] = first;
    if (codes->last >= 0) add_code(codes, codes->last, first);
    codes->last = code;
    return codes->stack[--codes->stacked];
}

/* ---- pixels ----------------------------------------------------------------------------------------------------- */

/* The row that comes as number n. Interlaced, every eighth row comes first, then those halfway between, and so on. */
static int row_of(const gif_frame *frame, int n) {
    static const int first[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2};
    if (!frame->is_interlaced) return n;
    for (int pass = 0; pass < 4; pass++) {
        int rows = (frame->height - first[pass] + step[pass] - 1) / step[pass];
        if (rows < 0) rows = 0;
        if (n < rows) return first[pass] + n * step[pass];
        n -= rows;
    }
    return 0;
}

static void put(const gif_frame *frame, const i2v_raster *raster, size_t pixel, int index) {
    uint8_t *out = raster->pixels + pixel * (size_t)raster->channels;
    if (!frame->palette) {
        memset(out, index, 3);
    } else if ((size_t)index < frame->colors) {
        memcpy(out, frame->palette + 3 * (size_t)index, 3);
    } else {
        memset(out, 0, 3);
    }
    if (raster->channels == 4) out[3] = index == frame->transparent ? 0 : 255;
}

static i2v_status read_pixels(const i2v_raster *raster, const gif_frame *frame, const i2v_encoded *source,
                              i2v_error *error) {
    int code_size = source->data[frame->data_at];
    if (code_size < 1 || code_size > MAX_BITS - 1) {
        return i2v_fail(error, I2V_ERROR_FORMAT, "%s is a damaged GIF", source->name);
    }
    code_reader *codes = calloc(1, sizeof *codes); /* large for a stack */
    if (!codes) return i2v_fail_memory(error, source->name, sizeof *codes);
    codes->reader = (i2v_reader){source->data, source->size, frame->data_at + 1};
    codes->clear = 1 << code_size;
    begin_anew(codes);
    int index = 0;
    for (int n = 0; index >= 0 && n < frame->height; n++) {
        size_t row = (size_t)(frame->top + row_of(frame, n)) * (size_t)raster->width + (size_t)frame->left;
        for (int x = 0; index >= 0 && x < frame->width; x++) {
            index = next_index(codes);
            if (index >= 0) put(frame, raster, row + (size_t)x, index);
        }
    }
    free(codes);
    return index >= 0 ? I2V_OK : i2v_fail_truncated(source, error);
}

static void fill_canvas(const gif_frame *frame, const i2v_raster *raster) {
    size_t width = (size_t)raster->width, stride = width * (size_t)raster->channels;
    for (size_t x = 0; x < width; x++) put(frame, raster, x, larger(frame->transparent, 0));
    for (size_t y = 1; y < (size_t)raster->height; y++) memcpy(raster->pixels + y * stride, raster->pixels, stride);
}

i2v_status i2v_decode_gif(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    gif_frame frame = {0};
    i2v_status status = find_frame(&frame, source, error);
    if (status) return status;
    int channels = frame.transparent >= 0 ? 4 : 3;
    status = i2v_raster_alloc(raster, frame.canvas_width, frame.canvas_height, channels, source->name, error);
    if (status) return status;
    if (frame.width < raster->width || frame.height < raster->height) fill_canvas(&frame, raster);
    return read_pixels(raster, &frame, source, error);
}
