/* A comparison as one picture. */
#include "strips.h"
#include "drawing.h"
#include "frames.h"
#include "tiles.h"

#include <stdio.h>

enum { WIDEST = 1920, NARROWEST = 640, MOST_FRAMES = 8, PLOT = 180 };

typedef struct strips {
    cli_comparison *all;
    cli_tiles tiles; /* of one strip */
    int shown;       /* frames of the longest video */
    int width, head;
    i2v_image *canvas;
} strips;

/* What all have in common; canvas NULL: only its height. */
static int draw_head(const strips *self, i2v_image *canvas) {
    int y = CLI_TILE_GAP, room = self->width - 2 * CLI_TILE_GAP;
    y += cli_canvas_paragraph(canvas, CLI_TILE_GAP, y, room, self->all->shared, CLI_DIM);
    return y > CLI_TILE_GAP ? y + CLI_TILE_GAP : y;
}

/* Of a strip with the caption above it. */
static int strip_height(const strips *self, int index) {
    int caption = cli_draw_caption(NULL, self->all, index, 0, 0, self->width - 2 * CLI_TILE_GAP);
    return caption + self->tiles.height + CLI_LINE_HEIGHT + 2 * CLI_TILE_GAP;
}

static i2v_status draw_strip(const strips *self, int index, int y) {
    cli_comparison *all = self->all;
    const cli_tiles *tiles = &self->tiles;
    cli_frames frames;
    int caption = cli_draw_caption(self->canvas, all, index, CLI_TILE_GAP, y, self->width - 2 * CLI_TILE_GAP);
    i2v_status status = cli_frames_open(&frames, all->videos[index].path, NULL, &all->error);
    for (int i = 0; status == I2V_OK && i < self->shown; i++) {
        int frame = cli_tiles_frame(i, self->shown, all->frames);
        int x = CLI_TILE_GAP + i * (tiles->width + CLI_TILE_GAP), top = y + caption + CLI_TILE_GAP / 2;
        char time[40];
        status = cli_frames_go_to(&frames, frame, &all->error);
        if (status != I2V_OK || frames.read <= frame) break; /* a shorter one */
        status = cli_draw_frame(self->canvas, frames.image, x, top, tiles->width, tiles->height, &all->error);
        snprintf(time, sizeof time, "%.2f s  frame %d", frame / all->fps, frame + 1);
        cli_canvas_text(self->canvas, x, top + tiles->height + 1, tiles->width, time, CLI_DIM);
    }
    cli_frames_close(&frames);
    return status;
}

static i2v_status draw(strips *self) {
    cli_comparison *all = self->all;
    self->head = draw_head(self, NULL);
    int height = self->head + PLOT + CLI_TILE_GAP;
    for (int i = 0; i < all->count; i++) height += strip_height(self, i);
    i2v_status status = i2v_image_new(&self->canvas, self->width, height, &all->error);
    if (status != I2V_OK) return status;
    cli_canvas_fill(self->canvas, 0, 0, self->width, height, CLI_GROUND);
    draw_head(self, self->canvas);
    int y = self->head;
    for (int i = 0; status == I2V_OK && i < all->count; i++) {
        status = draw_strip(self, i, y);
        y += strip_height(self, i);
    }
    cli_draw_motion(self->canvas, all, CLI_TILE_GAP, y, self->width - 2 * CLI_TILE_GAP, PLOT, -1);
    return status;
}

i2v_status cli_strips_save(cli_comparison *all, const char *path) {
    strips self = {.all = all, .shown = all->frames < MOST_FRAMES ? all->frames : MOST_FRAMES};
    self.tiles = cli_tiles_make(self.shown, self.shown, all->width, all->height, WIDEST);
    self.width = cli_tiles_width(&self.tiles);
    if (self.width < NARROWEST) self.width = NARROWEST;
    i2v_status status = draw(&self);
    if (status == I2V_OK) status = i2v_image_save(self.canvas, path, &all->settings->output, &all->error);
    i2v_image_free(self.canvas);
    return status;
}
