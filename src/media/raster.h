/* What a decoder takes and makes: the encoded bytes that come in, the decoded raster that goes out. */
#ifndef I2V_MEDIA_RASTER_H
#define I2V_MEDIA_RASTER_H

#include "media/media.h"

typedef struct i2v_encoded {
    const uint8_t *data;
    size_t size;
    const char *name; /* what messages call it: the path, or "the picture" */
} i2v_encoded;

typedef struct i2v_raster {
    int width, height;
    int channels;        /* 3: RGB, 4: RGBA, not premultiplied */
    int orientation;     /* EXIF: 1 (upright) .. 8 */
    uint8_t *pixels;     /* [height][width][channels] */
    const char *warning; /* what was forgiven, static; NULL: nothing */
    uint64_t budget;     /* bytes that decoding may take; 0: any */
    int budget_given;    /* by the caller; else it is what is free */
    uint64_t needed;     /* bytes of the picture that the caller wants, which a smaller original cannot spare; or 0 */
    uint64_t working;    /* the most that the decoder takes beside the pixels; it says so before i2v_raster_alloc */
} i2v_raster;

/* Fails with status if the size is not one of a picture. name is for the message. */
i2v_status i2v_picture_size_check(int64_t width, int64_t height, const char *name, i2v_status status, i2v_error *error);

/* The same, with I2V_ERROR_FORMAT; and the aspect is checked. */
i2v_status i2v_raster_check(int64_t width, int64_t height, const char *name, i2v_error *error);

/* I2V_ERROR_MEMORY if `bytes` are more than the budget. width 0: the picture's size is not known yet. */
i2v_status i2v_raster_reserve(const i2v_raster *raster, int64_t width, int64_t height, uint64_t bytes, const char *name,
                              i2v_error *error);

/* The failure of a file that is itself larger than the budget. */
i2v_status i2v_raster_fail_file(const i2v_raster *raster, const char *name, i2v_error *error);

/* Checks and reserves as above, then allocates zeroed pixels. */
i2v_status i2v_raster_alloc(i2v_raster *raster, int64_t width, int64_t height, int channels, const char *name,
                            i2v_error *error);

/* Fails if no value is over 1: the picture is one of floats in 0..1, and would be black. kind: "TIFF". */
i2v_status i2v_raster_check_not_black(const i2v_raster *raster, const char *kind, const char *name, i2v_error *error);

/* The failure of a file that ends too early. */
i2v_status i2v_fail_truncated(const i2v_encoded *source, i2v_error *error);

#endif
