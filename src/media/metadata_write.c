/* Metadata into files that are written: a chunk of PNG, a comment of GIF, XMP for WebP. */
#include "base/posix.h"
#include "media/metadata.h"

#include "media/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* ---- what may be written ---------------------------------------------------------------------------------------- */

/* Length of the well-formed UTF-8 character at text (Unicode 15, table 3-7), 0 if there is none. */
static size_t utf8_length(const uint8_t *text) {
    if (text[0] < 0x80) return 1;
    size_t length = text[0] < 0xc2 ? 0 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : text[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) return 0; /* the NUL at the end too */
    }
    if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
        (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
        return 0;
    return length;
}

i2v_status i2v_metadata_check(const char *json, i2v_error *error) {
    if (!json) return I2V_OK;
    if (json[0] != '{') return i2v_fail(error, I2V_ERROR_PARAMETER, "metadata is no JSON object: it begins with no {");
    size_t size = strlen(json);
    if (size > I2V_METADATA_MAX) {
        return i2v_fail(error, I2V_ERROR_PARAMETER, "metadata has %zu bytes; a video holds at most %d", size,
                        I2V_METADATA_MAX);
    }
    for (size_t at = 0; at < size;) {
        const uint8_t *text = (const uint8_t *)json + at;
        size_t length = utf8_length(text);
        if (length == 0 || text[0] < ' ' || text[0] == 0x7f) {
            return i2v_fail(error, I2V_ERROR_PARAMETER, "metadata is no UTF-8, or has a control character, at byte %zu",
                            at);
        }
        at += length;
    }
    return I2V_OK;
}

/* ---- into the middle of a file ---------------------------------------------------------------------------------- */

enum { BLOCK = 1 << 20 };

/* Moves what is in [from, end) towards the end, last block first; 0 if that fails. */
static int move_up(FILE *stream, off_t from, off_t end, off_t by, uint8_t *block) {
    while (end > from) {
        size_t count = end - from < BLOCK ? (size_t)(end - from) : BLOCK;
        end -= (off_t)count;
        if (fseeko(stream, end, SEEK_SET) != 0 || fread(block, 1, count, stream) != count) return 0;
        if (fseeko(stream, end + by, SEEK_SET) != 0 || fwrite(block, 1, count, stream) != count) return 0;
    }
    return 1;
}

static i2v_status insert(const i2v_output_file *file, off_t at, const void *bytes, size_t size, i2v_error *error) {
    uint8_t *block = malloc(BLOCK);
    if (!block) return i2v_fail_memory(error, file->path, BLOCK);
    errno = 0;
    FILE *stream = fopen(file->temporary, "r+be");
    int done = stream && fseeko(stream, 0, SEEK_END) == 0;
    off_t end = done ? ftello(stream) : -1;
    done = end >= at && move_up(stream, at, end, (off_t)size, block) && fseeko(stream, at, SEEK_SET) == 0 &&
           fwrite(bytes, 1, size, stream) == size;
    int cause = errno;
    if (stream && fclose(stream) != 0 && done) {
        done = 0;
        cause = errno;
    }
    free(block);
    if (done) return I2V_OK;
    if (cause) return i2v_fail_system(error, "write", file->path, cause);
    return i2v_fail(error, I2V_ERROR_IO, "cannot write %s: its metadata finds no place in it", file->path);
}

/* ---- PNG -------------------------------------------------------------------------------------------------------- */

static void put_big_endian(uint8_t *out, uint32_t value) {
    for (int i = 0; i < 4; i++) out[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* An iTXt chunk: key, NUL, not compressed (two bytes), no language, no translated key, and UTF-8 to its end. It follows
 * the header, for readers that stop at the first pixel. */
i2v_status i2v_png_add_metadata(const i2v_output_file *file, const char *json, i2v_error *error) {
    static const char key[] = I2V_METADATA_KEY "\0\0\0\0"; /* and the NUL that ends the string */
    enum { SIGNATURE_AND_HEADER = 8 + 25, NAME = 4 };
    size_t text = strlen(json), data = sizeof key + text, size = 8 + data + 4;
    uint8_t *chunk = malloc(size);
    if (!chunk) return i2v_fail_memory(error, file->path, size);
    put_big_endian(chunk, (uint32_t)data);
    memcpy(chunk + 4, "iTXt", NAME);
    memcpy(chunk + 8, key, sizeof key);
    memcpy(chunk + 8 + sizeof key, json, text);
    uint32_t sum = (uint32_t)crc32_z(0, chunk + 4, NAME + data);
    put_big_endian(chunk + 8 + data, sum);
    i2v_status status = insert(file, SIGNATURE_AND_HEADER, chunk, size, error);
    free(chunk);
    return status;
}

/* ---- GIF -------------------------------------------------------------------------------------------------------- */

/* Where the first block lies that is no application extension: players look for the one that says "loop" right after
 * the colour table. 0 if the file is not as expected. */
static size_t place_in_gif(const uint8_t *data, size_t size) {
    if (size < 14) return 0;
    size_t at = 13 + i2v_gif_table_size(data[10]);
    while (at + 2 < size && data[at] == '!' && data[at + 1] == 0xff) at = i2v_gif_skip(data, size, at + 2);
    return at < size ? at : 0;
}

/* A comment extension: sub-blocks of at most 255 bytes. */
i2v_status i2v_gif_add_metadata(const i2v_output_file *file, const char *json, i2v_error *error) {
    i2v_mapped_file written;
    i2v_status status = i2v_file_map(&written, file->temporary, error);
    if (status) return status;
    size_t place = place_in_gif(written.data, written.size);
    i2v_file_unmap(&written);
    if (!place) return i2v_fail(error, I2V_ERROR_INTERNAL, "cannot write %s: it is no GIF as expected", file->path);
    size_t text = strlen(json), used = 0;
    uint8_t *block = malloc(text + text / 255 + 4);
    if (!block) return i2v_fail_memory(error, file->path, text);
    block[used++] = '!';
    block[used++] = 0xfe;
    for (size_t at = 0; at < text; at += 255) {
        size_t count = text - at < 255 ? text - at : 255;
        block[used++] = (uint8_t)count;
        memcpy(block + used, json + at, count);
        used += count;
    }
    block[used++] = 0;
    status = insert(file, (off_t)place, block, used, error);
    free(block);
    return status;
}

/* ---- XMP -------------------------------------------------------------------------------------------------------- */

char *i2v_metadata_xmp(const char *json) {
    static const char before[] =
        "<?xpacket begin=\"\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF "
        "xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" "
        "xmlns:img2vid=\"urn:img2vid:1\">" I2V_XMP_BEGIN;
    static const char after[] = I2V_XMP_END "</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"r\"?>";
    char *xmp = malloc(sizeof before + 5 * strlen(json) + sizeof after);
    if (!xmp) return NULL;
    char *out = stpcpy(xmp, before);
    for (; *json; json++) {
        const char *name = *json == '&' ? "&amp;" : *json == '<' ? "&lt;" : *json == '>' ? "&gt;" : NULL;
        if (name)
            out = stpcpy(out, name);
        else
            *out++ = *json;
    }
    strcpy(out, after);
    return xmp;
}
