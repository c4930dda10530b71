/* One safetensors file: 8 bytes of header length (little endian), the header (JSON: name -> dtype, shape, place), the
 * tensors' bytes without gaps. Nothing in the header is trusted: a tensor is handed out only after all are checked. */
#include "weights/safetensors.h"

#include "base/other_files.h"
#include "base/text.h"
#include "json/read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "tensors are used as they are read, as little endian"
#endif

#define MAX_HEADER 100000000 /* the limit of the safetensors library */

/* Checks the first bytes; *size is the length of the JSON text at byte 8. */
static i2v_status header_size(const i2v_input_file *file, const char *path, size_t *size, i2v_error *error) {
    char begin[I2V_OTHER_FILE_BEGIN] = {0};
    uint64_t length = 0;
    i2v_bytes bytes = {.file = file};
    size_t count = file->size < sizeof begin ? (size_t)file->size : sizeof begin;
    if (count && !i2v_bytes_read(&bytes, 0, count, begin)) return i2v_bytes_fail(&bytes, error);
    memcpy(&length, begin, sizeof length);
    if (count <= sizeof length || length > file->size - sizeof length || length == 0) {
        i2v_status status = i2v_other_file_check(begin, count, I2V_WANTED_WEIGHTS, path, error);
        if (status != I2V_OK) return status;
    }
    if (count < sizeof length)
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: %" PRIu64 " bytes are too few for a safetensors file; download it again", path,
                        file->size);
    if (length > MAX_HEADER)
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: a header of %" PRIu64 " bytes: this is no safetensors file, or it is damaged; "
                        "download it again",
                        path, length);
    if (length > file->size - sizeof length)
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: its header ends at byte %" PRIu64 ", past the end of the file (%" PRIu64 " bytes): the "
                        "file is truncated or damaged; download it again",
                        path, length + sizeof length, file->size);
    *size = (size_t)length;
    return I2V_OK;
}

static i2v_status read_header(json_t **header, size_t *size, const i2v_input_file *file, i2v_error *error) {
    i2v_status status = header_size(file, file->path, size, error);
    if (status != I2V_OK) return status;
    i2v_bytes bytes = {.file = file};
    char *text = malloc(*size ? *size : 1);
    if (!text) return i2v_fail_memory(error, file->path, *size);
    status = i2v_bytes_read(&bytes, 8, *size, text)
                 ? i2v_json_parse(header, text, *size, JSON_REJECT_DUPLICATES, file->path, error)
                 : i2v_bytes_fail(&bytes, error);
    free(text);
    return status;
}

const i2v_weight_type *i2v_weight_type_find(const char *name) {
    static const i2v_weight_type table[] = {
        {"F32", 4, I2V_WEIGHT_F32},           {"F16", 2, I2V_WEIGHT_F16},       {"BF16", 2, I2V_WEIGHT_BF16},
        {"F64", 8, I2V_WEIGHT_OTHER},         {"I64", 8, I2V_WEIGHT_OTHER},     {"U64", 8, I2V_WEIGHT_OTHER},
        {"C64", 8, I2V_WEIGHT_OTHER},         {"I32", 4, I2V_WEIGHT_OTHER},     {"U32", 4, I2V_WEIGHT_OTHER},
        {"I16", 2, I2V_WEIGHT_OTHER},         {"U16", 2, I2V_WEIGHT_OTHER},     {"I8", 1, I2V_WEIGHT_OTHER},
        {"U8", 1, I2V_WEIGHT_OTHER},          {"BOOL", 1, I2V_WEIGHT_OTHER},    {"F8_E4M3", 1, I2V_WEIGHT_E4M3},
        {"F8_E5M2", 1, I2V_WEIGHT_E5M2},      {"F8_E8M0", 1, I2V_WEIGHT_OTHER}, {"F8_E4M3FNUZ", 1, I2V_WEIGHT_OTHER},
        {"F8_E5M2FNUZ", 1, I2V_WEIGHT_OTHER},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, name) == 0) return &table[i];
    return NULL;
}

/* Sets ndim, shape and count. */
static i2v_status read_shape(i2v_weight *weight, const json_t *shape, i2v_error *error) {
    if (!json_is_array(shape))
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor %s: its shape is %s, expected an array; download it again",
                        weight->file, weight->name, i2v_json_type_name(shape));
    size_t ndim = json_array_size(shape);
    if (ndim > I2V_WEIGHT_MAX_DIMS)
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor %s has %zu dimensions, more than %d", weight->file,
                        weight->name, ndim, I2V_WEIGHT_MAX_DIMS);
    weight->ndim = (int)ndim;
    weight->count = 1;
    for (size_t i = 0; i < ndim; i++) {
        const json_t *side = json_array_get(shape, i);
        weight->shape[i] = json_is_integer(side) ? json_integer_value(side) : -1;
        if (weight->shape[i] < 0)
            return i2v_fail(error, I2V_ERROR_MODEL,
                            "%s: tensor %s: dimension %zu of its shape is no count; download the file again",
                            weight->file, weight->name, i);
        if (__builtin_mul_overflow(weight->count, (uint64_t)weight->shape[i], &weight->count))
            return i2v_fail(error, I2V_ERROR_MODEL,
                            "%s: tensor %s has more elements than can be counted; download the file again",
                            weight->file, weight->name);
    }
    return I2V_OK;
}

