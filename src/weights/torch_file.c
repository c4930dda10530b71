/* A tensor is pickled as a call of torch._utils._rebuild_tensor_v2 (or _v3, for storages without a type) with its
 * storage, where it begins in it, its sizes and its strides; a parameter as a call of _rebuild_parameter with its
 * tensor. A storage is a persistent id: ("storage", its type, the name of its file, device, number of values). Sources:
 * PyTorch 2.13, torch/serialization.py and torch/_utils.py. */
#include "weights/torch_file.h"

#include "base/other_files.h"
#include "weights/pickle.h"
#include "weights/safetensors.h"
#include "weights/set_struct.h"
#include "weights/torch_strides.h"
#include "weights/zip_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TENSOR_V2 "torch._utils._rebuild_tensor_v2"
#define TENSOR_V3 "torch._utils._rebuild_tensor_v3"
#define PARAMETER "torch._utils._rebuild_parameter"
#define UNTYPED "torch.storage.UntypedStorage"

/* Types of storages and dtypes of tensors, by their names in safetensors. */
static const struct {
    const char *storage, *dtype, *type;
} types[] = {
    {"torch.FloatStorage", "torch.float32", "F32"},
    {"torch.HalfStorage", "torch.float16", "F16"},
    {"torch.BFloat16Storage", "torch.bfloat16", "BF16"},
    {NULL, "torch.float8_e4m3fn", "F8_E4M3"},
    {NULL, "torch.float8_e5m2", "F8_E5M2"},
    {"torch.DoubleStorage", "torch.float64", "F64"},
    {"torch.LongStorage", "torch.int64", "I64"},
    {"torch.IntStorage", "torch.int32", "I32"},
    {"torch.ShortStorage", "torch.int16", "I16"},
    {"torch.CharStorage", "torch.int8", "I8"},
    {"torch.ByteStorage", "torch.uint8", "U8"},
    {"torch.BoolStorage", "torch.bool", "BOOL"},
};

enum { TYPES = sizeof types / sizeof *types };

/* What may be named: tensors, and plain data that checkpoints hold beside them. */
static const char *const others[] = {
    TENSOR_V2,
    TENSOR_V3,
    PARAMETER,
    UNTYPED,
    "torch.Size",
    "torch.device",
    "collections.OrderedDict",
    "collections.Counter",
};

enum { OTHERS = sizeof others / sizeof *others };

typedef struct reading {
    i2v_tensor_file *file;
    i2v_zip zip;
    char prefix[256]; /* of the archive's files: "archive/" */
    uint8_t *bytes;   /* the pickle's */
    i2v_pickle pickle;
    i2v_error *error;
} reading;

static i2v_status fail_damaged(const reading *r, const char *tensor, const char *what) {
    return i2v_fail(r->error, I2V_ERROR_MODEL, "%s: tensor %s: %s; the file is damaged, download it again",
                    r->file->path, tensor, what);
}

/* ---- the archive ------------------------------------------------------------------------------------------------- */

/* The file's own error where the archive is known to be something else. */
static i2v_status fail_other(const reading *r) {
    char begin[I2V_OTHER_FILE_BEGIN] = {0};
    i2v_bytes bytes = {.file = &r->file->file};
    size_t count = r->file->file.size < sizeof begin ? (size_t)r->file->file.size : sizeof begin;
    if (!i2v_bytes_read(&bytes, 0, count, begin)) return i2v_bytes_fail(&bytes, r->error);
    i2v_status status = i2v_other_file_check(begin, count, I2V_WANTED_WEIGHTS, r->file->path, r->error);
    if (status != I2V_OK) return status;
    return i2v_fail(r->error, I2V_ERROR_MODEL,
                    "%s: it is a ZIP archive without a data.pkl, so PyTorch did not save it; get the model's "
                    "safetensors files",
                    r->file->path);
}

