/* What a PNG's text chunks say of orientation: XMP, and the EXIF that ImageMagick writes as hexadecimal text. libpng is
 * told to skip text, since a small file could hold gigabytes of it; here one of each is unpacked, to at most MAX_TEXT
 * bytes. */
#include "media/bytes.h"
#include "media/picture.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

enum { MAX_TEXT = 1 << 20 }; /* Pillow's limit for one text */

typedef struct png_text {
    uint8_t *data;
    size_t size;
} png_text;

/* One chunk of text; data is NULL where there is none. */
typedef struct png_chunk {
    const char *kind; /* tEXt, zTXt or iTXt */
    const uint8_t *data;
    size_t size;
} png_chunk;

/* Too long or damaged text is as none. 0 without memory. */
static int unpack(png_text *text, const uint8_t *data, size_t size, int is_packed) {
    if (!is_packed && size > MAX_TEXT) return 1;
    text->data = malloc(is_packed ? MAX_TEXT : size + 1);
    if (!text->data) return 0;
    uLongf length = is_packed ? MAX_TEXT : size;
    int result = Z_OK;
    if (is_packed)
        result = uncompress(text->data, &length, data, size);
    else if (size)
        memcpy(text->data, data, size);
    text->size = result == Z_OK ? length : 0;
    return result != Z_MEM_ERROR;
}

/* Past the next NUL; `end` if there is none. */
static const uint8_t *past_nul(const uint8_t *at, const uint8_t *end) {
    const uint8_t *nul = at < end ? memchr(at, 0, (size_t)(end - at)) : NULL;
    return nul ? nul + 1 : end;
}

/* The text behind a chunk's keyword. tEXt: keyword, NUL, text. zTXt: keyword, NUL, method, packed text. iTXt: keyword,
 * NUL, is packed, method, language, NUL, translated keyword, NUL, text. 0 without memory. */
static int read_text(png_text *text, const png_chunk *chunk) {
    if (!chunk->data) return 1;
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

/* Of several, the last counts, as for Pillow, and no other is unpacked: each may take a millisecond, and a file have
 * a hundred thousand. */
static void find_texts(const i2v_encoded *source, png_chunk *xmp, png_chunk *profile) {
    const uint8_t *data = source->data;
    for (size_t at = 8; source->size > at && source->size - at >= 12;) {
        const char *name = (const char *)data + at + 4;
        size_t length = i2v_big_endian(data + at, 4);
        if (length > source->size - at - 12 || memcmp(name, "IEND", 4) == 0) break;
        png_chunk chunk = {name, data + at + 8, length};
        if (is_text(name) && has_keyword(&chunk, "XML:com.adobe.xmp")) *xmp = chunk;
        if (is_text(name) && has_keyword(&chunk, "Raw profile type exif")) *profile = chunk;
        at += 12 + length;
    }
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
    png_chunk xmp_chunk = {0}, profile_chunk = {0};
    png_text xmp = {0}, profile = {0};
    find_texts(source, &xmp_chunk, &profile_chunk);
    int has_memory = read_text(&xmp, &xmp_chunk) && read_text(&profile, &profile_chunk);
    if (has_memory) {
        unpack_profile(&profile);
        if (!exif_size) exif = profile.data;
        *orientation = i2v_orientation(exif, exif_size ? exif_size : profile.size, xmp.data, xmp.size);
    }
    free(xmp.data);
    free(profile.data);
    return has_memory ? I2V_OK : i2v_fail_memory(error, source->name, MAX_TEXT);
}
