/* The format: each file behind a header of its own, then the directory, then a record that says where the directory
 * is. Where 32 bits are too few, a second record and fields of a directory's entry have 64. Source: PKWARE,
 * APPNOTE.TXT 6.3.10, 4.3. Libraries for it hand out what is in an entry, not where it lies, and weights are read where
 * they lie. */
#include "weights/zip_file.h"

#include "base/byte_order.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOCAL_SIZE = 30,
    ENTRY_SIZE = 46,
    END_SIZE = 22,
    LOCATOR_SIZE = 20,
    END64_SIZE = 56,
    MAX_COMMENT = 65535,
    MAX_DIRECTORY = 8 << 20 /* that of a UNet of 1,800 tensors has 0.2 MiB */
};

static const char truncated[] = "the file is truncated or damaged; download it again";

static i2v_status fail(const i2v_zip *zip, const char *what, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_MODEL, "%s: %s: %s", zip->file->path, what, truncated);
}

/* Reads bytes that must lie in the file. */
static i2v_status read_at(const i2v_zip *zip, uint64_t offset, size_t count, void *out, const char *what,
                          i2v_error *error) {
    i2v_bytes bytes = {.file = zip->file};
    if (offset > zip->file->size || count > zip->file->size - offset) return fail(zip, what, error);
    return !count || i2v_bytes_read(&bytes, offset, count, out) ? I2V_OK : i2v_bytes_fail(&bytes, error);
}

/* ---- the record at the end -------------------------------------------------------------------------------------- */

typedef struct end_record {
    uint64_t count, size, offset; /* of the directory */
} end_record;

/* The last record whose comment ends where the file does; NULL if there is none. */
static const uint8_t *find_end(const uint8_t *tail, size_t size) {
    for (size_t at = size - END_SIZE + 1; at-- > 0;)
        if (memcmp(tail + at, "PK\5\6", 4) == 0 && at + END_SIZE + i2v_little_endian(tail + at + 20, 2) == size)
            return tail + at;
    return NULL;
}

/* The record of 64 bits, if a locator before the record at `end` leads to one. */
static i2v_status read_end64(const i2v_zip *zip, uint64_t end, end_record *record, i2v_error *error) {
    uint8_t locator[LOCATOR_SIZE], wide[END64_SIZE];
    if (end < LOCATOR_SIZE) return I2V_OK;
    i2v_status status = read_at(zip, end - LOCATOR_SIZE, LOCATOR_SIZE, locator, truncated, error);
    if (status != I2V_OK || memcmp(locator, "PK\6\7", 4) != 0) return status;
    static const char what[] = "its ZIP record of 64 bits is not where it should be";
    status = read_at(zip, i2v_little_endian64(locator + 8, 8), END64_SIZE, wide, what, error);
    if (status != I2V_OK) return status;
    if (memcmp(wide, "PK\6\6", 4) != 0) return fail(zip, what, error);
    *record = (end_record){i2v_little_endian64(wide + 32, 8), i2v_little_endian64(wide + 40, 8),
                           i2v_little_endian64(wide + 48, 8)};
    return I2V_OK;
}

static i2v_status read_end(const i2v_zip *zip, end_record *record, i2v_error *error) {
    uint64_t size = zip->file->size;
    size_t count = size < END_SIZE + MAX_COMMENT ? (size_t)size : END_SIZE + MAX_COMMENT;
    static const char what[] = "it begins as a ZIP archive, but the archive's directory at its end is missing";
    if (count < END_SIZE) return fail(zip, what, error);
    uint8_t *tail = malloc(count);
    if (!tail) return i2v_fail_memory(error, zip->file->path, count);
    i2v_status status = read_at(zip, size - count, count, tail, what, error);
    const uint8_t *end = status == I2V_OK ? find_end(tail, count) : NULL;
    if (end) {
        *record = (end_record){i2v_little_endian(end + 10, 2), i2v_little_endian(end + 12, 4),
                               i2v_little_endian(end + 16, 4)};
        status = read_end64(zip, size - count + (uint64_t)(end - tail), record, error);
    } else if (status == I2V_OK) {
        status = fail(zip, what, error);
    }
    free(tail);
    return status;
}

/* ---- the directory ---------------------------------------------------------------------------------------------- */

