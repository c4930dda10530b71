/* A comparison as one page of HTML. All that files say goes through cli_html_text; a policy in the page allows no
 * script but its own, and no address but those of the videos in it. */
#include "page.h"
#include "html.h"
#include "page_text.h"
#include "page_video.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { COLORS = 8, LEFT = 50, RIGHT = 780, TOP = 12, BOTTOM = 172 }; /* of the plot; the script knows LEFT and RIGHT */

typedef struct page {
    cli_comparison *all;
    FILE *to;
    int complete; /* no memory was missing */
} page;

static void text(page *self, const char *value) {
    self->complete &= cli_html_text(self->to, value);
}

static void write_head(page *self) {
    fprintf(self->to,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; media-src data:; "
            "style-src 'unsafe-inline'; script-src 'sha256-" CLI_PAGE_SCRIPT_SHA256 "'; base-uri 'none'; "
            "form-action 'none'\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<title>Comparison of %d videos</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n"
            "<h1>Comparison of %d videos</h1>\n",
            self->all->count, cli_page_style, self->all->count);
}

static void write_controls(page *self) {
    fprintf(self->to,
            "<div class=\"controls\" id=\"controls\" hidden data-fps=\"%.9g\"><button type=\"button\" id=\"play\">Play"
            "</button><label for=\"frame\">Frame</label><input type=\"range\" id=\"frame\" min=\"1\" max=\"%d\" "
            "value=\"1\"><output id=\"shown\" for=\"frame\">1 of %d</output></div>\n",
            self->all->fps, self->all->frames, self->all->frames);
}

static i2v_status write_video(page *self, int index) {
    const cli_compared *video = &self->all->videos[index];
    fprintf(self->to, "<figure><video controls muted playsinline preload=\"auto\" width=\"%d\" height=\"%d\" src=\"",
            video->info.width, video->info.height);
    i2v_status status = cli_page_video(self->to, self->all, index);
    fprintf(self->to, "\" aria-label=\"Video %c\"></video><figcaption><strong class=\"k%d\">%c</strong> ",
            cli_compared_letter(index), index % COLORS, cli_compared_letter(index));
    text(self, video->label);
    fprintf(self->to, "<span>%s</span></figcaption></figure>\n", cli_compared_figures(video).text);
    return status;
}

static i2v_status write_videos(page *self) {
    i2v_status status = I2V_OK;
    fputs("<div class=\"videos\">\n", self->to);
    for (int i = 0; status == I2V_OK && i < self->all->count; i++) status = write_video(self, i);
    fputs("</div>\n", self->to);
    return status;
}

/* ---- figures ---------------------------------------------------------------------------------------------------- */

static void write_number(page *self, int is_there, const char *format, double value) {
    fputs("<td class=\"number\">", self->to);
    if (!is_there)
        fputs("\xe2\x80\x93", self->to); /* a dash */
    else if (isinf(value))
        fputs("equal", self->to);
    else
        fprintf(self->to, format, value);
    fputs("</td>", self->to);
}

static void write_row(page *self, int index) {
    const cli_compared *video = &self->all->videos[index];
    int compared = video->compared > 0;
    fprintf(self->to, "<tr><th scope=\"row\" class=\"k%d\">%c</th><td>", index % COLORS, cli_compared_letter(index));
    text(self, video->label);
    fputs("</td><td class=\"file\">", self->to);
    text(self, video->path);
    fprintf(self->to, "</td><td>%dx%d</td><td class=\"number\">%d</td>", video->info.width, video->info.height,
            video->frames);
    double ssim = compared ? cli_compared_ssim(video) : NAN;
    write_number(self, compared, "%.2f", compared ? cli_compared_psnr(video) : 0);
    write_number(self, !isnan(ssim), "%.4f", ssim);
    write_number(self, video->frames > 1, "%.2f", cli_compared_motion(video));
    fputs("</tr>\n", self->to);
}

static void write_table(page *self) {
    fputs("<h2>Figures</h2>\n<div class=\"scroll\" role=\"region\" aria-label=\"Figures\" tabindex=\"0\"><table>\n"
          "<thead><tr><th scope=\"col\"></th>"
          "<th scope=\"col\">Differs in</th><th scope=\"col\">File</th><th scope=\"col\">Size</th>"
          "<th scope=\"col\" class=\"number\">Frames</th><th scope=\"col\" class=\"number\">PSNR, dB</th>"
          "<th scope=\"col\" class=\"number\">SSIM</th><th scope=\"col\" class=\"number\">Motion</th></tr></thead>\n"
          "<tbody>\n",
          self->to);
    for (int i = 0; i < self->all->count; i++) write_row(self, i);
    fputs("</tbody></table></div>\n<p class=\"small\">PSNR and SSIM are against A, frame by frame, over red, green and "
          "blue: PSNR of the mean square of all frames, SSIM (Wang and others, 2004) as the mean of all frames. Motion "
          "is the mean change of a value, of 255, from a frame to the next.</p>\n",
          self->to);
}

