/* PNG by libpng: 8-bit RGB or RGBA whatever the file holds. 16-bit samples lose their low byte, in grey as in colour
 * (Pillow does so in colour, but clips 16-bit grey at 255, which turns such pictures white). Gamma and colour profiles
 * are not applied, as in Pillow. Damage that leaves all pixels, wrong checksums of chunks or a missing end, is
 * forgiven, as there, but told. */
#include "base/byte_order.h"
#include "base/posix.h"
#include "media/picture.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

/* All state lives here and is reached through a pointer, so that longjmp finds it as it was left. */
typedef struct png_job {
    png_structp decoder;
    png_infop info;
    jmp_buf jump;
    size_t position;  /* in the file */
    size_t cut_chunk; /* where the chunk begins that the file's end cuts; the file's size if there is none */
    png_bytep *rows;
    i2v_raster *raster;
    const i2v_encoded *source;
    i2v_status status;
    i2v_error *error;
} png_job;

/* True once all pixels are in the raster: what is wrong after them is forgiven. */
static int has_pixels(const png_job *job) {
    enum { PASSES = 7 }; /* of an interlaced picture */
    return job->raster->pixels && (png_get_current_pass_number(job->decoder) >= PASSES ||
                                   png_get_current_row_number(job->decoder) >= (png_uint_32)job->raster->height);
}

__attribute__((noreturn)) static void on_error(png_structp decoder, png_const_charp text) {
    png_job *job = png_get_error_ptr(decoder);
    if (!job->status && strcasestr(text, "memory")) {
        job->status = i2v_fail_memory(job->error, job->source->name, 0);
    } else if (!job->status && has_pixels(job)) {
        job->raster->warning = "its end is damaged";
    } else if (!job->status) {
        job->status = i2v_fail(job->error, I2V_ERROR_FORMAT,
                               "%s is a PNG that cannot be read (%s): get a whole copy of it", job->source->name, text);
    }
    longjmp(job->jump, 1);
}

static void on_warning(png_structp decoder, png_const_charp text) {
    png_job *job = png_get_error_ptr(decoder);
    if (strstr(text, "CRC error"))
        job->raster->warning = "a checksum in it is wrong; it may be damaged";
    else if (strncmp(text, "tRNS", 4) == 0)
        job->raster->warning = "what it says of transparency is damaged and left out";
}

/* Passes over unknown chunks that are marked as needed, as Pillow does. 1: the chunk is done with. */
static int on_unknown(png_structp decoder, png_unknown_chunkp chunk) {
    enum { IS_ANCILLARY = 0x20 };
    png_job *job = png_get_user_chunk_ptr(decoder);
    if (!(chunk->name[0] & IS_ANCILLARY))
        job->raster->warning = "it has a chunk of an unknown kind, without which it may look different";
    return 1;
}

/* The first chunk whose content ends behind the file's. */
static size_t find_cut_chunk(const i2v_encoded *source) {
    size_t at = 8;
    while (at < source->size && source->size - at >= 8) {
        size_t length = i2v_big_endian(source->data + at, 4), left = source->size - at - 8;
        if (length > left) return at;
        at += 8 + length + (left - length < 4 ? left - length : 4);
    }
    return source->size;
}

/* A chunk that is cut ends where the file does: libpng then unpacks all that is there, which may be all pixels, and
 * misses no more than the checksums behind them. */
static void read_bytes(png_structp decoder, png_bytep bytes, size_t count) {
    png_job *job = png_get_io_ptr(decoder);
    const i2v_encoded *source = job->source;
    if (count > source->size - job->position) {
        if (!has_pixels(job)) job->status = i2v_fail_truncated(source, job->error);
        job->raster->warning = "its end is missing";
        longjmp(job->jump, 1);
    }
    memcpy(bytes, source->data + job->position, count);
    if (job->position == job->cut_chunk && count == 8)
        png_save_uint_32(bytes, (png_uint_32)(source->size - job->position - count));
    job->position += count;
}

/* Text and profiles are never looked at, and are compressed: a small file could hold gigabytes of them. */
static void skip_metadata(png_structp decoder) {
    static const png_byte names[] = "iCCP\0iTXt\0sPLT\0tEXt\0zTXt";
    png_set_keep_unknown_chunks(decoder, PNG_HANDLE_CHUNK_NEVER, names, (int)(sizeof names / 5));
}

