/* What a PNG's text chunks say of orientation: XMP, and the EXIF that ImageMagick writes as hexadecimal text. libpng is
 * told to skip text, since a small file could hold gigabytes of it; here one of each is unpacked, to at most MAX_TEXT
 * bytes. Where several have the keyword, the last that is not damaged counts, as for Pillow. */
#include "base/byte_order.h"
#include "media/picture.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

enum {
    MAX_TEXT = 1 << 20, /* Pillow's limit for one text */
    MAX_TRIES = 8       /* damaged texts behind the one that counts: each may take a millisecond, and a file have a
                           hundred thousand */
};

typedef struct png_text {
    uint8_t *data;
    size_t size;
} png_text;

/* A chunk of text; data is NULL where there is none. */
typedef struct png_chunk {
    const char *kind; /* tEXt, zTXt or iTXt */
    const uint8_t *data;
    size_t size;
} png_chunk;

/* Leaves text as it is if that is too long or damaged. 0 without memory. */
static int unpack(png_text *text, const uint8_t *data, size_t size, int is_packed) {
    if (!is_packed && size > MAX_TEXT) return 1;
    uint8_t *copy = malloc(is_packed ? MAX_TEXT : size + 1);
    if (!copy) return 0;
    uLongf length = is_packed ? MAX_TEXT : size;
    int result = Z_OK;
    if (is_packed)
        result = uncompress(copy, &length, data, size);
    else if (size)
        memcpy(copy, data, size);
    if (result != Z_OK) {
        free(copy);
        return result != Z_MEM_ERROR;
    }
    *text = (png_text){copy, length};
    return 1;
}

/* Past the next NUL; `end` if there is none. */
static const uint8_t *past_nul(const uint8_t *at, const uint8_t *end) {
    const uint8_t *nul = at < end ? memchr(at, 0, (size_t)(end - at)) : NULL;
    return nul ? nul + 1 : end;
}

/* The text behind a chunk's keyword. tEXt: keyword, NUL, text. zTXt: keyword, NUL, method, packed text. iTXt: keyword,
 * NUL, is packed, method, language, NUL, translated keyword, NUL, text. 0 without memory. */
static int read_text(png_text *text, const png_chunk *chunk) {
    const uint8_t *end = chunk->data + chunk->size, *at = past_nul(chunk->data, end);
    int is_packed = chunk->kind[0] == 'z';
    if (chunk->kind[0] == 'i') {
        if (end - at < 2) return 1;
        is_packed = at[0] != 0;
        at = past_nul(past_nul(at + 2, end), end);
    } else if (is_packed) {
        if (at == end) return 1;
        at++; /* the method: there is one */
    }
    return unpack(text, at, (size_t)(end - at), is_packed);
}

static int is_text(const char *name) {
    return memcmp(name, "tEXt", 4) == 0 || memcmp(name, "zTXt", 4) == 0 || memcmp(name, "iTXt", 4) == 0;
}

static int has_keyword(const png_chunk *chunk, const char *keyword) {
    size_t length = strlen(keyword) + 1;
    return chunk->size >= length && memcmp(chunk->data, keyword, length) == 0;
}

/* The last text of this keyword that begins before the byte `before` of the file. */
static png_chunk find_text(const i2v_encoded *source, const char *keyword, size_t before) {
    const uint8_t *data = source->data;
    png_chunk found = {0};
    for (size_t at = 8; at < before && source->size - at >= 12;) {
        const char *name = (const char *)data + at + 4;
        size_t length = i2v_big_endian(data + at, 4);
        if (length > source->size - at - 12 || memcmp(name, "IEND", 4) == 0) break;
        png_chunk chunk = {name, data + at + 8, length};
        if (is_text(name) && has_keyword(&chunk, keyword)) found = chunk;
        at += 12 + length;
    }
    return found;
}

/* 0 without memory. */
static int read_last_text(png_text *text, const i2v_encoded *source, const char *keyword) {
    size_t before = source->size;
    for (int i = 0; i < MAX_TRIES && !text->data; i++) {
        png_chunk chunk = find_text(source, keyword, before);
        if (!chunk.data) break;
        if (!read_text(text, &chunk)) return 0;
        before = (size_t)(chunk.data - source->data) - 8;
    }
    return 1;
}

static int hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* An empty line, the name, the length; then hexadecimal digits in lines. Makes bytes of them, in place. */
static void unpack_profile(png_text *profile) {
    size_t at = 0, count = 0;
    for (int line = 0; line < 3; line++) {
        while (at < profile->size && profile->data[at] != '\n') at++;
        at++;
    }
    for (int high = -1; at < profile->size; at++) {
        int digit = hex_digit(profile->data[at]);
        if (digit < 0) continue;
        if (high >= 0) profile->data[count++] = (uint8_t)(high << 4 | digit);
        high = high >= 0 ? -1 : digit;
    }
    profile->size = count;
}

i2v_status i2v_png_orientation(int *orientation, const i2v_encoded *source, const uint8_t *exif, size_t exif_size,
                               i2v_error *error) {
    png_text xmp = {0}, profile = {0};
    int has_memory = read_last_text(&xmp, source, "XML:com.adobe.xmp") &&
                     read_last_text(&profile, source, "Raw profile type exif");
    if (has_memory) {
        unpack_profile(&profile);
        if (!exif_size) exif = profile.data;
        *orientation = i2v_orientation(exif, exif_size ? exif_size : profile.size, xmp.data, xmp.size);
    }
    free(xmp.data);
    free(profile.data);
    return has_memory ? I2V_OK : i2v_fail_memory(error, source->name, MAX_TEXT);
}