/* Sets prefix: of the first file NAME/data.pkl. */
static const i2v_zip_entry *find_pickle(reading *r) {
    static const char name[] = "/data.pkl";
    size_t tail = sizeof name - 1;
    for (size_t i = 0; i < r->zip.count; i++) {
        const i2v_zip_entry *entry = &r->zip.entries[i];
        size_t folder = entry->length - tail + 1; /* with its slash */
        if (entry->length <= tail || folder >= sizeof r->prefix || memcmp(entry->name + folder - 1, name, tail) != 0 ||
            memchr(entry->name, '/', folder - 1))
            continue;
        snprintf(r->prefix, sizeof r->prefix, "%.*s", (int)folder, entry->name);
        return entry;
    }
    return NULL;
}

/* NULL: there is none. No name of PyTorch's has more than twenty characters. */
static const i2v_zip_entry *find_entry(const reading *r, const char *folder, const char *name, size_t length) {
    char path[sizeof r->prefix + 256];
    if (length >= 128) return NULL;
    snprintf(path, sizeof path, "%s%s%.*s", r->prefix, folder, (int)length, name);
    return i2v_zip_find(&r->zip, path);
}

/* Values are used as they are read, as little endian. */
static i2v_status check_order(const reading *r) {
    char order[8] = "";
    uint64_t offset;
    const i2v_zip_entry *entry = find_entry(r, "", "byteorder", 9);
    if (!entry || entry->size >= sizeof order) return I2V_OK; /* before 2.1 there was none */
    i2v_status status = i2v_zip_place(&r->zip, entry, &offset, r->error);
    if (status != I2V_OK) return status;
    i2v_bytes bytes = {.file = &r->file->file};
    if (!i2v_bytes_read(&bytes, offset, (size_t)entry->size, order)) return i2v_bytes_fail(&bytes, r->error);
    if (strcmp(order, "big") != 0) return I2V_OK;
    return i2v_fail(r->error, I2V_ERROR_UNSUPPORTED,
                    "%s: its values have their bytes in big-endian order, which is not read; load it in PyTorch and "
                    "save it as safetensors",
                    r->file->path);
}

static i2v_status read_pickle(reading *r) {
    const char *globals[2 * TYPES + OTHERS + 1], **next = globals;
    for (size_t i = 0; i < TYPES; i++) {
        if (types[i].storage) *next++ = types[i].storage;
        *next++ = types[i].dtype;
    }
    for (size_t i = 0; i < OTHERS; i++) *next++ = others[i];
    *next = NULL;
    const i2v_zip_entry *entry = find_pickle(r);
    if (!entry) return fail_other(r);
    if (entry->size > I2V_PICKLE_MAX_BYTES)
        return i2v_fail(r->error, I2V_ERROR_MODEL, "%s: its pickle has %" PRIu64 " MiB, more than weights need (%zu)",
                        r->file->path, entry->size >> 20, I2V_PICKLE_MAX_BYTES >> 20);
    uint64_t offset;
    size_t size = (size_t)entry->size;
    i2v_status status = i2v_zip_place(&r->zip, entry, &offset, r->error);
    if (status != I2V_OK) return status;
    r->bytes = malloc(size + 1);
    if (!r->bytes) return i2v_fail_memory(r->error, r->file->path, size);
    i2v_bytes bytes = {.file = &r->file->file};
    if (size && !i2v_bytes_read(&bytes, offset, size, r->bytes)) return i2v_bytes_fail(&bytes, r->error);
    return i2v_pickle_read(&r->pickle, r->bytes, size, globals, r->file->path, r->error);
}

/* ---- one tensor -------------------------------------------------------------------------------------------------- */

/* The items of a tuple, or of a torch.Size, which is a call with one; NULL if it is none. */
static const i2v_pickle_value *tuple_of(const reading *r, const i2v_pickle_value *value) {
    if (value->kind == I2V_PICKLE_CALL && i2v_pickle_is_global(i2v_pickle_item(&r->pickle, value, 0), "torch.Size")) {
        const i2v_pickle_value *arguments = i2v_pickle_item(&r->pickle, value, 1);
        if (arguments->count != 1) return NULL;
        value = i2v_pickle_item(&r->pickle, arguments, 0);
    }
    return value->kind == I2V_PICKLE_TUPLE ? value : NULL;
}

