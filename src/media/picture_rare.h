/* The rare formats, which picture_format.c tells apart. Each has a file of its name. */
#ifndef I2V_MEDIA_PICTURE_RARE_H
#define I2V_MEDIA_PICTURE_RARE_H

#include "media/picture.h"

i2v_status i2v_decode_pnm(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);
i2v_status i2v_decode_ico(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);
i2v_status i2v_decode_cur(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);
i2v_status i2v_decode_gif(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);
i2v_status i2v_decode_bmp(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);
i2v_status i2v_decode_dib(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);
i2v_status i2v_decode_qoi(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);
i2v_status i2v_decode_psd(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);
i2v_status i2v_decode_pcx(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);
i2v_status i2v_decode_sgi(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);
i2v_status i2v_decode_sun(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);
i2v_status i2v_decode_tga(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);

/* 1 if data looks like a file of a format that has no proper magic number. kind: 1 for icons, 2 for cursors. */
int i2v_is_dib(const uint8_t *data, size_t size);
int i2v_is_pcx(const uint8_t *data, size_t size);
int i2v_is_sgi(const uint8_t *data, size_t size);
int i2v_is_tga(const uint8_t *data, size_t size);
int i2v_is_ico(const uint8_t *data, size_t size, int kind);

/* Sizes as stored, from the headers alone. */
i2v_status i2v_avif_size(const i2v_encoded *source, int64_t *width, int64_t *height, i2v_error *error);
i2v_status i2v_heic_size(const i2v_encoded *source, int64_t *width, int64_t *height, i2v_error *error);
i2v_status i2v_jpeg2000_size(const i2v_encoded *source, int64_t *width, int64_t *height, i2v_error *error);
i2v_status i2v_pnm_size(const i2v_encoded *source, int64_t *width, int64_t *height, i2v_error *error);
i2v_status i2v_ico_size(const i2v_encoded *source, int64_t *width, int64_t *height, i2v_error *error);
i2v_status i2v_cur_size(const i2v_encoded *source, int64_t *width, int64_t *height, i2v_error *error);
i2v_status i2v_dib_size(const i2v_encoded *source, int64_t *width, int64_t *height, i2v_error *error);
void i2v_pcx_size(const i2v_encoded *source, int64_t *width, int64_t *height);

#endif
