/* The kernel of all matrix products: rows times packed panels. */
#include "backend/cpu/kernels_rows.inc.h"

#define PANEL (2 * VECTOR_WIDTH)

/* sum + value * factor; of pairs, sum + both products. */
static inline __attribute__((always_inline)) vec add_product(const int pairs, vec sum, vec value, vec factor) {
#ifdef add_pairs
    if (pairs) return add_pairs(sum, value, factor);
#endif
    return sum + value * factor;
}

/* Rows of a panel between what is multiplied and what is fetched: panels may come from memory. */
enum { PANEL_AHEAD = 16 };

/* rows x PANEL sums stay in registers, which takes loops that are unrolled; rows and pairs are known to the compiler.
 */
static inline __attribute__((always_inline)) void
panel_rows(const i2v_panel_product *p, const int rows, const int pairs, const float *a, const float *panel, float *c) {
    vec sum[STEP_ROWS][2];
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++) {
        sum[r][0] = p->accumulate ? load(c + r * p->c_stride) : splat(0);
        sum[r][1] = p->accumulate ? load(c + r * p->c_stride + VECTOR_WIDTH) : splat(0);
    }
    /* few pointers, so that all of them stay in registers, too */
    const float *from[(STEP_ROWS + 3) / 4];
    int64_t stride = p->a_stride;
    for (int g = 0; g < (rows + 3) / 4; g++) from[g] = a + 4 * g * stride;
    for (int64_t k = 0; k < p->depth; k++, panel += PANEL) {
        vec first = load(panel), second = load(panel + VECTOR_WIDTH);
        for (int i = 0; i < PANEL; i += 16) __builtin_prefetch(panel + PANEL_AHEAD * PANEL + i);
#pragma GCC unroll 16
        for (int r = 0; r < rows; r++) {
            vec value = splat(from[r / 4][r % 4 * stride + k]);
            sum[r][0] = add_product(pairs, sum[r][0], value, first);
            sum[r][1] = add_product(pairs, sum[r][1], value, second);
        }
    }
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++) {
        store(c + r * p->c_stride, sum[r][0]);
        store(c + r * p->c_stride + VECTOR_WIDTH, sum[r][1]);
    }
}

typedef void panel_rows_function(const i2v_panel_product *p, const float *a, const float *panel, float *c);

#define PANEL_ROWS(name, pairs, n)                                                                                     \
    static __attribute__((noinline)) void name##_##n(const i2v_panel_product *p, const float *a, const float *panel,   \
                                                     float *c) {                                                       \
        panel_rows(p, n, pairs, a, panel, c);                                                                          \
    }
/* clang-format off */
#define FIRST_ROWS(name, pairs, DO)                                                                                    \
    DO(name, pairs, 1) DO(name, pairs, 2) DO(name, pairs, 3) DO(name, pairs, 4) DO(name, pairs, 5) DO(name, pairs, 6)
#if STEP_ROWS == 12
#define EACH_ROWS(name, pairs, DO)                                                                                     \
    FIRST_ROWS(name, pairs, DO)                                                                                        \
    DO(name, pairs, 7) DO(name, pairs, 8) DO(name, pairs, 9) DO(name, pairs, 10) DO(name, pairs, 11) DO(name, pairs, 12)
#else
#define EACH_ROWS FIRST_ROWS
#endif
/* clang-format on */
#define ROWS_ENTRY(name, pairs, n) name##_##n,

static inline void panels_product(panel_rows_function *const by_rows[], const i2v_panel_product *product) {
    i2v_panel_product local = *product; /* so that the compiler sees that stores do not change it */
    /* groups as equal as can be: of few rows the loads are not hidden */
    int groups = (local.rows + STEP_ROWS - 1) / STEP_ROWS;
    for (int panel = 0; panel < local.panel_count; panel++) {
        const float *from = local.panels + panel * local.panel_stride;
        for (int line = 0; line < i2v_product_lines(&local); line++) {
            const float *a = i2v_product_line_start(&local, line);
            float *c = local.c + line * local.rows * local.c_stride + panel * PANEL;
            for (int g = 0, row = 0; g < groups; g++) {
                int end = (int)((int64_t)local.rows * (g + 1) / groups);
                by_rows[end - row](&local, a + row * local.a_stride, from, c + row * local.c_stride);
                row = end;
            }
        }
    }
}

EACH_ROWS(panel_rows, 0, PANEL_ROWS)

static void panel_product(const i2v_panel_product *product) {
    static panel_rows_function *const by_rows[] = {NULL, EACH_ROWS(panel_rows, 0, ROWS_ENTRY)};
    panels_product(by_rows, product);
}

#ifdef add_pairs
#ifdef PAIRS_BY_TILES
#include "backend/cpu/kernels_tiles.inc.h"
#else
EACH_ROWS(pair_rows, 1, PANEL_ROWS)

static void pair_product(const i2v_panel_product *product) {
    static panel_rows_function *const by_rows[] = {NULL, EACH_ROWS(pair_rows, 1, ROWS_ENTRY)};
    panels_product(by_rows, product);
}
#endif

static inline void pair_panel_of(i2v_element element, const void *panel, int64_t depth, float *out) {
    for (int64_t i = 0; i < depth * PANEL; i += 2 * PANEL, out += PANEL) {
        vec rows[2][2]; /* all read before the first is written, as that may be their place */
        for (int row = 0; row < 2; row++) {
            for (int half = 0; half < 2; half++) {
                rows[row][half] = load_as(element, panel, i + row * PANEL + half * VECTOR_WIDTH, VECTOR_WIDTH);
            }
        }
        store(out, join_pairs(rows[0][0], rows[1][0]));
        store(out + VECTOR_WIDTH, join_pairs(rows[0][1], rows[1][1]));
    }
}

static void pair_panel(i2v_element element, const void *panel, int64_t depth, float *out) {
    if (element == I2V_ELEMENT_F32) {
        pair_panel_of(I2V_ELEMENT_F32, panel, depth, out);
    } else if (element == I2V_ELEMENT_F16) {
        pair_panel_of(I2V_ELEMENT_F16, panel, depth, out);
    } else {
        pair_panel_of(I2V_ELEMENT_BF16, panel, depth, out);
    }
}
#endif
