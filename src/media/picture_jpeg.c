/* JPEG by libjpeg-turbo with the settings Pillow leaves at their defaults (islow DCT, fancy upsampling), so that the
 * pixels are Pillow's bit for bit. */
#include "media/cmyk.h"
#include "media/picture.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h> /* after it: the numbers of messages depend on JPEG_LIB_VERSION, which is 80 in Ubuntu */

/* A progressive file can ask for the whole picture to be walked through again by every few bytes. Real ones have about
 * 10 scans; of the largest pictures, 16 are allowed. The most that passes takes some 0.3 ns for a pixel of a scan. */
#define MAX_SCANS 100
#define MAX_SCANNED ((int64_t)1 << 32) /* pixels times scans */

/* All state lives here and is reached through a pointer, so that longjmp finds it as it was left. */
typedef struct jpeg_job {
    struct jpeg_decompress_struct decoder; /* client_data points back here */
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    i2v_raster *raster;
    const i2v_encoded *source;
    i2v_status status;
    i2v_error *error;
} jpeg_job;

static void on_error(j_common_ptr info) {
    jpeg_job *job = info->client_data;
    char text[JMSG_LENGTH_MAX];
    job->errors.format_message(info, text);
    if (info->err->msg_code == JERR_OUT_OF_MEMORY) {
        job->status = i2v_fail_memory(job->error, job->source->name, 0);
    } else {
        job->status =
            i2v_fail(job->error, I2V_ERROR_FORMAT, "%s is a JPEG that cannot be read (%s)", job->source->name, text);
    }
    longjmp(job->jump, 1);
}

/* Warnings are ignored as in Pillow, but for the one of a file that ends too early. */
static void on_message(j_common_ptr info, int level) {
    jpeg_job *job = info->client_data;
    if (level >= 0 || info->err->msg_code != JWRN_JPEG_EOF) return;
    job->status = i2v_fail_truncated(job->source, job->error);
    longjmp(job->jump, 1);
}

static void on_progress(j_common_ptr info) {
    jpeg_job *job = info->client_data;
    int64_t pixels = (int64_t)job->decoder.image_width * job->decoder.image_height, most = MAX_SCANNED / pixels;
    if (most > MAX_SCANS) most = MAX_SCANS;
    if (job->decoder.input_scan_number <= most) return;
    job->status = i2v_fail(job->error, I2V_ERROR_FORMAT,
                           "%s is a JPEG of more than %d scans for %u x %u pixels, which would take long: save it anew "
                           "as a PNG or as a JPEG that is not progressive",
                           job->source->name, (int)most, job->decoder.image_width, job->decoder.image_height);
    longjmp(job->jump, 1);
}

/* Which of several markers counts: for Pillow, the first EXIF, to which it appends the others, and the last XMP. */
typedef enum marker_choice { MARKER_FIRST, MARKER_LAST } marker_choice;

/* What the marker that begins so goes on with, and its size; 0 without one. */
static size_t find_marker(const struct jpeg_decompress_struct *decoder, const char *beginning, size_t length,
                          marker_choice choice, const uint8_t **data) {
    size_t size = 0;
    for (jpeg_saved_marker_ptr marker = decoder->marker_list; marker; marker = marker->next) {
        if (marker->data_length < length || memcmp(marker->data, beginning, length) != 0) continue;
        *data = marker->data + length;
        size = marker->data_length - length;
        if (choice == MARKER_FIRST) break;
    }
    return size;
}

static int orientation(const struct jpeg_decompress_struct *decoder) {
    static const char exif_name[] = "Exif\0", xmp_name[] = "http://ns.adobe.com/xap/1.0/"; /* with their last NUL */
    const uint8_t *exif = NULL, *xmp = NULL;
    size_t exif_size = find_marker(decoder, exif_name, sizeof exif_name, MARKER_FIRST, &exif);
    size_t xmp_size = find_marker(decoder, xmp_name, sizeof xmp_name, MARKER_LAST, &xmp);
    return i2v_orientation(exif, exif_size, xmp, xmp_size);
}

