/* The size of pictures of the rarer formats, by their headers. */
#include "base/byte_order.h"
#include "media/picture_rare.h"
#include "media/probe.h"

#include <stdio.h>

/* Where a header has its size as two numbers, one after the other. */
typedef struct size_place {
    i2v_picture_format format;
    const char *name;
    size_t width, height; /* offsets */
    int bytes, big_endian;
} size_place;

static const size_place places[] = {
    {I2V_PICTURE_QOI, "qoi", 4, 8, 4, 1}, {I2V_PICTURE_PSD, "psd", 18, 14, 4, 1}, {I2V_PICTURE_SGI, "sgi", 6, 8, 2, 1},
    {I2V_PICTURE_SUN, "sun", 4, 8, 4, 1}, {I2V_PICTURE_TGA, "tga", 12, 14, 2, 0},
};

static i2v_status read_place(const size_place *place, const i2v_encoded *source, int64_t *width, int64_t *height,
                             i2v_error *error) {
    const uint8_t *data = source->data;
    size_t last = place->width > place->height ? place->width : place->height;
    if (source->size < last + (size_t)place->bytes) return i2v_fail_truncated(source, error);
    uint32_t (*read)(const uint8_t *, int) = place->big_endian ? i2v_big_endian : i2v_little_endian;
    *width = read(data + place->width, place->bytes);
    *height = read(data + place->height, place->bytes);
    return I2V_OK;
}

static i2v_status read_size(const i2v_encoded *source, i2v_picture_format format, const char **name, int64_t *width,
                            int64_t *height, i2v_error *error) {
    switch (format) {
    case I2V_PICTURE_AVIF:
        *name = "avif";
        return i2v_avif_size(source, width, height, error);
    case I2V_PICTURE_HEIC:
        *name = "heic";
        return i2v_heic_size(source, width, height, error);
    case I2V_PICTURE_JPEG2000:
        *name = "jpeg2000";
        return i2v_jpeg2000_size(source, width, height, error);
    case I2V_PICTURE_PNM:
        *name = "pnm";
        return i2v_pnm_size(source, width, height, error);
    case I2V_PICTURE_ICO:
        *name = "ico";
        return i2v_ico_size(source, width, height, error);
    case I2V_PICTURE_CUR:
        *name = "cur";
        return i2v_cur_size(source, width, height, error);
    case I2V_PICTURE_DIB:
        *name = "dib";
        return i2v_dib_size(source, width, height, error);
    case I2V_PICTURE_PCX:
        *name = "pcx";
        i2v_pcx_size(source, width, height);
        return I2V_OK;
    default:
        break;
    }
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (places[i].format != format) continue;
        *name = places[i].name;
        return read_place(&places[i], source, width, height, error);
    }
    return i2v_fail_not_a_picture(source, error);
}

i2v_status i2v_probe_rare(i2v_media_info *info, const i2v_encoded *source, i2v_picture_format format,
                          i2v_error *error) {
    const char *name = "";
    int64_t width = 0, height = 0;
    i2v_status status = read_size(source, format, &name, &width, &height, error);
    if (status) return status;
    info->width = width <= INT32_MAX ? (int)width : 0;
    info->height = height <= INT32_MAX ? (int)height : 0;
    snprintf(info->container, sizeof info->container, "%s", name);
    snprintf(info->codec, sizeof info->codec, "%s", name);
    return I2V_OK;
}
