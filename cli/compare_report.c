/* What a comparison came to: a table for a person, or JSON. */
#include "compare_report.h"
#include "json.h"
#include "json_print.h"
#include "message.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- for a person ----------------------------------------------------------------------------------------------- */

void cli_compare_notes(const cli_comparison *all) {
    const cli_compared *first = &all->videos[0];
    int shown = !all->settings->quiet;
    for (int i = 0; i < all->count; i++) {
        const cli_compared *video = &all->videos[i];
        if (!video->metadata)
            cli_say(shown, "note: %s has no metadata of img2vid; it is labelled by its name", video->path);
        if (i > 0 && !video->compared)
            cli_say(shown, "note: %s is %dx%d and %s %dx%d: without PSNR and SSIM", video->path, video->info.width,
                    video->info.height, first->path, first->info.width, first->info.height);
        else if (i > 0 && video->frames != first->frames)
            cli_say(shown, "note: %s has %d frames and %s %d: the first %d are compared", video->path, video->frames,
                    first->path, first->frames, video->compared);
        if (video->info.fps > 0 && fabs(video->info.fps - all->fps) > 0.01 * all->fps)
            cli_say(shown, "note: %s plays at %g frames a second; here all are set side by side frame by frame, at %g",
                    video->path, video->info.fps, all->fps);
    }
}

static void print_row(const cli_compared *video, int index) {
    char psnr[32] = "-", ssim[32] = "-", size[32];
    double likeness = video->compared ? cli_compared_ssim(video) : NAN;
    if (video->compared && video->squares == 0)
        snprintf(psnr, sizeof psnr, "equal");
    else if (video->compared)
        snprintf(psnr, sizeof psnr, "%.2f", cli_compared_psnr(video));
    if (!isnan(likeness)) snprintf(ssim, sizeof ssim, "%.4f", likeness);
    snprintf(size, sizeof size, "%dx%d", video->info.width, video->info.height);
    cli_line(stdout, "%c  %6d  %-9s  %8s  %6s  %6.2f  %s", cli_compared_letter(index), video->frames, size, psnr, ssim,
             cli_compared_motion(video), video->label);
}

static int print_table(const cli_comparison *all) {
    printf("   frames  size       PSNR, dB    SSIM  motion\n");
    for (int i = 0; i < all->count; i++) print_row(&all->videos[i], i);
    return cli_flush_output();
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

/* null for what is no finite number: PSNR of equal frames, SSIM of small ones. */
static json_t *number_json(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *numbers_json(const double *values, int count) {
    json_t *array = json_array();
    for (int i = 0; i < count; i++) cli_json_append(&array, number_json(values[i]));
    return array;
}

static json_t *video_json(const cli_compared *video, int index) {
    const char letter[2] = {cli_compared_letter(index), 0};
    json_t *object =
        json_pack("{s:s, s:o, s:o, s:i, s:i, s:i, s:f, s:f, s:o}", "name", letter, "input", cli_json_text(video->path),
                  "label", cli_json_text(video->label), "width", video->info.width, "height", video->info.height,
                  "num_frames", video->frames, "fps", video->info.fps, "motion", cli_compared_motion(video),
                  "motion_of_frames", numbers_json(video->motion, video->frames > 0 ? video->frames - 1 : 0));
    if (!video->compared) return object;
    cli_json_set(&object, "compared_frames", json_integer(video->compared));
    cli_json_set(&object, "equal", json_boolean(video->squares == 0));
    cli_json_set(&object, "psnr", number_json(cli_compared_psnr(video)));
    cli_json_set(&object, "ssim", number_json(cli_compared_ssim(video)));
    cli_json_set(&object, "psnr_of_frames", numbers_json(video->psnr, video->compared));
    cli_json_set(&object, "ssim_of_frames", numbers_json(video->ssim, video->compared));
    return object;
}

static int print_json(const cli_comparison *all) {
    json_t *videos = json_array();
    for (int i = 0; i < all->count; i++) cli_json_append(&videos, video_json(&all->videos[i], i));
    return cli_print_json(json_pack("{s:s, s:s, s:o, s:o}", "command", "compare", "version", i2v_version(), "output",
                                    cli_json_text(all->settings->path), "videos", videos));
}

int cli_compare_report(const cli_comparison *all) {
    if (all->settings->json) return print_json(all);
    return all->settings->quiet ? CLI_DONE : print_table(all);
}
