/* AMX's registers: 8 tiles of up to 16 rows of 64 bytes. The compilers' intrinsics do not tell what memory they read
 * and write, so that whoever uses them must. */
#ifndef I2V_BACKEND_CPU_AMX_H
#define I2V_BACKEND_CPU_AMX_H

#include <immintrin.h>
#include <stdint.h>

enum { I2V_TILES = 8, I2V_TILE_ROWS = 16, I2V_TILE_ROW_BYTES = 64 };

/* What LDTILECFG takes. Of a tile that is there neither is zero. */
typedef struct i2v_tile_shapes {
    uint8_t palette, start_row, reserved[14]; /* 1, 0, zeros */
    uint16_t row_bytes[16];
    uint8_t rows[16];
} i2v_tile_shapes;

/* All memory is as the program's text has it so far, and may change next. */
static inline void i2v_tiles_meet_memory(void) {
    __asm__ volatile("" ::: "memory");
}

/* Shapes the tiles, and clears them. */
static inline void i2v_tiles_load_shapes(const i2v_tile_shapes *shapes) {
    __asm__ volatile("" ::"r"(shapes) : "memory");
    _tile_loadconfig(shapes);
}

#endif
