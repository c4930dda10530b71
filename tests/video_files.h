/* A synthetic video, the kinds of files that it is written to, and what these say of themselves. Every helper fails the
 * running test rather than return an error. */
#ifndef I2V_TESTS_VIDEO_FILES_H
#define I2V_TESTS_VIDEO_FILES_H

#include "temporary_folder.h"

#include "media/video.h"

enum { FRAMES = 7, WIDTH = 72, HEIGHT = 40 };

enum { KINDS = 7 };
extern const struct video_kind {
    const char *name, *container, *codec;
    double psnr; /* dB, INFINITY: the same pixels */
} kinds[KINDS];

/* Colour gradients and a soft light that move by 2 pixels a frame. Smooth, so that 4:2:0 costs little. */
i2v_video *make_video(int frames, int width, int height);
void free_video(i2v_video *video);

/* Into the temporary folder. */
void save(const i2v_video *video, const char *name, const i2v_output *output);

/* The file's i2v_media_info must be this; fps within a millionth. */
void check_probe(const char *path, const char *container, const char *codec, int width, int height, int64_t frames,
                 double fps);

/* Saving to path fails with this status, a message that holds `part`, and leaves nothing. */
void check_refused(const i2v_video *video, const char *path, const i2v_output *output, i2v_status status,
                   const char *part);

/* All of this program's stderr goes into a file, which must stay empty: neither the library nor those under it print.
 * The decoders of a test run in it too, on good files. */
int catch_stderr(void **state);
int check_stderr(void **state);

#endif
