/* JPEG 2000 by OpenJPEG: JP2 files and bare codestreams. Components become pixels as in Pillow's Jpeg2KDecode.c, but
 * that white of more than 8 bits stays white, where Pillow's rounding runs over into black. */
#include "base/byte_order.h"
#include "media/cmyk.h"
#include "media/picture_rare.h"

#include <openjpeg.h>
#include <string.h>

enum { MAX_COMPONENTS = 4 };

typedef struct memory_stream {
    const i2v_encoded *source;
    size_t at;
} memory_stream;

static OPJ_SIZE_T read_stream(void *buffer, OPJ_SIZE_T count, void *user) {
    memory_stream *stream = user;
    size_t left = stream->source->size - stream->at;
    if (left == 0) return (OPJ_SIZE_T)-1;
    if (count > left) count = left;
    memcpy(buffer, stream->source->data + stream->at, count);
    stream->at += count;
    return count;
}

static OPJ_OFF_T skip_stream(OPJ_OFF_T count, void *user) {
    memory_stream *stream = user;
    OPJ_OFF_T left = (OPJ_OFF_T)(stream->source->size - stream->at);
    if (count < 0 || left == 0) return -1;
    if (count > left) count = left;
    stream->at += (size_t)count;
    return count;
}

static OPJ_BOOL seek_stream(OPJ_OFF_T at, void *user) {
    memory_stream *stream = user;
    if (at < 0 || (size_t)at > stream->source->size) return OPJ_FALSE;
    stream->at = (size_t)at;
    return OPJ_TRUE;
}

static opj_stream_t *open_stream(memory_stream *memory) {
    opj_stream_t *stream = opj_stream_create(64 << 10, OPJ_TRUE);
    if (!stream) return NULL;
    opj_stream_set_read_function(stream, read_stream);
    opj_stream_set_skip_function(stream, skip_stream);
    opj_stream_set_seek_function(stream, seek_stream);
    opj_stream_set_user_data(stream, memory, NULL);
    opj_stream_set_user_data_length(stream, memory->source->size);
    return stream;
}

static i2v_status fail_damaged(const i2v_encoded *source, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s is a truncated, damaged or unusual JPEG 2000", source->name);
}

/* ---- the header ------------------------------------------------------------------------------------------------- */

/* The SIZ segment, the first of a codestream: marker, length, capabilities, then from SIZES on eight numbers of 32
 * bits, the corners of the picture (far, near) and of its tiles (size, near), and the number of components. */
enum { SIZES = 8, SIZ_BYTES = 42 };

/* Where the SIZ segment of a codestream that begins at `at` is, NULL if it is not there as a whole. */
static const uint8_t *codestream_at(const i2v_encoded *source, size_t at) {
    static const uint8_t start[] = {0xff, 0x4f, 0xff, 0x51};
    const uint8_t *data = source->data + at;
    return source->size - at >= SIZ_BYTES && memcmp(data, start, sizeof start) == 0 ? data : NULL;
}

/* The codestream of the file, which in JP2 is in the first box "jp2c". */
static const uint8_t *find_codestream(const i2v_encoded *source) {
    enum { MOST_HEADER = 16 };
    size_t at = 0;
    if (source->size >= 1 && source->data[0] == 0xff) return codestream_at(source, 0);
    while (source->size - at >= MOST_HEADER) {
        const uint8_t *box = source->data + at;
        uint64_t size = i2v_big_endian(box, 4), header = 8;
        if (size == 1) {
            size = i2v_big_endian64(box + 8, 8);
            header = MOST_HEADER;
        }
        if (memcmp(box + 4, "jp2c", 4) == 0) return codestream_at(source, at + header);
        if (size < header || size > source->size - at) return NULL;
        at += size;
    }
    return NULL;
}

static int64_t corner(const uint8_t *codestream, int index) {
    return i2v_big_endian(codestream + SIZES + 4 * index, 4);
}

i2v_status i2v_jpeg2000_size(const i2v_encoded *source, int64_t *width, int64_t *height, i2v_error *error) {
    const uint8_t *codestream = find_codestream(source);
    if (!codestream) return fail_damaged(source, error);
    *width = corner(codestream, 0) - corner(codestream, 2);
    *height = corner(codestream, 1) - corner(codestream, 3);
    return I2V_OK;
}

