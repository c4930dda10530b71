/* What the picture files share: the encoded bytes that come in, the decoded raster that goes out. A decoder leaves
 * raster->pixels NULL or allocated; picture.c frees it in both cases. */
#ifndef I2V_MEDIA_PICTURE_H
#define I2V_MEDIA_PICTURE_H

#include "media/media.h"

typedef struct i2v_encoded {
    const uint8_t *data;
    size_t size;
    const char *name; /* what messages call it: the path, or "the picture" */
} i2v_encoded;

typedef struct i2v_raster {
    int width, height;
    int channels;    /* 3: RGB, 4: RGBA, not premultiplied */
    int orientation; /* EXIF: 1 (upright) .. 8 */
    uint8_t *pixels; /* [height][width][channels] */
    /* Bytes that decoding may take; 0: any. i2v_raster_alloc refuses what needs more. A decoder says before that what
     * it works with beside the pixels, at the most. */
    uint64_t budget, working;
    int budget_given; /* by the caller; else it is what is free */
} i2v_raster;

typedef enum i2v_picture_format {
    I2V_PICTURE_UNKNOWN,
    I2V_PICTURE_JPEG,
    I2V_PICTURE_PNG,
    I2V_PICTURE_WEBP,
    I2V_PICTURE_BMP,
    I2V_PICTURE_TIFF,
    I2V_PICTURE_GIF
} i2v_picture_format;

/* picture.c: by the first bytes, never by a name. */
i2v_picture_format i2v_picture_format_of(const uint8_t *data, size_t size);

/* picture.c: the limits on size and aspect. */
i2v_status i2v_raster_check(int64_t width, int64_t height, const char *name, i2v_error *error);

/* picture_load.c: I2V_ERROR_MEMORY if so many bytes are more than the budget. width 0: the size is not known yet. */
i2v_status i2v_raster_reserve(const i2v_raster *raster, int64_t width, int64_t height, uint64_t bytes, const char *name,
                              i2v_error *error);

/* picture.c: i2v_raster_check and i2v_raster_reserve, then allocates zeroed pixels. */
i2v_status i2v_raster_alloc(i2v_raster *raster, int64_t width, int64_t height, int channels, const char *name,
                            i2v_error *error);

/* picture.c: by the decoder of its format. */
i2v_status i2v_raster_decode(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);

/* picture_upright.c: makes an upright RGB picture of the raster, as PIL.ImageOps.exif_transpose does, and takes over
 * its memory, or frees it. */
i2v_status i2v_raster_to_image(i2v_image **image, i2v_raster *raster, i2v_alpha alpha, const char *name,
                               i2v_error *error);

/* picture.c: the failure of a file that ends too early. */
i2v_status i2v_fail_truncated(const i2v_encoded *source, i2v_error *error);

i2v_status i2v_decode_jpeg(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);
i2v_status i2v_decode_png(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);
i2v_status i2v_decode_webp(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);
/* BMP, TIFF and GIF (first frame). */
i2v_status i2v_decode_ffmpeg(i2v_raster *raster, const i2v_encoded *source, i2v_picture_format format,
                             i2v_error *error);

/* picture_precheck.c: for BMP, TIFF and GIF, that size, memory and completeness are in order; whether a BMP's fourth
 * byte of a pixel may be alpha. */
i2v_status i2v_precheck(const i2v_raster *raster, const i2v_encoded *source, i2v_picture_format format,
                        i2v_error *error);
int i2v_bmp_has_alpha(const i2v_encoded *source);

/* picture_exif.c: the single integer in tag `tag` of the first directory of a TIFF file or EXIF block (with or without
 * "Exif\0\0" before it); `missing` if it has none. */
uint32_t i2v_tiff_tag(const uint8_t *data, size_t size, unsigned tag, uint32_t missing);

/* picture_exif.c: the orientation in it, 1 where there is none or it is out of range. */
int i2v_exif_orientation(const uint8_t *data, size_t size);

#endif