/* Pillow takes every CMYK JPEG for one with Adobe's inverted values, and converts without a profile. */
static void cmyk_to_rgb(const uint8_t *cmyk, uint8_t *rgb, int width) {
    for (int x = 0; x < width; x++, cmyk += 4, rgb += 3) i2v_cmyk_to_rgb(rgb, cmyk);
}

static void read_rows(jpeg_job *job) {
    struct jpeg_decompress_struct *decoder = &job->decoder;
    i2v_raster *raster = job->raster;
    int cmyk = decoder->out_color_space == JCS_CMYK;
    JSAMPARRAY cmyk_row = NULL;
    if (cmyk) {
        cmyk_row = decoder->mem->alloc_sarray((j_common_ptr)decoder, JPOOL_IMAGE, decoder->output_width * 4, 1);
    }
    while (decoder->output_scanline < decoder->output_height) {
        uint8_t *row = raster->pixels + (size_t)decoder->output_scanline * (size_t)raster->width * 3;
        jpeg_read_scanlines(decoder, cmyk ? cmyk_row : &row, 1);
        if (cmyk) cmyk_to_rgb(cmyk_row[0], row, raster->width);
    }
}

/* Files of several scans keep all coefficients, of 16 bits; beside them there are rows of every component, and what was
 * saved of the file. */
static uint64_t working_memory(struct jpeg_decompress_struct *decoder) {
    uint64_t bytes = (uint64_t)256 * decoder->image_width + ((uint64_t)1 << 18);
    for (jpeg_saved_marker_ptr marker = decoder->marker_list; marker; marker = marker->next) {
        bytes += marker->data_length + sizeof *marker;
    }
    for (int i = 0; jpeg_has_multiple_scans(decoder) && i < decoder->num_components; i++) {
        const jpeg_component_info *part = &decoder->comp_info[i];
        uint64_t width = part->width_in_blocks + (uint64_t)part->h_samp_factor;
        uint64_t height = part->height_in_blocks + (uint64_t)part->v_samp_factor;
        bytes += width * height * sizeof(JBLOCK);
    }
    return bytes;
}

static void decode(jpeg_job *job) {
    struct jpeg_decompress_struct *decoder = &job->decoder;
    jpeg_create_decompress(decoder);
    /* all of a file can be what is saved of it; one of pixels takes more for these */
    job->status = i2v_raster_reserve(job->raster, 0, 0, job->source->size, job->source->name, job->error);
    if (job->status) return;
    decoder->progress = &job->progress;
    jpeg_mem_src(decoder, job->source->data, (unsigned long)job->source->size);
    jpeg_save_markers(decoder, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(decoder, TRUE);
    job->raster->orientation = orientation(decoder);
    job->raster->working = working_memory(decoder);
    job->status =
        i2v_raster_alloc(job->raster, decoder->image_width, decoder->image_height, 3, job->source->name, job->error);
    if (job->status) return;
    decoder->out_color_space = decoder->num_components == 4 ? JCS_CMYK : JCS_RGB;
    decoder->dct_method = JDCT_ISLOW;
    decoder->do_fancy_upsampling = TRUE;
    jpeg_start_decompress(decoder);
    read_rows(job);
}

/* In a function of its own: none of its variables changes between setjmp and longjmp. */
static void decode_or_jump(jpeg_job *job) {
    if (setjmp(job->jump) == 0) decode(job);
}

i2v_status i2v_decode_jpeg(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    jpeg_job job = {.raster = raster, .source = source, .error = error};
    job.decoder.err = jpeg_std_error(&job.errors);
    job.decoder.client_data = &job;
    job.errors.error_exit = on_error;
    job.errors.emit_message = on_message;
    job.progress.progress_monitor = on_progress;
    decode_or_jump(&job);
    jpeg_destroy_decompress(&job.decoder);
    return job.status;
}
