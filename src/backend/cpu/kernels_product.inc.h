/* The kernel of all matrix products: rows times packed panels. */
#include "backend/cpu/kernels_rows.inc.h"

#define PANEL (2 * VECTOR_WIDTH)

/* rows x PANEL sums stay in registers; rows is known to the compiler. */
static inline __attribute__((always_inline)) void panel_rows(const i2v_panel_product *p, const int rows, const float *a,
                                                             const float *panel, float *c) {
    vec sum[ROW_TILE][2];
    for (int r = 0; r < rows; r++) {
        sum[r][0] = p->accumulate ? load(c + r * p->c_stride) : splat(0);
        sum[r][1] = p->accumulate ? load(c + r * p->c_stride + VECTOR_WIDTH) : splat(0);
    }
    /* few pointers, so that all of them stay in registers, too */
    const float *from[(ROW_TILE + 3) / 4];
    int64_t stride = p->a_stride;
    for (int g = 0; g < (rows + 3) / 4; g++) from[g] = a + 4 * g * stride;
    for (int64_t k = 0; k < p->depth; k++, panel += PANEL) {
        vec first = load(panel), second = load(panel + VECTOR_WIDTH);
#pragma GCC unroll 16
        for (int r = 0; r < rows; r++) {
            vec value = splat(from[r / 4][r % 4 * stride + k]);
            sum[r][0] += value * first;
            sum[r][1] += value * second;
        }
    }
    for (int r = 0; r < rows; r++) {
        store(c + r * p->c_stride, sum[r][0]);
        store(c + r * p->c_stride + VECTOR_WIDTH, sum[r][1]);
    }
}

#define PANEL_ROWS(n)                                                                                                  \
    static __attribute__((noinline)) void panel_rows_##n(const i2v_panel_product *p, const float *a,                   \
                                                         const float *panel, float *c) {                               \
        panel_rows(p, n, a, panel, c);                                                                                 \
    }
PANEL_ROWS(1)
PANEL_ROWS(2)
PANEL_ROWS(3)
PANEL_ROWS(4)
PANEL_ROWS(5)
PANEL_ROWS(6)
#if ROW_TILE == 12
PANEL_ROWS(7)
PANEL_ROWS(8)
PANEL_ROWS(9)
PANEL_ROWS(10)
PANEL_ROWS(11)
PANEL_ROWS(12)
#endif

static void panel_product(const i2v_panel_product *product) {
    static void (*const by_rows[])(const i2v_panel_product *, const float *, const float *, float *) = {
        NULL,
        panel_rows_1,
        panel_rows_2,
        panel_rows_3,
        panel_rows_4,
        panel_rows_5,
        panel_rows_6,
#if ROW_TILE == 12
        panel_rows_7,
        panel_rows_8,
        panel_rows_9,
        panel_rows_10,
        panel_rows_11,
        panel_rows_12,
#endif
    };
    i2v_panel_product local = *product; /* so that the compiler sees that stores do not change it */
    /* groups as equal as can be: of few rows the loads are not hidden */
    int groups = (local.rows + ROW_TILE - 1) / ROW_TILE;
    for (int panel = 0; panel < local.panel_count; panel++) {
        for (int g = 0, row = 0; g < groups; g++) {
            int end = (int)((int64_t)local.rows * (g + 1) / groups);
            by_rows[end - row](&local, local.a + row * local.a_stride, local.panels + panel * local.panel_stride,
                               local.c + row * local.c_stride + panel * PANEL);
            row = end;
        }
    }
}
