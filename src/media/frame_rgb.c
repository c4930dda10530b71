/* A decoded frame as 8-bit RGB: what yuv.c does, backwards, for every kind of pixels that libavutil can describe. Own
 * code rather than libswscale, for the reasons that stand there, and because it writes to standard error. */
#include "media/frame_rgb.h"

#include <libavutil/pixdesc.h>
#include <math.h>
#include <stdlib.h>

enum { COMPONENTS = 4 };

/* A frame on its way to RGB. */
typedef struct conversion {
    const AVFrame *frame;
    const AVPixFmtDescriptor *kind;
    int alpha;                /* the component that says how opaque a pixel is; -1: none */
    float scale[COMPONENTS];  /* brings a component to 0..1, chroma to -0.5..0.5, once .. */
    float offset[COMPONENTS]; /* .. this was taken away */
    float red_cr, green_cb, green_cr, blue_cb;
    uint16_t *rows; /* [COMPONENTS][2][width]: of chroma two, to interpolate between */
} conversion;

/* How much red and blue weigh in luma; of what does not say, by its size, as players take it. */
static void choose_matrix(conversion *to) {
    enum { HIGH_DEFINITION = 720 };
    double kr = 0.299, kb = 0.114;
    enum AVColorSpace space = to->frame->colorspace;
    if (space == AVCOL_SPC_BT709 || (space == AVCOL_SPC_UNSPECIFIED && to->frame->height >= HIGH_DEFINITION)) {
        kr = 0.2126;
        kb = 0.0722;
    } else if (space == AVCOL_SPC_BT2020_NCL || space == AVCOL_SPC_BT2020_CL) {
        kr = 0.2627;
        kb = 0.0593;
    }
    double kg = 1 - kr - kb;
    to->red_cr = (float)(2 * (1 - kr));
    to->blue_cb = (float)(2 * (1 - kb));
    to->green_cb = (float)(2 * kb * (1 - kb) / kg);
    to->green_cr = (float)(2 * kr * (1 - kr) / kg);
}

static int is_full_range(const conversion *to) {
    switch (to->frame->format) {
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUVJ444P:
    case AV_PIX_FMT_YUVJ440P:
        return 1;
    default:
        break;
    }
    int is_grey = to->kind->nb_components < 3;
    return to->frame->color_range == AVCOL_RANGE_JPEG || (is_grey && to->frame->color_range != AVCOL_RANGE_MPEG);
}