/* Sets offset and checks that the place has the size which dtype and shape ask for. */
static i2v_status read_place(i2v_weight *weight, const json_t *place, uint64_t data_begin, i2v_error *error) {
    const json_t *first = json_array_get(place, 0), *last = json_array_get(place, 1);
    json_int_t begin = json_is_integer(first) ? json_integer_value(first) : -1;
    json_int_t end = json_is_integer(last) ? json_integer_value(last) : -1;
    if (json_array_size(place) != 2 || begin < 0 || end < begin)
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: tensor %s: its data_offsets are no [begin, end]; download the file again", weight->file,
                        weight->name);
    if ((uint64_t)(end - begin) != weight->bytes)
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: tensor %s: its data_offsets span %lld bytes, but its shape and dtype %s take %" PRIu64
                        "; download the file again",
                        weight->file, weight->name, (long long)(end - begin), weight->dtype_name, weight->bytes);
    weight->at.offset = data_begin + (uint64_t)begin;
    return I2V_OK;
}

static i2v_status read_tensor(i2v_weight *weight, const json_t *entry, uint64_t data_begin, i2v_error *error) {
    if (i2v_has_control_characters(weight->name))
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: a tensor's name holds control characters", weight->file);
    if (!json_is_object(entry))
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor %s is described by %s, expected an object", weight->file,
                        weight->name, i2v_json_type_name(entry));
    const json_t *dtype = json_object_get(entry, "dtype");
    const i2v_weight_type *known = json_is_string(dtype) ? i2v_weight_type_find(json_string_value(dtype)) : NULL;
    if (!known)
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor %s has the unknown dtype %.20s", weight->file, weight->name,
                        json_is_string(dtype) ? json_string_value(dtype) : i2v_json_type_name(dtype));
    weight->dtype = known->dtype;
    weight->dtype_name = known->name;
    weight->scale = 1;
    i2v_status status = read_shape(weight, json_object_get(entry, "shape"), error);
    if (status != I2V_OK) return status;
    if (__builtin_mul_overflow(weight->count, (uint64_t)known->bytes, &weight->bytes))
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: tensor %s has more bytes than can be counted; download the file again", weight->file,
                        weight->name);
    return read_place(weight, json_object_get(entry, "data_offsets"), data_begin, error);
}

/* By place; an empty tensor before the one that begins where it is. */
static int compare_places(const void *a, const void *b) {
    const i2v_weight *x = a, *y = b;
    if (x->at.offset != y->at.offset) return x->at.offset < y->at.offset ? -1 : 1;
    return (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

/* The tensors must fill the data section: nothing past the file's end, no overlap, no gap, no rest. */
static i2v_status check_places(const i2v_tensor_file *file, uint64_t data_begin, i2v_error *error) {
    const i2v_weight *last = NULL;
    for (size_t i = 0; i < file->count; i++) {
        const i2v_weight *weight = &file->tensors[i];
        if (!last || weight->at.offset + weight->bytes > last->at.offset + last->bytes) last = weight;
    }
    uint64_t end = last ? last->at.offset + last->bytes : data_begin;
    if (end > file->file.size)
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: tensor %s ends at byte %" PRIu64 ", past the end of the file (%" PRIu64 " bytes, %" PRIu64
                        " are missing): the file is truncated or damaged; download it again",
                        file->path, last->name, end, file->file.size, end - file->file.size);
    uint64_t position = data_begin;
    for (size_t i = 0; i < file->count; i++) {
        const i2v_weight *weight = &file->tensors[i];
        if (weight->at.offset < position)
            return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor %s overlaps tensor %s; download the file again",
                            file->path, weight->name, file->tensors[i - 1].name);
        if (weight->at.offset > position)
            return i2v_fail(error, I2V_ERROR_MODEL,
                            "%s: there is a gap of %" PRIu64 " bytes before tensor %s; download the file again",
                            file->path, weight->at.offset - position, weight->name);
        position += weight->bytes;
    }
    if (position < file->file.size)
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: %" PRIu64 " bytes follow the last tensor: the file is damaged; download it again",
                        file->path, file->file.size - position);
    return I2V_OK;
}

static i2v_status read_tensors(i2v_tensor_file *file, json_t *header, uint64_t data_begin, i2v_error *error) {
    size_t capacity = json_object_size(header);
    file->tensors = calloc(capacity ? capacity : 1, sizeof *file->tensors);
    if (!file->tensors) return i2v_fail_memory(error, file->path, capacity * sizeof *file->tensors);
    const char *name;
    json_t *entry;
    json_object_foreach(header, name, entry) {
        if (strcmp(name, "__metadata__") == 0) continue;
        i2v_weight *weight = &file->tensors[file->count];
        weight->file = file->path;
        weight->at.file = &file->file;
        weight->name = strdup(name);
        if (!weight->name) return i2v_fail_memory(error, file->path, strlen(name));
        weight->origin = weight->name;
        file->count++;
        i2v_status status = read_tensor(weight, entry, data_begin, error);
        if (status != I2V_OK) return status;
    }
    qsort(file->tensors, file->count, sizeof *file->tensors, compare_places);
    return check_places(file, data_begin, error);
}

i2v_status i2v_safetensors_read(i2v_tensor_file *file, i2v_error *error) {
    json_t *header = NULL;
    size_t size = 0;
    i2v_status status = read_header(&header, &size, &file->file, error);
    if (status == I2V_OK) status = read_tensors(file, header, 8 + (uint64_t)size, error);
    if (status == I2V_OK) file->metadata = json_incref(json_object_get(header, "__metadata__"));
    json_decref(header);
    return status;
}

i2v_status i2v_safetensors_open(i2v_tensor_file *file, const char *path, i2v_error *error) {
    i2v_status status = i2v_tensor_file_begin(file, path, error);
    if (status == I2V_OK) status = i2v_safetensors_read(file, error);
    if (status != I2V_OK) i2v_tensor_file_close(file);
    return status;
}
