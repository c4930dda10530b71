/* Pillow's bicubic and Lanczos resize of 8-bit pixels, bit for bit (src/libImaging/Resample.c), and the ways of fitting
 * a picture into a frame. */
#include "media/media.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PRECISION_BITS 22 /* 32 - 8 bits of a sample - 2 of headroom for the overshoot */
/* Columns are filtered in strips of this many, so that the rows between the two passes never take more than
 * 32768 x 64 pixels, however the sides are stretched. */
#define STRIP_COLUMNS 64

/* The part of the source that is scaled to the whole output. float, as Pillow passes it. */
typedef struct box {
    float left, top, right, bottom;
} box;

/* One axis: output sample i is the sum over j < count[i] of source[first[i] + j] * weights[i * taps + j]. */
typedef struct filter {
    int size; /* output samples */
    int taps;
    int identity; /* the axis does not change and is not filtered */
    int *first, *count;
    int32_t *weights;
} filter;

static double bicubic(double x) {
    const double a = -0.5;
    x = fabs(x);
    if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
    return 0.0;
}

static double sinc(double x) {
    return x == 0.0 ? 1.0 : sin(x * M_PI) / (x * M_PI);
}

/* a = 3 */
static double lanczos(double x) {
    return -3.0 <= x && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0;
}

/* What pixels are weighted with, at a distance in pixels of the smaller of both pictures. */
typedef struct shape {
    double (*at)(double x);
    double support; /* 0 from there on */
} shape;

static const shape bicubic_shape = {bicubic, 2.0}, lanczos_shape = {lanczos, 3.0};

static void filter_clean_up(filter *axis) {
    free(axis->first);
    free(axis->count);
    free(axis->weights);
    *axis = (filter){0};
}

/* Weights of output sample i, by precompute_coeffs and normalize_coeffs_8bpc. work has room for axis->taps values. */
static void filter_sample(filter *axis, const shape *weighting, int i, int source_size, float from, double scale,
                          double *work) {
    double filter_scale = scale < 1.0 ? 1.0 : scale, support = weighting->support * filter_scale;
    double center = (double)from + (i + 0.5) * scale, inverse = 1.0 / filter_scale, total = 0.0;
    int first = (int)(center - support + 0.5), end = (int)(center + support + 0.5);
    if (first < 0) first = 0;
    if (end > source_size) end = source_size;
    for (int j = 0; j < end - first; j++) {
        work[j] = weighting->at((j + first - center + 0.5) * inverse);
        total += work[j];
    }
    int32_t *weights = axis->weights + (size_t)i * (size_t)axis->taps;
    for (int j = 0; j < end - first; j++) {
        double weight = total != 0.0 ? work[j] / total : work[j];
        weights[j] = (int32_t)((weight < 0 ? -0.5 : 0.5) + weight * (1 << PRECISION_BITS));
    }
    axis->first[i] = first;
    axis->count[i] = end - first;
}

static i2v_status filter_init(filter *axis, const shape *weighting, int source_size, float from, float to, int size,
                              i2v_error *error) {
    double scale = (double)(to - from) / size;
    int taps = (int)ceil(weighting->support * (scale < 1.0 ? 1.0 : scale)) * 2 + 1;
    size_t weights = (size_t)size * (size_t)taps;
    *axis = (filter){.size = size, .taps = taps, .identity = size == source_size && from == 0 && to == (float)size};
    axis->first = malloc((size_t)size * sizeof *axis->first);
    axis->count = malloc((size_t)size * sizeof *axis->count);
    axis->weights = malloc(weights * sizeof *axis->weights);
    double *work = malloc((size_t)taps * sizeof *work);
    i2v_status status = I2V_OK;
    if (axis->first && axis->count && axis->weights && work) {
        for (int i = 0; i < size; i++) filter_sample(axis, weighting, i, source_size, from, scale, work);
    } else {
        status = i2v_fail_memory(error, "resizing the picture", weights * sizeof *axis->weights);
    }
    free(work);
    return status;
}

