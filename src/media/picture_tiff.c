/* TIFF and BigTIFF, the first picture in the file, by libtiff. What is read and how is Pillow's table of modes
 * (TiffImagePlugin's OPEN_INFO), but for CIELab, which it takes through a colour profile. */
#include "media/tiff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tiffio.h>

enum { MAX_SAMPLES = 6, MAX_BLOCK = 256 << 20 };

typedef struct tiff_job {
    const i2v_encoded *source;
    i2v_error *error;
    i2v_raster *raster;
    TIFF *file;
    uint64_t at;
    uint32_t width, height;
    int planes; /* 1: a pixel's samples lie together; else as many as are read, each by itself */
    i2v_tiff_layout layout;
    int reads_pixels;  /* 1: the tags are read */
    char message[160]; /* libtiff's first complaint */
} tiff_job;

/* ---- libtiff's view of the bytes in memory ---------------------------------------------------------------------- */

static tmsize_t read_bytes(thandle_t handle, void *to, tmsize_t count) {
    tiff_job *job = handle;
    uint64_t left = job->source->size - job->at;
    size_t size = (uint64_t)count < left ? (size_t)count : (size_t)left;
    memcpy(to, job->source->data + job->at, size);
    job->at += size;
    return (tmsize_t)size;
}

static tmsize_t write_bytes(thandle_t handle, void *from, tmsize_t count) {
    return 0;
}

static toff_t seek(thandle_t handle, toff_t offset, int from) {
    tiff_job *job = handle;
    uint64_t base = from == SEEK_CUR ? job->at : from == SEEK_END ? job->source->size : 0;
    uint64_t to = base + offset;
    job->at = to < job->source->size ? to : job->source->size;
    return to;
}

static int close_bytes(thandle_t handle) {
    return 0;
}

static toff_t size_of(thandle_t handle) {
    return ((tiff_job *)handle)->source->size;
}

static int map_bytes(thandle_t handle, void **base, toff_t *size) {
    const tiff_job *job = handle;
    *base = (void *)(uintptr_t)job->source->data; /* only read */
    *size = job->source->size;
    return 1;
}

static void unmap_bytes(thandle_t handle, void *base, toff_t size) {}

/* 1: libtiff's own handler, which prints, is not called. */
static int keep_message(TIFF *file, void *user, const char *module, const char *format, va_list arguments) {
    tiff_job *job = user;
    if (!job->message[0]) vsnprintf(job->message, sizeof job->message, format, arguments);
    return 1;
}

static int ignore_message(TIFF *file, void *user, const char *module, const char *format, va_list arguments) {
    return 1;
}

static i2v_status open_file(tiff_job *job) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return i2v_fail_memory(job->error, job->source->name, 0);
    /* libtiff reads tags that nobody asks for, and copies them; those that are too large for that it leaves out */
    uint64_t third = job->raster->budget / 3;
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, third && third < MAX_BLOCK ? (tmsize_t)third : MAX_BLOCK);
    TIFFOpenOptionsSetErrorHandlerExtR(options, keep_message, job);
    TIFFOpenOptionsSetWarningHandlerExtR(options, ignore_message, job);
    job->file = TIFFClientOpenExt(job->source->name, "r", job, read_bytes, write_bytes, seek, close_bytes, size_of,
                                  map_bytes, unmap_bytes, options);
    TIFFOpenOptionsFree(options);
    return I2V_OK;
}

static i2v_status fail_damaged(tiff_job *job) {
    const char *unsaid = job->reads_pixels ? "pixels are missing" : "no picture in it";
    return i2v_fail(job->error, I2V_ERROR_FORMAT, "%s is a truncated or damaged TIFF (%s)", job->source->name,
                    job->message[0] ? job->message : unsaid);
}

static i2v_status fail_unusual(tiff_job *job, const char *what) {
    return i2v_fail(job->error, I2V_ERROR_UNSUPPORTED, "%s is a TIFF %s: convert it to PNG", job->source->name, what);
}

/* ---- what the tags say ------------------------------------------------------------------------------------------ */

static int tag(const tiff_job *job, uint32_t number, int missing) {
    uint16_t value;
    return TIFFGetField(job->file, number, &value) ? value : missing;
}

