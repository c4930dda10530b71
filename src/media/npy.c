/* Arrays in NumPy's .npy format: a header that is the text of a Python dictionary, then the values. Written as version
 * 1.0, '<f4' in C order; read in versions 1 to 3, '<f2', '<f4' and '<f8'. The machine is taken to be little-endian. */
#include "media/media.h"

#include "base/byte_order.h"
#include "base/file.h"
#include "base/free_memory.h"
#include "base/input_file.h"
#include "base/sha256.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NDIM = 8, HEADER_SIZE = 256, PREFIX_SIZE = 10, MAX_HEADER = 1 << 20 };
static const char magic[] = "\x93NUMPY";

/* What a header says. */
typedef struct npy_header {
    char descr[8];
    int fortran_order;
    int64_t shape[MAX_NDIM];
    int ndim;
} npy_header;

/* The rest of the header's text. */
typedef struct cursor {
    const char *at, *end;
} cursor;

/* ---- reading the header ----------------------------------------------------------------------------------------- */

static void skip_space(cursor *text) {
    while (text->at < text->end && (*text->at == ' ' || *text->at == '\n' || *text->at == '\t')) text->at++;
}

/* Takes `token` if it is next. */
static int accept(cursor *text, const char *token) {
    skip_space(text);
    size_t length = strlen(token);
    if ((size_t)(text->end - text->at) < length || memcmp(text->at, token, length) != 0) return 0;
    text->at += length;
    return 1;
}

/* 'text' or "text", shorter than size. */
static int read_string(cursor *text, char *value, size_t size) {
    skip_space(text);
    if (text->at == text->end || (*text->at != '\'' && *text->at != '"')) return 0;
    char quote = *text->at++;
    size_t length = 0;
    while (text->at < text->end && *text->at != quote && length + 1 < size) value[length++] = *text->at++;
    value[length] = 0;
    if (text->at == text->end || *text->at != quote) return 0;
    text->at++;
    return 1;
}

static int read_size(cursor *text, int64_t *value) {
    skip_space(text);
    const char *start = text->at;
    *value = 0;
    for (; text->at < text->end && *text->at >= '0' && *text->at <= '9'; text->at++) {
        if (*value > (INT64_MAX - 9) / 10) return 0;
        *value = *value * 10 + (*text->at - '0');
    }
    return text->at > start;
}

/* (), (3,), (3, 4) */
static int read_shape(cursor *text, npy_header *header) {
    if (!accept(text, "(")) return 0;
    header->ndim = 0;
    while (!accept(text, ")")) {
        if (header->ndim == MAX_NDIM || !read_size(text, &header->shape[header->ndim])) return 0;
        header->ndim++;
        if (!accept(text, ",")) return accept(text, ")");
    }
    return 1;
}

/* {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } in any order. */
static int read_dictionary(cursor *text, npy_header *header) {
    int descr = 0, order = 0, shape = 0;
    if (!accept(text, "{")) return 0;
    while (!accept(text, "}")) {
        char key[16];
        if (!read_string(text, key, sizeof key) || !accept(text, ":")) return 0;
        if (strcmp(key, "descr") == 0) {
            descr = read_string(text, header->descr, sizeof header->descr);
            if (!descr) strcpy(header->descr, "?"); /* a record, or a long name: refused by the caller */
            if (!descr) return 1;
        } else if (strcmp(key, "fortran_order") == 0) {
            header->fortran_order = accept(text, "True");
            order = header->fortran_order || accept(text, "False");
            if (!order) return 0;
        } else if (strcmp(key, "shape") == 0) {
            shape = read_shape(text, header);
            if (!shape) return 0;
        } else {
            return 0;
        }
        if (!accept(text, ",")) {
            if (!accept(text, "}")) return 0;
            break;
        }
    }
    return descr && order && shape;
}

/* The first bytes, up to where the text begins, and how long it is. */
static i2v_status read_prefix(const i2v_bytes *bytes, uint64_t size, size_t *prefix, size_t *length, const char *path,
                              i2v_error *error) {
    uint8_t first[PREFIX_SIZE + 2] = {0};
    size_t count = size < sizeof first ? (size_t)size : sizeof first;
    if (!i2v_bytes_read(bytes, 0, count, first)) return i2v_bytes_fail(bytes, error);
    if (count < PREFIX_SIZE || memcmp(first, magic, 6) != 0) {
        return i2v_fail(error, I2V_ERROR_FORMAT, "%s is not a NumPy array file (.npy), as numpy.save writes it", path);
    }
    int version = first[6];
    if (version < 1 || version > 3) {
        return i2v_fail(error, I2V_ERROR_UNSUPPORTED, "%s is a .npy file of version %d: 1 to 3 are known", path,
                        version);
    }
    *prefix = version == 1 ? PREFIX_SIZE : PREFIX_SIZE + 2;
    *length = i2v_little_endian(first + 8, version == 1 ? 2 : 4);
    if (size < *prefix || size - *prefix < *length)
        return i2v_fail(error, I2V_ERROR_FORMAT, "%s is truncated; copy it again, or write it anew", path);
    return I2V_OK;
}

