/* One tile of a matrix product, and the epilogue that follows while the tile is in cache. */
#include "backend/cpu/product.h"
#include "base/half.h"

#include <string.h>

/* Inputs summed in one go: a panel of so many rows stays in the nearest caches. */
#define DEPTH 512
#define DEPTH_OF_TILES 640
#define DEPTH_UNIT 32 /* of which kernels like a multiple */
/* Floats of scratch that a tile's rows may have. */
#define ROWS_SCRATCH ((int64_t)320 * 1024)
#define MOST_ROWS 256
#define LEAST_ROWS 48
/* Tiles of rows from which columns need not be split for the threads' sake. */
#define ENOUGH_TILES 32

int64_t i2v_product_expanded(const i2v_kernels *kernels) {
    return (int64_t)DEPTH * kernels->panel;
}

int i2v_product_columns(const i2v_kernels *kernels, int64_t row_tiles, int columns) {
    int64_t most = I2V_PRODUCT_COLUMNS;
    while (most > 2 * kernels->panel && row_tiles * i2v_divide_up(columns, most) < ENOUGH_TILES) most /= 2;
    return (int)i2v_min(most, i2v_round_up(columns, kernels->panel));
}

int64_t i2v_product_rows(int64_t rows, int64_t floats, int threads) {
    int64_t most = i2v_min(MOST_ROWS, ROWS_SCRATCH / (floats > 0 ? floats : 1));
    int64_t tiles = i2v_divide_up(rows, most < LEAST_ROWS ? LEAST_ROWS : most), even = i2v_round_up(tiles, threads);
    return i2v_divide_up(rows, rows / even >= LEAST_ROWS ? even : tiles);
}

int i2v_product_is_of_pairs(const i2v_kernels *kernels, i2v_element element, int channels, int more_channels) {
    return kernels->pair_product && element == I2V_ELEMENT_BF16 && channels % 2 == 0 && more_channels % 2 == 0;
}

/* Rows first..first + depth of a panel of pairs [in / 2][width], as f32. */
static void widen_pairs(const uint16_t *pairs, int64_t first, int64_t depth, int width, float *out) {
    for (int64_t row = first; row < first + depth; row++) {
        const uint16_t *from = pairs + row / 2 * 2 * width + row % 2;
        for (int i = 0; i < width; i++) {
            uint32_t bits = i2v_widen_bf16(from[2 * i]);
            memcpy(out++, &bits, sizeof bits);
        }
    }
}

/* Floats from panel to panel of a filter of pairs. */
static int64_t pairs_of_panel(const i2v_product *p) {
    return (int64_t)p->filter->taps * p->filter->in / 2 * p->kernels->panel;
}

/* Rows first..first + depth of a panel, as f32 or as pairs of bf16. */
static const float *expand(const i2v_product *p, int64_t panel, int64_t first, int64_t depth) {
    const i2v_filter *filter = p->filter;
    int width = p->kernels->panel;
    if (filter->packing == I2V_PACKING_PAIRS_BF16) {
        const float *pairs = (const float *)filter->packed + panel * pairs_of_panel(p);
        if (p->pairs) return pairs + first / 2 * width;
        widen_pairs((const uint16_t *)pairs, first, depth, width, p->expanded);
        return p->expanded;
    }
    int64_t at = (panel * filter->taps * filter->in + first) * width;
    i2v_element element = i2v_packing_element(filter->packing);
    const void *from = (const char *)filter->packed + (size_t)at * i2v_element_size(element);
    if (p->pairs) {
        p->kernels->pair_panel(element, from, depth, p->expanded);
        return p->expanded;
    }
    if (element == I2V_ELEMENT_F32) return from;
    p->kernels->widen(element, from, depth * width, p->expanded);
    return p->expanded;
}

/* Inputs begin..begin + depth of the span, which meet row span->first + begin of the panels: of all panels in one go,
 * or of one after the other as each is made ready. */
static void sum_part(const i2v_product *p, const i2v_product_span *span, int64_t begin, int64_t depth, int accumulate) {
    int64_t per_float = p->pairs ? 2 : 1; /* values in the place of a float */
    int width = p->kernels->panel, all = p->pairs && p->filter->packing == I2V_PACKING_PAIRS_BF16;
    i2v_panel_product product = {.lines = p->lines,
                                 .lines_count = p->lines_count,
                                 .pixel = span->pixel / per_float,
                                 .rows = p->lines[0].rows,
                                 .depth = depth / per_float,
                                 .a = (const float *)span->a + begin / per_float,
                                 .a_stride = span->pixel * p->step / per_float,
                                 .panel_stride = all ? pairs_of_panel(p) : 0,
                                 .panel_count = all ? (int)i2v_divide_up(p->columns, width) : 1,
                                 .c_stride = p->sums_stride,
                                 .accumulate = accumulate,
                                 .exceeds_cache = all};
    for (int column = 0; column < p->columns; column += product.panel_count * width) {
        product.panels = expand(p, (p->first_column + column) / width, span->first + begin, depth);
        product.c = p->sums + column;
        i2v_product_multiply(p->kernels, p->pairs, &product);
    }
}

