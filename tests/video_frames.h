/* Frames of a video file, decoded by other means than ours, and how far they are from those that went in. */
#ifndef I2V_TESTS_VIDEO_FRAMES_H
#define I2V_TESTS_VIDEO_FRAMES_H

#include "media/video.h"

#include <stdint.h>

/* Decodes up to `limit` frames as RGB, by the matrix and range that the file says; returns their number. */
int decode_ffmpeg(const char *path, uint8_t *rgb, int limit);

/* Of the file's frames in the temporary folder against the video's, in dB; their number must be the same. */
double psnr_of_file(const char *name, const i2v_video *video);

#endif
