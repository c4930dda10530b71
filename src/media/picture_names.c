/* Files that are no picture that can be read: what they are, and what to do with them. */
#include "base/byte_order.h"
#include "base/posix.h"
#include "media/picture.h"

#include <string.h>
#include <strings.h>

static const char convert[] = "convert it to PNG, for instance with `magick` or GIMP";
static const char develop[] = "develop it to JPEG or PNG, for instance with darktable";
static const char take_frame[] = "take a frame of it with `ffmpeg -i VIDEO -frames:v 1 frame.png`";
static const char render[] = "draw it as PNG, for instance with `inkscape` or `magick`";
static const char another[] = "a picture or a video is wanted";

typedef struct known_format {
    size_t offset;
    const char *magic;
    size_t length;
    const char *name, *way_out;
} known_format;

#define MAGIC(text) (text), sizeof(text) - 1

static const known_format formats[] = {
    /* pictures */
    {0, MAGIC("\xff\x0a"), "a JPEG XL picture", convert},
    {4, MAGIC("JXL \r\n\x87\n"), "a JPEG XL picture", convert},
    {0, MAGIC("8BPB"), "a large Photoshop file (PSB)", convert},
    {0, MAGIC("DDS "), "a DirectDraw texture (DDS)", convert},
    {0, MAGIC("BLP1"), "a Blizzard texture (BLP)", convert},
    {0, MAGIC("BLP2"), "a Blizzard texture (BLP)", convert},
    {0, MAGIC("FTEX"), "a texture of Independence War (FTEX)", convert},
    {0, MAGIC("icns"), "an icon of macOS (ICNS)", "convert it to PNG, for instance with `icns2png` or `sips`"},
    {0, MAGIC("\x76\x2f\x31\x01"), "an OpenEXR picture", convert},
    {0, MAGIC("#?RADIANCE"), "a Radiance picture (HDR)", convert},
    {0, MAGIC("#?RGBE"), "a Radiance picture (HDR)", convert},
    {0, MAGIC("SIMPLE  ="), "a FITS picture", convert},
    {128, MAGIC("DICM"), "a DICOM picture", "convert it to PNG, for instance with `dcmj2pnm`"},
    {0, MAGIC("P7\n"), "a PAM picture", "convert it to PPM, for instance with `pamtopnm`"},
    {0, MAGIC("P7 332"), "a thumbnail of XV", convert},
    {0, MAGIC("PF\n"), "a PFM picture in colour", convert},
    {0, MAGIC("/* XPM */"), "an X pixmap (XPM)", convert},
    {0, MAGIC("#define "), "an X bitmap (XBM) or another text of C", convert},
    {0, MAGIC("DanM"), "a Microsoft Paint picture (MSP)", convert},
    {0, MAGIC("LinS"), "a Microsoft Paint picture (MSP)", convert},
    {0, MAGIC("\xb1\x68\xde\x3a"), "a fax of several pages (DCX)", convert},
    {0, MAGIC("\x80\xe8\0\0"), "a Pixar picture", convert},
    {0, MAGIC("Image type:"), "an IFUNC picture (IM)", convert},
    {20, MAGIC("GIMP"), "a GIMP brush (GBR)", convert},
    {4, MAGIC("\x11\xaf"), "an Autodesk animation (FLI)", take_frame},
    {4, MAGIC("\x12\xaf"), "an Autodesk animation (FLC)", take_frame},
    {2048, MAGIC("PCD_"), "a Kodak Photo CD picture", convert},
    {0, MAGIC("\0\0\0\0\0\0\0\x04"), "a McIdas area", convert},
    {0, MAGIC("gimp xcf"), "a GIMP project (XCF)", "export it as PNG"},
    {0, MAGIC("\x89HDF\r\n\x1a\n"), "an HDF5 file", another},
    {0, MAGIC("BUFR"), "weather data (BUFR)", another},
    {0, MAGIC("GRIB"), "weather data (GRIB)", another},
    /* of cameras */
    {4, MAGIC("ftypcrx "), "a raw camera picture (CR3)", develop},
    {8, MAGIC("CR\x02\0"), "a raw camera picture (CR2)", develop},
    {0, MAGIC("IIU\0"), "a raw camera picture (RW2)", develop},
    {0, MAGIC("IIRO"), "a raw camera picture (ORF)", develop},
    {0, MAGIC("IIRS"), "a raw camera picture (ORF)", develop},
    {0, MAGIC("MMOR"), "a raw camera picture (ORF)", develop},
    {0, MAGIC("FUJIFILMCCD-RAW"), "a raw camera picture (RAF)", develop},
    {6, MAGIC("HEAPCCDR"), "a raw camera picture (CRW)", develop},
    {0, MAGIC("FOVb"), "a raw camera picture (X3F)", develop},
    /* drawings and documents */
    {0, MAGIC("%PDF"), "a PDF document", "draw a page as PNG, for instance with `pdftoppm -png`"},
    {0, MAGIC("%!PS"), "a PostScript drawing (EPS)", render},
    {0, MAGIC("\xc5\xd0\xd3\xc6"), "a PostScript drawing (EPS)", render},
    {0, MAGIC("\xd7\xcd\xc6\x9a"), "a Windows drawing (WMF)", render},
    {40, MAGIC(" EMF"), "a Windows drawing (EMF)", render},
    /* videos */
    {4, MAGIC("ftyp"), "a video (MP4 or QuickTime)", take_frame},
    {4, MAGIC("moov"), "a video (QuickTime)", take_frame},
    {0, MAGIC("\x1a\x45\xdf\xa3"), "a video (Matroska or WebM)", take_frame},
    {8, MAGIC("AVI "), "a video (AVI)", take_frame},
    {0, MAGIC("\0\0\x01\xb3"), "a video (MPEG)", take_frame},
    {0, MAGIC("\0\0\x01\xba"), "a video (MPEG)", take_frame},
    {0, MAGIC("FLV\x01"), "a video (FLV)", take_frame},
    {0, MAGIC("\x30\x26\xb2\x75\x8e\x66\xcf\x11"), "a video (WMV)", take_frame},
    {0, MAGIC("OggS"), "an Ogg file", take_frame},
    /* others that end up where a picture should be */
    {0, MAGIC("PK\x03\x04"), "a ZIP archive or an office document", "unpack it first"},
    {0, MAGIC("\x1f\x8b"), "compressed with gzip", "unpack it first, with `gunzip`"},
    {0, MAGIC("\x28\xb5\x2f\xfd"), "compressed with zstd", "unpack it first, with `unzstd`"},
    {0, MAGIC("7z\xbc\xaf\x27\x1c"), "a 7z archive", "unpack it first"},
    {0, MAGIC("Rar!"), "a RAR archive", "unpack it first"},
    {257, MAGIC("ustar"), "a tar archive", "unpack it first"},
    {0, MAGIC("GGUF"), "a GGUF file of weights", "a model's weights are read from its safetensors files"},
    {0, MAGIC("\x93NUMPY"), "a NumPy array", "save it as PNG; latents are for `img2vid decode`"},
    {0, MAGIC("version https://git-lfs"), "a pointer of Git LFS, not the file itself", "fetch it with `git lfs pull`"},
};

