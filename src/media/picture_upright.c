/* From a decoder's raster to the picture that goes out: alpha and orientation are applied, in the raster's own memory
 * where that can be, so that no second copy is made. */
#include "media/picture.h"

#include <stdlib.h>
#include <string.h>

typedef struct pixel {
    uint8_t rgb[3];
} pixel;

/* RGBA to RGB, in place: the pixels close up. */
static void remove_alpha(i2v_raster *raster, i2v_alpha alpha) {
    if (raster->channels != 4) return;
    const uint8_t *from = raster->pixels;
    uint8_t *to = raster->pixels;
    size_t count = (size_t)raster->width * (size_t)raster->height;
    for (size_t i = 0; i < count; i++, from += 4, to += 3) {
        unsigned opacity = alpha == I2V_ALPHA_WHITE ? from[3] : 255;
        for (int c = 0; c < 3; c++) to[c] = (uint8_t)((opacity * from[c] + (255 - opacity) * 255 + 127) / 255);
    }
    raster->channels = 3;
}

static void reverse(pixel *pixels, size_t count) {
    for (size_t i = 0; i < count / 2; i++) {
        pixel one = pixels[i];
        pixels[i] = pixels[count - 1 - i];
        pixels[count - 1 - i] = one;
    }
}

/* Orientations 1 to 4, in place: mirroring the rows upside down is turning by 180 degrees and mirroring each row. */
static void flip(i2v_raster *raster) {
    pixel *pixels = (pixel *)raster->pixels;
    size_t width = (size_t)raster->width, height = (size_t)raster->height;
    if (raster->orientation == 3 || raster->orientation == 4) reverse(pixels, width * height);
    if (raster->orientation != 2 && raster->orientation != 4) return;
    for (size_t y = 0; y < height; y++) reverse(pixels + y * width, width);
}

/* Orientations 5 to 8: rows become columns. */
static void transpose(const i2v_raster *raster, i2v_image *image) {
    int flip_x = raster->orientation >= 7, flip_y = raster->orientation == 6 || raster->orientation == 7;
    const pixel *from = (const pixel *)raster->pixels;
    pixel *to = (pixel *)image->pixels;
    for (int y = 0; y < image->height; y++) {
        for (int x = 0; x < image->width; x++) {
            int from_x = flip_x ? raster->width - 1 - y : y, from_y = flip_y ? raster->height - 1 - x : x;
            *to++ = from[(size_t)from_y * (size_t)raster->width + (size_t)from_x];
        }
    }
}

/* The raster's memory, without what alpha took. */
static i2v_status hand_over(i2v_image **image, i2v_raster *raster, i2v_error *error) {
    size_t bytes = (size_t)raster->width * (size_t)raster->height * 3;
    i2v_image *made = calloc(1, sizeof *made);
    if (!made) return i2v_fail_memory(error, "the picture", sizeof *made);
    uint8_t *pixels = realloc(raster->pixels, bytes);
    *made = (i2v_image){.width = raster->width, .height = raster->height, .pixels = pixels ? pixels : raster->pixels};
    raster->pixels = NULL;
    *image = made;
    return I2V_OK;
}

i2v_status i2v_raster_to_image(i2v_image **image, i2v_raster *raster, i2v_alpha alpha, const char *name,
                               i2v_error *error) {
    *image = NULL;
    remove_alpha(raster, alpha);
    if (raster->orientation < 5) {
        flip(raster);
        return hand_over(image, raster, error);
    }
    uint64_t pixels = (uint64_t)raster->width * (uint64_t)raster->height, bytes = sizeof(pixel) * 2 * pixels;
    uint8_t *shrunk = realloc(raster->pixels, (size_t)pixels * sizeof(pixel));
    if (shrunk) raster->pixels = shrunk;
    i2v_status status = i2v_raster_reserve(raster, raster->width, raster->height, bytes, name, error);
    if (!status) status = i2v_image_new(image, raster->height, raster->width, error);
    if (!status) transpose(raster, *image);
    free(raster->pixels);
    raster->pixels = NULL;
    return status;
}
