/* Whether a file that was written, and not yet renamed, holds what it should. */
#ifndef I2V_MEDIA_VERIFY_H
#define I2V_MEDIA_VERIFY_H

#include "base/file.h"
#include "media/video.h"

/* The failure of a file of which so many frames can be read. */
i2v_status i2v_verify_fail(const i2v_video_task *task, int64_t frames, i2v_error *error);

/* PNG, animated PNG, GIF and WebP, by their structure. joins_equal: equal frames may have become one. */
i2v_status i2v_verify_pictures(const i2v_output_file *file, const i2v_video_task *task, int joins_equal,
                               i2v_error *error);

/* What FFmpeg's demuxer of that name reads: it is played, and every frame must come, of that size. */
i2v_status i2v_verify_video(const i2v_output_file *file, const i2v_video_task *task, const char *demuxer, int width,
                            int height, i2v_error *error);

#endif
