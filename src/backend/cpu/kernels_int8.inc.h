/* The loops of products of int8, for vectors of VECTOR_WIDTH sums, of which STEP_ROWS x 2 stay in registers. An
 * instruction set names add_dots(sums, row, weights): sums + the dot products of GROUP neighbouring inputs, which stand
 * in 4 bytes of both. With a GROUP of 2 these are int16; with 4 they are bytes, and the row's upper ones and its lower
 * ones are multiplied in turn.
 *
 * Compiled without fusing multiply-adds, so that each instruction set rounds alike. */
#include "backend/cpu/kernels_int8.h"
#include "backend/cpu/kernels_math.inc.h"

#define PANEL (2 * VECTOR_WIDTH)

typedef int8_t weights_vec __attribute__((vector_size(VECTOR_WIDTH * GROUP)));
typedef weights_vec loose_weights __attribute__((aligned(1), may_alias));
typedef int_vec loose_ints __attribute__((aligned(1), may_alias));
typedef int8_t bytes_vec __attribute__((vector_size(VECTOR_WIDTH)));
typedef bytes_vec loose_bytes __attribute__((aligned(1), may_alias));
typedef int16_t row_vec __attribute__((vector_size(2 * VECTOR_WIDTH)));
typedef row_vec loose_row __attribute__((aligned(1), may_alias));

/* ---- rounding ---- */

/* The scale of the block, NaN if a value is not finite, and what its values are multiplied with. The bits of absolute
 * values are in order, those of infinities and NaN last. */
static inline float scale_of(const float *x, int count, float most, float *factor) {
    int_vec bits_most = {0};
    for (int i = 0; i < count; i += VECTOR_WIDTH) {
        int_vec bits = (int_vec)load_some(x + i, count - i) & 0x7fffffff;
        int_vec is_more = bits > bits_most;
        bits_most = (bits & is_more) | (bits_most & ~is_more);
    }
    int32_t highest = 0;
    for (int i = 0; i < VECTOR_WIDTH; i++) highest = bits_most[i] > highest ? bits_most[i] : highest;
    float largest;
    memcpy(&largest, &highest, sizeof largest);
    *factor = largest >= I2V_INT8_LEAST && largest <= FLT_MAX ? most / largest : 0;
    return largest <= FLT_MAX ? largest / most : NAN;
}

/* Values i.. of x rounded to whole numbers, to even from halfway: the digits that 1.5 * 2^23 leaves none of. */
static inline int_vec whole_numbers(const float *x, int i, int count, float factor) {
    vec scaled = load_some(x + i, count - i) * factor + 12582912.0f;
    return (int_vec)scaled - 0x4b400000;
}

/* VECTOR_WIDTH of a row's values, of which `out` has room for `all`. */
static inline void store_values(int_vec whole, int i, int all, char *out) {
#if GROUP == 2
    (void)all;
    *(loose_row *)(void *)(out + 2 * i) = __builtin_convertvector(whole, row_vec);
#else
    int_vec upper = (whole + 128) >> 8;
    *(loose_bytes *)(void *)(out + i) = __builtin_convertvector(upper, bytes_vec);
    *(loose_bytes *)(void *)(out + all + i) = __builtin_convertvector(whole - upper * 256, bytes_vec);
#endif
}

/* x times 0 is not 0 if x is not finite; the whole row is NaN by its scale then, and its values are any. */
static float quantize(const float *x, int count, void *out) {
    float factor, scale = scale_of(x, count, I2V_INT8_ROW_MOST, &factor);
    int rounded = (count + I2V_INT8_VECTOR - 1) / I2V_INT8_VECTOR * I2V_INT8_VECTOR;
    for (int i = 0; i < rounded; i += VECTOR_WIDTH) {
        int_vec whole = i < count ? whole_numbers(x, i, count, factor) : (int_vec){0};
        store_values(whole, i, rounded, out);
    }
    return scale;
}

static float quantize_weights(const float *x, int count, int8_t *out) {
    float factor, scale = scale_of(x, count, I2V_INT8_MOST, &factor);
    int rounded = (count + I2V_INT8_VECTOR - 1) / I2V_INT8_VECTOR * I2V_INT8_VECTOR;
    for (int i = 0; i < rounded; i += VECTOR_WIDTH) {
        int_vec whole = i < count ? whole_numbers(x, i, count, factor) : (int_vec){0};
        *(loose_bytes *)(void *)(out + i) = __builtin_convertvector(whole, bytes_vec);
    }
    return scale;
}

/* ---- products ---- */

static inline int_vec load_ints(const void *x) {
    return *(const loose_ints *)x;
}