/* Sets *start to where the values begin. */
static i2v_status read_header(const i2v_bytes *bytes, uint64_t size, npy_header *header, size_t *start,
                              const char *path, i2v_error *error) {
    size_t prefix = 0, length = 0;
    i2v_status status = read_prefix(bytes, size, &prefix, &length, path, error);
    if (status) return status;
    char *text = length <= MAX_HEADER ? malloc(length + 1) : NULL;
    if (!text && length <= MAX_HEADER) return i2v_fail_memory(error, path, length);
    if (text && !i2v_bytes_read(bytes, prefix, length, text)) status = i2v_bytes_fail(bytes, error);
    if (!status && (!text || !read_dictionary(&(cursor){text, text + length}, header))) {
        status = i2v_fail(error, I2V_ERROR_FORMAT, "%s has a damaged .npy header, or more than %d dimensions", path,
                          MAX_NDIM);
    }
    free(text);
    *start = prefix + length;
    return status;
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

static float half_to_float(uint16_t half) {
    int exponent = half >> 10 & 31, mantissa = half & 1023;
    float value;
    if (exponent == 31) {
        value = mantissa ? NAN : INFINITY;
    } else if (exponent == 0) {
        value = ldexpf((float)mantissa, -24);
    } else {
        value = ldexpf((float)(mantissa + 1024), exponent - 25);
    }
    return half & 0x8000 ? -value : value;
}

/* memcpy: bytes need not be aligned. */
static void convert(float *values, const uint8_t *bytes, size_t count, size_t item_size) {
    if (item_size == sizeof(float)) {
        memcpy(values, bytes, count * sizeof(float));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (item_size == sizeof(double)) {
            double value;
            memcpy(&value, bytes + i * sizeof value, sizeof value);
            values[i] = (float)value;
        } else {
            uint16_t half;
            memcpy(&half, bytes + i * sizeof half, sizeof half);
            values[i] = half_to_float(half);
        }
    }
}

/* 0 for what is not read. */
static size_t item_size_of(const char *descr) {
    if (strcmp(descr, "<f2") == 0) return 2;
    if (strcmp(descr, "<f4") == 0) return 4;
    if (strcmp(descr, "<f8") == 0) return 8;
    return 0;
}

/* False if a size is negative or the bytes do not fit in memory; as in NumPy, sizes beside a 0 count, too. */
static int count_values(const int64_t *shape, int ndim, size_t item_size, size_t *count) {
    size_t bytes = item_size;
    int empty = 0;
    for (int i = 0; i < ndim; i++) {
        if (shape[i] < 0) return 0;
        if (shape[i] == 0)
            empty = 1;
        else if (__builtin_mul_overflow(bytes, (size_t)shape[i], &bytes) || bytes > PTRDIFF_MAX)
            return 0;
    }
    *count = empty ? 0 : bytes / item_size;
    return 1;
}

/* An opened file, what its header says of the values, and where they are. All are in the file. */
typedef struct opened_array {
    i2v_input_file file;
    npy_header header;
    size_t start, count, item_size;
} opened_array;

static i2v_status check_array(opened_array *array, const char *path, i2v_error *error) {
    npy_header *header = &array->header;
    i2v_bytes bytes = {.file = &array->file};
    i2v_status status = read_header(&bytes, array->file.size, header, &array->start, path, error);
    if (status) return status;
    array->item_size = item_size_of(header->descr);
    if (!array->item_size && strcmp(header->descr + 1, "V2") == 0) {
        return i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                        "%s holds values of type %s, which is how NumPy saves bfloat16: save them as float32 "
                        "((array.view('<u2').astype('<u4') << 16).view('<f4'), or tensor.float().numpy())",
                        path, header->descr);
    }
    if (!array->item_size) {
        return i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                        "%s holds values of type %s: save it as float32 (array.astype('<f4'))", path, header->descr);
    }
    if (header->fortran_order) {
        return i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                        "%s is in Fortran order: save it in C order (numpy.ascontiguousarray)", path);
    }
    if (!count_values(header->shape, header->ndim, array->item_size, &array->count)) {
        return i2v_fail(error, I2V_ERROR_FORMAT, "%s has a damaged .npy header: its shape is too large", path);
    }
    if (array->count > (array->file.size - array->start) / array->item_size) {
        return i2v_fail(error, I2V_ERROR_FORMAT, "%s is truncated; copy it again, or write it anew", path);
    }
    return I2V_OK;
}