/* Reads a tuple of counts; -1 if it is none, else how many. */
static int read_counts(const reading *r, const i2v_pickle_value *value, int64_t counts[I2V_WEIGHT_MAX_DIMS]) {
    const i2v_pickle_value *tuple = tuple_of(r, value);
    if (!tuple || tuple->count > I2V_WEIGHT_MAX_DIMS) return -1;
    for (uint32_t i = 0; i < tuple->count; i++) {
        const i2v_pickle_value *item = i2v_pickle_item(&r->pickle, tuple, i);
        if (item->kind != I2V_PICKLE_INT || item->integer < 0) return -1;
        counts[i] = item->integer;
    }
    return (int)tuple->count;
}

/* The arguments of the call that makes a tensor, as many as it needs; NULL if the value is no tensor. */
static const i2v_pickle_value *tensor_call(const reading *r, const i2v_pickle_value *value, int *is_untyped) {
    for (int depth = 0; depth < 2 && value->kind == I2V_PICKLE_CALL; depth++) {
        const i2v_pickle_value *callee = i2v_pickle_item(&r->pickle, value, 0);
        const i2v_pickle_value *arguments = i2v_pickle_item(&r->pickle, value, 1);
        *is_untyped = i2v_pickle_is_global(callee, TENSOR_V3);
        if (*is_untyped) return arguments->count >= 7 ? arguments : NULL;
        if (i2v_pickle_is_global(callee, TENSOR_V2)) return arguments->count >= 4 ? arguments : NULL;
        if (!i2v_pickle_is_global(callee, PARAMETER) || arguments->count == 0) return NULL;
        value = i2v_pickle_item(&r->pickle, arguments, 0);
    }
    return NULL;
}

static const i2v_weight_type *find_type(const i2v_pickle_value *global) {
    for (size_t i = 0; i < TYPES; i++)
        if ((types[i].storage && i2v_pickle_is_global(global, types[i].storage)) ||
            i2v_pickle_is_global(global, types[i].dtype))
            return i2v_weight_type_find(types[i].type);
    return NULL;
}

/* The storage of a tensor: sets where its bytes begin, and how many there are. */
static i2v_status find_storage(const reading *r, const char *tensor, const i2v_pickle_value *id, uint64_t *offset,
                               uint64_t *size) {
    static const char wrong[] = "what it says of its storage is wrong";
    const i2v_pickle_value *tuple =
        id->kind == I2V_PICKLE_PERSISTENT ? tuple_of(r, i2v_pickle_item(&r->pickle, id, 0)) : NULL;
    if (!tuple || tuple->count < 5) return fail_damaged(r, tensor, wrong);
    const i2v_pickle_value *key = i2v_pickle_item(&r->pickle, tuple, 2);
    if (!i2v_pickle_is_text(i2v_pickle_item(&r->pickle, tuple, 0), "storage") || key->kind != I2V_PICKLE_TEXT)
        return fail_damaged(r, tensor, wrong);
    const i2v_zip_entry *entry = find_entry(r, "data/", key->text, key->length);
    if (!entry) return fail_damaged(r, tensor, "the file of its storage is missing");
    *size = entry->size;
    return i2v_zip_place(&r->zip, entry, offset, r->error);
}

/* Sets dtype, shape, count and bytes. */
static i2v_status read_shape(const reading *r, i2v_weight *weight, const i2v_pickle_value *arguments,
                             const i2v_weight_type *type) {
    weight->dtype = type->dtype;
    weight->dtype_name = type->name;
    weight->ndim = read_counts(r, i2v_pickle_item(&r->pickle, arguments, 2), weight->shape);
    if (weight->ndim < 0) return fail_damaged(r, weight->name, "its sizes are no counts, or more than eight");
    weight->count = 1;
    for (int i = 0; i < weight->ndim; i++)
        if (__builtin_mul_overflow(weight->count, (uint64_t)weight->shape[i], &weight->count))
            return fail_damaged(r, weight->name, "it has more elements than can be counted");
    if (__builtin_mul_overflow(weight->count, (uint64_t)type->bytes, &weight->bytes))
        return fail_damaged(r, weight->name, "it has more bytes than can be counted");
    return I2V_OK;
}