static i2v_status check_compression(tiff_job *job) {
    int compression = tag(job, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    char what[80];
    if (TIFFIsCODECConfigured((uint16_t)compression)) return I2V_OK;
    snprintf(what, sizeof what, "compressed by method %d, which libtiff was built without", compression);
    return fail_unusual(job, what);
}

/* The kind of colour; 0 if it is none that is read. */
static int set_color(i2v_tiff_layout *layout, int photometric) {
    static const int colors[] = {[I2V_TIFF_GREY] = 1, [I2V_TIFF_PALETTE] = 1, [I2V_TIFF_RGB] = 3, [I2V_TIFF_CMYK] = 4};
    if (photometric == PHOTOMETRIC_MINISWHITE || photometric == PHOTOMETRIC_MINISBLACK) {
        layout->color = I2V_TIFF_GREY;
    } else if (photometric == PHOTOMETRIC_RGB) {
        layout->color = I2V_TIFF_RGB;
    } else if (photometric == PHOTOMETRIC_PALETTE) {
        layout->color = I2V_TIFF_PALETTE;
    } else if (photometric == PHOTOMETRIC_SEPARATED) {
        layout->color = I2V_TIFF_CMYK;
    } else if (photometric == PHOTOMETRIC_YCBCR) {
        layout->color = layout->samples == 1 ? I2V_TIFF_GREY : I2V_TIFF_RGB; /* libtiff makes it RGB */
    } else {
        return 0;
    }
    layout->colors = colors[layout->color];
    return 1;
}

/* The first extra sample is alpha where it says so; a fourth sample beside RGB that says nothing at all is, too
 * (libtiff itself calls what the file does not name unspecified). */
static void set_alpha(tiff_job *job) {
    enum { UNNAMED = 998 };
    uint16_t count = 0, *kinds = NULL;
    i2v_tiff_layout *layout = &job->layout;
    if (layout->samples <= layout->colors || layout->color == I2V_TIFF_CMYK) return;
    if (!TIFFGetField(job->file, TIFFTAG_EXTRASAMPLES, &count, &kinds)) count = 0;
    uint16_t kind = count ? kinds[0] : EXTRASAMPLE_UNSPECIFIED;
    int is_unnamed = i2v_tiff_tag(job->source->data, job->source->size, TIFFTAG_EXTRASAMPLES, UNNAMED) == UNNAMED;
    if (kind == EXTRASAMPLE_ASSOCALPHA) layout->alpha = I2V_TIFF_PREMULTIPLIED;
    if (kind == EXTRASAMPLE_UNASSALPHA) layout->alpha = I2V_TIFF_STRAIGHT;
    if (kind == EXTRASAMPLE_UNSPECIFIED && is_unnamed && layout->color == I2V_TIFF_RGB && layout->samples == 4) {
        layout->alpha = I2V_TIFF_STRAIGHT;
    }
}

/* Which samples are read: Pillow's, by kind of colour. */
static int bits_are_read(const i2v_tiff_layout *layout) {
    int bits = layout->bits, is_single = layout->samples == 1;
    if (layout->number == I2V_TIFF_FLOAT) return layout->color == I2V_TIFF_GREY && is_single && bits == 32;
    if (layout->number == I2V_TIFF_SIGNED)
        return layout->color == I2V_TIFF_GREY && is_single && (bits == 8 || bits == 16 || bits == 32);
    if (layout->number != I2V_TIFF_UNSIGNED) return 0;
    if (layout->color == I2V_TIFF_GREY || layout->color == I2V_TIFF_PALETTE) {
        if (!is_single) return bits == 8 || (bits == 16 && layout->color == I2V_TIFF_GREY);
        if (bits == 1 || bits == 2 || bits == 4 || bits == 8) return 1;
        return layout->color == I2V_TIFF_GREY && (bits == 12 || bits == 16 || bits == 32);
    }
    return bits == 8 || bits == 16;
}

static i2v_status fail_layout(tiff_job *job, int photometric) {
    static const char *const numbers[] = {"", "unsigned", "signed", "floating-point"};
    const i2v_tiff_layout *layout = &job->layout;
    int number = (int)layout->number;
    char what[120];
    snprintf(what, sizeof what, "of an unusual kind (%d samples of %d bits, %s, photometric %d)", layout->samples,
             layout->bits, number >= 1 && number <= 3 ? numbers[number] : "no plain numbers", photometric);
    return fail_unusual(job, what);
}

static i2v_status read_layout(tiff_job *job) {
    i2v_tiff_layout *layout = &job->layout;
    int photometric = tag(job, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
    layout->bits = tag(job, TIFFTAG_BITSPERSAMPLE, 1);
    layout->samples = tag(job, TIFFTAG_SAMPLESPERPIXEL, 1);
    layout->number = (i2v_tiff_number)tag(job, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
    if (!set_color(layout, photometric)) return fail_layout(job, photometric);
    set_alpha(job);
    if (layout->samples < layout->colors || layout->samples > MAX_SAMPLES || !bits_are_read(layout)) {
        return fail_layout(job, photometric);
    }
    layout->inverted =
        photometric == PHOTOMETRIC_MINISWHITE && layout->number == I2V_TIFF_UNSIGNED && layout->bits < 32;
    uint16_t *red = NULL, *green = NULL, *blue = NULL;
    if (layout->color == I2V_TIFF_PALETTE) {
        if (!TIFFGetField(job->file, TIFFTAG_COLORMAP, &red, &green, &blue)) return fail_damaged(job);
        memcpy(layout->palette, (const uint16_t *[3]){red, green, blue}, sizeof layout->palette);
    }
    job->planes = 1;
    if (tag(job, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE) {
        job->planes = layout->colors + (layout->alpha != I2V_TIFF_OPAQUE);
    }
    return I2V_OK;
}

/* ---- pixels ----------------------------------------------------------------------------------------------------- */

/* What the pixels are stored in: tiles, or strips, which are as wide as the picture. */
typedef struct block_size {
    uint32_t width, height;
    uint64_t row_bytes, bytes;
    int is_tiled;
} block_size;

static i2v_status read_block_size(tiff_job *job, block_size *block) {
    block->is_tiled = TIFFIsTiled(job->file);
    block->width = job->width;
    block->height = job->height;
    if (block->is_tiled) {
        if (!TIFFGetField(job->file, TIFFTAG_TILEWIDTH, &block->width) ||
            !TIFFGetField(job->file, TIFFTAG_TILELENGTH, &block->height)) {
            return fail_damaged(job);
        }
        block->row_bytes = TIFFTileRowSize64(job->file);
        block->bytes = TIFFTileSize64(job->file);
    } else {
        uint32_t rows = job->height;
        TIFFGetFieldDefaulted(job->file, TIFFTAG_ROWSPERSTRIP, &rows);
        if (rows < block->height) block->height = rows;
        block->row_bytes = TIFFScanlineSize64(job->file);
        block->bytes = TIFFVStripSize64(job->file, block->height);
    }
    uint64_t stored = job->planes > 1 ? 1 : (uint64_t)job->layout.samples;
    uint64_t needed = (block->width * stored * (uint64_t)job->layout.bits + 7) / 8;
    if (block->width == 0 || block->height == 0 || block->row_bytes < needed ||
        block->bytes / block->height < block->row_bytes) {
        return fail_damaged(job);
    }
    if (block->bytes <= MAX_BLOCK) return I2V_OK;
    return fail_unusual(job, "in pieces of more than 256 MiB");
}

static i2v_status read_block(tiff_job *job, const block_size *block, uint8_t *buffer, uint32_t x, uint32_t y,
                             int plane) {
    uint32_t rows = job->height - y < block->height ? job->height - y : block->height;
    uint32_t columns = job->width - x < block->width ? job->width - x : block->width;
    uint64_t wanted = block->is_tiled ? block->bytes : block->row_bytes * rows;
    tmsize_t got = block->is_tiled
                       ? TIFFReadEncodedTile(job->file, TIFFComputeTile(job->file, x, y, 0, (uint16_t)plane), buffer,
                                             (tmsize_t)block->bytes)
                       : TIFFReadEncodedStrip(job->file, TIFFComputeStrip(job->file, y, (uint16_t)plane), buffer,
                                              (tmsize_t)wanted);
    /* decoders of fax tell of damaged lines and go on */
    if (got < 0 || (uint64_t)got < wanted || job->message[0]) return fail_damaged(job);
    i2v_raster *raster = job->raster;
    for (uint32_t row = 0; row < rows; row++) {
        size_t pixel = (size_t)(y + row) * (size_t)raster->width + x;
        i2v_tiff_row(&job->layout, buffer + row * block->row_bytes, job->planes > 1 ? 1 : job->layout.samples, plane,
                     (int)columns, raster->pixels + pixel * (size_t)raster->channels, raster->channels);
    }
    return I2V_OK;
}

static i2v_status read_blocks(tiff_job *job) {
    block_size block;
    i2v_status status = read_block_size(job, &block);
    if (status) return status;
    uint8_t *buffer = calloc(1, (size_t)block.bytes); /* some decoders leave lines as they are */
    if (!buffer) return i2v_fail_memory(job->error, job->source->name, block.bytes);
    for (int plane = 0; plane < job->planes; plane++) {
        for (uint32_t y = 0; !status && y < job->height; y += block.height) {
            for (uint32_t x = 0; !status && x < job->width; x += block.width) {
                status = read_block(job, &block, buffer, x, y, plane);
            }
        }
    }
    free(buffer);
    if (!status) i2v_tiff_to_rgb(&job->layout, job->raster);
    return status;
}

/* libtiff's own RGBA, which knows subsampled colour. It would turn the picture by its orientation, as we do later. */
static i2v_status read_rgba(tiff_job *job) {
    TIFFSetField(job->file, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    i2v_raster *raster = job->raster;
    uint32_t *pixels = (uint32_t *)(void *)raster->pixels; /* R in the lowest byte */
    if (!TIFFReadRGBAImageOriented(job->file, job->width, job->height, pixels, ORIENTATION_TOPLEFT, 1)) {
        return fail_damaged(job);
    }
    return I2V_OK;
}

static int is_subsampled(const tiff_job *job) {
    int photometric = tag(job, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
    int compression = tag(job, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    if (compression == COMPRESSION_OJPEG) return 1;
    return photometric == PHOTOMETRIC_YCBCR && job->layout.samples == 3;
}

static i2v_status read_pixels(tiff_job *job) {
    const i2v_tiff_layout *layout = &job->layout;
    int by_libtiff = is_subsampled(job);
    if (by_libtiff && tag(job, TIFFTAG_COMPRESSION, 0) == COMPRESSION_JPEG && job->planes == 1) {
        TIFFSetField(job->file, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB); /* libjpeg makes it RGB, as for Pillow */
        by_libtiff = 0;
    }
    int has_four = by_libtiff || layout->alpha != I2V_TIFF_OPAQUE || layout->color == I2V_TIFF_CMYK;
    /* a strip or tile, unpacked and, with libtiff's own state, packed or as it is for RGBA */
    uint64_t block = TIFFIsTiled(job->file) ? TIFFTileSize64(job->file) : TIFFStripSize64(job->file);
    job->raster->working = (block < MAX_BLOCK ? 2 * block : 2 * (uint64_t)MAX_BLOCK) + ((uint64_t)1 << 20);
    i2v_status status =
        i2v_raster_alloc(job->raster, job->width, job->height, has_four ? 4 : 3, job->source->name, job->error);
    if (status) return status;
    job->reads_pixels = 1;
    job->message[0] = '\0'; /* of tags that do not matter */
    return by_libtiff ? read_rgba(job) : read_blocks(job);
}

static int read_orientation(tiff_job *job) {
    uint32_t size = 0;
    const uint8_t *xmp = NULL;
    if (!TIFFGetField(job->file, TIFFTAG_XMLPACKET, &size, &xmp)) size = 0;
    return i2v_orientation(job->source->data, job->source->size, xmp, size);
}

static i2v_status decode(tiff_job *job) {
    i2v_status status = I2V_OK;
    if (TIFFGetField(job->file, TIFFTAG_DNGVERSION, &(uint8_t *){NULL})) {
        return i2v_fail(job->error, I2V_ERROR_UNSUPPORTED, "%s is a raw camera picture (DNG): convert it to PNG",
                        job->source->name);
    }
    if (!TIFFGetField(job->file, TIFFTAG_IMAGEWIDTH, &job->width) ||
        !TIFFGetField(job->file, TIFFTAG_IMAGELENGTH, &job->height)) {
        return fail_damaged(job);
    }
    job->raster->orientation = read_orientation(job);
    status = i2v_raster_check(job->width, job->height, job->source->name, job->error);
    if (!status) status = check_compression(job);
    if (!status) status = read_layout(job);
    if (!status) status = read_pixels(job);
    if (status || job->layout.number != I2V_TIFF_FLOAT) return status;
    return i2v_raster_check_not_black(job->raster, "TIFF", job->source->name, job->error);
}

i2v_status i2v_decode_tiff(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    tiff_job job = {.source = source, .raster = raster, .error = error};
    i2v_status status = open_file(&job);
    if (status) return status;
    if (!job.file) return fail_damaged(&job);
    status = decode(&job);
    TIFFClose(job.file);
    return status;
}