/* What OpenJPEG takes for the tiles when it reads the header, before anybody may ask for their number. 0 of more than
 * it accepts. */
static i2v_status find_tile_memory(uint64_t *bytes, const i2v_encoded *source, i2v_error *error) {
    enum { MOST = 65535, TILE = 10 << 10, COMPONENT = 2 << 10 };
    const uint8_t *codestream = find_codestream(source);
    if (!codestream) return fail_damaged(source, error);
    int64_t width = corner(codestream, 4), height = corner(codestream, 5);
    int64_t right = corner(codestream, 0) - corner(codestream, 6), far = corner(codestream, 1) - corner(codestream, 7);
    if (width < 1 || height < 1 || right < 1 || far < 1) return fail_damaged(source, error);
    int64_t columns = (right + width - 1) / width, rows = (far + height - 1) / height;
    uint64_t tiles = columns <= MOST && rows <= MOST && columns * rows <= MOST ? (uint64_t)(columns * rows) : 0;
    *bytes = tiles * (TILE + COMPONENT * (uint64_t)i2v_big_endian(codestream + SIZES + 32, 2));
    return I2V_OK;
}

/* ---- components to pixels --------------------------------------------------------------------------------------- */

/* Where the format does not say what the components are, Pillow goes by which of them are subsampled. */
static OPJ_COLOR_SPACE color_space_of(const opj_image_t *image) {
    if (image->color_space != OPJ_CLRSPC_UNKNOWN && image->color_space != OPJ_CLRSPC_UNSPECIFIED) {
        return image->color_space;
    }
    if (image->numcomps < 3) return OPJ_CLRSPC_GRAY;
    const opj_image_comp_t *parts = image->comps;
    int luma = parts[0].dx == 1 && parts[0].dy == 1;
    int chroma = parts[1].dx == 1 && parts[1].dy == 1 && parts[2].dx == 1 && parts[2].dy == 1;
    return luma && !chroma ? OPJ_CLRSPC_SYCC : OPJ_CLRSPC_SRGB;
}

/* The sample that covers pixel (x, y), as 8 bits. Grey of more than 8 bits keeps its high byte, as in PNG; with colour
 * or alpha beside it, it is rounded. */
