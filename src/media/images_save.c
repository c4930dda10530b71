/* Pictures as the frames of a video. */
#include "media/media.h"

/* More frames than any call here makes; there and back they fit an int. */
#define MAX_IMAGES (1 << 20)

typedef struct pictures {
    const i2v_image *images;
    int count;
} pictures;

/* The i2v_frame_source of pictures, there and back. */
static i2v_status make_of_pictures(int frame, i2v_image *image, void *user, i2v_error *error) {
    const pictures *self = user;
    const i2v_image *picture = &self->images[i2v_frame_at(frame, self->count)];
    return i2v_resize_bicubic_u8(picture->pixels, picture->width, picture->height, 3, image->pixels, image->width,
                                 image->height, error);
}

static i2v_status check_images(const i2v_image *images, size_t count, i2v_error *error) {
    i2v_status status = i2v_require(error, "images", images, NULL);
    if (!status && (count < 1 || count > MAX_IMAGES)) {
        status =
            i2v_fail(error, I2V_ERROR_PARAMETER, "count is %zu; it must be within 1..%d pictures", count, MAX_IMAGES);
    }
    for (size_t i = 0; !status && i < count; i++) status = i2v_image_check(&images[i], "images", error);
    return status;
}

i2v_status i2v_images_save(const i2v_image *images, size_t count, int width, int height, const char *path,
                           const i2v_output *output, i2v_error *error) {
    i2v_status status = check_images(images, count, error);
    if (status) return status;
    pictures self = {images, (int)count};
    int back = output && output->loop && count > 2 ? self.count - 2 : 0, as_first = width == 0 && height == 0;
    i2v_frame_source source = {.width = as_first ? images->width : width,
                               .height = as_first ? images->height : height,
                               .num_frames = self.count + back,
                               .fps = 7,
                               .make = make_of_pictures,
                               .user = &self};
    return i2v_frames_save(&source, path, output, error);
}
