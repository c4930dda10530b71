/* Whether a file that was written, and not yet renamed, holds what it should. */
#ifndef I2V_MEDIA_VERIFY_H
#define I2V_MEDIA_VERIFY_H

#include "base/file.h"
#include "media/video.h"

/* PNG, animated PNG, GIF and WebP, by their structure. joins_equal: equal frames may have become one. */
i2v_status i2v_verify_pictures(const i2v_output_file *file, const i2v_video_task *task, int joins_equal,
                               i2v_error *error);

/* What FFmpeg's demuxer of that name reads: it is played, and every frame must come, of that size. */
i2v_status i2v_verify_video(const i2v_output_file *file, const i2v_video_task *task, const char *demuxer, int width,
                            int height, i2v_error *error);

#endif