static uint8_t to_u8(int32_t sum) {
    sum >>= PRECISION_BITS;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

/* One row: out[x] for x in column .. column + columns, of `channels` samples each. */
static void filter_row(const filter *axis, const uint8_t *row, int channels, int column, int columns, uint8_t *out) {
    if (axis->identity) {
        memcpy(out, row + (size_t)column * (size_t)channels, (size_t)columns * (size_t)channels);
        return;
    }
    for (int x = column; x < column + columns; x++) {
        const int32_t *weights = axis->weights + (size_t)x * (size_t)axis->taps;
        for (int c = 0; c < channels; c++) {
            const uint8_t *sample = row + (size_t)axis->first[x] * (size_t)channels + c;
            int32_t sum = 1 << (PRECISION_BITS - 1);
            for (int j = 0; j < axis->count[x]; j++, sample += channels) sum += *sample * weights[j];
            *out++ = to_u8(sum);
        }
    }
}

/* Output row y of `samples` values from rows [height][samples]. sums has room for `samples` values. */
static void filter_column(const filter *axis, const uint8_t *rows, int samples, int y, int32_t *sums, uint8_t *out) {
    if (axis->identity) {
        memcpy(out, rows + (size_t)y * (size_t)samples, (size_t)samples);
        return;
    }
    for (int i = 0; i < samples; i++) sums[i] = 1 << (PRECISION_BITS - 1);
    for (int j = 0; j < axis->count[y]; j++) {
        const uint8_t *row = rows + (size_t)(axis->first[y] + j) * (size_t)samples;
        int32_t weight = axis->weights[(size_t)y * (size_t)axis->taps + (size_t)j];
        for (int i = 0; i < samples; i++) sums[i] += row[i] * weight;
    }
    for (int i = 0; i < samples; i++) out[i] = to_u8(sums[i]);
}

/* What is resized: `part` of pixels [height][width][channels] to the whole of out [out_height][out_width][channels],
 * whose rows are out_stride bytes apart. */
typedef struct resize_job {
    const uint8_t *pixels;
    int width, height, channels;
    box part;
    uint8_t *out;
    int out_width, out_height;
    size_t out_stride;
    const shape *weighting;
} resize_job;

/* Rows are filtered first, a strip of columns at a time: strip [height][STRIP_COLUMNS][channels]. */
static i2v_status rows_first(const resize_job *job, const filter *across, const filter *down, i2v_error *error) {
    size_t row_bytes = (size_t)job->width * (size_t)job->channels;
    size_t strip_bytes = (size_t)job->height * STRIP_COLUMNS * (size_t)job->channels;
    int32_t sums[STRIP_COLUMNS * 4];
    uint8_t *strip = malloc(strip_bytes);
    if (!strip) return i2v_fail_memory(error, "resizing the picture", strip_bytes);
    int begin = down->first[0], end = down->first[down->size - 1] + down->count[down->size - 1];
    for (int x = 0; x < job->out_width; x += STRIP_COLUMNS) {
        int columns = job->out_width - x < STRIP_COLUMNS ? job->out_width - x : STRIP_COLUMNS;
        int samples = columns * job->channels;
        for (int y = begin; y < end; y++) {
            filter_row(across, job->pixels + (size_t)y * row_bytes, job->channels, x, columns,
                       strip + (size_t)y * (size_t)samples);
        }
        for (int y = 0; y < job->out_height; y++) {
            uint8_t *out = job->out + (size_t)y * job->out_stride + (size_t)x * (size_t)job->channels;
            filter_column(down, strip, samples, y, sums, out);
        }
    }
    free(strip);
    return I2V_OK;
}

/* Columns are filtered first, an output row at a time. */
static i2v_status columns_first(const resize_job *job, const filter *across, const filter *down, i2v_error *error) {
    size_t samples = (size_t)job->width * (size_t)job->channels;
    int32_t *sums = malloc(samples * sizeof *sums);
    uint8_t *row = malloc(samples);
    i2v_status status = I2V_OK;
    if (sums && row) {
        for (int y = 0; y < job->out_height; y++) {
            filter_column(down, job->pixels, (int)samples, y, sums, row);
            filter_row(across, row, job->channels, 0, job->out_width, job->out + (size_t)y * job->out_stride);
        }
    } else {
        status = i2v_fail_memory(error, "resizing the picture", samples * (1 + sizeof *sums));
    }
    free(sums);
    free(row);
    return status;
}

/* The order matters, as pixels are rounded between the passes. Pillow 13 starts with the columns where that drops more
 * rows than twice the columns. The older ones never do: there single pixels of theirs differ, in noise by up to 25
 * (bicubic) or 44 (Lanczos), in a photograph by up to about 10, where overshoot is cut off between the passes. */
static i2v_status run(const resize_job *job, i2v_error *error) {
    filter across = {0}, down = {0};
    int dropped_rows = job->height - job->out_height, dropped_columns = job->width - job->out_width;
    i2v_status status =
        filter_init(&across, job->weighting, job->width, job->part.left, job->part.right, job->out_width, error);
    if (!status)
        status =
            filter_init(&down, job->weighting, job->height, job->part.top, job->part.bottom, job->out_height, error);
    if (!status && dropped_rows > 0 && dropped_rows > 2 * dropped_columns) {
        status = columns_first(job, &across, &down, error);
    } else if (!status) {
        status = rows_first(job, &across, &down, error);
    }
    filter_clean_up(&across);
    filter_clean_up(&down);
    return status;
}

uint64_t i2v_resize_memory(int width, int height, int out_width, int out_height) {
    uint64_t w = (uint64_t)width, h = (uint64_t)height, out_w = (uint64_t)out_width, out_h = (uint64_t)out_height;
    uint64_t strip = 3 * STRIP_COLUMNS * h, row = 3 * w * (1 + sizeof(int32_t));
    /* an axis has size x taps weights, which is 6 for a source sample and 9 for one of the output, or less */
    uint64_t weights = 6 * (w + h) + 9 * (out_w + out_h), places = 2 * (out_w + out_h);
    return 3 * out_w * out_h + (strip > row ? strip : row) + sizeof(int32_t) * (weights + places);
}

i2v_status i2v_resize_check(int width, int height, int out_width, int out_height, i2v_error *error) {
    const int max = I2V_IMAGE_MAX_SIDE;
    if (width >= 1 && height >= 1 && out_width >= 1 && out_height >= 1 && width <= max && height <= max &&
        out_width <= max && out_height <= max) {
        return I2V_OK;
    }
    return i2v_fail(error, I2V_ERROR_PARAMETER,
                    "cannot resize a picture of %d x %d to %d x %d pixels: sides are 1 to %d", width, height, out_width,
                    out_height, max);
}

i2v_status i2v_resize_bicubic_u8(const uint8_t *pixels, int width, int height, int channels, uint8_t *out,
                                 int out_width, int out_height, i2v_error *error) {
    i2v_status status = i2v_resize_check(width, height, out_width, out_height, error);
    if (status) return status;
    if (channels < 1 || channels > 4) {
        return i2v_fail(error, I2V_ERROR_PARAMETER, "cannot resize pixels of %d channels: 1 to 4 are allowed",
                        channels);
    }
    resize_job job = {pixels,
                      width,
                      height,
                      channels,
                      {0, 0, (float)width, (float)height},
                      out,
                      out_width,
                      out_height,
                      (size_t)out_width * (size_t)channels,
                      &bicubic_shape};
    return run(&job, error);
}

/* The largest centred part of source that has the aspect of width x height: PIL.ImageOps.fit's, bit for bit. */
static box crop_box(const i2v_image *source, int width, int height) {
    double source_ratio = (double)source->width / source->height, ratio = (double)width / height;
    double part_width = source->width, part_height = source->height;
    if (source_ratio > ratio) part_width = ratio * source->height;
    if (source_ratio < ratio) part_height = source->width / ratio;
    double left = (source->width - part_width) * 0.5, top = (source->height - part_height) * 0.5;
    box part = {(float)left, (float)top, (float)(left + part_width), (float)(top + part_height)};
    part.right = fminf(part.right, (float)source->width);
    part.bottom = fminf(part.bottom, (float)source->height);
    return part;
}

/* The size of the whole source inside width x height, aspect kept: PIL.ImageOps.contain's, but at least 1 pixel. */
static void pad_size(const i2v_image *source, int *width, int *height) {
    double source_ratio = (double)source->width / source->height, ratio = (double)*width / *height;
    if (source_ratio > ratio) *height = (int)fmax(rint((double)source->height / source->width * *width), 1);
    if (source_ratio < ratio) *width = (int)fmax(rint(source_ratio * *height), 1);
}

i2v_status i2v_image_resize(i2v_image **image, const i2v_image *source, int width, int height, i2v_fit fit,
                            i2v_error *error) {
    if (image) *image = NULL;
    i2v_image *made = NULL;
    i2v_status status = i2v_require(error, "image", image, NULL);
    if (!status) status = i2v_image_check(source, "source", error);
    if (!status && (fit < I2V_FIT_CROP || fit > I2V_FIT_COMFYUI))
        status = i2v_fail(error, I2V_ERROR_PARAMETER, "fit is %d, which is none of those that there are", (int)fit);
    if (!status) status = i2v_resize_check(source->width, source->height, width, height, error);
    if (!status) status = i2v_image_new(&made, width, height, error);
    if (status) return status;
    resize_job job = {source->pixels,
                      source->width,
                      source->height,
                      3,
                      {0, 0, (float)source->width, (float)source->height},
                      made->pixels,
                      width,
                      height,
                      (size_t)width * 3,
                      fit == I2V_FIT_DIFFUSERS ? &lanczos_shape : &bicubic_shape};
    if (fit == I2V_FIT_CROP) job.part = crop_box(source, width, height);
    if (fit == I2V_FIT_PAD) {
        pad_size(source, &job.out_width, &job.out_height);
        size_t left = (size_t)rint((width - job.out_width) * 0.5), top = (size_t)rint((height - job.out_height) * 0.5);
        memset(made->pixels, 0, (size_t)height * job.out_stride);
        job.out += top * job.out_stride + left * 3;
    }
    status = fit == I2V_FIT_COMFYUI ? i2v_resize_bilinear(made, source, error) : run(&job, error);
    if (status) {
        i2v_image_free(made);
        return status;
    }
    *image = made;
    return I2V_OK;
}