static int compare_entries(const void *a, const void *b) {
    const i2v_zip_entry *x = a, *y = b;
    int order = memcmp(x->name, y->name, x->length < y->length ? x->length : y->length);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

/* A value of 32 bits, or, where all are set, the next of 64 from the extra field. 0: there is none. */
static int read_wide(const uint8_t *narrow, const uint8_t **wide, size_t *left, uint64_t *value) {
    *value = i2v_little_endian(narrow, 4);
    if (*value != UINT32_MAX) return 1;
    if (*left < 8) return 0;
    *value = i2v_little_endian64(*wide, 8);
    *wide += 8;
    *left -= 8;
    return 1;
}

/* Sets the entry's place and size. 0: the extra field has not what it must. */
static int read_sizes(i2v_zip_entry *entry, const uint8_t *at, const uint8_t *extra, size_t length) {
    const uint8_t *wide = NULL;
    size_t left = 0;
    while (!wide && length >= 4) { /* the field of number 1 */
        size_t size = i2v_little_endian(extra + 2, 2);
        if (size > length - 4) return 0;
        if (i2v_little_endian(extra, 2) == 1) {
            wide = extra + 4;
            left = size;
        }
        extra += 4 + size;
        length -= 4 + size;
    }
    uint64_t unpacked, stored;
    if (!read_wide(at + 24, &wide, &left, &unpacked) || !read_wide(at + 20, &wide, &left, &stored) ||
        !read_wide(at + 42, &wide, &left, &entry->header))
        return 0;
    entry->size = stored;
    entry->is_stored =
        i2v_little_endian(at + 10, 2) == 0 && (i2v_little_endian(at + 8, 2) & 1) == 0 && unpacked == stored;
    return 1;
}

static i2v_status read_entries(i2v_zip *zip, uint64_t count, i2v_error *error) {
    static const char what[] = "the directory of its ZIP archive is damaged";
    size_t at = 0;
    if (count > zip->directory_size / ENTRY_SIZE) return fail(zip, what, error);
    zip->entries = calloc((size_t)count + 1, sizeof *zip->entries);
    if (!zip->entries) return i2v_fail_memory(error, zip->file->path, count * sizeof *zip->entries);
    for (; zip->count < count; zip->count++) {
        const uint8_t *entry = (const uint8_t *)zip->directory + at;
        size_t left = zip->directory_size - at;
        if (left < ENTRY_SIZE || memcmp(entry, "PK\1\2", 4) != 0) return fail(zip, what, error);
        size_t name = i2v_little_endian(entry + 28, 2), extra = i2v_little_endian(entry + 30, 2),
               comment = i2v_little_endian(entry + 32, 2);
        if (left - ENTRY_SIZE < name + extra + comment) return fail(zip, what, error);
        i2v_zip_entry *out = &zip->entries[zip->count];
        *out = (i2v_zip_entry){.name = (const char *)entry + ENTRY_SIZE, .length = name};
        if (!read_sizes(out, entry, entry + ENTRY_SIZE + name, extra)) return fail(zip, what, error);
        at += ENTRY_SIZE + name + extra + comment;
    }
    qsort(zip->entries, zip->count, sizeof *zip->entries, compare_entries);
    for (size_t i = 1; i < zip->count; i++)
        if (compare_entries(&zip->entries[i - 1], &zip->entries[i]) == 0)
            return fail(zip, "its ZIP archive has two files of one name", error);
    return I2V_OK;
}

i2v_status i2v_zip_open(i2v_zip *zip, const i2v_input_file *file, i2v_error *error) {
    *zip = (i2v_zip){.file = file};
    end_record record = {0};
    i2v_status status = read_end(zip, &record, error);
    if (status != I2V_OK) return status;
    if (record.size > MAX_DIRECTORY)
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: the directory of its ZIP archive has %" PRIu64 " MiB, more than %d; it is damaged, or no "
                        "file of weights",
                        file->path, record.size >> 20, MAX_DIRECTORY >> 20);
    zip->directory_at = record.offset;
    zip->directory_size = (size_t)record.size;
    zip->directory = malloc(zip->directory_size + 1);
    if (!zip->directory) return i2v_fail_memory(error, file->path, record.size);
    status = read_at(zip, record.offset, zip->directory_size, zip->directory,
                     "the directory of its ZIP archive is not where it should be", error);
    if (status == I2V_OK) status = read_entries(zip, record.count, error);
    if (status != I2V_OK) i2v_zip_close(zip);
    return status;
}

void i2v_zip_close(i2v_zip *zip) {
    free(zip->directory);
    free(zip->entries);
    *zip = (i2v_zip){0};
}

/* ---- one file --------------------------------------------------------------------------------------------------- */

const i2v_zip_entry *i2v_zip_find(const i2v_zip *zip, const char *name) {
    i2v_zip_entry key = {.name = name, .length = strlen(name)};
    return bsearch(&key, zip->entries, zip->count, sizeof *zip->entries, compare_entries);
}

i2v_status i2v_zip_place(const i2v_zip *zip, const i2v_zip_entry *entry, uint64_t *offset, i2v_error *error) {
    uint8_t local[LOCAL_SIZE];
    const char *path = zip->file->path;
    int length = (int)entry->length;
    if (!entry->is_stored)
        return i2v_fail(
            error, I2V_ERROR_UNSUPPORTED,
            "%s: %.*s in it is compressed, and PyTorch stores files as they are; unpack the archive and pack "
            "it again without compression (`zip -0`), or get the file anew",
            path, length, entry->name);
    i2v_status status = read_at(zip, entry->header, LOCAL_SIZE, local, "a file in it lies past its end", error);
    if (status != I2V_OK) return status;
    *offset = entry->header + LOCAL_SIZE + i2v_little_endian(local + 26, 2) + i2v_little_endian(local + 28, 2);
    if (memcmp(local, "PK\3\4", 4) != 0 || i2v_little_endian(local + 26, 2) != entry->length ||
        *offset > zip->directory_at || entry->size > zip->directory_at - *offset)
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: %.*s is not where the archive's directory says: %s", path, length,
                        entry->name, truncated);
    return I2V_OK;
}
