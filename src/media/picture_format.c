/* Which of the rarer formats a file is, by its first bytes. Those without a proper magic number come last. */
#include "base/byte_order.h"
#include "media/picture_rare.h"

#include <string.h>

static int starts_with(const uint8_t *data, size_t size, const char *magic, size_t length) {
    return size >= length && memcmp(data, magic, length) == 0;
}

#define STARTS_WITH(magic) starts_with(data, size, magic, sizeof(magic) - 1)

/* Whether the brand is one of names, which are of 4 characters each. */
static int is_brand(const uint8_t *brand, const char *names) {
    for (; *names; names += 4) {
        if (memcmp(brand, names, 4) == 0) return 1;
    }
    return 0;
}

/* AVIF and HEIC are both HEIF: a first box with brands, the major one, a version, then compatible ones. A major brand
 * of the container's (mif1: a picture, msf1: a sequence) leaves it to the others. */
static i2v_picture_format heif_format_of(const uint8_t *data, size_t size) {
    static const char avif[] = "avifavis", heic[] = "heicheixheimheishevchevx", container[] = "mif1msf1";
    if (size < 16 || memcmp(data + 4, "ftyp", 4) != 0) return I2V_PICTURE_UNKNOWN;
    if (is_brand(data + 8, avif)) return I2V_PICTURE_AVIF;
    if (is_brand(data + 8, heic)) return I2V_PICTURE_HEIC;
    if (!is_brand(data + 8, container)) return I2V_PICTURE_UNKNOWN;
    size_t end = i2v_big_endian(data, 4);
    for (size_t at = 16; at + 4 <= end && at + 4 <= size; at += 4) {
        if (is_brand(data + at, avif)) return I2V_PICTURE_AVIF;
    }
    return I2V_PICTURE_HEIC;
}

static int is_pnm(const uint8_t *data, size_t size) {
    if (size < 3 || data[0] != 'P' || !((data[1] >= '1' && data[1] <= '6') || data[1] == 'f')) return 0;
    return data[2] == ' ' || (data[2] >= '\t' && data[2] <= '\r');
}

i2v_picture_format i2v_picture_format_of_rare(const uint8_t *data, size_t size) {
    i2v_picture_format heif = heif_format_of(data, size);
    if (heif != I2V_PICTURE_UNKNOWN) return heif;
    if (STARTS_WITH("\xff\x4f\xff\x51") || STARTS_WITH("\0\0\0\x0cjP  \r\n\x87\n")) return I2V_PICTURE_JPEG2000;
    if (is_pnm(data, size)) return I2V_PICTURE_PNM;
    if (STARTS_WITH("qoif")) return I2V_PICTURE_QOI;
    if (STARTS_WITH("8BPS")) return I2V_PICTURE_PSD;
    if (STARTS_WITH("\x59\xa6\x6a\x95")) return I2V_PICTURE_SUN;
    if (i2v_is_ico(data, size, 1)) return I2V_PICTURE_ICO;
    if (i2v_is_ico(data, size, 2)) return I2V_PICTURE_CUR;
    if (i2v_is_sgi(data, size)) return I2V_PICTURE_SGI;
    if (i2v_is_pcx(data, size)) return I2V_PICTURE_PCX;
    if (i2v_is_dib(data, size)) return I2V_PICTURE_DIB;
    if (i2v_is_tga(data, size)) return I2V_PICTURE_TGA;
    return I2V_PICTURE_UNKNOWN;
}

i2v_status i2v_decode_rare(i2v_raster *raster, const i2v_encoded *source, i2v_picture_format format, i2v_error *error) {
    switch (format) {
    case I2V_PICTURE_PNM:
        return i2v_decode_pnm(raster, source, error);
    case I2V_PICTURE_ICO:
        return i2v_decode_ico(raster, source, error);
    case I2V_PICTURE_CUR:
        return i2v_decode_cur(raster, source, error);
    case I2V_PICTURE_GIF:
        return i2v_decode_gif(raster, source, error);
    case I2V_PICTURE_BMP:
        return i2v_decode_bmp(raster, source, error);
    case I2V_PICTURE_DIB:
        return i2v_decode_dib(raster, source, error);
    case I2V_PICTURE_QOI:
        return i2v_decode_qoi(raster, source, error);
    case I2V_PICTURE_PSD:
        return i2v_decode_psd(raster, source, error);
    case I2V_PICTURE_PCX:
        return i2v_decode_pcx(raster, source, error);
    case I2V_PICTURE_SGI:
        return i2v_decode_sgi(raster, source, error);
    case I2V_PICTURE_SUN:
        return i2v_decode_sun(raster, source, error);
    case I2V_PICTURE_TGA:
        return i2v_decode_tga(raster, source, error);
    default:
        return i2v_fail_not_a_picture(source, error);
    }
}
