/* Videos that are compared, and what was measured of them. */
#ifndef CLI_COMPARISON_H
#define CLI_COMPARISON_H

#include "progress.h"
#include "settings.h"

#include <jansson.h>

enum { CLI_MOST_COMPARED = 26 }; /* each has a letter */

/* One of the videos. */
typedef struct cli_compared {
    const char *path;
    i2v_media_info info;
    json_t *metadata; /* NULL: it has none of ours */
    char *label;      /* the parameters in which the videos differ, or the file's name */
    int frames;       /* that could be read */
    /* Against the first video, over the frames that both have; 0 frames: of another size, or it is the first. */
    int compared;
    double squares, likeness; /* sums over those frames: of mean squares, of SSIM */
    double *psnr, *ssim;      /* [compared] of each frame */
    double *motion;           /* [frames - 1]: the mean change from a frame to the next, of 255 */
} cli_compared;

typedef struct cli_comparison {
    const cli_settings *settings;
    cli_progress progress;
    int count;
    cli_compared videos[CLI_MOST_COMPARED];
    int width, height; /* of the largest */
    int frames;        /* of the longest */
    double fps;        /* of the first that has a rate */
    char *shared;      /* parameters that are the same in all */
    i2v_error error;
} cli_comparison;

/* "A" to "Z". */
char cli_compared_letter(int index);

/* PSNR and SSIM over all frames that were compared; SSIM is NaN where the frames are too small. */
double cli_compared_psnr(const cli_compared *video);
double cli_compared_ssim(const cli_compared *video);

/* The mean of its motion, and the largest in all videos, at least 1. */
double cli_compared_motion(const cli_compared *video);
double cli_comparison_most_motion(const cli_comparison *all);

/* "PSNR 31.2 dB, SSIM 0.912", "equal to A", or "" where nothing was compared. */
typedef struct cli_figures {
    char text[80];
} cli_figures;
cli_figures cli_compared_figures(const cli_compared *video);

/* Sets the error, and returns status. */
__attribute__((format(printf, 3, 4))) i2v_status cli_comparison_fail(cli_comparison *all, i2v_status status,
                                                                     const char *format, ...);

void cli_comparison_end(cli_comparison *all);

#endif