/* ---- the plot --------------------------------------------------------------------------------------------------- */

static double x_of(const page *self, int frame) {
    return self->all->frames > 1 ? LEFT + (double)frame / (self->all->frames - 1) * (RIGHT - LEFT) : LEFT;
}

static void write_line(page *self, int index, double most) {
    const cli_compared *video = &self->all->videos[index];
    double y = 0;
    if (video->frames < 2) return;
    fprintf(self->to, "<polyline class=\"l%d\" points=\"", index % COLORS);
    for (int i = 0; i + 1 < video->frames; i++) {
        y = BOTTOM - video->motion[i] / most * (BOTTOM - TOP);
        fprintf(self->to, "%s%.1f,%.1f", i ? " " : "", x_of(self, i + 1), y);
    }
    fprintf(self->to, "\"/><text x=\"%.1f\" y=\"%.1f\">%c</text>\n",
            x_of(self, video->frames - 1) + 4 + 12 * (index % 4), y + 4, cli_compared_letter(index));
}

static void write_plot(page *self) {
    double most = cli_comparison_most_motion(self->all);
    fprintf(self->to,
            "<h2 id=\"motion\">Motion</h2>\n<svg viewBox=\"0 0 840 200\" role=\"img\" aria-labelledby=\"motion "
            "plot\">\n<desc id=\"plot\">Mean change of a value, of 255, from each frame to the next, a line for each "
            "video. The table has the means.</desc>\n");
    for (int i = 0; i <= 2; i++) {
        double y = BOTTOM - i / 2.0 * (BOTTOM - TOP);
        fprintf(self->to, "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT, RIGHT, y, y);
        fprintf(self->to, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.3g</text>\n", LEFT - 6, y + 4, most * i / 2);
    }
    fprintf(self->to, "<text x=\"%d\" y=\"%d\">frame 1</text><text x=\"%d\" y=\"%d\" text-anchor=\"end\">%d</text>\n",
            LEFT, BOTTOM + 18, RIGHT, BOTTOM + 18, self->all->frames);
    for (int i = 0; i < self->all->count; i++) write_line(self, i, most);
    fprintf(self->to, "<line id=\"now\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>\n</svg>\n", LEFT, LEFT, TOP, BOTTOM);
}

/* ---- the page --------------------------------------------------------------------------------------------------- */

static i2v_status write_page(page *self) {
    write_head(self);
    write_controls(self);
    i2v_status status = write_videos(self);
    if (status != I2V_OK) return status;
    write_table(self);
    write_plot(self);
    if (*self->all->shared) {
        fputs("<h2>The same in all</h2>\n<p>", self->to);
        text(self, self->all->shared);
        fputs("</p>\n", self->to);
    }
    fprintf(self->to, "</main>\n<script>%s</script>\n</body>\n</html>\n", cli_page_script);
    return I2V_OK;
}

/* What was written to the stream, allocated; NULL if a part of it is missing. */
static char *read_back(FILE *from, size_t *size) {
    long end = ferror(from) || fflush(from) != 0 ? -1 : ftell(from);
    char *bytes = end > 0 ? malloc((size_t)end) : NULL;
    *size = bytes ? (size_t)end : 0;
    rewind(from);
    if (bytes && fread(bytes, 1, *size, from) == *size) return bytes;
    free(bytes);
    return NULL;
}

/* By way of a file: glibc's open_memstream loses what it has no memory for, and says nothing. */
i2v_status cli_page_save(cli_comparison *all, const char *path) {
    char *bytes = NULL;
    size_t size = 0;
    page self = {.all = all, .to = tmpfile(), .complete = 1};
    i2v_status status = self.to ? write_page(&self) : I2V_OK;
    if (status == I2V_OK && self.to && self.complete) bytes = read_back(self.to, &size);
    if (self.to) fclose(self.to);
    if (status == I2V_OK && !bytes)
        status = cli_comparison_fail(all, I2V_ERROR_MEMORY,
                                     "not enough memory, or room for temporary files, for the page %s", path);
    if (status == I2V_OK) status = i2v_file_save(path, bytes, size, all->settings->output.no_replace, &all->error);
    free(bytes);
    return status;
}