/* The copies of all tensors may have as many bytes as the file: more are values that are there several times. */
static i2v_status put_in_order(reading *r, i2v_weight *weight, const i2v_torch_view *view) {
    if (weight->bytes > r->file->file.size - r->file->copied)
        return i2v_fail(r->error, I2V_ERROR_UNSUPPORTED,
                        "%s: tensor %s does not have its values in order, and to put all such tensors in order would "
                        "take more memory than the file has bytes; save it with contiguous() in PyTorch",
                        r->file->path, weight->name);
    r->file->copied += weight->bytes;
    void *copy = malloc((size_t)weight->bytes);
    if (!copy) return i2v_fail_memory(r->error, weight->name, weight->bytes);
    r->file->copies[weight - r->file->tensors] = copy;
    i2v_status status = i2v_torch_view_read(view, &weight->at, copy, r->error);
    if (status == I2V_OK) weight->at = (i2v_bytes){.data = copy};
    return status;
}

/* The tensor of that call; its name is set. */
static i2v_status read_tensor(reading *r, i2v_weight *weight, const i2v_pickle_value *arguments, int is_untyped) {
    const i2v_pickle_value *id = i2v_pickle_item(&r->pickle, arguments, 0);
    const i2v_pickle_value *first = i2v_pickle_item(&r->pickle, arguments, 1);
    uint64_t offset = 0, size = 0;
    i2v_status status = find_storage(r, weight->name, id, &offset, &size);
    if (status != I2V_OK) return status;
    const i2v_pickle_value *storage_type = i2v_pickle_item(&r->pickle, i2v_pickle_item(&r->pickle, id, 0), 1);
    const i2v_weight_type *type = find_type(is_untyped ? i2v_pickle_item(&r->pickle, arguments, 6) : storage_type);
    if (!type) return fail_damaged(r, weight->name, "its dtype is not known");
    status = read_shape(r, weight, arguments, type);
    if (status != I2V_OK) return status;
    i2v_torch_view view = {.ndim = weight->ndim, .element = type->bytes};
    memcpy(view.shape, weight->shape, sizeof view.shape);
    if (read_counts(r, i2v_pickle_item(&r->pickle, arguments, 3), view.strides) != weight->ndim)
        return fail_damaged(r, weight->name, "its strides do not fit its sizes");
    if (first->kind != I2V_PICKLE_INT || first->integer < 0 ||
        !i2v_torch_view_fits(&view, (uint64_t)first->integer, size))
        return fail_damaged(r, weight->name, "it reaches beyond its storage");
    weight->at = (i2v_bytes){.file = &r->file->file, .offset = offset + (uint64_t)first->integer * type->bytes};
    return weight->count == 0 || i2v_torch_view_is_plain(&view) ? I2V_OK : put_in_order(r, weight, &view);
}

/* ---- the state dict ---------------------------------------------------------------------------------------------- */

static uint32_t count_tensors(const reading *r, const i2v_pickle_value *dict) {
    uint32_t count = 0;
    int is_untyped;
    for (uint32_t i = 1; i < dict->count; i += 2)
        count += tensor_call(r, i2v_pickle_item(&r->pickle, dict, i), &is_untyped) != NULL;
    return count;
}

/* The dict of that name; NULL if there is none. */
static const i2v_pickle_value *named_state(const reading *r, const i2v_pickle_value *top, const char *name) {
    for (uint32_t i = 0; i + 1 < top->count; i += 2) {
        const i2v_pickle_value *value = i2v_pickle_item(&r->pickle, top, i + 1);
        if (value->kind == I2V_PICKLE_DICT && i2v_pickle_is_text(i2v_pickle_item(&r->pickle, top, i), name))
            return value;
    }
    return NULL;
}

/* The number of dicts in top that have tensors; *state is the last. seen: a zero for each value of the pickle, as one
 * dict may be there any number of times. */
static int inner_states(const reading *r, const i2v_pickle_value *top, unsigned char *seen,
                        const i2v_pickle_value **state) {
    int found = 0;
    for (uint32_t i = 1; i < top->count; i += 2) {
        const i2v_pickle_value *value = i2v_pickle_item(&r->pickle, top, i);
        unsigned char *mark = &seen[value - r->pickle.values];
        if (value->kind != I2V_PICKLE_DICT || *mark) continue;
        *mark = 1;
        if (count_tensors(r, value) == 0) continue;
        *state = value;
        found++;
    }
    return found;
}