static const known_format spider = {0, "", 0, "a SPIDER picture of an electron microscope", convert};

static const known_format texts[] = {
    {0, MAGIC("<!doctype html"), "a web page, not the picture on it", "save the picture itself"},
    {0, MAGIC("<html"), "a web page, not the picture on it", "save the picture itself"},
    {0, MAGIC("<head"), "a web page, not the picture on it", "save the picture itself"},
    {0, MAGIC("<svg"), "an SVG drawing", render},
    {0, MAGIC("{"), "JSON", another},
    {0, MAGIC("["), "JSON", another},
};

static const known_format *find_binary(const i2v_encoded *source) {
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        const known_format *format = &formats[i];
        if (source->size < format->offset + format->length) continue;
        if (memcmp(source->data + format->offset, format->magic, format->length) == 0) return format;
    }
    return NULL;
}

/* By the first word, behind a byte order mark and white space; XML and a comment are looked through for a drawing. */
static const known_format *find_text(const i2v_encoded *source) {
    const uint8_t *at = source->data, *end = at + (source->size < 4096 ? source->size : 4096);
    if (end - at >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) at += 3;
    while (at < end && (*at == ' ' || (*at >= '\t' && *at <= '\r'))) at++;
    int is_xml =
        end - at >= 5 && (memcmp(at, "<?xml", 5) == 0 || memcmp(at, "<!--", 4) == 0 || memcmp(at, "<!DOC", 5) == 0);
    const uint8_t *drawing = is_xml ? memmem(at, (size_t)(end - at), "<svg", 4) : NULL;
    if (drawing) at = drawing;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if ((size_t)(end - at) < texts[i].length) continue;
        if (strncasecmp((const char *)at, texts[i].magic, texts[i].length) == 0) return &texts[i];
    }
    return NULL;
}

/* SPIDER's header is 23 floats and more, which have no magic number: the kind, the records and their bytes must agree.
 */
static int is_spider(const i2v_encoded *source) {
    if (source->size < 92) return 0;
    for (int swapped = 0; swapped < 2; swapped++) {
        float values[23];
        for (size_t i = 0; i < 23; i++) {
            const uint8_t *at = source->data + 4 * i;
            uint32_t bits = swapped ? i2v_big_endian(at, 4) : i2v_little_endian(at, 4);
            memcpy(&values[i], &bits, sizeof bits);
        }
        float kind = values[4], records = values[12], bytes = values[21], each = values[22];
        int is_kind = kind == 1 || kind == 3 || kind == -11 || kind == -12 || kind == -21 || kind == -22;
        if (is_kind && values[1] > 0 && values[11] > 0 && records > 0 && bytes == records * each) return 1;
    }
    return 0;
}

i2v_status i2v_fail_unknown(const i2v_encoded *source, const char *unknown, i2v_error *error) {
    if (source->size == 0)
        return i2v_fail(error, I2V_ERROR_FORMAT, "%s is empty; copy or download it again", source->name);
    const known_format *format = find_binary(source);
    if (!format) format = find_text(source);
    if (!format && is_spider(source)) format = &spider;
    if (!format) return i2v_fail(error, I2V_ERROR_FORMAT, "%s is %s", source->name, unknown);
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s is %s: %s", source->name, format->name, format->way_out);
}

i2v_status i2v_fail_not_a_picture(const i2v_encoded *source, i2v_error *error) {
    static const char unknown[] =
        "not a picture (PNG, JPEG, WebP, AVIF, HEIC, TIFF, GIF, BMP or another of docs/PICTURES.md)";
    return i2v_fail_unknown(source, unknown, error);
}
