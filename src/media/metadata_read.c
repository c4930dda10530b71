/* Metadata out of files of any origin: nothing in them is believed. */
#include "base/byte_order.h"
#include "base/posix.h"
#include "media/bytes.h"
#include "media/metadata.h"
#include "media/probe.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static i2v_status fail_damaged(const i2v_encoded *source, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s is truncated or damaged; copy or download it again", source->name);
}

/* ---- PNG -------------------------------------------------------------------------------------------------------- */

/* Where the text begins in the data of an iTXt or tEXt chunk under our key, which image editors may have made of one
 * another; 0 if it is another text or compressed. */
static size_t text_in_chunk(const uint8_t *name, const uint8_t *data, size_t size) {
    static const char key[] = I2V_METADATA_KEY; /* with its NUL */
    size_t at = sizeof key;
    if (size < at || memcmp(data, key, at) != 0) return 0;
    if (memcmp(name, "tEXt", 4) == 0) return at;
    if (memcmp(name, "iTXt", 4) != 0 || size < at + 2 || data[at] != 0) return 0;
    at += 2;
    for (int i = 0; i < 2; i++) { /* language, translated key */
        const uint8_t *end = memchr(data + at, 0, size - at);
        if (!end) return 0;
        at = (size_t)(end - data) + 1;
    }
    return at;
}

static i2v_status read_png(char **json, const i2v_encoded *source, i2v_error *error) {
    const uint8_t *data = source->data;
    for (size_t at = 8; source->size - at >= 12;) {
        const uint8_t *name = data + at + 4;
        size_t length = i2v_big_endian(data + at, 4);
        if (length > source->size - at - 12) return fail_damaged(source, error);
        if (memcmp(name, "IEND", 4) == 0) return I2V_OK;
        size_t text = text_in_chunk(name, name + 4, length);
        if (text) {
            uint32_t sum = (uint32_t)crc32_z(0, name, 4 + length);
            if (sum != i2v_big_endian(name + 4 + length, 4)) return fail_damaged(source, error);
            return i2v_metadata_copy(json, name + 4 + text, length - text, source->name, error);
        }
        at += 12 + length;
    }
    return fail_damaged(source, error);
}

/* ---- GIF -------------------------------------------------------------------------------------------------------- */

/* The bytes of the sub-blocks at `at`, whose end the caller has found. */
static i2v_status read_comment(char **json, const i2v_encoded *source, size_t at, i2v_error *error) {
    const uint8_t *data = source->data;
    size_t size = 0;
    if (data[at] == 0 || data[at + 1] != '{') return I2V_OK;
    for (size_t i = at; data[i]; i += (size_t)data[i] + 1) size += data[i];
    if (size > I2V_METADATA_READ_MAX) return i2v_metadata_fail_too_large(source->name, error);
    char *text = malloc(size);
    if (!text) return i2v_fail_memory(error, source->name, size);
    size = 0;
    for (size_t i = at; data[i]; i += (size_t)data[i] + 1) {
        memcpy(text + size, data + i + 1, data[i]);
        size += data[i];
    }
    i2v_status status = i2v_metadata_copy(json, text, size, source->name, error);
    free(text);
    return status;
}

static i2v_status read_gif(char **json, const i2v_encoded *source, i2v_error *error) {
    const uint8_t *data = source->data;
    size_t size = source->size;
    if (size < 13) return fail_damaged(source, error);
    i2v_status status = I2V_OK;
    size_t at = 13 + i2v_gif_table_size(data[10]);
    while (!status && !*json && at < size && data[at] != ';') {
        int is_picture = data[at] == ',';
        if ((!is_picture && data[at] != '!') || size - at < (is_picture ? 11 : 3)) return fail_damaged(source, error);
        size_t blocks = at + (is_picture ? 11 + i2v_gif_table_size(data[at + 9]) : 2);
        size_t next = i2v_gif_skip(data, size, blocks);
        if (next > size) return fail_damaged(source, error);
        if (!is_picture && data[at + 1] == 0xfe) status = read_comment(json, source, blocks, error);
        at = next;
    }
    return status;
}

/* ---- WebP ------------------------------------------------------------------------------------------------------- */

/* Undoes what i2v_metadata_xmp and other writers of XML put for <, >, & and quotes, in place. */
static size_t unescape(char *text, size_t size) {
    static const struct {
        const char *name;
        char value;
    } entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    size_t used = 0;
    for (size_t at = 0; at < size;) {
        size_t length = 1;
        text[used] = text[at];
        for (size_t i = 0; text[at] == '&' && i < sizeof entities / sizeof *entities; i++) {
            size_t name = strlen(entities[i].name);
            if (name > size - at || memcmp(text + at, entities[i].name, name) != 0) continue;
            text[used] = entities[i].value;
            length = name;
            break;
        }
        used++;
        at += length;
    }
    return used;
}

static i2v_status read_xmp(char **json, const uint8_t *xmp, size_t size, const char *name, i2v_error *error) {
    static const char begin[] = I2V_XMP_BEGIN, end[] = I2V_XMP_END;
    const uint8_t *text = memmem(xmp, size, begin, sizeof begin - 1);
    if (!text) return I2V_OK;
    text += sizeof begin - 1;
    size -= (size_t)(text - xmp);
    const uint8_t *after = memmem(text, size, end, sizeof end - 1);
    if (!after) return I2V_OK;
    i2v_status status = i2v_metadata_copy(json, text, (size_t)(after - text), name, error);
    if (*json) (*json)[unescape(*json, (size_t)(after - text))] = '\0';
    return status;
}

/* Chunks: name, length, data, filling to an even length. */
static i2v_status read_webp(char **json, const i2v_encoded *source, i2v_error *error) {
    const uint8_t *data = source->data;
    for (size_t at = 12; source->size - at >= 8;) {
        size_t length = i2v_little_endian(data + at + 4, 4);
        if (length > source->size - at - 8) return fail_damaged(source, error);
        if (memcmp(data + at, "XMP ", 4) == 0) return read_xmp(json, data + at + 8, length, source->name, error);
        at += 8 + length;
        if (length % 2 && at < source->size) at++;
    }
    return I2V_OK;
}

/* ---- any file --------------------------------------------------------------------------------------------------- */

static i2v_status read_any(char **json, const i2v_encoded *source, i2v_error *error) {
    switch (source->size ? i2v_picture_format_of(source->data, source->size) : I2V_PICTURE_UNKNOWN) {
    case I2V_PICTURE_PNG:
        return read_png(json, source, error);
    case I2V_PICTURE_GIF:
        return read_gif(json, source, error);
    case I2V_PICTURE_WEBP:
        return read_webp(json, source, error);
    case I2V_PICTURE_UNKNOWN:
        break;
    default:
        return I2V_OK;
    }
    if (source->size >= 6 && memcmp(source->data, "\x93NUMPY", 6) == 0) return I2V_OK;
    return i2v_video_metadata(json, source, error);
}

i2v_status i2v_metadata_load(const char *path, char **json, i2v_error *error) {
    if (json) *json = NULL;
    i2v_mapped_file file;
    i2v_status status = i2v_require(error, "path", path, "json", json, NULL);
    if (!status) status = i2v_file_map(&file, path, error);
    if (status) return status;
    i2v_encoded source = {file.data, file.size, path};
    status = read_any(json, &source, error);
    i2v_file_unmap(&file);
    return status;
}

void i2v_metadata_free(char *json) {
    free(json);
}
