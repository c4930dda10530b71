/* What reading pictures takes: never more than the budget, whatever the decoder; and what is refused is told. */
#include "base/file.h"
#include "media/picture.h"

#include "sanitizers.h"

#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>
#include <zlib.h>

/* a sanitizer's own memory would be counted */
#define MEASURES (!UNDER_ADDRESS_SANITIZER)

enum { WIDTH = 1200, HEIGHT = 1000 };
/* Of allocators and of code that is first run: not proportional to the picture. */
#define SLACK ((uint64_t)3 << 20)

typedef struct file_bytes {
    uint8_t *data;
    size_t size;
} file_bytes;

/* ---- pictures ---- */

/* Something that does not compress to nothing, [HEIGHT][WIDTH][channels]. To be freed. */
static uint8_t *pixels_of(int channels) {
    size_t count = (size_t)WIDTH * HEIGHT * (size_t)channels;
    uint8_t *pixels = malloc(count);
    uint32_t random = 1;
    assert_non_null(pixels);
    for (size_t i = 0; i < count; i++) {
        random = random * 1664525u + 1013904223u;
        pixels[i] = (uint8_t)((i / 700 + (random >> 28)) & 255);
    }
    return pixels;
}

static file_bytes jpeg_of(int progressive, int subsampled) {
    struct jpeg_compress_struct encoder;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL;
    unsigned long size = 0;
    uint8_t *pixels = pixels_of(3);
    encoder.err = jpeg_std_error(&errors);
    jpeg_create_compress(&encoder);
    jpeg_mem_dest(&encoder, &data, &size);
    encoder.image_width = WIDTH;
    encoder.image_height = HEIGHT;
    encoder.input_components = 3;
    encoder.in_color_space = JCS_RGB;
    jpeg_set_defaults(&encoder);
    if (!subsampled) encoder.comp_info[0].h_samp_factor = encoder.comp_info[0].v_samp_factor = 1;
    if (progressive) jpeg_simple_progression(&encoder);
    jpeg_start_compress(&encoder, TRUE);
    while (encoder.next_scanline < HEIGHT) {
        JSAMPROW row = pixels + (size_t)encoder.next_scanline * WIDTH * 3;
        jpeg_write_scanlines(&encoder, &row, 1);
    }
    jpeg_finish_compress(&encoder);
    jpeg_destroy_compress(&encoder);
    free(pixels);
    return (file_bytes){data, size};
}

static void append(png_structp encoder, png_bytep bytes, size_t count) {
    file_bytes *file = png_get_io_ptr(encoder);
    file->data = realloc(file->data, file->size + count);
    assert_non_null(file->data);
    memcpy(file->data + file->size, bytes, count);
    file->size += count;
}