/* Weights as add_dots takes them. load_pairs: of int8 pairs, as int16. */
static inline int_vec load_weights(const void *x) {
#ifdef load_pairs
    return (int_vec)load_pairs(x);
#elif GROUP == 2
    typedef int16_t wide __attribute__((vector_size(4 * VECTOR_WIDTH)));
    return (int_vec) __builtin_convertvector(*(const loose_weights *)x, wide);
#else
    return load_ints(x);
#endif
}

static inline int_vec splat_group(const char *row) {
    int32_t group;
    memcpy(&group, row, sizeof group);
    return (int_vec){0} + group;
}

/* The sums of a row, scaled, to c. */
static inline __attribute__((always_inline)) void write_sums(int_vec sum, float row_scale, const float *scales,
                                                             int accumulate, float *c) {
    vec scaled = __builtin_convertvector(sum, vec) * (load(scales) * row_scale);
    store(c, accumulate ? load(c) + scaled : scaled);
}

/* The sums plus the products of the rows' values, or of one byte of each, with the block from `weights` to `end`. */
static inline __attribute__((always_inline)) void add_products(int_vec sum[][2], const int rows, const char *row,
                                                               size_t stride, const char *weights, const char *end) {
    /* few pointers, so that all of them stay in registers, too */
    const char *from[(STEP_ROWS + 3) / 4];
    for (int g = 0; g < (rows + 3) / 4; g++) from[g] = row + 4 * (size_t)g * stride;
    for (int64_t at = 0; weights < end; at += 4, weights += PANEL * GROUP) {
        int_vec first = load_weights(weights), second = load_weights(weights + VECTOR_WIDTH * GROUP);
#pragma GCC unroll 16
        for (int r = 0; r < rows; r++) {
            int_vec value = splat_group(from[r / 4] + (size_t)(r % 4) * stride + at);
            sum[r][0] = add_dots(sum[r][0], value, first);
            sum[r][1] = add_dots(sum[r][1], value, second);
        }
    }
}

static inline __attribute__((always_inline)) void block_rows(const i2v_int8_product *p, const int rows, const char *row,
                                                             const float *row_scales, float *c) {
    const char *weights = p->block, *end = weights + i2v_int8_block_values(p->inputs, PANEL);
    const float *scales = (const float *)(const void *)end;
    int_vec sum[STEP_ROWS][2];
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++) sum[r][0] = sum[r][1] = (int_vec){0};
    add_products(sum, rows, row, p->stride, weights, end);
#if GROUP == 4
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++) {
        sum[r][0] *= 256;
        sum[r][1] *= 256;
    }
    add_products(sum, rows, row + (p->inputs + I2V_INT8_VECTOR - 1) / I2V_INT8_VECTOR * I2V_INT8_VECTOR, p->stride,
                 weights, end);
#endif
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++) {
        float scale = row_scales[r * p->scales_stride];
        write_sums(sum[r][0], scale, scales, p->accumulate, c + r * p->sums_stride);
        write_sums(sum[r][1], scale, scales + VECTOR_WIDTH, p->accumulate, c + r * p->sums_stride + VECTOR_WIDTH);
    }
}

typedef void block_rows_function(const i2v_int8_product *p, const char *row, const float *scales, float *c);

#define BLOCK_ROWS(n)                                                                                                  \
    static __attribute__((noinline)) void block_rows_##n(const i2v_int8_product *p, const char *row,                   \
                                                         const float *scales, float *c) {                              \
        block_rows(p, n, row, scales, c);                                                                              \
    }
#define ROWS_ENTRY(n) block_rows_##n,
/* clang-format off */
#if STEP_ROWS == 12
#define EACH_ROWS(DO) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12)
#else
#define EACH_ROWS(DO) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6)
#endif

EACH_ROWS(BLOCK_ROWS)
/* clang-format on */

static void product(const i2v_int8_product *all) {
    static block_rows_function *const by_rows[] = {NULL, EACH_ROWS(ROWS_ENTRY)};
    i2v_int8_product p = *all; /* so that the compiler sees that stores do not change it */
    int groups = (p.count + STEP_ROWS - 1) / STEP_ROWS;
    for (int g = 0, row = 0; g < groups; g++) {
        int end = (int)((int64_t)p.count * (g + 1) / groups);
        by_rows[end - row](&p, p.rows + (size_t)row * p.stride, p.scales + row * p.scales_stride,
                           p.sums + row * p.sums_stride);
        row = end;
    }
}

const i2v_int8_kernels KERNELS = {.name = KERNELS_NAME,
                                  .panel = PANEL,
                                  .group = GROUP,
                                  .quantize = quantize,
                                  .quantize_weights = quantize_weights,
                                  .product = product};