/* To be closed in every case. */
static i2v_status open_array(opened_array *array, const char *path, int64_t shape[MAX_NDIM], int *ndim,
                             i2v_error *error) {
    *array = (opened_array){0};
    if (ndim) *ndim = 0;
    i2v_status status = i2v_require(error, "path", path, "shape", shape, "ndim", ndim, NULL);
    if (!status) status = i2v_input_file_open(&array->file, path, error);
    if (!status) status = check_array(array, path, error);
    if (status) return status;
    memcpy(shape, array->header.shape, sizeof array->header.shape);
    *ndim = array->header.ndim;
    return I2V_OK;
}

enum { PIECE = 8192 };

/* Hashes the bytes of the file from first to before end. */
static i2v_status hash_bytes(i2v_sha256 *hash, const i2v_input_file *file, uint64_t first, uint64_t end,
                             i2v_error *error) {
    uint8_t piece[PIECE];
    i2v_bytes bytes = {.file = file};
    while (hash->context && first < end) {
        size_t count = end - first < PIECE ? (size_t)(end - first) : PIECE;
        if (!i2v_bytes_read(&bytes, first, count, piece)) return i2v_bytes_fail(&bytes, error);
        i2v_sha256_update(hash, piece, count);
        first += count;
    }
    return I2V_OK;
}

/* The values from number `begin` to before `end`, a piece at a time. */
static i2v_status read_values(const opened_array *array, size_t begin, size_t end, float *values, i2v_sha256 *hash,
                              i2v_error *error) {
    uint8_t piece[PIECE];
    i2v_bytes bytes = {.file = &array->file, .offset = array->start};
    size_t most = sizeof piece / array->item_size;
    for (size_t first = begin; first < end; first += most) {
        size_t left = end - first, count = left < most ? left : most;
        if (!i2v_bytes_read(&bytes, first * array->item_size, count * array->item_size, piece)) {
            return i2v_bytes_fail(&bytes, error);
        }
        i2v_sha256_update(hash, piece, count * array->item_size);
        convert(values + (first - begin), piece, count, array->item_size);
    }
    return I2V_OK;
}

/* Values that are allocated, and the hash of the whole file: what is before and after them, too. */
static i2v_status read_array(const opened_array *array, float **data, i2v_sha256 *hash, i2v_error *error) {
    uint64_t bytes = (uint64_t)array->count * sizeof **data, end = array->start + array->count * array->item_size;
    *data = bytes <= i2v_memory_budget() ? malloc(bytes ? bytes : 1) : NULL;
    if (!*data) return i2v_fail_memory(error, array->file.path, bytes);
    i2v_status status = hash_bytes(hash, &array->file, 0, array->start, error);
    if (!status) status = read_values(array, 0, array->count, *data, hash, error);
    if (!status) status = hash_bytes(hash, &array->file, end, array->file.size, error);
    return status ? status : i2v_input_file_check(&array->file, error);
}

i2v_status i2v_array_shape(const char *path, int64_t shape[8], int *ndim, i2v_error *error) {
    opened_array array;
    i2v_status status = open_array(&array, path, shape, ndim, error);
    i2v_input_file_close(&array.file);
    return status;
}

static i2v_status fail_changed(const char *path, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_IO, "%s has changed while it was in use; start again", path);
}

/* wanted: the shape of i2v_array_load_same; NULL: any. sha256 may be NULL. */
static i2v_status load(const char *path, float **data, const int64_t *wanted, int wanted_ndim, int64_t shape[MAX_NDIM],
                       int *ndim, char sha256[I2V_SHA256_SIZE], i2v_error *error) {
    opened_array array = {0};
    i2v_sha256 hash = {0};
    if (data) *data = NULL;
    i2v_status status = i2v_require(error, "data", data, NULL);
    if (!status) status = open_array(&array, path, shape, ndim, error);
    if (!status && wanted && (*ndim != wanted_ndim || memcmp(shape, wanted, (size_t)*ndim * sizeof *shape) != 0))
        status = fail_changed(path, error);
    if (sha256) i2v_sha256_begin(&hash);
    if (!status) status = read_array(&array, data, &hash, error);
    i2v_status hashed = sha256 ? i2v_sha256_end(&hash, sha256, status ? NULL : error) : I2V_OK;
    if (!status) status = hashed;
    if (status && data) {
        free(*data);
        *data = NULL;
        if (sha256) sha256[0] = '\0';
    }
    i2v_input_file_close(&array.file);
    return status;
}

i2v_status i2v_array_load(const char *path, float **data, int64_t shape[8], int *ndim, i2v_error *error) {
    return load(path, data, NULL, 0, shape, ndim, NULL, error);
}