static file_bytes png_of(int channels, int interlaced) {
    file_bytes file = {0};
    uint8_t *pixels = pixels_of(channels), *rows[HEIGHT];
    png_structp encoder = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(encoder);
    png_set_write_fn(encoder, &file, append, NULL);
    png_set_IHDR(encoder, info, WIDTH, HEIGHT, 8, channels == 4 ? PNG_COLOR_TYPE_RGBA : PNG_COLOR_TYPE_RGB,
                 interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(encoder, 1);
    png_write_info(encoder, info);
    for (size_t y = 0; y < HEIGHT; y++) rows[y] = pixels + y * WIDTH * (size_t)channels;
    png_write_image(encoder, rows);
    png_write_end(encoder, info);
    png_destroy_write_struct(&encoder, &info);
    free(pixels);
    return file;
}

static file_bytes webp_of(int channels, int lossless) {
    file_bytes file = {0};
    uint8_t *pixels = pixels_of(channels);
    int stride = WIDTH * channels;
    if (channels == 4)
        file.size = lossless ? WebPEncodeLosslessRGBA(pixels, WIDTH, HEIGHT, stride, &file.data)
                             : WebPEncodeRGBA(pixels, WIDTH, HEIGHT, stride, 50, &file.data);
    else
        file.size = lossless ? WebPEncodeLosslessRGB(pixels, WIDTH, HEIGHT, stride, &file.data)
                             : WebPEncodeRGB(pixels, WIDTH, HEIGHT, stride, 50, &file.data);
    free(pixels);
    assert_true(file.size > 0);
    return file;
}

static void put(uint8_t *at, uint32_t value, int bytes) {
    for (int i = 0; i < bytes; i++) at[i] = (uint8_t)(value >> 8 * i);
}

static file_bytes bmp_of(int depth) {
    size_t stride = ((size_t)WIDTH * (size_t)depth / 8 + 3) / 4 * 4;
    file_bytes file = {.size = 54 + stride * HEIGHT};
    file.data = calloc(1, file.size);
    assert_non_null(file.data);
    memcpy(file.data, "BM", 2);
    put(file.data + 2, (uint32_t)file.size, 4);
    put(file.data + 10, 54, 4);
    put(file.data + 14, 40, 4);
    put(file.data + 18, WIDTH, 4);
    put(file.data + 22, HEIGHT, 4);
    put(file.data + 26, 1, 2);
    put(file.data + 28, (uint32_t)depth, 2);
    return file;
}

/* Codes of 9 bits, a clear code after every 250 pixels: no table has to be kept. disposal 3: the canvas is restored. */
static file_bytes gif_of(void) {
    size_t pixels = (size_t)WIDTH * HEIGHT, codes = pixels + pixels / 250 + 3, bytes = codes * 9 / 8 + 1;
    file_bytes file = {.data = calloc(1, bytes + bytes / 255 + 1024)};
    assert_non_null(file.data);
    uint8_t *at = file.data, *codes_begin = calloc(1, bytes + 4), *block;
    size_t bit = 0;
    memcpy(at, "GIF89a", 6);
    put(at + 6, WIDTH, 2);
    put(at + 8, HEIGHT, 2);
    at[10] = 0xf7; /* 256 colours */
    at += 13 + 768;
    memcpy(at, "!\xf9\x04\x0c\0\0\0\0,", 9);
    at += 9 + 4;
    put(at, WIDTH, 2);
    put(at + 2, HEIGHT, 2);
    at[5] = 8;
    at += 6;
    for (size_t i = 0; i < codes; i++, bit += 9) {
        uint32_t code = i + 1 == codes ? 257 : i % 251 == 0 ? 256 : (uint32_t)(i & 255);
        put(codes_begin + bit / 8, codes_begin[bit / 8] | code << bit % 8, 3);
    }
    size_t left = bit / 8 + 1;
    for (block = codes_begin; left > 0; block += *(at - 256), left -= left < 255 ? left : 255) {
        size_t count = left < 255 ? left : 255;
        *at = (uint8_t)count;
        memcpy(at + 1, block, count);
        at += count + 1;
        if (count < 255) break;
    }
    at[1] = ';';
    file.size = (size_t)(at - file.data) + 2;
    free(codes_begin);
    return file;
}

/* ---- measuring ---- */

static i2v_status load(const file_bytes *file, uint64_t budget, i2v_image **image, i2v_error *error) {
    i2v_image_options options;
    i2v_image_options_default(&options);
    options.max_memory = budget;
    return i2v_image_load_memory_with(image, file->data, file->size, &options, error);
}

/* The least budget with which the picture is read. */
static uint64_t least_budget(const file_bytes *file) {
    uint64_t refused = 1 << 20, enough = (uint64_t)64 << 20;
    while (enough - refused > (uint64_t)256 << 10) {
        uint64_t middle = refused + (enough - refused) / 2;
        i2v_image *image = NULL;
        i2v_error error = {0};
        i2v_status status = load(file, middle, &image, &error);
        i2v_image_free(image);
        if (status == I2V_OK) {
            enough = middle;
        } else {
            if (status != I2V_ERROR_MEMORY || !strstr(error.message, "max_memory")) fail_msg("%s", error.message);
            refused = middle;
        }
    }
    return enough;
}

/* Bytes that a child takes at the most to read it; with budget 0, to do nothing. */
static uint64_t measured(const file_bytes *file, uint64_t budget) {
    struct rusage usage;
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        i2v_image *image = NULL;
        _exit(budget && load(file, budget, &image, NULL) != I2V_OK);
    }
    while (wait4(child, &status, 0, &usage) < 0) assert_int_equal(errno, EINTR);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return (uint64_t)usage.ru_maxrss << 10;
}

static void check_memory(const char *name, file_bytes file) {
    uint64_t least = least_budget(&file), nothing = measured(&file, 0);
    if (MEASURES) {
        uint64_t taken = measured(&file, least) - nothing;
        print_message("%-24s budget %6.1f MiB, taken %6.1f MiB\n", name, (double)least / 0x1p20,
                      (double)taken / 0x1p20);
        if (taken > least + SLACK) fail_msg("%s: %zu bytes of %zu", name, (size_t)taken, (size_t)least);
        /* nor is more asked for than makes sense */
        if (taken + taken / 2 + 2 * SLACK < least) fail_msg("%s: %zu bytes of %zu", name, (size_t)taken, (size_t)least);
    }
    free(file.data);
}

