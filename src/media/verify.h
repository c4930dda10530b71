/* Checks a file that was written and is not renamed yet. */
#ifndef I2V_MEDIA_VERIFY_H
#define I2V_MEDIA_VERIFY_H

#include "base/file.h"
#include "media/video.h"

/* The failure of a file in which only `frames` frames can be read. */
i2v_status i2v_verify_fail(const i2v_video_task *task, int64_t frames, i2v_error *error);

/* Checks the structure of PNG, animated PNG, GIF or WebP. joins_equal: equal frames may have become one. */
i2v_status i2v_verify_pictures(const i2v_output_file *file, const i2v_video_task *task, int joins_equal,
                               i2v_error *error);

/* Plays the file by FFmpeg's demuxer of that name. All frames must come, and be of that size. */
i2v_status i2v_verify_video(const i2v_output_file *file, const i2v_video_task *task, const char *demuxer, int width,
                            int height, i2v_error *error);

#endif
