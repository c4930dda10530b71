/* Products of pairs of bf16 by AMX: the sums of 32 rows and a panel are in 4 of its 8 tiles. */
#include "backend/cpu/amx.h"

enum { TILE = I2V_TILE_ROWS }; /* rows of a tile; sums or pairs in a row of it */

/* 16 rows of 16 sums each: of rows of A the first 16, by halves of the panel, then the others; A; the panel's halves.
 */
#define SUMS_FIRST 0
#define SUMS_SECOND 1
#define SUMS_FIRST_BELOW 2
#define SUMS_SECOND_BELOW 3
#define ROWS 4
#define ROWS_BELOW 5
#define HALF_FIRST 6
#define HALF_SECOND 7

/* The tiles' shapes for so many rows of A, of 32 at most, and pairs of a step, of 16 at most. */
static void shape_tiles(int rows, int pairs) {
    i2v_tile_shapes shapes = {.palette = 1};
    int above = rows < TILE ? rows : TILE, below = rows > TILE ? rows - TILE : TILE;
    for (int i = SUMS_FIRST; i <= SUMS_SECOND_BELOW; i++) {
        shapes.rows[i] = (uint8_t)(i < SUMS_FIRST_BELOW ? above : below);
        shapes.row_bytes[i] = TILE * sizeof(float);
    }
    shapes.rows[ROWS] = (uint8_t)above;
    shapes.rows[ROWS_BELOW] = (uint8_t)below;
    shapes.rows[HALF_FIRST] = shapes.rows[HALF_SECOND] = (uint8_t)pairs;
    shapes.row_bytes[ROWS] = shapes.row_bytes[ROWS_BELOW] = (uint16_t)((size_t)pairs * sizeof(float));
    shapes.row_bytes[HALF_FIRST] = shapes.row_bytes[HALF_SECOND] = TILE * sizeof(float);
    i2v_tiles_load_shapes(&shapes);
}

/* c = (c +) the products of `steps` times 16 pairs, or of one step of as many as the tiles are shaped for. below: there
 * are rows in the lower tiles. */
static inline __attribute__((always_inline)) void tile_sums(const i2v_panel_product *p, const int below, int accumulate,
                                                            int64_t steps, const float *a, const float *panel,
                                                            float *c) {
    size_t c_bytes = (size_t)p->c_stride * sizeof *c, a_bytes = (size_t)p->a_stride * sizeof *a;
    const size_t panel_bytes = PANEL * sizeof *panel;
    const float *a_below = a + TILE * p->a_stride;
    float *c_below = c + TILE * p->c_stride;
    if (accumulate) {
        _tile_loadd(SUMS_FIRST, c, c_bytes);
        _tile_loadd(SUMS_SECOND, c + TILE, c_bytes);
        if (below) _tile_loadd(SUMS_FIRST_BELOW, c_below, c_bytes);
        if (below) _tile_loadd(SUMS_SECOND_BELOW, c_below + TILE, c_bytes);
    } else {
        _tile_zero(SUMS_FIRST);
        _tile_zero(SUMS_SECOND);
        _tile_zero(SUMS_FIRST_BELOW);
        _tile_zero(SUMS_SECOND_BELOW);
    }
    for (int64_t i = 0; i < steps; i++, a += TILE, a_below += TILE, panel += TILE * PANEL) {
        _tile_loadd(ROWS, a, a_bytes);
        _tile_loadd(HALF_FIRST, panel, panel_bytes);
        _tile_dpbf16ps(SUMS_FIRST, ROWS, HALF_FIRST);
        _tile_loadd(HALF_SECOND, panel + TILE, panel_bytes);
        _tile_dpbf16ps(SUMS_SECOND, ROWS, HALF_SECOND);
        if (!below) continue;
        _tile_loadd(ROWS_BELOW, a_below, a_bytes);
        _tile_dpbf16ps(SUMS_FIRST_BELOW, ROWS_BELOW, HALF_FIRST);
        _tile_dpbf16ps(SUMS_SECOND_BELOW, ROWS_BELOW, HALF_SECOND);
    }
    _tile_stored(SUMS_FIRST, c, c_bytes);
    _tile_stored(SUMS_SECOND, c + TILE, c_bytes);
    if (below) _tile_stored(SUMS_FIRST_BELOW, c_below, c_bytes);
    if (below) _tile_stored(SUMS_SECOND_BELOW, c_below + TILE, c_bytes);
}

/* Rows begin..end in groups of `together`, 32 or what is left of them, and pairs first..first + count, where count is a
 * multiple of 16 or below it. */
static void tile_rows(const i2v_panel_product *p, int begin, int end, int together, int64_t first, int64_t count) {
    int accumulate = p->accumulate || first > 0;
    int64_t steps = count < TILE ? 1 : count / TILE;
    if (begin == end || count == 0) return;
    shape_tiles(together, (int)(count < TILE ? count : TILE));
    for (int panel = 0; panel < p->panel_count; panel++) {
        const float *from = p->panels + panel * p->panel_stride + first * PANEL;
        for (int row = begin; row < end; row += together) {
            const float *a = p->a + row * p->a_stride + first;
            float *c = p->c + row * p->c_stride + panel * PANEL;
            if (together > TILE) {
                tile_sums(p, 1, accumulate, steps, a, from, c);
            } else {
                tile_sums(p, 0, accumulate, steps, a, from, c);
            }
        }
    }
}

static void pair_product(const i2v_panel_product *product) {
    i2v_panel_product p = *product;
    int whole_rows = p.rows / (2 * TILE) * (2 * TILE);
    int64_t whole = p.depth / TILE * TILE;
    i2v_tiles_meet_memory();
    tile_rows(&p, 0, whole_rows, 2 * TILE, 0, whole);
    tile_rows(&p, whole_rows, p.rows, p.rows - whole_rows, 0, whole);
    tile_rows(&p, 0, whole_rows, 2 * TILE, whole, p.depth - whole);
    tile_rows(&p, whole_rows, p.rows, p.rows - whole_rows, whole, p.depth - whole);
    _tile_release();
    i2v_tiles_meet_memory();
}
