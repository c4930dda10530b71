/* The kinds of frame readers: each reads the frames of one kind of file. */
#ifndef I2V_MEDIA_FRAME_READER_H
#define I2V_MEDIA_FRAME_READER_H

#include "media/raster.h"

/* How one kind of file is read. */
typedef struct i2v_frame_kind {
    /* May set reader->state, which close frees, after a failed open, too. */
    i2v_status (*open)(i2v_frame_reader *reader, i2v_error *error);
    /* The next frame into rgb, [height][width][3], or *ended. */
    i2v_status (*next)(i2v_frame_reader *reader, uint8_t *rgb, int *ended, i2v_error *error);
    void (*close)(i2v_frame_reader *reader); /* NULL: there is nothing to free */
    unsigned held; /* frames of four bytes a pixel that the decoder may hold; 0: it sees to its memory itself */
} i2v_frame_kind;

struct i2v_frame_reader {
    const i2v_frame_kind *kind;
    char *path;
    i2v_encoded source; /* the whole file, but of arrays and patterns; its data are the reader's */
    i2v_media_info info;
    int64_t read; /* frames so far */
    int failed;
    void *state; /* the kind's */
};

/* frames_video.c: MP4, QuickTime, Matroska, WebM, GIF and animated PNG by FFmpeg. */
extern const i2v_frame_kind i2v_frames_ffmpeg;
/* frames_webp.c: animated WebP by libwebpdemux. */
extern const i2v_frame_kind i2v_frames_webp;
/* frames_pictures.c: one picture; pictures that are numbered by a pattern; an array. */
extern const i2v_frame_kind i2v_frames_picture, i2v_frames_numbered, i2v_frames_array;

/* frames_pictures.c: how many there are by the pattern, and what the first is. */
i2v_status i2v_frames_count(i2v_media_info *info, const char *pattern, i2v_error *error);

/* The failure of frames that are not of the size that the file said. */
i2v_status i2v_frames_fail_size(const i2v_frame_reader *reader, int width, int height, i2v_error *error);

/* Lays rgba, [pixels][4], not premultiplied, over white, into rgb. */
void i2v_frames_over_white(const uint8_t *rgba, size_t pixels, uint8_t *rgb);

#endif
