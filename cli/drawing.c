/* What the pictures of a comparison are made of. */
#include "drawing.h"

#include <math.h>
#include <stdio.h>

cli_color cli_compared_color(int index) {
    static const cli_color colors[] = {0x4e9af1, 0xf28e2b, 0x59c36a, 0xff6f6c, 0xc58be0, 0x62d5cd, 0xedc948, 0xff9da7};
    return colors[(size_t)index % (sizeof colors / sizeof *colors)];
}

int cli_draw_caption(i2v_image *canvas, const cli_comparison *all, int index, int x, int y, int width) {
    const cli_compared *video = &all->videos[index];
    enum { INDENT = CLI_SWATCH + 6 };
    char line[400];
    int height = 0;
    if (canvas) cli_canvas_fill(canvas, x, y + 1, CLI_SWATCH, CLI_SWATCH, cli_compared_color(index));
    snprintf(line, sizeof line, "%c  %s", cli_compared_letter(index), video->label);
    height += cli_canvas_paragraph(canvas, x + INDENT, y, width - INDENT, line, CLI_BRIGHT);
    cli_figures figures = cli_compared_figures(video);
    return height + cli_canvas_paragraph(canvas, x + INDENT, y + height, width - INDENT, figures.text, CLI_DIM);
}

i2v_status cli_draw_frame(i2v_image *canvas, const i2v_image *frame, int x, int y, int width, int height,
                          i2v_error *error) {
    if (frame->width <= width && frame->height <= height) {
        cli_canvas_put(canvas, frame, x, y);
        return I2V_OK;
    }
    double scale = fmin((double)width / frame->width, (double)height / frame->height);
    int new_width = (int)fmax(1, floor(frame->width * scale + 1e-9));
    int new_height = (int)fmax(1, floor(frame->height * scale + 1e-9));
    i2v_image *smaller = NULL;
    i2v_status status = i2v_image_resize(&smaller, frame, new_width, new_height, I2V_FIT_STRETCH, error);
    if (status == I2V_OK) cli_canvas_put(canvas, smaller, x, y);
    i2v_image_free(smaller);
    return status;
}

/* ---- the plot --------------------------------------------------------------------------------------------------- */

/* Where the plot's lines go. */
typedef struct plot_area {
    i2v_image *canvas;
    double left, bottom, width, height; /* of the lines */
    double most;                        /* of motion, at the upper edge */
    int frames;
} plot_area;

static double x_of(const plot_area *area, double frame) {
    return area->left + (area->frames > 1 ? frame / (area->frames - 1) * area->width : 0);
}

static double y_of(const plot_area *area, double motion) {
    return area->bottom - motion / area->most * area->height;
}

/* The change to frame i + 1 stands there. */
static void draw_line(const plot_area *area, const cli_compared *video, cli_color color) {
    for (int i = 0; i + 1 < video->frames; i++) {
        int from = i > 0 ? i - 1 : 0;
        cli_canvas_line(area->canvas, x_of(area, from + 1), y_of(area, video->motion[from]), x_of(area, i + 1),
                        y_of(area, video->motion[i]), color);
    }
}

static void draw_axes(const plot_area *area) {
    const cli_color grid = 0x48484c;
    char text[32];
    for (int i = 0; i <= 2; i++) {
        int y = (int)y_of(area, area->most * i / 2);
        cli_canvas_fill(area->canvas, (int)area->left, y, (int)area->width, 1, grid);
        snprintf(text, sizeof text, "%6.3g", area->most * i / 2);
        cli_canvas_text(area->canvas, (int)area->left - 54, y - 8, 54, text, CLI_DIM);
    }
}

void cli_draw_motion(i2v_image *canvas, const cli_comparison *all, int x, int y, int width, int height, int current) {
    const plot_area area = {.canvas = canvas,
                            .left = x + 56,
                            .bottom = y + height - 6,
                            .width = width - 60,
                            .height = height - CLI_LINE_HEIGHT - 14,
                            .most = cli_comparison_most_motion(all),
                            .frames = all->frames};
    cli_canvas_text(canvas, x, y, width, "motion: mean change from a frame to the next, of 255", CLI_DIM);
    draw_axes(&area);
    if (current >= 0) {
        int top = (int)(area.bottom - area.height);
        cli_canvas_fill(canvas, (int)x_of(&area, current), top, 1, (int)area.height, CLI_BRIGHT);
    }
    for (int i = all->count - 1; i >= 0; i--) draw_line(&area, &all->videos[i], cli_compared_color(i));
}