i2v_status i2v_array_load_same(const char *path, float **data, const int64_t *shape, int ndim,
                               char sha256[I2V_SHA256_SIZE], i2v_error *error) {
    int64_t found[MAX_NDIM];
    int found_ndim;
    if (data) *data = NULL;
    i2v_status status = i2v_require(error, "shape", shape, NULL);
    if (status) return status;
    return load(path, data, shape, ndim, found, &found_ndim, sha256, error);
}

i2v_status i2v_array_load_row(const char *path, const int64_t *shape, int ndim, int64_t row, float *values,
                              i2v_error *error) {
    opened_array array;
    int64_t found[MAX_NDIM];
    int found_ndim;
    i2v_status status = open_array(&array, path, found, &found_ndim, error);
    if (!status && (found_ndim != ndim || memcmp(found, shape, (size_t)ndim * sizeof *shape) != 0))
        status = fail_changed(path, error);
    if (!status) {
        size_t count = array.count / (size_t)shape[0], begin = (size_t)row * count;
        i2v_sha256 none = {0};
        status = read_values(&array, begin, begin + count, values, &none, error);
    }
    if (!status) status = i2v_input_file_check(&array.file, error);
    i2v_input_file_close(&array.file);
    return status;
}

void i2v_array_free(float *data) {
    free(data);
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

/* As numpy.save writes it, padded to a multiple of 64. Returns its length; HEADER_SIZE holds 8 sizes of 19 digits. */
static size_t write_header(char header[HEADER_SIZE + 1], const int64_t *shape, int ndim) {
    int at = PREFIX_SIZE;
    at += snprintf(header + at, HEADER_SIZE - (size_t)at, "{'descr': '<f4', 'fortran_order': False, 'shape': (");
    for (int i = 0; i < ndim; i++) {
        const char *separator = i + 1 < ndim ? ", " : ndim == 1 ? "," : "";
        at += snprintf(header + at, HEADER_SIZE - (size_t)at, "%" PRId64 "%s", shape[i], separator);
    }
    at += snprintf(header + at, HEADER_SIZE - (size_t)at, "), }");
    size_t size = ((size_t)at + 1 + 63) / 64 * 64;
    memset(header + at, ' ', size - (size_t)at);
    header[size - 1] = '\n';
    memcpy(header, magic, 6);
    header[6] = 1;
    header[7] = 0;
    header[8] = (char)((size - PREFIX_SIZE) & 255);
    header[9] = (char)((size - PREFIX_SIZE) >> 8);
    return size;
}

static int write_rows(FILE *stream, const float *data, int64_t rows, int64_t count, size_t values) {
    int written = 1;
    for (int64_t i = 0; written && values && i < count; i++) {
        const float *row = data + (size_t)i2v_frame_at(i, rows) * values;
        written = fwrite(row, sizeof *row, values, stream) == values;
    }
    return written;
}

i2v_status i2v_array_save(const char *path, const float *data, const int64_t *shape, int ndim, i2v_error *error) {
    return i2v_array_save_rows(path, data, ndim > 0 && shape ? shape[0] : 1, shape, ndim, 0, error);
}

i2v_status i2v_array_save_new(const char *path, const float *data, const int64_t *shape, int ndim, i2v_error *error) {
    return i2v_array_save_rows(path, data, ndim > 0 && shape ? shape[0] : 1, shape, ndim, 1, error);
}

i2v_status i2v_array_save_rows(const char *path, const float *data, int64_t rows, const int64_t *shape, int ndim,
                               int is_new, i2v_error *error) {
    size_t count = 0;
    i2v_status status = i2v_require(error, "path", path, NULL);
    if (!status && ndim > 0) status = i2v_require(error, "shape", shape, NULL);
    if (status) return status;
    if (ndim < 0 || ndim > MAX_NDIM || !count_values(shape, ndim, sizeof *data, &count)) {
        return i2v_fail(error, I2V_ERROR_PARAMETER,
                        "cannot write %s: its shape has a negative or too large size, or more "
                        "than %d dimensions",
                        path, MAX_NDIM);
    }
    if (count > 0) status = i2v_require(error, "data", data, NULL);
    i2v_output_file file;
    if (!status) i2v_output_file_sweep(path);
    if (!status) status = i2v_output_file_begin_new(&file, path, is_new, error);
    if (status) return status;
    char header[HEADER_SIZE + 1];
    size_t size = write_header(header, shape, ndim);
    FILE *stream = fopen(file.temporary, "wbe");
    int64_t in_file = ndim > 0 ? shape[0] : 1;
    int written = stream && fwrite(header, 1, size, stream) == size &&
                  write_rows(stream, data, rows, in_file, in_file > 0 ? count / (size_t)in_file : 0);
    if (stream && fclose(stream) != 0) written = 0;
    if (!written) {
        status = i2v_fail_system(error, "write", path, errno);
        i2v_output_file_abort(&file);
        return status;
    }
    return i2v_output_file_commit(&file, error);
}
