/* The fenced backend: plain operations over pages that are unreadable outside a call of it. */
#include "fenced_backend.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* ---- the field behind the fence ---------------------------------------------------------------------------------- */

/* Addresses of which pages are taken from the system as they are written: 1 GiB, one call of the system to open or to
 * close. Blocks follow one another, and the field begins anew when all are given back, as they are between stages. */
#define FIELD_BYTES ((size_t)1 << 30)
#define ALIGNMENT ((size_t)64)

static struct {
    pthread_mutex_t mutex;
    char *memory; /* NULL before the first block */
    size_t used;  /* bytes up to the end of the last block */
    int blocks;   /* that are taken */
    int open;     /* calls that are in it */
} field = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void require(int condition, const char *what) {
    if (condition) return;
    perror(what);
    abort();
}

static void guard(int protection) {
    require(mprotect(field.memory, FIELD_BYTES, protection) == 0, "the fence");
}

/* The first call opens the fence, the last one closes it. */
static void enter(void) {
    pthread_mutex_lock(&field.mutex);
    if (field.open++ == 0) guard(PROT_READ | PROT_WRITE);
    pthread_mutex_unlock(&field.mutex);
}

static void leave(void) {
    pthread_mutex_lock(&field.mutex);
    if (--field.open == 0) guard(PROT_NONE);
    pthread_mutex_unlock(&field.mutex);
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static void *allocate(const i2v_device *device, uint64_t bytes) {
    char *block = NULL;
    pthread_mutex_lock(&field.mutex);
    if (!field.memory) {
        field.memory = mmap(NULL, FIELD_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        require(field.memory != MAP_FAILED, "the memory behind the fence");
    }
    if (bytes <= FIELD_BYTES - field.used - ALIGNMENT) {
        block = field.memory + field.used;
        field.used += ((size_t)bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
        field.blocks++;
    }
    pthread_mutex_unlock(&field.mutex);
    return block;
}

static void free_memory(void *memory) {
    if (!memory) return;
    pthread_mutex_lock(&field.mutex);
    if (--field.blocks == 0) {
        field.used = 0;
        require(madvise(field.memory, FIELD_BYTES, MADV_DONTNEED) == 0, "giving memory back");
    }
    pthread_mutex_unlock(&field.mutex);
}

int i2v_fenced_blocks(void) {
    pthread_mutex_lock(&field.mutex);
    int blocks = field.blocks;
    pthread_mutex_unlock(&field.mutex);
    return blocks;
}

static void zero(const i2v_device *device, void *to, size_t bytes) {
    enter();
    memset(to, 0, bytes);
    leave();
}

static void transfer(const i2v_device *device, void *to, const void *from, size_t bytes) {
    enter();
    memcpy(to, from, bytes);
    leave();
}

static void copy(const i2v_device *device, void *to, size_t to_stride, const void *from, size_t from_stride,
                 size_t bytes, int64_t rows) {
    enter();
    i2v_backend_plain()->memory->copy(device, to, to_stride, from, from_stride, bytes, rows);
    leave();
}

static const i2v_backend_memory fenced_memory = {
    .allocate = allocate, .free = free_memory, .zero = zero, .write = transfer, .read = transfer, .copy = copy};

/* ---- operations -------------------------------------------------------------------------------------------------- */

#define OPERATION(name)                                                                                                \
    static i2v_status fenced_##name(const i2v_device *device, const i2v_##name##_args *args, void *scratch,            \
                                    i2v_error *error) {                                                                \
        enter();                                                                                                       \
        i2v_status status = i2v_backend_plain()->name(device, args, scratch, error);                                   \
        leave();                                                                                                       \
        return status;                                                                                                 \
    }
OPERATION(linear)
OPERATION(feed_forward)
OPERATION(conv)
OPERATION(temporal_conv)
OPERATION(group_factors)
OPERATION(group_moments)
OPERATION(layer_norm)
OPERATION(attention)
OPERATION(add_vectors)
OPERATION(upsample)

static i2v_status filter_pack(const i2v_device *device, const i2v_filter *filter, const i2v_source *source,
                              void *scratch, void *packed, i2v_error *error) {
    enter();
    i2v_status status = i2v_backend_plain()->filter_pack(device, filter, source, scratch, packed, error);
    leave();
    return status;
}

static i2v_status conv_pack(const i2v_device *device, const i2v_conv *conv, const i2v_source *source, void *scratch,
                            void *packed, i2v_error *error) {
    enter();
    i2v_status status = i2v_backend_plain()->conv_pack(device, conv, source, scratch, packed, error);
    leave();
    return status;
}

static i2v_backend fenced;

static void make(void) {
    fenced = *i2v_backend_plain();
    fenced.name = "fenced";
    fenced.memory = &fenced_memory;
    fenced.filter_pack = filter_pack;
    fenced.conv_pack = conv_pack;
    fenced.linear = fenced_linear;
    fenced.feed_forward = fenced_feed_forward;
    fenced.conv = fenced_conv;
    fenced.temporal_conv = fenced_temporal_conv;
    fenced.group_factors = fenced_group_factors;
    fenced.group_moments = fenced_group_moments;
    fenced.layer_norm = fenced_layer_norm;
    fenced.attention = fenced_attention;
    fenced.add_vectors = fenced_add_vectors;
    fenced.upsample = fenced_upsample;
}

const i2v_backend *i2v_backend_fenced(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make);
    return &fenced;
}
