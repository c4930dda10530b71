/* A picture as CLIP's vector, against transformers' and diffusers'. */
#include "model/clip.h"

#include "reference.h"

#include "pipeline/clip_pixels.h"
#include "pipeline/conditioning.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The blur and the cubic weights are float32 on both sides, summed in another order: a few units in the last place,
 * and the division by the deviation (0.26) makes them four times as large. */
static const double PIXEL_TOLERANCE = 2e-6;
/* A float32 forward pass; measured 1e-6, and float32 sums in another order may differ by some times that. */
static const double FORWARD_TOLERANCE = 1e-5;

#define VALUES (I2V_CLIP_SIDE * I2V_CLIP_SIDE * 3)

static float *pixels_of(const i2v_image *image) {
    static const i2v_normalization normalization = {{0.48145466, 0.4578275, 0.40821073},
                                                    {0.26862954, 0.26130258, 0.27577711}};
    float *pixels = malloc(VALUES * sizeof *pixels);
    assert_non_null(pixels);
    assert_int_equal(i2v_clip_pixels(pixels, image, &normalization, NULL), I2V_OK);
    return pixels;
}

/* ---- pixels ----------------------------------------------------------------------------------------------------- */

/* Pictures smaller than CLIP's: enlarged, not blurred. The reference keeps every 32nd row. */
static void pixels_of_reference_runs(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        i2v_reference reference = i2v_reference_at(i);
        i2v_weights *tensors = i2v_reference_open(&reference);
        i2v_image *picture = i2v_reference_picture(tensors, &reference);
        i2v_tensor wanted = i2v_reference_channels_last(tensors, "clip.pixels_rows32");
        assert_int_equal(wanted.height, I2V_CLIP_SIDE / 32);
        float *pixels = pixels_of(picture);
        size_t row = (size_t)3 * I2V_CLIP_SIDE;
        for (size_t y = 0; y < (size_t)wanted.height; y++) {
            i2v_expect_close("clip.pixels", pixels + 32 * y * row, i2v_tensor_floats(&wanted) + y * row, row,
                             PIXEL_TOLERANCE);
        }
        free(pixels);
        free(wanted.data);
        i2v_image_free(picture);
        i2v_weights_close(tensors);
    }
}

/* A picture with every frequency in it: a blur too wide or too narrow shows. */
static i2v_image *formula_picture(int width, int height) {
    i2v_image *image = NULL;
    assert_int_equal(i2v_image_new(&image, width, height, NULL), I2V_OK);
    uint8_t *out = image->pixels;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            for (int c = 0; c < 3; c++) *out++ = (uint8_t)((x * 7 + y * 13 + c * 50 + x * y * (c + 1)) % 256);
        }
    }
    return image;
}

typedef struct {
    int y, x;
    float rgb[3];
} spot;

static void expect_spots(int width, int height, const spot spots[7]) {
    i2v_image *picture = formula_picture(width, height);
    float *pixels = pixels_of(picture);
    for (int i = 0; i < 7; i++) {
        const float *found = pixels + (spots[i].y * I2V_CLIP_SIDE + spots[i].x) * 3;
        i2v_expect_close("pixel of a large picture", found, spots[i].rgb, 3, PIXEL_TOLERANCE);
    }
    free(pixels);
    i2v_image_free(picture);
}

/* diffusers' _resize_with_antialiasing of the same formula, normalized. */
static void pixels_of_large_pictures(void **state) {
    (void)state;
    expect_spots(500, 300,
                 (spot[]){{0, 0, {-1.75661671f, -0.965063453f, -0.0234912168f}},
                          {0, 223, {0.580833495f, 1.43792915f, -1.38697398f}},
                          {223, 0, {-0.851524234f, 0.190514445f, 0.0148980757f}},
                          {223, 223, {0.361876428f, 0.282355338f, 0.27682972f}},
                          {111, 111, {0.106292725f, -0.631969512f, 1.05214143f}},
                          {37, 190, {-0.571146488f, -0.264065117f, 0.375726223f}},
                          {200, 5, {-0.0622451678f, -1.0935657f, 0.417884976f}}});
    expect_spots(225, 449,
                 (spot[]){{0, 0, {-1.75126958f, -0.959566414f, -0.0182827245f}},
                          {0, 223, {-1.38502562f, -0.686787665f, 0.141888455f}},
                          {223, 0, {0.96964246f, 1.8376404f, -1.00822783f}},
                          {223, 223, {1.53769743f, -1.31662965f, -0.258314759f}},
                          {111, 111, {0.069923915f, 1.51797676f, 0.900018513f}},
                          {37, 190, {0.176390365f, 0.122891791f, -1.24575865f}},
                          {200, 5, {-0.389445335f, -0.0930290893f, 0.191424489f}}});
}

/* diffusers' reflection fails on one row or column; here such a picture is what it looks like. */
static void pixels_of_thin_pictures(void **state) {
    (void)state;
    static const int sizes[][2] = {{1, 1}, {230, 1}, {1, 2000}, {2, 3}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        i2v_image *picture = NULL;
        assert_int_equal(i2v_image_new(&picture, sizes[i][0], sizes[i][1], NULL), I2V_OK);
        memset(picture->pixels, 255, (size_t)(3 * picture->width * picture->height));
        float *pixels = pixels_of(picture);
        const float white[3] = {1.93033625f, 2.07488384f, 2.14589702f}; /* (1 - mean) / deviation */
        for (int k = 0; k < VALUES; k += 3) i2v_expect_close("white", pixels + k, white, 3, PIXEL_TOLERANCE);
        free(pixels);
        i2v_image_free(picture);
    }
}

/* ---- the model -------------------------------------------------------------------------------------------------- */

/* With gelu and patches of 14, and with quick_gelu, patches of 16 and a layer norm's epsilon of 1e-3. */
static void image_embeds_of_reference_runs(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        i2v_reference_stage at;
        i2v_reference_stage_begin(&at, i, I2V_STAGE_CLIP);
        size_t count = (size_t)at.engine->model->clip.projection_dim;
        float *wanted = i2v_reference_values(at.tensors, "clip.image_embeds", count);
        float *found = calloc(count, sizeof *found);
        i2v_image *picture = i2v_reference_picture(at.tensors, &at.reference);
        float *pixels = pixels_of(picture);
        assert_int_equal(i2v_embed_pixels(at.run, at.stage.model.clip, pixels, found), I2V_OK);
        i2v_expect_close("clip.image_embeds", found, wanted, count, FORWARD_TOLERANCE);
        free(pixels);
        free(wanted);
        free(found);
        i2v_image_free(picture);
        i2v_reference_stage_end(&at);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_of_reference_runs),
        cmocka_unit_test(pixels_of_large_pictures),
        cmocka_unit_test(pixels_of_thin_pictures),
        cmocka_unit_test(image_embeds_of_reference_runs),
    };
    return cmocka_run_group_tests_name("clip", tests, NULL, NULL);
}
