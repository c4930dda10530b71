/* Pictures beside what Pillow decodes them to: a folder with expected.txt, a line a file of its name, its size, and the
 * hashes of its pixels with alpha dropped and over white (FNV-1a of 64 bits; tools/make_media_reference.py). */
#ifndef TESTS_EXPECTED_PICTURES_H
#define TESTS_EXPECTED_PICTURES_H

#include "media/media.h"

#include <stdio.h>

typedef struct expected {
    char file[64], path[512], drop[17], white[17];
    int width, height;
} expected;

/* The folder's list, to be closed; folder ends in a slash. */
FILE *expected_open(const char *folder);
/* The next line; 0 at the end. */
int expected_next(FILE *list, const char *folder, expected *item);

/* Of the pixels. */
void expected_hash(const i2v_image *image, char text[17]);

/* 1, and said, if the file's picture is none or not that of this hash. */
int expected_differs(const expected *item, i2v_alpha alpha, const char *want);

#endif
