/* What the picture files share beside the raster: the kinds that there are, and their decoders. A decoder leaves
 * raster->pixels NULL or allocated; picture_load.c frees it in both cases. */
#ifndef I2V_MEDIA_PICTURE_H
#define I2V_MEDIA_PICTURE_H

#include "media/raster.h"

typedef enum i2v_picture_format {
    I2V_PICTURE_UNKNOWN,
    I2V_PICTURE_JPEG,
    I2V_PICTURE_PNG,
    I2V_PICTURE_WEBP,
    I2V_PICTURE_BMP,
    I2V_PICTURE_TIFF,
    I2V_PICTURE_GIF,
    I2V_PICTURE_AVIF,
    I2V_PICTURE_HEIC,
    I2V_PICTURE_JPEG2000,
    I2V_PICTURE_PNM,
    I2V_PICTURE_ICO,
    I2V_PICTURE_CUR,
    I2V_PICTURE_DIB,
    I2V_PICTURE_QOI,
    I2V_PICTURE_PSD,
    I2V_PICTURE_PCX,
    I2V_PICTURE_SGI,
    I2V_PICTURE_SUN,
    I2V_PICTURE_TGA
} i2v_picture_format;

/* picture.c: by the first bytes, never by a name. */
i2v_picture_format i2v_picture_format_of(const uint8_t *data, size_t size);

/* picture_format.c: the same for the rare formats. */
i2v_picture_format i2v_picture_format_of_rare(const uint8_t *data, size_t size);

/* picture_names.c: the failure of a file of another kind. The message names the kind and the way out, if the kind is
 * known; else it says that the file is `unknown`. */
i2v_status i2v_fail_unknown(const i2v_encoded *source, const char *unknown, i2v_error *error);
i2v_status i2v_fail_not_a_picture(const i2v_encoded *source, i2v_error *error);

/* picture.c: decodes by the content's format. */
i2v_status i2v_raster_decode(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);

/* picture_upright.c: makes an upright RGB picture of the raster, as PIL.ImageOps.exif_transpose does, and takes over
 * its memory, or frees it. */
i2v_status i2v_raster_to_image(i2v_image **image, i2v_raster *raster, i2v_alpha alpha, const char *name,
                               i2v_error *error);

i2v_status i2v_decode_jpeg(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);
i2v_status i2v_decode_png(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);
i2v_status i2v_decode_webp(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);
i2v_status i2v_decode_avif(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);
i2v_status i2v_decode_heic(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);
i2v_status i2v_decode_jpeg2000(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);
/* picture_format.c: those that are read here, without a library. */
i2v_status i2v_decode_rare(i2v_raster *raster, const i2v_encoded *source, i2v_picture_format format, i2v_error *error);
i2v_status i2v_decode_tiff(i2v_raster *raster, const i2v_encoded *source, i2v_error *error);

/* picture_exif.c: the single integer in tag `tag` of the first directory of a TIFF or BigTIFF file, or of an EXIF
 * block, which may begin with "Exif\0\0"; `missing` if there is none. */
uint32_t i2v_tiff_tag(const uint8_t *data, size_t size, unsigned tag, uint32_t missing);

/* picture_exif.c: the orientation, 1 to 8, in an EXIF block; if that has none, in XMP; if that has none, 1. Either may
 * be of size 0. */
int i2v_orientation(const uint8_t *exif, size_t exif_size, const uint8_t *xmp, size_t xmp_size);

/* picture_png_text.c: the same of a PNG. exif is its eXIf chunk, which may be of size 0. Text chunks are looked at,
 * too: ImageMagick's "Raw profile type exif", and XMP. */
i2v_status i2v_png_orientation(int *orientation, const i2v_encoded *source, const uint8_t *exif, size_t exif_size,
                               i2v_error *error);

#endif
