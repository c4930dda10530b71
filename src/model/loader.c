/* Brings weights from a file into the form that operations need. */
#include "model/loader.h"

#include "base/finite.h"
#include "base/parallel.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Values widened in one piece of parallel work. */
#define READ_CHUNK ((uint64_t)1 << 20)

/* ---- store ---- */

typedef struct i2v_store_block {
    void *memory;
    void (*free)(void *memory);
} store_block;

void i2v_store_free(i2v_store *store) {
    for (size_t i = 0; i < store->count; i++) store->blocks[i].free(store->blocks[i].memory);
    free(store->blocks);
    *store = (i2v_store){0};
}

/* Keeps memory, which may be NULL. NULL if it could not be kept, and is freed. */
static void *store_keep(i2v_store *store, void *memory, void (*release)(void *memory)) {
    if (!memory) return NULL;
    if (store->count == store->room) {
        size_t room = store->room ? 2 * store->room : 256;
        store_block *grown = realloc(store->blocks, room * sizeof *grown);
        if (!grown) {
            release(memory);
            return NULL;
        }
        store->blocks = grown;
        store->room = room;
    }
    store->blocks[store->count++] = (store_block){memory, release};
    return memory;
}

/* The backend's memory, for weights: counted, and NULL in a dry run. */
static void *take_weights(i2v_loader *loader, uint64_t bytes) {
    loader->store->bytes += bytes;
    if (loader->dry || loader->status) return NULL;
    const i2v_backend_memory *owner = loader->backend->memory;
    void *memory = store_keep(loader->store, owner->allocate (&loader->device, bytes), owner->free);
    if (!memory) loader->status = i2v_fail_memory(loader->error, "the model's weights", bytes);
    return memory;
}

/* More memory while one weight is loaded. */
static void count_scratch(i2v_loader *loader, uint64_t bytes) {
    if (bytes > loader->store->scratch) loader->store->scratch = bytes;
}

/* What packing takes beside the weights: counted, to be freed, and NULL in a dry run. */
static void *take_scratch(i2v_loader *loader) {
    uint64_t bytes = loader->backend->pack_scratch(&loader->device);
    count_scratch(loader, bytes);
    if (loader->dry || loader->status) return NULL;
    void *memory = loader->backend->memory->allocate(&loader->device, bytes);
    if (!memory) loader->status = i2v_fail_memory(loader->error, "packing weights", bytes);
    return memory;
}

void *i2v_load_array(i2v_loader *loader, size_t count, size_t size) {
    if (loader->status) return NULL;
    void *memory = store_keep(loader->store, calloc(count, size), free);
    if (!memory) loader->status = i2v_fail_memory(loader->error, "the model", count * size);
    return memory;
}

/* ---- loader ---- */

void i2v_loader_begin(i2v_loader *loader, const i2v_weights *weights) {
    loader->status = i2v_binder_begin(&loader->binder, weights, loader->error);
    loader->scope = (i2v_scope){0};
    loader->done = 0;
}

i2v_status i2v_loader_end(i2v_loader *loader) {
    /* after a failure of the loader's own (cancelled, no memory), tensors not asked for yet are no leftovers */
    if (!loader->binder.status) loader->binder.status = loader->status;
    /* the binder knows the first wrong tensor; what failed here after it is a consequence */
    i2v_status bound = i2v_binder_finish(&loader->binder);
    if (!loader->status) loader->status = bound;
    return loader->status;
}

typedef struct {
    const i2v_weight *weight;
    float *out;
    atomic_int failed;
} read_job;

static void read_chunk(void *argument, int64_t item, int thread) {
    (void)thread;
    read_job *job = argument;
    uint64_t first = (uint64_t)item * READ_CHUNK;
    uint64_t left = job->weight->count - first;
    if (i2v_weight_read_f32(job->weight, first, left < READ_CHUNK ? left : READ_CHUNK, job->out + first)) {
        atomic_store_explicit(&job->failed, 1, memory_order_relaxed);
    }
}