void i2v_product_sum(const i2v_product *p, int accumulate) {
    int64_t most = i2v_product_is_by_tiles(p->kernels, p->pairs) ? DEPTH_OF_TILES : DEPTH;
    for (int s = 0; s < p->spans_count; s++) {
        const i2v_product_span *span = &p->spans[s];
        int64_t depth = i2v_round_up(i2v_even_tile(span->depth, most), DEPTH_UNIT);
        for (int64_t begin = 0; begin < span->depth; begin += depth) {
            sum_part(p, span, begin, i2v_min(depth, span->depth - begin), accumulate);
            accumulate = 1;
        }
    }
}

int i2v_product_input_is_plain(const i2v_product_input *input, int pairs) {
    return input->element == i2v_product_element(pairs) && !input->norm->factors;
}

/* The part of row `row` that comes from source s, whose first channel is `channel` of all. */
static void read_part(const i2v_product_input *input, int s, int64_t row, int channel, i2v_element element, void *out) {
    int count = input->channels[s];
    const i2v_input_norm *norm = input->norm;
    const char *x = (const char *)input->source[s] + (size_t)(row * count) * i2v_element_size(input->element);
    if (norm->factors) {
        int64_t channels = (int64_t)input->channels[0] + input->channels[1];
        const float *mean = norm->factors + row / norm->rows * 3 * channels + channel;
        input->kernels->normalize(input->element, x, mean, mean + channels, mean + 2 * channels, count,
                                  norm->activation, element, out);
    } else if (element == input->element) {
        memcpy(out, x, (size_t)count * i2v_element_size(element));
    } else {
        input->kernels->widen(input->element, x, count, out);
    }
}

void i2v_product_read(const i2v_product_input *input, int64_t first, int64_t rows, i2v_element element, void *out) {
    int first_channels = input->channels[0], rest = input->channels[1];
    size_t size = i2v_element_size(element), part = (size_t)first_channels * size,
           row_size = part + (size_t)rest * size;
    char *to = out;
    for (int64_t row = first; row < first + rows; row++, to += row_size) {
        read_part(input, 0, row, 0, element, to);
        if (rest) read_part(input, 1, row, first_channels, element, to + part);
    }
}

/* Pixels of an image's row that begins at input row `row`, from `column` on. */
static void read_line(const i2v_product_input *input, int64_t row, int width, int column, int columns,
                      i2v_element element, char *out) {
    size_t pixel = (size_t)(input->channels[0] + input->channels[1]) * i2v_element_size(element);
    int64_t before = column < 0 ? i2v_min(-column, columns) : 0, end = i2v_min(columns, (int64_t)width - column);
    if (end < before) end = before;
    memset(out, 0, (size_t)before * pixel);
    i2v_product_read(input, row + column + before, end - before, element, out + (size_t)before * pixel);
    memset(out + (size_t)end * pixel, 0, (size_t)(columns - end) * pixel);
}

void i2v_product_read_normed(const i2v_product_input *input, const i2v_norm *layer_norm, i2v_element element,
                             int64_t first, int64_t rows, float *row, void *out) {
    int channels = input->channels[0] + input->channels[1];
    size_t size = (size_t)channels * i2v_element_size(element);
    if (!layer_norm) {
        i2v_product_read(input, first, rows, element, out);
        return;
    }
    for (int64_t r = 0; r < rows; r++) {
        i2v_product_read(input, first + r, 1, I2V_ELEMENT_F32, row);
        input->kernels->layer_norm(layer_norm, row, channels, element, (char *)out + (size_t)r * size);
    }
}

void i2v_product_read_window(const i2v_product_input *input, const i2v_tensor *x, int frame, int row, int column,
                             int rows, int columns, i2v_element element, void *out) {
    size_t line = (size_t)columns * (size_t)(input->channels[0] + input->channels[1]) * i2v_element_size(element);
    char *to = out;
    for (int y = row; y < row + rows; y++, to += line) {
        if (y < 0 || y >= x->height) {
            memset(to, 0, line);
        } else {
            read_line(input, ((int64_t)frame * x->height + y) * x->width, x->width, column, columns, element, to);
        }
    }
}

void i2v_product_write(const i2v_product *p, const i2v_epilogue *epilogue, i2v_element element, void *out) {
    const float *bias = p->bias ? p->bias + p->first_column : NULL, *sums = p->sums;
    int column = p->part_column + p->first_column;
    for (int i = 0; i < p->lines_count; i++) {
        int64_t row = p->lines[i].out;
        for (int r = 0; r < p->lines[i].rows; r++, row += p->out_step, sums += p->sums_stride) {
            p->kernels->epilogue(epilogue, sums, bias, row * p->out_columns + column, column, p->columns, element, out);
        }
    }
}
