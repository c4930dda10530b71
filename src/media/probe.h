/* The parts of i2v_media_probe. Each reads one kind of file, in memory. */
#ifndef I2V_MEDIA_PROBE_H
#define I2V_MEDIA_PROBE_H

#include "media/picture.h"

/* probe_picture.c: reads headers alone. Frames of animations are counted. */
i2v_status i2v_probe_picture(i2v_media_info *info, const i2v_encoded *source, i2v_picture_format format,
                             i2v_error *error);

/* probe_rare.c: the same of the rare formats. */
i2v_status i2v_probe_rare(i2v_media_info *info, const i2v_encoded *source, i2v_picture_format format, i2v_error *error);

/* probe_video.c: MP4, QuickTime, Matroska and WebM. I2V_ERROR_FORMAT if it is none of them. */
i2v_status i2v_probe_video(i2v_media_info *info, const i2v_encoded *source, i2v_error *error);

#endif
