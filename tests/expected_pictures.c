/* Pictures beside what Pillow decodes them to. */
#include "expected_pictures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

FILE *expected_open(const char *folder) {
    char path[512];
    snprintf(path, sizeof path, "%sexpected.txt", folder);
    FILE *list = fopen(path, "r");
    assert_non_null(list);
    return list;
}

int expected_next(FILE *list, const char *folder, expected *item) {
    int fields = fscanf(list, "%63s %d %d %16s %16s", item->file, &item->width, &item->height, item->drop, item->white);
    snprintf(item->path, sizeof item->path, "%s%s", folder, item->file);
    return fields == 5;
}

void expected_hash(const i2v_image *image, char text[17]) {
    uint64_t value = 0xcbf29ce484222325u;
    size_t count = (size_t)image->width * (size_t)image->height * 3;
    for (size_t i = 0; i < count; i++) value = (value ^ image->pixels[i]) * 0x100000001b3u;
    snprintf(text, 17, "%016llx", (unsigned long long)value);
}

int expected_differs(const expected *item, i2v_alpha alpha, const char *want) {
    i2v_image *image = NULL;
    i2v_error error;
    char got[17];
    if (i2v_image_load(&image, item->path, alpha, &error)) {
        print_error("%s: %s\n", item->file, error.message);
        return 1;
    }
    expected_hash(image, got);
    int differs = image->width != item->width || image->height != item->height || strcmp(want, got) != 0;
    if (differs) {
        print_error("%s, alpha %s: %d x %d %s, Pillow has %d x %d %s\n", item->file,
                    alpha == I2V_ALPHA_DROP ? "dropped" : "over white", image->width, image->height, got, item->width,
                    item->height, want);
    }
    i2v_image_free(image);
    return differs;
}
