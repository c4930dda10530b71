/* The one door to tensors' values. */
#include "tensor/values.h"

#include <stdlib.h>

/* Of a walk's rows that are copied in one call. */
#define COPIED_BYTES ((size_t)1 << 16)

static const i2v_backend_memory *memory_of(const i2v_run *run) {
    return run->backend->memory;
}

void i2v_tensor_write(i2v_run *run, i2v_tensor to, const float *values) {
    if (i2v_run_computes(run)) memory_of(run)->write(&run->device, to.data, values, i2v_tensor_bytes(&to));
}

void i2v_tensor_read(i2v_run *run, i2v_tensor from, float *values) {
    if (i2v_run_computes(run)) memory_of(run)->read(&run->device, values, from.data, i2v_tensor_bytes(&from));
}

void i2v_tensor_zero(i2v_run *run, i2v_tensor tensor) {
    if (i2v_run_computes(run)) memory_of(run)->zero(&run->device, tensor.data, i2v_tensor_bytes(&tensor));
}

void i2v_tensor_copy(i2v_run *run, i2v_tensor to, i2v_tensor from) {
    size_t bytes = i2v_tensor_bytes(&to);
    if (i2v_run_computes(run)) memory_of(run)->copy(&run->device, to.data, bytes, from.data, bytes, bytes, 1);
}

void i2v_tensor_copy_channels(i2v_run *run, i2v_tensor to, i2v_tensor from, int first) {
    size_t value = i2v_element_size(to.element), to_row = (size_t)to.channels * value;
    size_t from_row = (size_t)from.channels * value;
    if (!i2v_run_computes(run)) return;
    memory_of(run)->copy(&run->device, to.data, to_row, (const char *)from.data + (size_t)first * value, from_row,
                         to_row, i2v_tensor_rows(&to));
}

/* ---- walks ---- */

i2v_walk i2v_walk_to_read(i2v_run *run, i2v_tensor tensor) {
    return (i2v_walk){.run = run, .tensor = tensor, .row = -1};
}

i2v_walk i2v_walk_to_write(i2v_run *run, i2v_tensor tensor) {
    return (i2v_walk){.run = run, .tensor = tensor, .writes = 1, .row = -1};
}

static size_t row_bytes(const i2v_walk *walk) {
    return (size_t)walk->tensor.channels * sizeof(float);
}

/* Where the rows that are here lie in the tensor. */
static void *place(const i2v_walk *walk) {
    return (char *)walk->tensor.data + (size_t)walk->first * row_bytes(walk);
}

/* Those given to be written go to the tensor; none is here after it. */
static void put_back(i2v_walk *walk) {
    size_t bytes = (size_t)(walk->row + 1 - walk->first) * row_bytes(walk);
    const i2v_backend_memory *memory = memory_of(walk->run);
    if (walk->writes && bytes && !memory->is_host) memory->write(&walk->run->device, place(walk), walk->values, bytes);
    walk->first = walk->end;
}

/* Memory for copies of some rows, which one is at the least. */
static int make_room(i2v_walk *walk) {
    if (walk->values) return 1;
    size_t bytes = COPIED_BYTES < row_bytes(walk) ? row_bytes(walk) : COPIED_BYTES;
    walk->values = malloc(bytes);
    if (!walk->values) walk->run->status = i2v_fail_memory(walk->run->error, "the values of a tensor", bytes);
    return walk->values != NULL;
}

/* Fetches the rows that come next: all, where they can be reached. 0: there are none. */
static int fetch(i2v_walk *walk) {
    const i2v_backend_memory *memory = memory_of(walk->run);
    int64_t left = i2v_tensor_rows(&walk->tensor) - walk->end, room = left;
    put_back(walk);
    if (left <= 0 || !i2v_run_computes(walk->run)) return 0;
    if (memory->is_host) {
        walk->values = walk->tensor.data;
    } else {
        if (!make_room(walk)) return 0;
        room = (int64_t)(COPIED_BYTES / row_bytes(walk));
        if (room < 1) room = 1;
    }
    walk->end += left < room ? left : room;
    if (!walk->writes && !memory->is_host) {
        size_t bytes = (size_t)(walk->end - walk->first) * row_bytes(walk);
        memory->read(&walk->run->device, walk->values, place(walk), bytes);
    }
    return 1;
}

float *i2v_walk_next(i2v_walk *walk) {
    if (walk->row + 1 == walk->end && !fetch(walk)) return NULL;
    walk->row++;
    return walk->values + (walk->row - walk->first) * walk->tensor.channels;
}

void i2v_walk_end(i2v_walk *walk) {
    put_back(walk);
    if (!memory_of(walk->run)->is_host) free(walk->values);
    walk->values = NULL;
}