/* From the header alone, so that the size is checked before libpng allocates a row. */
static int channels_of(const png_job *job) {
    int alpha = png_get_color_type(job->decoder, job->info) & PNG_COLOR_MASK_ALPHA;
    return alpha || png_get_valid(job->decoder, job->info, PNG_INFO_tRNS) ? 4 : 3;
}

static void choose_conversions(png_job *job) {
    png_set_expand(job->decoder); /* palette to RGB, 1, 2 and 4 bits to 8, tRNS to alpha */
    png_set_strip_16(job->decoder);
    png_set_gray_to_rgb(job->decoder);
    png_set_interlace_handling(job->decoder);
    png_read_update_info(job->decoder, job->info);
    if (png_get_rowbytes(job->decoder, job->info) != (size_t)job->raster->width * (size_t)job->raster->channels) {
        png_error(job->decoder, "unexpected row size");
    }
}

static i2v_status read_orientation(png_job *job) {
    png_bytep exif = NULL;
    png_uint_32 size = 0;
    if (!png_get_eXIf_1(job->decoder, job->info, &size, &exif)) size = 0;
    return i2v_png_orientation(&job->raster->orientation, job->source, exif, size, job->error);
}

/* Is called at the first pixels. Pillow does not check the chunks of pixels; here a wrong checksum of one is a warning.
 * Checksums of the header and the palette must be right, and so must the one that zlib keeps behind the pixels. */
static void forgive_checksums(png_structp decoder) {
    png_set_crc_action(decoder, PNG_CRC_WARN_USE, PNG_CRC_WARN_DISCARD);
}

/* libpng's rows as the file has them, its chunks and zlib's window, beside the list of rows; a chunk that is kept has
 * at most what libpng allows for one. */
static uint64_t working_memory(const png_job *job) {
    uint64_t width = png_get_image_width(job->decoder, job->info);
    uint64_t height = png_get_image_height(job->decoder, job->info);
    uint64_t chunk = png_get_chunk_malloc_max(job->decoder);
    return height * sizeof *job->rows + 4 * 8 * width + (job->source->size < chunk ? job->source->size : chunk) +
           ((uint64_t)1 << 18);
}

static void decode(png_job *job) {
    png_set_read_fn(job->decoder, job, read_bytes);
    png_set_user_limits(job->decoder, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* ours name the size */
    skip_metadata(job->decoder);
    png_set_read_user_chunk_fn(job->decoder, job, on_unknown);
    png_read_info(job->decoder, job->info);
    job->raster->working = working_memory(job);
    job->status = i2v_raster_alloc(job->raster, png_get_image_width(job->decoder, job->info),
                                   png_get_image_height(job->decoder, job->info), channels_of(job), job->source->name,
                                   job->error);
    if (job->status) return;
    choose_conversions(job);
    size_t height = (size_t)job->raster->height, stride = (size_t)job->raster->width * (size_t)job->raster->channels;
    job->rows = malloc(height * sizeof *job->rows);
    if (!job->rows) {
        job->status = i2v_fail_memory(job->error, job->source->name, height * sizeof *job->rows);
        return;
    }
    for (size_t y = 0; y < height; y++) job->rows[y] = job->raster->pixels + y * stride;
    forgive_checksums(job->decoder);
    png_read_image(job->decoder, job->rows);
    png_read_end(job->decoder, job->info);
}

/* In a function of its own: none of its variables changes between setjmp and longjmp. */
static void decode_or_jump(png_job *job) {
    if (setjmp(job->jump) == 0) decode(job);
}

i2v_status i2v_decode_png(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    png_job job = {.raster = raster, .source = source, .error = error, .cut_chunk = find_cut_chunk(source)};
    job.decoder = png_create_read_struct(PNG_LIBPNG_VER_STRING, &job, on_error, on_warning);
    if (job.decoder) job.info = png_create_info_struct(job.decoder);
    if (job.info) {
        decode_or_jump(&job);
        if (!job.status) job.status = read_orientation(&job);
    } else {
        job.status = i2v_fail_memory(error, source->name, 0);
    }
    free(job.rows);
    png_destroy_read_struct(&job.decoder, &job.info, NULL);
    return job.status;
}
