/* --sheet: a contact sheet of each video. */
#include "sheet.h"
#include "canvas.h"
#include "json.h"
#include "shown.h"
#include "tiles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDEST = 1920, NARROWEST = 640, MOST_TILES = 30 };
static const cli_color ground = 0x1c1c1e, title = 0xf2f2f2, small = 0xb4b4b8;

/* A sheet that is drawn. */
typedef struct sheet {
    cli_job *job;
    int index, shown; /* which video, how many of its frames */
    double fps;
    cli_tiles tiles;
    char *parameters;
    i2v_image *canvas;
} sheet;

/* What stands above the tiles; canvas NULL: only its height. */
static int draw_head(const sheet *self, i2v_image *canvas, int width) {
    const i2v_video *video = self->job->video;
    char line[200];
    int y = CLI_TILE_GAP, room = width - 2 * CLI_TILE_GAP;
    snprintf(line, sizeof line, "%d frames of %dx%d, %g a second%s", video->num_frames, video->width, video->height,
             self->fps, self->shown < video->num_frames ? ", some of them" : "");
    y += cli_canvas_paragraph(canvas, CLI_TILE_GAP, y, room, line, title);
    y += cli_canvas_paragraph(canvas, CLI_TILE_GAP, y, room, self->parameters, small);
    return y + CLI_TILE_GAP;
}

/* Frame number `frame`, as large as a tile, with its time below. */
static i2v_status draw_tile(const sheet *self, int frame, int x, int y) {
    i2v_image *picture = NULL, *tile = NULL;
    i2v_error *error = &self->job->error;
    char time[40];
    i2v_status status = i2v_video_frame(&picture, self->job->video, self->index, frame, error);
    if (status == I2V_OK)
        status = i2v_image_resize(&tile, picture, self->tiles.width, self->tiles.height, I2V_FIT_STRETCH, error);
    if (status == I2V_OK) {
        snprintf(time, sizeof time, "%.2f s  frame %d", frame / self->fps, frame + 1);
        cli_canvas_put(self->canvas, tile, x, y);
        cli_canvas_text(self->canvas, x, y + self->tiles.height + 1, self->tiles.width, time, small);
    }
    i2v_image_free(picture);
    i2v_image_free(tile);
    return status;
}

static i2v_status draw(sheet *self) {
    const cli_tiles *tiles = &self->tiles;
    int width = cli_tiles_width(tiles), step = tiles->height + CLI_LINE_HEIGHT + CLI_TILE_GAP;
    if (width < NARROWEST) width = NARROWEST;
    int head = draw_head(self, NULL, width);
    i2v_status status = i2v_image_new(&self->canvas, width, head + tiles->rows * step, &self->job->error);
    if (status != I2V_OK) return status;
    cli_canvas_fill(self->canvas, 0, 0, width, self->canvas->height, ground);
    draw_head(self, self->canvas, width);
    for (int i = 0; status == I2V_OK && i < self->shown; i++) {
        int x = CLI_TILE_GAP + i % tiles->columns * (tiles->width + CLI_TILE_GAP);
        int frame = cli_tiles_frame(i, self->shown, self->job->video->num_frames);
        status = draw_tile(self, frame, x, head + i / tiles->columns * step);
    }
    return status;
}

static i2v_status save(const sheet *self, const char *metadata) {
    cli_job *job = self->job;
    i2v_output output;
    i2v_output_default(&output);
    output.metadata = metadata;
    output.no_replace = job->settings->output.no_replace || job->settings->skip_existing;
    char *path = cli_job_path(job, job->settings->sheet, self->index, job->video->num_videos);
    if (!path) return cli_job_fail(job, I2V_ERROR_MEMORY, "not enough memory for the name of %s", job->settings->sheet);
    i2v_status status = cli_folders_make(&job->folders, path, &job->error);
    if (status == I2V_OK) status = i2v_image_save(self->canvas, path, &output, &job->error);
    free(path);
    return status;
}

i2v_status cli_sheet_save(cli_job *job, int index, const char *metadata) {
    if (!job->settings->sheet) return I2V_OK;
    const i2v_video *video = job->video;
    const i2v_output *output = &job->settings->output;
    json_t *parameters = metadata ? cli_json_read(metadata, 0, NULL) : NULL;
    sheet self = {.job = job,
                  .index = index,
                  .shown = video->num_frames < MOST_TILES ? video->num_frames : MOST_TILES,
                  .fps = output->fps != 0 ? output->fps : video->fps,
                  .parameters = cli_shown_parameters(parameters)};
    self.tiles = cli_tiles_make(self.shown, 0, video->width, video->height, WIDEST);
    i2v_status status =
        self.parameters ? draw(&self) : cli_job_fail(job, I2V_ERROR_MEMORY, "not enough memory for the sheet");
    if (status == I2V_OK) status = save(&self, metadata);
    i2v_image_free(self.canvas);
    free(self.parameters);
    json_decref(parameters);
    return status;
}