/* Values of the weight, which is read. */
static void check_finite(i2v_loader *loader, const i2v_weight *weight, const float *values, uint64_t count) {
    size_t first = i2v_first_beyond(values, (size_t)count, FLT_MAX);
    if (first == count) return;
    loader->status =
        i2v_fail(loader->error, I2V_ERROR_MODEL, "tensor %s of %s holds %g%s", weight->origin, weight->file,
                 (double)values[first],
                 weight->at.file ? ", so the file is damaged; download it again" : ", which is not finite");
}

static void read_all(i2v_loader *loader, const i2v_weight *weight, float *out) {
    read_job job = {weight, out, 0};
    i2v_parallel(loader->device.team, (int64_t)((weight->count + READ_CHUNK - 1) / READ_CHUNK), NULL, read_chunk, &job);
    if (atomic_load(&job.failed)) loader->status = i2v_bytes_fail(&weight->at, loader->error);
    if (!loader->status) check_finite(loader, weight, out, weight->count);
}

/* The weight is read, if its file is what was opened. */
static void report(i2v_loader *loader, const i2v_weight *weight) {
    if (loader->dry || loader->status) return;
    loader->status = i2v_bytes_check(&weight->at, loader->error);
    if (loader->status) return;
    loader->done += weight->bytes;
    int cancelled = loader->device.cancel && atomic_load_explicit(loader->device.cancel, memory_order_relaxed);
    if (!cancelled && loader->progress) cancelled = loader->progress(loader->user, loader->done);
    if (cancelled) loader->status = i2v_fail(loader->error, I2V_CANCELLED, "cancelled");
}

/* The weight as f32 into the backend's memory: straight, where that is the host's. */
static void read_into(i2v_loader *loader, const i2v_weight *weight, float *to) {
    const i2v_backend_memory *memory = loader->backend->memory;
    size_t bytes = (size_t)weight->count * sizeof(float);
    float *values = memory->is_host ? to : malloc(bytes);
    if (!values) {
        loader->status = i2v_fail_memory(loader->error, "reading weights", bytes);
        return;
    }
    read_all(loader, weight, values);
    if (memory->is_host) return;
    memory->write(&loader->device, to, values, bytes);
    free(values);
}

/* The weight as f32, kept by the store. */
static const float *load_f32(i2v_loader *loader, const i2v_weight *weight) {
    if (!weight) {
        if (!loader->status) loader->status = loader->binder.status;
        return NULL;
    }
    float *values = take_weights(loader, weight->count * sizeof(float));
    if (!loader->backend->memory->is_host) count_scratch(loader, weight->count * sizeof(float));
    if (values) read_into(loader, weight, values);
    report(loader, weight);
    return values;
}

/* ---- names ---- */

static void fail_long(i2v_loader *loader, const char *beginning) {
    i2v_binder_fail_long(&loader->binder, beginning);
    if (!loader->status) loader->status = loader->binder.status;
}

void i2v_loader_enter(i2v_loader *loader, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int is_in = i2v_scope_enter(&loader->scope, format, arguments);
    va_end(arguments);
    if (!is_in) fail_long(loader, loader->scope.path);
}

void i2v_loader_leave(i2v_loader *loader) {
    i2v_scope_leave(&loader->scope);
}

int i2v_loader_has(const i2v_loader *loader, const char *tensor) {
    char name[I2V_NAME_SIZE];
    return i2v_scope_name(&loader->scope, name, tensor, NULL) && i2v_binder_has(&loader->binder, "%s", name);
}

/* The tensor `leaf` of the module, or of that name if leaf is NULL; NULL after a failure. */
static const i2v_weight *bind(i2v_loader *loader, const int64_t *shape, int ndim, const char *module,
                              const char *leaf) {
    char name[I2V_NAME_SIZE];
    if (i2v_scope_name(&loader->scope, name, module, leaf)) return i2v_bind(&loader->binder, shape, ndim, "%s", name);
    fail_long(loader, name);
    return NULL;
}

/* ---- vectors ---- */

static const float *load_vector(i2v_loader *loader, int count, const char *module, const char *leaf) {
    return load_f32(loader, bind(loader, (int64_t[]){count}, 1, module, leaf));
}

void i2v_load_norm(i2v_loader *loader, i2v_norm *norm, int channels, int groups, double epsilon, const char *module) {
    *norm = (i2v_norm){.channels = channels, .groups = groups, .epsilon = (float)epsilon};
    norm->weight = load_vector(loader, channels, module, "weight");
    norm->bias = load_vector(loader, channels, module, "bias");
}

