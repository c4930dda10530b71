/* Frames of an image cut into tiles of equal size, but for the last ones: rows x columns of one frame, or whole frames
 * where several are small enough. A unit is a pixel, or one of Winograd's tiles. */
#ifndef I2V_BACKEND_CPU_TILING_H
#define I2V_BACKEND_CPU_TILING_H

#include "backend/cpu/cpu.h"

typedef struct i2v_tiling {
    int image_frames, image_rows, image_columns; /* what is cut */
    int frames, rows, columns;                   /* of a tile */
    int frame_tiles, down, across;               /* tiles */
} i2v_tiling;

/* A part of the image: where it begins, and its size. */
typedef struct i2v_image_tile {
    int frame, row, column;
    int frames, rows, columns;
} i2v_image_tile;

/* most_frames: of a tile that has whole frames. */
static inline i2v_tiling i2v_tiling_of(int frames, int rows, int columns, int64_t most_frames, int64_t most_rows,
                                       int64_t most_columns) {
    i2v_tiling t = {.image_frames = frames, .image_rows = rows, .image_columns = columns};
    t.columns = (int)i2v_even_tile(columns, most_columns);
    t.rows = (int)i2v_even_tile(rows, most_rows);
    int whole = t.rows == rows && t.columns == columns && most_frames > 1;
    t.frames = (int)i2v_even_tile(frames, whole ? most_frames : 1);
    t.across = (int)i2v_divide_up(columns, t.columns);
    t.down = (int)i2v_divide_up(rows, t.rows);
    t.frame_tiles = (int)i2v_divide_up(frames, t.frames);
    return t;
}

static inline int64_t i2v_tiling_count(const i2v_tiling *t) {
    return (int64_t)t->frame_tiles * t->down * t->across;
}

/* Tile `index` of all, along rows first. */
static inline i2v_image_tile i2v_tiling_at(const i2v_tiling *t, int64_t index) {
    i2v_image_tile tile = {.frame = (int)(index / t->across / t->down) * t->frames,
                           .row = (int)(index / t->across % t->down) * t->rows,
                           .column = (int)(index % t->across) * t->columns};
    tile.frames = (int)i2v_min(t->frames, t->image_frames - tile.frame);
    tile.rows = (int)i2v_min(t->rows, t->image_rows - tile.row);
    tile.columns = (int)i2v_min(t->columns, t->image_columns - tile.column);
    return tile;
}

#endif
