/* Multiply-adds of tiles in registers, for x86-64 with AMX (TILE, BF16, INT8). */
#if defined(__x86_64__)
#include "backend/cpu/amx.h"
#include "backend/cpu/peaks.h"

enum { ROWS = I2V_TILE_ROWS, ROW_BYTES = I2V_TILE_ROW_BYTES };

/* Tiles 0 to 3 are zero, the others full of `value`. */
static void fill_tiles(uint16_t value) {
    uint16_t values[ROWS * ROW_BYTES / 2];
    i2v_tile_shapes shapes = {.palette = 1};
    for (int i = 0; i < I2V_TILES; i++) {
        shapes.row_bytes[i] = ROW_BYTES;
        shapes.rows[i] = ROWS;
    }
    for (int i = 0; i < ROWS * ROW_BYTES / 2; i++) values[i] = value;
    i2v_tiles_meet_memory();
    i2v_tiles_load_shapes(&shapes);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    _tile_loadd(4, values, ROW_BYTES);
    _tile_loadd(5, values, ROW_BYTES);
    _tile_loadd(6, values, ROW_BYTES);
    _tile_loadd(7, values, ROW_BYTES);
}

/* The four sums of tiles as they lie in memory. */
static void store_tiles(void *sums) {
    char *to = sums;
    _tile_stored(0, to, ROW_BYTES);
    _tile_stored(1, to + ROWS * ROW_BYTES, ROW_BYTES);
    _tile_stored(2, to + 2 * ROWS * ROW_BYTES, ROW_BYTES);
    _tile_stored(3, to + 3 * ROWS * ROW_BYTES, ROW_BYTES);
    _tile_release();
    i2v_tiles_meet_memory();
}

enum { SUMS = 4 * ROWS * ROW_BYTES / 4 };

/* The loop `name`: a round adds the product of two tiles full of `ones` to each of the four sums, twice. */
#define LOOP(name, lane, ones, multiply)                                                                               \
    double name(int64_t rounds, int one) {                                                                             \
        lane sums[SUMS];                                                                                               \
        double result = 0;                                                                                             \
        fill_tiles((uint16_t)((ones)*one));                                                                            \
        for (int64_t i = 0; i < 2 * rounds; i++) {                                                                     \
            multiply(0, 4, 6);                                                                                         \
            multiply(1, 4, 7);                                                                                         \
            multiply(2, 5, 6);                                                                                         \
            multiply(3, 5, 7);                                                                                         \
        }                                                                                                              \
        store_tiles(sums);                                                                                             \
        for (int i = 0; i < SUMS; i++) result += (double)sums[i];                                                      \
        return result;                                                                                                 \
    }

LOOP(i2v_peak_bf16_amx, float, 0x3f80, _tile_dpbf16ps) /* 1 in bf16 */
LOOP(i2v_peak_int8_amx, int32_t, 0x101, _tile_dpbssd)
#endif
