/* A comparison as one video. */
#include "grid.h"
#include "drawing.h"
#include "frames.h"
#include "signals.h"
#include "tiles.h"

#include <stdio.h>

enum { WIDEST = 3840, NARROWEST_CELL = 248, PLOT = 120 };

typedef struct grid {
    cli_comparison *all;
    cli_tiles tiles;
    int caption; /* the height of the longest */
    int width, height;
    cli_frames frames[CLI_MOST_COMPARED];
    int opened, next; /* the frame that comes next */
} grid;

static void lay_out(grid *self) {
    const cli_comparison *all = self->all;
    int cell = all->width > NARROWEST_CELL ? all->width : NARROWEST_CELL;
    int columns = cli_tiles_make(all->count, 0, all->width, all->height, WIDEST).columns;
    self->tiles = cli_tiles_make(all->count, columns, cell, all->height, WIDEST);
    for (int i = 0; i < all->count; i++) {
        int height = cli_draw_caption(NULL, all, i, 0, 0, self->tiles.width);
        if (height > self->caption) self->caption = height;
    }
    int step = self->tiles.height + self->caption + 2 * CLI_TILE_GAP;
    self->width = cli_tiles_width(&self->tiles);
    self->height = CLI_TILE_GAP + self->tiles.rows * step + PLOT + CLI_TILE_GAP;
    /* codecs want even sides */
    self->width += self->width % 2;
    self->height += self->height % 2;
}

static void close_all(grid *self) {
    for (int i = 0; i < self->opened; i++) cli_frames_close(&self->frames[i]);
    self->opened = self->next = 0;
}

/* From the beginning: a GIF's palette is chosen before its frames are written. */
static i2v_status open_all(grid *self, i2v_error *error) {
    i2v_status status = I2V_OK;
    close_all(self);
    while (status == I2V_OK && self->opened < self->all->count) {
        int i = self->opened++;
        status = cli_frames_open(&self->frames[i], self->all->videos[i].path, NULL, error);
    }
    return status;
}

/* A video that is at its end keeps its last frame. */
static i2v_status draw_video(grid *self, int i, i2v_image *canvas, i2v_error *error) {
    const cli_tiles *tiles = &self->tiles;
    int x = CLI_TILE_GAP + i % tiles->columns * (tiles->width + CLI_TILE_GAP);
    int y = CLI_TILE_GAP + i / tiles->columns * (tiles->height + self->caption + 2 * CLI_TILE_GAP);
    i2v_status status = cli_frames_next(&self->frames[i], error);
    if (status == I2V_OK)
        status = cli_draw_frame(canvas, self->frames[i].image, x, y, tiles->width, tiles->height, error);
    cli_draw_caption(canvas, self->all, i, x, y + tiles->height + CLI_TILE_GAP, tiles->width);
    return status;
}

static i2v_status make_frame(int frame, i2v_image *canvas, void *user, i2v_error *error) {
    grid *self = user;
    i2v_status status = frame == 0 ? open_all(self, error) : I2V_OK;
    cli_canvas_fill(canvas, 0, 0, canvas->width, canvas->height, CLI_GROUND);
    for (int i = 0; status == I2V_OK && i < self->all->count; i++) status = draw_video(self, i, canvas, error);
    cli_draw_motion(canvas, self->all, CLI_TILE_GAP, self->height - PLOT - CLI_TILE_GAP, self->width - 2 * CLI_TILE_GAP,
                    PLOT, frame);
    return status;
}

i2v_status cli_grid_save(cli_comparison *all, const char *path) {
    grid self = {.all = all};
    i2v_output output = all->settings->output;
    lay_out(&self);
    output.cancelled = cli_signals_came;
    const i2v_frame_source source = {self.width, self.height, all->frames, all->fps, make_frame, &self};
    i2v_status status = i2v_frames_save(&source, path, &output, &all->error);
    close_all(&self);
    return status;
}