/* What the file has. */
static i2v_element element_of(const i2v_weight *weight) {
    switch (weight->dtype) {
    case I2V_WEIGHT_F16:
        return I2V_ELEMENT_F16;
    case I2V_WEIGHT_BF16:
        return I2V_ELEMENT_BF16;
    case I2V_WEIGHT_E4M3:
        return I2V_ELEMENT_E4M3;
    case I2V_WEIGHT_E5M2:
        return I2V_ELEMENT_E5M2;
    default:
        return I2V_ELEMENT_F32;
    }
}

/* What a weight is packed as: what keeps its values, those of one byte as f16 unless they are scaled. */
static i2v_element packed_element(const i2v_loader *loader, const i2v_weight *weight) {
    i2v_element element = element_of(weight);
    if (i2v_element_size(element) == 1) element = weight->scale == 1 ? I2V_ELEMENT_F16 : I2V_ELEMENT_F32;
    return element == I2V_ELEMENT_F32 ? loader->element : element;
}

/* Whether weight was found; if not, the loader has failed. */
static int is_found(i2v_loader *loader, const i2v_weight *weight) {
    if (!weight && !loader->status) loader->status = loader->binder.status;
    return weight != NULL;
}

/* ---- LoRA ---- */

/* What the file has and what is added are finite; their sum need not be. */
static void check_changed(i2v_loader *loader, const i2v_weight *weight, const float *values) {
    char loras[I2V_LORA_NAMES_SIZE];
    if (i2v_first_beyond(values, (size_t)weight->count, FLT_MAX) == weight->count) return;
    i2v_lora_names(loader->lora, loras, sizeof loras);
    loader->status = i2v_fail(loader->error, I2V_ERROR_MODEL,
                              "tensor %s of %s is not finite with its LoRA: the scale is too large (%s)",
                              weight->origin, weight->file, loras);
}

/* The weight as the LoRA files make it: itself, or *changed, f32 in memory that give_back frees (without values in a
 * dry run or after a failure). */
static const i2v_weight *change(i2v_loader *loader, const i2v_weight *weight, i2v_weight *changed) {
    if (!weight || !i2v_lora_changes(loader->lora, weight->name)) return weight;
    *changed = *weight;
    changed->dtype = I2V_WEIGHT_F32;
    changed->dtype_name = "F32";
    changed->bytes = weight->count * sizeof(float);
    changed->at = (i2v_bytes){0};
    uint64_t scratch = changed->bytes + i2v_lora_memory(loader->lora, weight->name);
    count_scratch(loader, scratch + loader->backend->pack_scratch(&loader->device));
    if (loader->dry || loader->status) return changed;
    float *values = changed->bytes <= SIZE_MAX ? malloc((size_t)changed->bytes) : NULL;
    if (!values) {
        loader->status = i2v_fail_memory(loader->error, "adding a LoRA", changed->bytes);
        return changed;
    }
    read_all(loader, weight, values);
    changed->at.data = (const uint8_t *)values;
    if (!loader->status)
        loader->status = i2v_lora_add(loader->lora, weight->name, values, loader->device.team, loader->error);
    if (!loader->status) check_changed(loader, weight, values);
    return changed;
}

static void give_back(const i2v_weight *weight, const i2v_weight *changed) {
    if (changed != weight) free((void *)(uintptr_t)changed->at.data);
}

/* ---- matrices and convolutions ---- */

/* The weight's values from byte `first` on. */
static i2v_source source_of(const i2v_weight *weight, uint64_t first) {
    return (i2v_source){.bytes = i2v_bytes_from(weight->at, first),
                        .element = element_of(weight),
                        .scale = weight->scale,
                        .name = weight->origin,
                        .file = weight->file};
}

/* Packs, or leaves to be streamed where the weight stays where it is, rows first..first + filter->out of weight's
 * filter->in x filter->taps values each. */