static void decoders_keep_to_the_budget(void **state) {
    (void)state;
    check_memory("JPEG", jpeg_of(0, 1));
    check_memory("JPEG 4:4:4", jpeg_of(0, 0));
    check_memory("JPEG progressive", jpeg_of(1, 1));
    check_memory("JPEG progressive 4:4:4", jpeg_of(1, 0));
    check_memory("PNG", png_of(3, 0));
    check_memory("PNG interlaced", png_of(3, 1));
    check_memory("PNG alpha, interlaced", png_of(4, 1));
    check_memory("WebP", webp_of(3, 0));
    check_memory("WebP alpha", webp_of(4, 0));
    check_memory("WebP lossless", webp_of(3, 1));
    check_memory("WebP lossless alpha", webp_of(4, 1));
    check_memory("BMP", bmp_of(24));
    check_memory("BMP 32", bmp_of(32));
    check_memory("BMP 16", bmp_of(16));
    check_memory("GIF", gif_of());
}

/* ---- what is told, and what is freed ---- */

static void refusals_name_size_and_way_out(void **state) {
    (void)state;
    file_bytes file = jpeg_of(1, 0);
    i2v_image *image = NULL;
    i2v_error error = {0};
    assert_int_equal(load(&file, (uint64_t)5 << 20, &image, &error), I2V_ERROR_MEMORY);
    assert_null(image);
    assert_string_equal(error.message, "the picture: reading 1200 x 1000 pixels takes 11 MiB, but max_memory leaves 5 "
                                       "MiB for it: scale it down first, or allow more");
    /* not even the picture that is wanted would fit */
    i2v_image_options options = {.max_memory = (uint64_t)5 << 20, .width = 2000, .height = 1000, .fit = I2V_FIT_CROP};
    assert_int_equal(i2v_image_load_memory_with(&image, file.data, file.size, &options, &error), I2V_ERROR_MEMORY);
    assert_non_null(strstr(error.message, "MiB for it: allow more"));
    free(file.data);
}

/* A header that claims the most there can be, with nothing behind it. */
static void claims_are_refused_by_the_header(void **state) {
    (void)state;
    file_bytes file = png_of(3, 0);
    file.size = 60;
    memcpy(file.data + 16, "\0\0\x40\0\0\0\x3f\xff", 8); /* 16384 x 16383 */
    i2v_image *image = NULL;
    i2v_error error = {0};
    uint32_t sum = (uint32_t)crc32(0, file.data + 12, 17);
    for (int i = 0; i < 4; i++) file.data[29 + i] = (uint8_t)(sum >> (24 - 8 * i));
    assert_int_equal(load(&file, (uint64_t)300 << 20, &image, &error), I2V_ERROR_MEMORY);
    assert_non_null(strstr(error.message, "16384 x 16383 pixels takes 769 MiB"));
    free(file.data);
}

static void files_are_bounded_before_they_are_read(void **state) {
    (void)state;
    char path[] = "/tmp/img2vid-test-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0 && ftruncate(descriptor, (off_t)400 << 20) == 0 && close(descriptor) == 0);
    i2v_image *image = NULL;
    i2v_error error = {0};
    i2v_image_options options;
    i2v_image_options_default(&options);
    options.max_memory = (uint64_t)20 << 20;
    assert_int_equal(i2v_image_load_with(&image, path, &options, &error), I2V_ERROR_MEMORY);
    assert_non_null(strstr(error.message, ": the file is larger than the 20 MiB that max_memory"));
    unlink(path);
}