/* The dict of tensors: what was saved, or one of the dicts in it. */
static i2v_status find_state(const reading *r, const i2v_pickle_value **state) {
    const i2v_pickle_value *top = &r->pickle.values[r->pickle.top];
    if (top->kind != I2V_PICKLE_DICT)
        return i2v_fail(r->error, I2V_ERROR_MODEL,
                        "%s: it holds no dict of tensors by name; save the model's state_dict()", r->file->path);
    *state = named_state(r, top, "state_dict");
    if (*state) return I2V_OK;
    *state = top;
    if (count_tensors(r, top) > 0) return I2V_OK;
    const i2v_pickle_value *named = named_state(r, top, "model");
    if (named && count_tensors(r, named) > 0) {
        *state = named;
        return I2V_OK;
    }
    unsigned char *seen = calloc(r->pickle.count, 1);
    if (!seen) return i2v_fail_memory(r->error, r->file->path, r->pickle.count);
    int found = inner_states(r, top, seen, state);
    free(seen);
    if (found <= 1) return I2V_OK;
    return i2v_fail(r->error, I2V_ERROR_MODEL,
                    "%s: it holds %d dicts of tensors, and none is called state_dict or model; save one of them",
                    r->file->path, found);
}

/* A copy of the name, which is ASCII as Python's names of modules are. */
static i2v_status take_name(const reading *r, i2v_weight *weight, const i2v_pickle_value *key) {
    if (key->kind != I2V_PICKLE_TEXT)
        return i2v_fail(r->error, I2V_ERROR_MODEL, "%s: a tensor has no text for a name", r->file->path);
    for (size_t i = 0; i < key->length; i++)
        if (key->text[i] < 0x20 || key->text[i] > 0x7e)
            return i2v_fail(r->error, I2V_ERROR_MODEL, "%s: a tensor's name holds other characters than ASCII's",
                            r->file->path);
    char *name = malloc(key->length + 1);
    if (!name) return i2v_fail_memory(r->error, r->file->path, key->length);
    memcpy(name, key->text, key->length);
    name[key->length] = '\0';
    weight->name = weight->origin = name;
    return I2V_OK;
}

static i2v_status read_tensors(reading *r) {
    i2v_tensor_file *file = r->file;
    const i2v_pickle_value *state = NULL;
    i2v_status status = find_state(r, &state);
    if (status != I2V_OK) return status;
    size_t count = count_tensors(r, state);
    if (count > I2V_MAX_TENSORS)
        return i2v_fail(r->error, I2V_ERROR_MODEL, "%s: it has more than %d tensors; get the right file", file->path,
                        I2V_MAX_TENSORS);
    file->tensors = calloc(count + 1, sizeof *file->tensors);
    file->copies = calloc(count + 1, sizeof *file->copies);
    if (!file->tensors || !file->copies) return i2v_fail_memory(r->error, file->path, count * sizeof *file->tensors);
    for (uint32_t i = 0; status == I2V_OK && i + 1 < state->count; i += 2) {
        int is_untyped;
        const i2v_pickle_value *call = tensor_call(r, i2v_pickle_item(&r->pickle, state, i + 1), &is_untyped);
        if (!call) continue;
        i2v_weight *weight = &file->tensors[file->count];
        *weight = (i2v_weight){.file = file->path, .scale = 1};
        status = take_name(r, weight, i2v_pickle_item(&r->pickle, state, i));
        if (status != I2V_OK) break;
        file->count++;
        status = read_tensor(r, weight, call, is_untyped);
    }
    return status;
}

i2v_status i2v_torch_file_read(i2v_tensor_file *file, i2v_error *error) {
    reading r = {.file = file, .error = error};
    i2v_status status = i2v_zip_open(&r.zip, &file->file, error);
    if (status == I2V_OK) status = read_pickle(&r);
    if (status == I2V_OK) status = check_order(&r);
    if (status == I2V_OK) status = read_tensors(&r);
    i2v_pickle_close(&r.pickle);
    free(r.bytes);
    i2v_zip_close(&r.zip);
    return status;
}
