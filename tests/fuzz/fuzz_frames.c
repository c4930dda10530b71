/* The frames of videos, animations, arrays and pictures, as `img2vid compare` reads them. A claim of more than a
 * quarter of a megapixel is passed over: its size has been checked by then, and filling it takes long. */
#include "fuzz.h"

enum { MOST_PIXELS = 1 << 18, MOST_FRAMES = 16 };

/* 1 if frames went on to the last, as many as were asked for, or to an error. */
static int read_frames(i2v_frame_reader *reader, i2v_image *image) {
    i2v_error error = {0};
    int ended = 0;
    i2v_status status = I2V_OK;
    for (int i = 0; i < MOST_FRAMES && !ended; i++) {
        status = i2v_frame_reader_next(reader, image, &ended, &error);
        fuzz_require_told(status, &error);
        fuzz_require(!status || ended);
    }
    fuzz_require(!status || i2v_frame_reader_next(reader, image, &ended, NULL) != I2V_OK);
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *path = fuzz_file(data, size, 0);
    i2v_error error = {0};
    i2v_frame_reader *reader = NULL;
    i2v_image *image = NULL;
    i2v_media_info info;
    if (i2v_media_probe(path, &info, NULL) == I2V_OK && (int64_t)info.width * info.height > MOST_PIXELS) return 0;
    i2v_status status = i2v_frame_reader_open(&reader, path, &info, &error);
    fuzz_require_told(status, &error);
    fuzz_require(!status == (reader != NULL));
    if (reader) {
        fuzz_require(info.width > 0 && info.height > 0 && info.num_frames > 0 && info.fps >= 0);
        fuzz_require(i2v_image_new(&image, info.width, info.height, NULL) == I2V_OK && read_frames(reader, image));
    }
    i2v_image_free(image);
    i2v_frame_reader_close(reader);
    return 0;
}