static void pack_filter(i2v_loader *loader, i2v_filter *filter, const i2v_weight *weight, int stays, int first) {
    if (!is_found(loader, weight)) return;
    i2v_element element = element_of(weight);
    size_t row = (size_t)filter->in * (size_t)filter->taps * i2v_element_size(element);
    i2v_source source = source_of(weight, (uint64_t)first * row);
    if (filter->element != I2V_ELEMENT_INT8) filter->element = packed_element(loader, weight);
    filter->packing = loader->backend->choose_packing(&loader->device, filter->element, filter->input, filter->in,
                                                      filter->taps);
    if (loader->streams && stays) {
        filter->source = source;
        return;
    }
    void *packed = take_weights(loader, loader->backend->filter_size(&loader->device, filter));
    void *scratch = take_scratch(loader);
    if (packed && scratch) {
        loader->status = loader->backend->filter_pack(&loader->device, filter, &source, scratch, packed, loader->error);
    }
    loader->backend->memory->free(scratch);
    filter->packed = packed;
}

static void done_with(i2v_loader *loader, const i2v_weight *weight) {
    if (weight) report(loader, weight);
}

/* What weights meet, and what they are asked to be: F32, what their file has, or INT8. */
typedef struct {
    i2v_element input, element;
} linear_kind;

/* Of layers that are of int8 where the loader says so. */
static linear_kind int8_kind(const i2v_loader *loader) {
    return (linear_kind){loader->element, loader->int8 ? I2V_ELEMENT_INT8 : I2V_ELEMENT_F32};
}

/* Cuts weight [out, in] (or [out, in, 1, 1]) into `parts` parts of equal size. */
static void append_parts(i2v_loader *loader, i2v_linear *linear, int in, int out, int parts, linear_kind kind,
                         const i2v_weight *weight, const float *bias) {
    if (linear->parts_count + parts > I2V_LINEAR_MAX_PARTS) return;
    i2v_weight memory;
    const i2v_weight *changed = change(loader, weight, &memory);
    linear->in = in;
    linear->out += out;
    for (int i = 0; i < parts; i++) {
        int part = linear->parts_count++, first = i * (out / parts);
        linear->parts[part].filter =
            (i2v_filter){.in = in, .out = out / parts, .taps = 1, .element = kind.element, .input = kind.input};
        linear->parts[part].bias = bias ? bias + first : NULL;
        pack_filter(loader, &linear->parts[part].filter, changed, changed == weight, first);
    }
    give_back(weight, changed);
    done_with(loader, weight);
}

static void load_linear(i2v_loader *loader, i2v_linear *linear, int in, int out, int has_bias, linear_kind kind,
                        const char *module) {
    const i2v_weight *weight = bind(loader, (int64_t[]){out, in}, 2, module, "weight");
    append_parts(loader, linear, in, out, 1, kind, weight, has_bias ? load_vector(loader, out, module, "bias") : NULL);
}

void i2v_load_linear(i2v_loader *loader, i2v_linear *linear, int in, int out, int has_bias, const char *module) {
    load_linear(loader, linear, in, out, has_bias, (linear_kind){.input = loader->element}, module);
}

void i2v_load_linear_f32(i2v_loader *loader, i2v_linear *linear, int in, int out, int has_bias, const char *module) {
    load_linear(loader, linear, in, out, has_bias, (linear_kind){.input = I2V_ELEMENT_F32}, module);
}

void i2v_load_linear_int8(i2v_loader *loader, i2v_linear *linear, int in, int out, int has_bias, const char *module) {
    load_linear(loader, linear, in, out, has_bias, int8_kind(loader), module);
}

void i2v_load_geglu(i2v_loader *loader, i2v_linear *linear, int in, int hidden, const char *module) {
    const i2v_weight *weight = bind(loader, (int64_t[]){2 * hidden, in}, 2, module, "weight");
    append_parts(loader, linear, in, 2 * hidden, 2, int8_kind(loader), weight,
                 load_vector(loader, 2 * hidden, module, "bias"));
}

static void load_linear_1x1(i2v_loader *loader, i2v_linear *linear, int in, int out, i2v_element input,
                            const char *module) {
    const i2v_weight *weight = bind(loader, (int64_t[]){out, in, 1, 1}, 4, module, "weight");
    append_parts(loader, linear, in, out, 1, (linear_kind){.input = input}, weight,
                 load_vector(loader, out, module, "bias"));
}

void i2v_load_linear_1x1(i2v_loader *loader, i2v_linear *linear, int in, int out, const char *module) {
    load_linear_1x1(loader, linear, in, out, loader->element, module);
}