static int is_rgb(const conversion *to) {
    return (to->kind->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0;
}

/* ITU-R BT.601 and BT.709: luma 16..235, chroma 16..240 of 8 bits in limited range. */
static void choose_scales(conversion *to) {
    int full = is_full_range(to);
    for (int c = 0; c < to->kind->nb_components; c++) {
        int depth = to->kind->comp[c].depth;
        float most = (float)((1u << depth) - 1), step = ldexpf(1, depth - 8);
        int chroma = !is_rgb(to) && c > 0 && c != to->alpha;
        int plain = is_rgb(to) || c == to->alpha;
        to->scale[c] = plain || full ? 1 / most : 1 / (step * (chroma ? 224 : 219));
        to->offset[c] = chroma ? 128 * step : plain || full ? 0 : 16 * step;
    }
}

/* Row y of a component, and the one below it for chroma that has fewer rows. */
static uint16_t *row_of(const conversion *to, int component, int second) {
    return to->rows + ((size_t)component * 2 + (size_t)second) * (size_t)to->frame->width;
}

static void read_row(const conversion *to, int component, int second, int y, int width) {
    const AVFrame *frame = to->frame;
    const uint8_t *planes[4] = {frame->data[0], frame->data[1], frame->data[2], frame->data[3]};
    av_read_image_line2(row_of(to, component, second), planes, frame->linesize, to->kind, 0, y, component, width, 0,
                        sizeof(uint16_t));
}

static float value_at(const conversion *to, int component, int x) {
    return (row_of(to, component, 0)[x] - to->offset[component]) * to->scale[component];
}

/* The columns of the subsampled chroma that lie around x, and how much of the second one counts. */
static float chroma_at(const conversion *to, int component, int x, float down) {
    int shift = to->kind->log2_chroma_w, last = AV_CEIL_RSHIFT(to->frame->width, shift) - 1;
    int left = x >> shift, right = left < last ? left + 1 : last;
    float across = (float)(x - (left << shift)) / (float)(1 << shift);
    const uint16_t *above = row_of(to, component, 0), *below = row_of(to, component, 1);
    float upper = (float)above[left] + across * (float)(above[right] - above[left]);
    float lower = (float)below[left] + across * (float)(below[right] - below[left]);
    return (upper + down * (lower - upper) - to->offset[component]) * to->scale[component];
}

static uint8_t to_8_bits(float value) {
    float limited = value < 0 ? 0 : value > 1 ? 1 : value;
    return (uint8_t)lrintf(255 * limited);
}

static void put_pixel(const conversion *to, const float value[3], int x, uint8_t *rgb) {
    float opaque = to->alpha >= 0 ? value_at(to, to->alpha, x) : 1;
    for (int c = 0; c < 3; c++) rgb[c] = to_8_bits(value[c] * opaque + (1 - opaque));
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

static void convert_rgb(const conversion *to, int y, uint8_t *rgb) {
    int width = to->frame->width;
    for (int c = 0; c < to->kind->nb_components; c++) read_row(to, c, 0, y, width);
    for (int x = 0; x < width; x++, rgb += 3) {
        float value[3] = {value_at(to, 0, x), value_at(to, 1, x), value_at(to, 2, x)};
        put_pixel(to, value, x, rgb);
    }
}

static void convert_grey(const conversion *to, int y, uint8_t *rgb) {
    int width = to->frame->width;
    for (int c = 0; c < to->kind->nb_components; c++) read_row(to, c, 0, y, width);
    for (int x = 0; x < width; x++, rgb += 3) {
        float luma = value_at(to, 0, x), value[3] = {luma, luma, luma};
        put_pixel(to, value, x, rgb);
    }
}

/* Chroma lies on the left of its columns and between its rows, as in yuv.c. */
static void convert_yuv(const conversion *to, int y, uint8_t *rgb) {
    int width = to->frame->width, shift = to->kind->log2_chroma_h;
    int chroma_width = AV_CEIL_RSHIFT(width, to->kind->log2_chroma_w);
    int last = AV_CEIL_RSHIFT(to->frame->height, shift) - 1;
    float place = ((float)y + 0.5f) / (float)(1 << shift) - 0.5f;
    int above = (int)floorf(place);
    float down = place - (float)above;
    read_row(to, 0, 0, y, width);
    if (to->alpha >= 0) read_row(to, to->alpha, 0, y, width);
    for (int c = 1; c < 3; c++) {
        read_row(to, c, 0, above < 0 ? 0 : above, chroma_width);
        read_row(to, c, 1, above < last ? above + 1 : last, chroma_width);
    }
    for (int x = 0; x < width; x++, rgb += 3) {
        float luma = value_at(to, 0, x), cb = chroma_at(to, 1, x, down), cr = chroma_at(to, 2, x, down);
        float value[3] = {luma + to->red_cr * cr, luma - to->green_cb * cb - to->green_cr * cr,
                          luma + to->blue_cb * cb};
        put_pixel(to, value, x, rgb);
    }
}

/* Indices into 32-bit colours, which FFmpeg has in the machine's order of bytes. */
static void convert_palette(const conversion *to, int y, uint8_t *rgb) {
    const AVFrame *frame = to->frame;
    const uint32_t *colors = (const uint32_t *)frame->data[1];
    const uint8_t *row = frame->data[0] + (ptrdiff_t)y * frame->linesize[0];
    for (int x = 0; x < frame->width; x++, rgb += 3) {
        uint32_t argb = colors[row[x]], opaque = argb >> 24;
        for (int c = 0; c < 3; c++) {
            uint32_t value = argb >> (16 - 8 * c) & 255;
            rgb[c] = (uint8_t)((value * opaque + 255 * (255 - opaque) + 127) / 255);
        }
    }
}

/* ---- a frame ---------------------------------------------------------------------------------------------------- */

static int is_known(const AVPixFmtDescriptor *kind) {
    const uint64_t unknown =
        AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_BITSTREAM;
    if (!kind || kind->flags & unknown) return 0;
    for (int c = 0; c < kind->nb_components; c++)
        if (kind->comp[c].depth < 1 || kind->comp[c].depth > 16) return 0;
    return kind->nb_components > 0;
}

i2v_status i2v_frame_to_rgb(const AVFrame *frame, uint8_t *rgb, const char *name, i2v_error *error) {
    conversion to = {.frame = frame, .kind = av_pix_fmt_desc_get(frame->format), .alpha = -1};
    if (!is_known(to.kind)) {
        return i2v_fail(error, I2V_ERROR_UNSUPPORTED, "%s has pixels of a kind that is not read here (%s): convert it",
                        name, to.kind ? to.kind->name : "unknown");
    }
    if (to.kind->flags & AV_PIX_FMT_FLAG_ALPHA) to.alpha = to.kind->nb_components - 1;
    choose_matrix(&to);
    choose_scales(&to);
    size_t bytes = (size_t)COMPONENTS * 2 * (size_t)frame->width * sizeof *to.rows;
    to.rows = calloc(1, bytes);
    if (!to.rows) return i2v_fail_memory(error, name, bytes);
    void (*convert)(const conversion *, int, uint8_t *) = to.kind->flags & AV_PIX_FMT_FLAG_PAL ? convert_palette
                                                          : to.kind->nb_components < 3         ? convert_grey
                                                          : is_rgb(&to)                        ? convert_rgb
                                                                                               : convert_yuv;
    for (int y = 0; y < frame->height; y++) convert(&to, y, rgb + 3 * (size_t)y * (size_t)frame->width);
    free(to.rows);
    return I2V_OK;
}