/* The same pixels as loading and resizing after one another, and the file's hash. */
static void pictures_are_brought_to_size_while_read(void **state) {
    (void)state;
    static const int sizes[][2] = {{320, 200}, {200, 320}, {1200, 1000}, {1600, 90}, {1, 1}};
    file_bytes file = jpeg_of(0, 1);
    i2v_image *whole = NULL, *wanted = NULL, *found = NULL;
    assert_int_equal(load(&file, 0, &whole, NULL), I2V_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (i2v_fit fit = I2V_FIT_CROP; fit <= I2V_FIT_STRETCH; fit++) {
            i2v_image_options options;
            i2v_image_options_default(&options);
            options.width = sizes[i][0];
            options.height = sizes[i][1];
            options.fit = fit;
            assert_int_equal(i2v_image_resize(&wanted, whole, sizes[i][0], sizes[i][1], fit, NULL), I2V_OK);
            assert_int_equal(i2v_image_load_memory_with(&found, file.data, file.size, &options, NULL), I2V_OK);
            assert_true(found->width == sizes[i][0] && found->height == sizes[i][1]);
            assert_memory_equal(found->pixels, wanted->pixels, (size_t)sizes[i][0] * (size_t)sizes[i][1] * 3);
            assert_string_equal(found->sha256, whole->sha256);
            i2v_image_free(found);
            /* and once more at its own size: what i2v_generate does with it */
            assert_int_equal(i2v_image_resize(&found, wanted, sizes[i][0], sizes[i][1], fit, NULL), I2V_OK);
            assert_memory_equal(found->pixels, wanted->pixels, (size_t)sizes[i][0] * (size_t)sizes[i][1] * 3);
            i2v_image_free(found);
            i2v_image_free(wanted);
        }
    }
    i2v_image_free(whole);
    free(file.data);
}

static void wrong_sizes_are_parameters(void **state) {
    (void)state;
    static const struct {
        int width, height;
        i2v_fit fit;
    } wrong[] = {{0, 5, I2V_FIT_CROP},
                 {-1, 5, I2V_FIT_CROP},
                 {40000, 5, I2V_FIT_PAD},
                 {64, 64, I2V_FIT_DIFFUSERS},
                 {64, 64, I2V_FIT_COMFYUI}};
    file_bytes file = bmp_of(24);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        i2v_image *image = NULL;
        i2v_error error = {0};
        i2v_image_options options = {.width = wrong[i].width, .height = wrong[i].height, .fit = wrong[i].fit};
        i2v_status status = i2v_image_load_memory_with(&image, file.data, file.size, &options, &error);
        assert_int_equal(status, I2V_ERROR_PARAMETER);
        assert_null(image);
        assert_non_null(strstr(error.message, "cannot be brought to"));
    }
    free(file.data);
}

/* A PNG of 3 x 2 pixels with every orientation in eXIf, against the rule of EXIF: where the file's pixel (x, y) goes.
 */
static void orientations_are_those_of_exif(void **state) {
    (void)state;
    enum { W = 3, H = 2 };
    for (int orientation = 1; orientation <= 8; orientation++) {
        i2v_raster raster = {.width = W, .height = H, .channels = 3, .orientation = orientation};
        i2v_image *image = NULL;
        raster.pixels = malloc(W * H * 3);
        assert_non_null(raster.pixels);
        for (int i = 0; i < W * H * 3; i++) raster.pixels[i] = (uint8_t)(i / 3 * 10 + i % 3);
        assert_int_equal(i2v_raster_to_image(&image, &raster, I2V_ALPHA_WHITE, "x", NULL), I2V_OK);
        assert_null(raster.pixels);
        int swap = orientation >= 5;
        assert_true(image->width == (swap ? H : W) && image->height == (swap ? W : H));
        for (int i = 0; i < W * H; i++) {
            int x = i % W, y = i / W;
            const int to_x[] = {0, x, W - 1 - x, W - 1 - x, x, y, H - 1 - y, H - 1 - y, y};
            const int to_y[] = {0, y, y, H - 1 - y, H - 1 - y, x, x, W - 1 - x, W - 1 - x};
            const uint8_t *pixel = image->pixels + 3 * (to_y[orientation] * image->width + to_x[orientation]);
            assert_true(pixel[0] == i * 10 && pixel[1] == i * 10 + 1 && pixel[2] == i * 10 + 2);
        }
        i2v_image_free(image);
    }
}

int main(void) {
    /* large blocks are given back when they are freed, so that a child does not begin with its parent's */
    mallopt(M_MMAP_THRESHOLD, 64 << 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decoders_keep_to_the_budget),
        cmocka_unit_test(refusals_name_size_and_way_out),
        cmocka_unit_test(claims_are_refused_by_the_header),
        cmocka_unit_test(files_are_bounded_before_they_are_read),
        cmocka_unit_test(pictures_are_brought_to_size_while_read),
        cmocka_unit_test(wrong_sizes_are_parameters),
        cmocka_unit_test(orientations_are_those_of_exif),
    };
    return cmocka_run_group_tests_name("picture_memory", tests, NULL, NULL);
}
