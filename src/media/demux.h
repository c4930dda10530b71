/* MP4, QuickTime, Matroska, WebM, GIF and animated PNG in memory, by libavformat's demuxers. */
#ifndef I2V_MEDIA_DEMUX_H
#define I2V_MEDIA_DEMUX_H

#include "media/raster.h"

#include <libavformat/avformat.h>

/* The file, as libavformat reads it. */
typedef struct i2v_memory_reader {
    const uint8_t *data;
    int64_t size, at;
    int tells_size; /* to who asks for it */
} i2v_memory_reader;

/* A demuxer on a file in memory. */
typedef struct i2v_demuxed {
    i2v_memory_reader reader;
    AVClass quiet; /* must outlive context */
    AVFormatContext *context;
    AVIOContext *pb;
} i2v_demuxed;

/* I2V_ERROR_FORMAT if it is none of these. libavformat calls some allocations that failed damage of the file: what is
 * damaged is so a second time. To be closed in every case. */
i2v_status i2v_demux_open(i2v_demuxed *video, const i2v_encoded *source, i2v_error *error);
void i2v_demux_close(i2v_demuxed *video);

/* The first stream of video that is no cover; NULL if there is none. */
const AVStream *i2v_demux_stream(const AVFormatContext *context);

/* "mp4", "mov", "mkv" or "webm", of what was opened and is of these. */
const char *i2v_demux_container(const i2v_encoded *source);

/* probe_mov.c: I2V_ERROR_FORMAT if the tables of an MP4 or QuickTime file claim more samples than any real one has. */
i2v_status i2v_mov_check(const i2v_encoded *source, i2v_error *error);

#endif
