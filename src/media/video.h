/* How videos are written. Each format is a struct of functions. The path's ending chooses it. */
#ifndef I2V_MEDIA_VIDEO_H
#define I2V_MEDIA_VIDEO_H

#include "base/error.h"
#include "media/rate.h"

/* One video to be written. */
typedef struct i2v_video_task {
    const char *path;
    int width, height;
    int num_frames; /* of the file */
    i2v_rate fps;
    int crf;                  /* within the format's range */
    int quality;              /* 0..100 where crf was made of it, else -1 */
    int64_t bitrate;          /* bits a second in place of crf; 0: crf */
    const i2v_output *output; /* for i2v_video_cancelled */
} i2v_video_task;

/* picture_save.c: fails for a video that has none. */
i2v_status i2v_video_fail_empty(i2v_error *error);

/* Asks the caller. Formats that work long without a new frame call it, too. */
int i2v_video_cancelled(const i2v_video_task *task);

typedef struct i2v_video_format i2v_video_format;

/* A writer is writer_size bytes, all zero before `open`. Frames are [height][width][3] 8-bit RGB. */
struct i2v_video_format {
    const char *ending;       /* lower case, without the dot */
    i2v_codec kind;           /* the first of an ending is its default */
    int crf_default, crf_max; /* crf_max 0: quality is fixed, crf is ignored */
    size_t writer_size;
    const void *codec; /* for formats that share their functions */
    /* Fails if this build cannot write the format. NULL: it can. */
    i2v_status (*check)(const i2v_video_format *format, i2v_error *error);
    i2v_status (*open)(void *writer, const i2v_video_format *format, const i2v_video_task *task, i2v_error *error);
    /* Sees every frame before the first is written. NULL: not needed. */
    i2v_status (*look)(void *writer, const uint8_t *rgb, i2v_error *error);
    i2v_status (*write)(void *writer, const uint8_t *rgb, i2v_error *error);
    /* Ends the file and gives it its name. */
    i2v_status (*finish)(void *writer, i2v_error *error);
    /* Frees everything, and removes a file that is not finished. Is called after a failed open, too. */
    void (*close)(void *writer);
};

#define I2V_FFMPEG_FORMATS 15
extern const i2v_video_format i2v_ffmpeg_formats[I2V_FFMPEG_FORMATS];
extern const i2v_video_format i2v_webp_format;
extern const i2v_video_format i2v_images_format;

/* video_ffmpeg.c: I2V_ERROR_UNSUPPORTED if this build of FFmpeg lacks the muxer or the encoder. */
i2v_status i2v_ffmpeg_has(const char *muxer, const char *encoder, const char *ending, i2v_error *error);

/* video_path.c: the file of frame `number` by a path, allocated. That is the path itself, but for a .png whose file
 * name has a %: there must be at most one %d or %0Nd (N from 1 to 9), which becomes the number, and %% becomes %. */
i2v_status i2v_video_path(char **file, const char *path, int number, i2v_error *error);
/* 1 if each frame has a file of its own, or is meant to: the path may have a % that is wrong. */
int i2v_video_path_numbered(const char *path);

/* Fails unless the folder that path is in is there. */
i2v_status i2v_video_path_check_folder(const char *path, i2v_error *error);

/* yuv.c: BT.709, limited range, 4:2:0 with chroma on the left luma column (H.264's default). planes are luma
 * [out_height][out_width] and two chroma of half the size, rounded up; pixels beyond the source repeat its edge. */
void i2v_rgb_to_yuv420(const uint8_t *rgb, int width, int height, uint8_t *const planes[3], const int strides[3],
                       int out_width, int out_height);

/* palette.c: 255 colours for a whole clip. Look at all frames, choose once, then apply to each frame. */
#define I2V_PALETTE_COLORS 255
typedef struct i2v_palette i2v_palette;

i2v_status i2v_palette_new(i2v_palette **palette, int width, i2v_error *error);
void i2v_palette_look(i2v_palette *palette, const uint8_t *rgb, size_t pixels);
i2v_status i2v_palette_choose(i2v_palette *palette, i2v_error *error);
/* The chosen colours, [I2V_PALETTE_COLORS][3]; those not needed are black. */
const uint8_t (*i2v_palette_colors(const i2v_palette *palette))[3];
/* indices is [height][stride]; width is that of i2v_palette_new. */
void i2v_palette_apply(i2v_palette *palette, const uint8_t *rgb, int height, uint8_t *indices, int stride);
void i2v_palette_free(i2v_palette *palette);

#endif