void i2v_load_linear_1x1_f32(i2v_loader *loader, i2v_linear *linear, int in, int out, const char *module) {
    load_linear_1x1(loader, linear, in, out, I2V_ELEMENT_F32, module);
}

static void pack_conv(i2v_loader *loader, i2v_conv *conv, const i2v_weight *weight, int stays) {
    if (!is_found(loader, weight)) return;
    conv->element = packed_element(loader, weight);
    conv->input = loader->element;
    /* a doubling convolution sums weights: the sums have more digits than the file's */
    if (conv->doubles) conv->element = loader->element == I2V_ELEMENT_F32 ? I2V_ELEMENT_F32 : I2V_ELEMENT_F16;
    conv->packing = loader->backend->choose_packing(&loader->device, conv->element, conv->input, conv->in,
                                                    i2v_conv_taps(conv));
    i2v_source source = source_of(weight, 0);
    if (loader->streams && stays) {
        conv->source = source;
        return;
    }
    void *packed = take_weights(loader, loader->backend->conv_size(&loader->device, conv));
    void *scratch = take_scratch(loader);
    if (packed && scratch) {
        loader->status = loader->backend->conv_pack(&loader->device, conv, &source, scratch, packed, loader->error);
    }
    loader->backend->memory->free(scratch);
    conv->packed = packed;
}

void i2v_load_conv(i2v_loader *loader, i2v_conv *conv, int has_bias, const char *module) {
    int64_t shape[] = {conv->out, conv->in, conv->kernel, conv->kernel};
    const i2v_weight *weight = bind(loader, shape, 4, module, "weight");
    i2v_weight memory;
    const i2v_weight *changed = change(loader, weight, &memory);
    pack_conv(loader, conv, changed, changed == weight);
    give_back(weight, changed);
    done_with(loader, weight);
    conv->bias = has_bias ? load_vector(loader, conv->out, module, "bias") : NULL;
}

void i2v_load_temporal_conv(i2v_loader *loader, i2v_temporal_conv *conv, int in, int out, const char *module) {
    *conv = (i2v_temporal_conv){.filter = {.in = in, .out = out, .taps = 3, .input = loader->element}};
    const i2v_weight *weight = bind(loader, (int64_t[]){out, in, 3, 1, 1}, 5, module, "weight");
    i2v_weight memory;
    const i2v_weight *changed = change(loader, weight, &memory);
    pack_filter(loader, &conv->filter, changed, changed == weight, 0);
    give_back(weight, changed);
    done_with(loader, weight);
    conv->bias = load_vector(loader, out, module, "bias");
}

i2v_tensor i2v_load_table(i2v_loader *loader, int rows, int columns, const char *tensor) {
    const i2v_weight *weight = bind(loader, (int64_t[]){rows, columns}, columns ? 2 : 1, tensor, NULL);
    return i2v_tensor_of_vectors(load_f32(loader, weight), columns ? rows : 1, columns ? columns : rows);
}

float i2v_load_mix(i2v_loader *loader, const char *module) {
    const i2v_weight *weight = bind(loader, (int64_t[]){1}, 1, module, "mix_factor");
    if (!weight) return 0;
    float value = 0;
    if (i2v_weight_read_f32(weight, 0, 1, &value)) loader->status = i2v_bytes_fail(&weight->at, loader->error);
    if (!loader->status) check_finite(loader, weight, &value, 1);
    return 1.0f / (1.0f + expf(-value));
}

static void ignore(i2v_loader *loader, const char *module, const char *leaf) {
    char name[I2V_NAME_SIZE];
    if (i2v_scope_name(&loader->scope, name, module, leaf))
        i2v_binder_ignore(&loader->binder, name);
    else
        fail_long(loader, name);
}

void i2v_load_ignore(i2v_loader *loader, const char *module) {
    ignore(loader, module, ""); /* with the dot behind it */
}

void i2v_load_ignore_tensor(i2v_loader *loader, const char *tensor) {
    ignore(loader, tensor, NULL);
}

i2v_conv i2v_conv_3x3(int in, int out) {
    return (i2v_conv){.in = in, .out = out, .kernel = 3, .stride = 1, .pad_before = 1, .pad_after = 1};
}
