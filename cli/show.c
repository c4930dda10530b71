/* --show: previews on the terminal, above the line that says how far the work is.
 *
 * The picture has a place of its own, some lines above the progress line. It is drawn there by saving the cursor, going
 * up and coming back, so that neither need know of the other. Where lines were printed since, the terminal has another
 * size, or the shell had it meanwhile, nobody knows where that place is: then a new one is made below. */
#include "show.h"
#include "inline_image.h"
#include "signals.h"
#include "sixel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double SHARE = 0.01; /* of the time, that may go to drawing */

void cli_show_begin(cli_show *show, int wanted, double fps) {
    *show = (cli_show){.fps = fps > 0 ? fps : 7, .id = (uint32_t)getpid() << 8};
    if (wanted) cli_terminal_find(&show->terminal);
    cli_signals_pictures(show->terminal.graphics != CLI_GRAPHICS_NONE);
}

static void free_frames(cli_show *show) {
    for (size_t i = 0; i < show->count; i++) i2v_image_free(show->frames[i]);
    free(show->frames);
    show->frames = NULL;
    show->count = 0;
}

void cli_show_end(cli_show *show) {
    free_frames(show);
    cli_signals_pictures(0);
    *show = (cli_show){0};
}

/* Without memory for it there is nothing to show. */
static void keep_frames(cli_show *show, const i2v_event *event) {
    free_frames(show);
    show->frames = calloc(event->preview_count, sizeof *show->frames);
    for (size_t i = 0; show->frames && i < event->preview_count; i++) {
        const i2v_image *frame = &event->preview[i];
        if (i2v_image_resize(&show->frames[i], frame, frame->width, frame->height, I2V_FIT_STRETCH, NULL) != I2V_OK)
            return;
        show->count++;
    }
    if (show->began == 0) show->began = cli_now();
    show->next = 0;
}

/* ---- the place -------------------------------------------------------------------------------------------------- */

/* As many characters as keep the picture's shape in two thirds of the terminal, with no more than the video's pixels.
 */
static void choose_size(cli_show *show) {
    const i2v_image *frame = show->frames[0];
    int blocks = show->terminal.graphics == CLI_GRAPHICS_BLOCKS;
    double wide = blocks ? 1 : show->size.cell_width, high = blocks ? 2 : show->size.cell_height;
    double most = (blocks ? 2 : 8) * frame->width / wide, columns = show->size.columns - 1;
    if (columns > most) columns = most;
    double rows = columns * wide * frame->height / frame->width / high, most_rows = show->size.lines * 2 / 3;
    if (rows > most_rows) {
        rows = most_rows;
        columns = rows * high * frame->width / frame->height / wide;
    }
    show->columns = columns < 1 ? 1 : (int)columns;
    show->rows = rows < 1 ? 1 : (int)(rows + 0.5);
}

static int has_place(const cli_show *show, const cli_progress *progress) {
    cli_terminal_size now = cli_terminal_size_now(&show->terminal);
    return show->rows && show->erased == progress->line.erased && memcmp(&now, &show->size, sizeof now) == 0 &&
           show->continued == cli_signals_continued();
}

static void make_place(cli_show *show, cli_progress *progress) {
    cli_progress_erase(progress);
    show->size = cli_terminal_size_now(&show->terminal);
    show->continued = cli_signals_continued();
    show->id++;
    choose_size(show);
    for (int i = 0; i < show->rows; i++) fputs("\n", stderr);
    show->erased = progress->line.erased;
    cli_progress_redraw(progress);
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

/* Of a frame, as large as the place's pixels are; kitty and iTerm2 scale themselves, from twice its size. */
static i2v_image *picture_for(const cli_show *show, const i2v_image *frame) {
    int width = 2 * frame->width, height = 2 * frame->height;
    if (show->terminal.graphics == CLI_GRAPHICS_BLOCKS) {
        width = show->columns;
        height = 2 * show->rows;
    } else if (show->terminal.graphics == CLI_GRAPHICS_SIXEL) {
        width = show->columns * show->size.cell_width;
        height = show->rows * show->size.cell_height / 6 * 6; /* no band may reach into the line below */
    }
    i2v_image *picture = NULL;
    i2v_image_resize(&picture, frame, width, height, I2V_FIT_STRETCH, NULL);
    return picture;
}

static int draw_picture(const cli_show *show, FILE *out, i2v_image *picture) {
    switch (show->terminal.graphics) {
    case CLI_GRAPHICS_KITTY:
        return cli_kitty_draw(out, picture, show->columns, show->rows, show->id);
    case CLI_GRAPHICS_ITERM2:
        return cli_iterm2_draw(out, picture, show->columns, show->rows);
    case CLI_GRAPHICS_SIXEL:
        return cli_sixel_draw(out, picture);
    default:
        return cli_blocks_draw(out, picture, show->terminal.colors, show->terminal.utf8);
    }
}

/* In one write, so that half a picture is never on its way when the process ends. */
static void draw(const cli_show *show, const i2v_image *frame) {
    char *text = NULL;
    size_t size = 0;
    i2v_image *picture = picture_for(show, frame);
    FILE *out = picture ? open_memstream(&text, &size) : NULL;
    int drawn = 0;
    if (out) {
        fprintf(out, "\0337\r\033[%dA", show->rows);
        drawn = draw_picture(show, out, picture);
        fputs("\0338", out);
        drawn = fclose(out) == 0 && drawn;
    }
    if (drawn) fwrite(text, 1, size, stderr);
    free(text);
    i2v_image_free(picture);
}

void cli_show_event(cli_show *show, const i2v_event *event, cli_progress *progress) {
    if (show->terminal.graphics == CLI_GRAPHICS_NONE) return;
    if (event->preview) keep_frames(show, event);
    double now = cli_now();
    if (!show->count || now < show->next || !cli_terminal_is_ours()) return;
    if (!has_place(show, progress)) make_place(show, progress);
    draw(show, show->frames[(size_t)((now - show->began) * show->fps) % show->count]);
    double frame = 1 / show->fps, pause = (cli_now() - now) / SHARE;
    show->next = now + (pause > frame ? pause : frame);
}
