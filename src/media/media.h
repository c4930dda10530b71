/* What the media files share with one another and with the pipeline; the public declarations are in img2vid.h. */
#ifndef I2V_MEDIA_MEDIA_H
#define I2V_MEDIA_MEDIA_H

#include "base/error.h"

#define I2V_IMAGE_MAX_SIDE 32768
/* Decoded pictures and whole files read at once are limited, so that a small hostile file cannot ask for all memory. */
#define I2V_IMAGE_MAX_PIXELS (256u << 20)
#define I2V_FILE_MAX_BYTES ((size_t)512 << 20)

/* resize.c: Pillow's resize of 8-bit pixels [height][width][channels], channels 1..4, bicubic (a = -0.5) with support
 * scaled when shrinking, coefficients in 22-bit fixed point, passes in the order of Pillow 13; an axis whose size does
 * not change is not filtered. out is [out_height][out_width][channels]. */
i2v_status i2v_resize_bicubic_u8(const uint8_t *pixels, int width, int height, int channels, uint8_t *out,
                                 int out_width, int out_height, i2v_error *error);

/* picture.c: fails, with the parameter's name, where a caller's picture is NULL or has no pixels or no size. */
i2v_status i2v_image_check(const i2v_image *image, const char *name, i2v_error *error);

/* resize.c: the most memory that i2v_image_resize takes, the new picture included, in bytes. */
uint64_t i2v_resize_memory(int width, int height, int out_width, int out_height);

/* resize.c: fails unless both sizes are sizes of pictures. */
i2v_status i2v_resize_check(int width, int height, int out_width, int out_height, i2v_error *error);

/* resize_bilinear.c: row y, [width, 3] in 0..1, of source as ComfyUI brings it to width x height; and all of it, in 8
 * bits. */
void i2v_resize_bilinear_row(float *out, const i2v_image *source, int width, int height, int y);
i2v_status i2v_resize_bilinear(i2v_image *out, const i2v_image *source, i2v_error *error);

/* 1 if the fit needs the original picture: the image encoder gets another picture than the VAE. */
static inline int i2v_fit_needs_original(i2v_fit fit) {
    return fit == I2V_FIT_DIFFUSERS || fit == I2V_FIT_COMFYUI;
}

/* picture_load.c: as i2v_image_load_memory_with. Takes over data, and frees it with free() once it is decoded or on
 * failure. */
i2v_status i2v_image_take_memory(i2v_image **image, uint8_t *data, size_t size, const i2v_image_options *options,
                                 i2v_error *error);

/* video.c, frames.c: clamp to 0..1, times 255, rounded half to even, as diffusers' image processor does. NaN is 0. */
void i2v_frame_to_u8(const float *frame, size_t count, uint8_t *out);

/* The frame at `index` of a video that goes there and back over `count` frames: 0 .. count-1, count-2 .. 1. */
static inline int64_t i2v_frame_at(int64_t index, int64_t count) {
    return index < count ? index : 2 * count - 2 - index;
}

/* npy.c: row number `row` of an array of that shape, [shape[1], ...] values; I2V_ERROR_IO if it has another by now. */
i2v_status i2v_array_load_row(const char *path, const int64_t *shape, int ndim, int64_t row, float *values,
                              i2v_error *error);

/* npy.c: i2v_array_save of an array [shape[0], ...] whose rows are those of data [rows, ...] by i2v_frame_at;
 * is_new: or i2v_array_save_new. */
i2v_status i2v_array_save_rows(const char *path, const float *data, int64_t rows, const int64_t *shape, int ndim,
                               int is_new, i2v_error *error);

#endif
