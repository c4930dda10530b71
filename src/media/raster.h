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
    /* Bytes that decoding may take; 0: any. i2v_raster_alloc refuses what needs more. A decoder says before that what
     * it works with beside the pixels, at the most. */
    uint64_t budget, working;
    int budget_given; /* by the caller; else it is what is free */
} i2v_raster;

/* The limits on size, for what has that name; status: of the failure. */
i2v_status i2v_picture_size_check(int64_t width, int64_t height, const char *name, i2v_status status, i2v_error *error);

/* The limits on size and aspect. */
i2v_status i2v_raster_check(int64_t width, int64_t height, const char *name, i2v_error *error);

/* I2V_ERROR_MEMORY if so many bytes are more than the budget. width 0: the size is not known yet. */
i2v_status i2v_raster_reserve(const i2v_raster *raster, int64_t width, int64_t height, uint64_t bytes, const char *name,
                              i2v_error *error);

/* I2V_ERROR_MEMORY: the file itself is larger than the budget. */
i2v_status i2v_raster_fail_file(const i2v_raster *raster, const char *name, i2v_error *error);

/* i2v_raster_check and i2v_raster_reserve, then allocates zeroed pixels. */
i2v_status i2v_raster_alloc(i2v_raster *raster, int64_t width, int64_t height, int channels, const char *name,
                            i2v_error *error);

/* The failure of a picture of floats in 0..1, which would be black without a word. kind: "TIFF". */
i2v_status i2v_raster_check_not_black(const i2v_raster *raster, const char *kind, const char *name, i2v_error *error);

/* The failure of a file that ends too early. */
i2v_status i2v_fail_truncated(const i2v_encoded *source, i2v_error *error);

#endif