static uint8_t sample_at(const opj_image_comp_t *part, int x, int y, int is_grey) {
    uint32_t column = (uint32_t)x / part->dx, row = (uint32_t)y / part->dy;
    if (column >= part->w) column = part->w - 1;
    if (row >= part->h) row = part->h - 1;
    int64_t value = part->data[(size_t)row * part->w + column];
    if (part->sgnd) value += (int64_t)1 << (part->prec - 1);
    if (part->prec < 8) return (uint8_t)(value << (8 - part->prec));
    int shift = (int)part->prec - 8;
    if (shift && !is_grey) value += (int64_t)1 << (shift - 1);
    value >>= shift;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static uint8_t clip_u8(int value) {
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* Pillow's fixed point with 6 bits, which truncates. */
static int chroma_part(double factor, int chroma) {
    return (int)(factor * 64 * (chroma - 128) + 0.5);
}

static void ycc_to_rgb(uint8_t pixel[4]) {
    int y = pixel[0], cb = pixel[1], cr = pixel[2];
    pixel[0] = clip_u8(y + (chroma_part(1.402, cr) >> 6));
    pixel[1] = clip_u8(y + ((chroma_part(-0.34414, cb) + chroma_part(-0.71414, cr)) >> 6));
    pixel[2] = clip_u8(y + (chroma_part(1.772, cb) >> 6));
}

/* raster is RGBA; what has no alpha is opaque. */
static void copy_pixels(i2v_raster *raster, const opj_image_t *image) {
    OPJ_COLOR_SPACE space = color_space_of(image);
    int parts = (int)image->numcomps, is_grey = parts < 3, is_cmyk = parts == 4 && space == OPJ_CLRSPC_CMYK;
    int alpha = (parts == 2 || parts == 4) && !is_cmyk;
    uint8_t *pixel = raster->pixels;
    for (int y = 0; y < raster->height; y++) {
        for (int x = 0; x < raster->width; x++, pixel += 4) {
            for (int c = 0; c < parts; c++) pixel[c] = sample_at(&image->comps[c], x, y, parts == 1);
            if (is_grey) {
                pixel[3] = pixel[1];
                pixel[1] = pixel[2] = pixel[0];
            } else if (is_cmyk) {
                for (int c = 0; c < 4; c++) pixel[c] = (uint8_t)(255 - pixel[c]);
                i2v_cmyk_to_rgb(pixel, pixel);
            } else if (space == OPJ_CLRSPC_SYCC) {
                ycc_to_rgb(pixel);
            }
            if (!alpha) pixel[3] = 255;
        }
    }
}

/* ---- the decoder ------------------------------------------------------------------------------------------------ */

static i2v_status check_components(const opj_image_t *image, const i2v_encoded *source, i2v_error *error) {
    if (image->x1 <= image->x0 || image->y1 <= image->y0) return fail_damaged(source, error);
    if (image->numcomps >= 1 && image->numcomps <= MAX_COMPONENTS) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_UNSUPPORTED, "%s is a JPEG 2000 of %u components: convert it to PNG", source->name,
                    (unsigned)image->numcomps);
}

/* Components have their data, and precisions that shifts can take. */
static int is_whole(const opj_image_t *image) {
    if (image->numcomps < 1 || image->numcomps > MAX_COMPONENTS) return 0;
    for (OPJ_UINT32 i = 0; i < image->numcomps; i++) {
        const opj_image_comp_t *part = &image->comps[i];
        if (!part->data || !part->w || !part->h || !part->dx || !part->dy || part->prec < 1 || part->prec > 31) {
            return 0;
        }
    }
    return 1;
}

/* Samples of 32 bits, of the picture and of the tile that is decoded, which may be all of it; and the tile's bytes. */
static uint64_t working_memory(const opj_image_t *image, const i2v_encoded *source) {
    uint64_t pixels = (uint64_t)(image->x1 - image->x0) * (image->y1 - image->y0);
    return pixels * 2 * sizeof(OPJ_INT32) * image->numcomps + source->size + ((uint64_t)1 << 20);
}

static i2v_status decode(i2v_raster *raster, opj_codec_t *codec, opj_stream_t *stream, opj_image_t **image,
                         const i2v_encoded *source, i2v_error *error) {
    opj_dparameters_t parameters;
    uint64_t tiles = 0;
    i2v_status status = find_tile_memory(&tiles, source, error);
    if (!status) status = i2v_raster_reserve(raster, 0, 0, tiles, source->name, error);
    if (status) return status;
    opj_set_default_decoder_parameters(&parameters);
    if (!opj_setup_decoder(codec, &parameters) || !opj_read_header(stream, codec, image)) {
        return fail_damaged(source, error);
    }
    status = check_components(*image, source, error);
    if (status) return status;
    /* before the decoder takes memory for as many pixels; a palette may yet bring alpha */
    raster->working = working_memory(*image, source) + tiles;
    status = i2v_raster_alloc(raster, (int64_t)(*image)->x1 - (*image)->x0, (int64_t)(*image)->y1 - (*image)->y0, 4,
                              source->name, error);
    if (status) return status;
    if (!opj_decode(codec, stream, *image) || !opj_end_decompress(codec, stream) || !is_whole(*image)) {
        return fail_damaged(source, error);
    }
    copy_pixels(raster, *image);
    return I2V_OK;
}

i2v_status i2v_decode_jpeg2000(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    memory_stream memory = {source, 0};
    opj_image_t *image = NULL;
    opj_stream_t *stream = open_stream(&memory);
    opj_codec_t *codec = opj_create_decompress(source->data[0] == 0xff ? OPJ_CODEC_J2K : OPJ_CODEC_JP2);
    i2v_status status = stream && codec ? decode(raster, codec, stream, &image, source, error)
                                        : i2v_fail_memory(error, source->name, 0);
    opj_image_destroy(image);
    opj_destroy_codec(codec);
    opj_stream_destroy(stream);
    return status;
}
