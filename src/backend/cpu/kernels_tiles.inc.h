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

/* The tiles' shapes for so many rows of A, each at most 16, and pairs of a step, likewise. */
static void shape_tiles(int above, int below, int pairs) {
    i2v_tile_shapes shapes = {.palette = 1};
    if (!below) below = TILE; /* a tile that is not used */
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

/* Rows of A, and where their sums go. */
typedef struct tile_block {
    const float *a, *a_below; /* a_below: NULL if there are none */
    float *c, *c_below;
} tile_block;

/* What is done for each block. */
typedef struct tile_steps {
    int64_t first, count; /* pairs of a row of A: where they begin; steps of as many as the tiles are shaped for */
    int accumulate;
    const char *next; /* to be fetched, so many lines of the cache a step */
    int next_lines;
} tile_steps;

/* Rows of A pass by a panel, which stays in the nearest cache for all blocks; loads can say so. */
#define LOAD_ROWS(tile, a, bytes)                                                                                      \
    do {                                                                                                               \
        if (exceeds_cache) {                                                                                           \
            _tile_stream_loadd(tile, a, bytes);                                                                        \
        } else {                                                                                                       \
            _tile_loadd(tile, a, bytes);                                                                               \
        }                                                                                                              \
    } while (0)

static inline __attribute__((always_inline)) void tile_sums(const i2v_panel_product *p, const int both,
                                                            const int exceeds_cache, const tile_steps *steps,
                                                            const float *panel, const tile_block *block) {
    size_t c_bytes = (size_t)p->c_stride * sizeof(float), a_bytes = (size_t)p->a_stride * sizeof(float);
    const size_t panel_bytes = PANEL * sizeof *panel;
    const float *a = block->a + steps->first, *a_below = both ? block->a_below + steps->first : a;
    const char *next = steps->next;
    if (steps->accumulate) {
        _tile_loadd(SUMS_FIRST, block->c, c_bytes);
        _tile_loadd(SUMS_SECOND, block->c + TILE, c_bytes);
        if (both) _tile_loadd(SUMS_FIRST_BELOW, block->c_below, c_bytes);
        if (both) _tile_loadd(SUMS_SECOND_BELOW, block->c_below + TILE, c_bytes);
    } else {
        _tile_zero(SUMS_FIRST);
        _tile_zero(SUMS_SECOND);
        _tile_zero(SUMS_FIRST_BELOW);
        _tile_zero(SUMS_SECOND_BELOW);
    }
    for (int64_t i = 0; i < steps->count; i++, a += TILE, a_below += TILE, panel += TILE * PANEL) {
        for (int line = 0; line < steps->next_lines; line++, next += 64) __builtin_prefetch(next, 0, 2);
        LOAD_ROWS(ROWS, a, a_bytes);
        _tile_loadd(HALF_FIRST, panel, panel_bytes);
        _tile_dpbf16ps(SUMS_FIRST, ROWS, HALF_FIRST);
        _tile_loadd(HALF_SECOND, panel + TILE, panel_bytes);
        _tile_dpbf16ps(SUMS_SECOND, ROWS, HALF_SECOND);
        if (!both) continue;
        LOAD_ROWS(ROWS_BELOW, a_below, a_bytes);
        _tile_dpbf16ps(SUMS_FIRST_BELOW, ROWS_BELOW, HALF_FIRST);
        _tile_dpbf16ps(SUMS_SECOND_BELOW, ROWS_BELOW, HALF_SECOND);
    }
    _tile_stored(SUMS_FIRST, block->c, c_bytes);
    _tile_stored(SUMS_SECOND, block->c + TILE, c_bytes);
    if (both) _tile_stored(SUMS_FIRST_BELOW, block->c_below, c_bytes);
    if (both) _tile_stored(SUMS_SECOND_BELOW, block->c_below + TILE, c_bytes);
}

/* Rows of each line: begin..end in blocks of 32, or the last ones; of two lines in a block if they are 16 at most. */
typedef struct tile_part {
    int begin, end, rows; /* rows: of a block in its line */
    int lines;            /* in a block */
} tile_part;

static tile_block block_at(const i2v_panel_product *p, const tile_part *part, int panel, int line, int row) {
    float *c = p->c + ((int64_t)line * p->rows + row) * p->c_stride + panel * PANEL;
    tile_block block = {.a = i2v_product_line_start(p, line) + row * p->a_stride, .c = c};
    if (part->lines == 1 && part->rows > TILE) {
        block.a_below = block.a + TILE * p->a_stride;
        block.c_below = c + TILE * p->c_stride;
    } else if (part->lines == 2 && line + 1 < i2v_product_lines(p)) {
        block.a_below = i2v_product_line_start(p, line + 1) + row * p->a_stride;
        block.c_below = c + p->rows * p->c_stride;
    }
    return block;
}

/* The part's rows by pairs first..first + count, where count is a multiple of 16 or below it. */
static void multiply_part(const i2v_panel_product *p, const tile_part *part, int64_t first, int64_t count) {
    if (part->begin == part->end || count == 0) return;
    int lines = i2v_product_lines(p), pairs = count < TILE ? (int)count : TILE;
    tile_steps steps = {.first = first, .count = count / pairs, .accumulate = p->accumulate || first > 0};
    int64_t blocks = (int64_t)((lines + part->lines - 1) / part->lines) * ((part->end - part->begin) / part->rows);
    int64_t panel_lines = count * PANEL * (int64_t)sizeof(float) / 64, all_steps = steps.count * blocks;
    steps.next_lines = p->exceeds_cache ? (int)((panel_lines + all_steps - 1) / all_steps) : 0;
    int below = part->lines == 2 ? part->rows : part->rows - TILE;
    shape_tiles(part->rows < TILE ? part->rows : TILE, below > 0 ? below : 0, pairs);
    for (int panel = 0; panel < p->panel_count; panel++) {
        const float *from = p->panels + panel * p->panel_stride + first * PANEL;
        steps.next = (const char *)(from + p->panel_stride); /* after the last one, those of the next product */
        for (int line = 0; line < lines; line += part->lines) {
            for (int row = part->begin; row < part->end; row += part->rows) {
                tile_block block = block_at(p, part, panel, line, row);
                if (block.a_below && p->exceeds_cache) {
                    tile_sums(p, 1, 1, &steps, from, &block);
                } else if (block.a_below) {
                    tile_sums(p, 1, 0, &steps, from, &block);
                } else {
                    tile_sums(p, 0, 0, &steps, from, &block);
                }
                steps.next += steps.count * steps.next_lines * 64;
            }
        }
    }
}

static void pair_product(const i2v_panel_product *product) {
    i2v_panel_product p = *product;
    int whole = p.rows / (2 * TILE) * (2 * TILE), rest = p.rows - whole;
    tile_part parts[] = {{0, whole, 2 * TILE, 1}, {whole, p.rows, rest, rest <= TILE ? 2 : 1}};
    int64_t whole_depth = p.depth / TILE * TILE;
    i2v_tiles_meet_memory();
    for (int i = 0; i < 2; i++) {
        multiply_part(&p, &parts[i], 0, whole_depth);
        multiply_part(&p, &parts[i], whole_depth, p.depth - whole_depth);
    }
    _tile_release();
    i2v_tiles_meet_memory();
}
