/* Sizes and strides, and the gathering of values by them. */
#include "weights/torch_strides.h"

#include <stdlib.h>
#include <string.h>

int i2v_torch_view_fits(const i2v_torch_view *view, uint64_t first, uint64_t bytes) {
    uint64_t last = first;
    for (int i = 0; i < view->ndim; i++) {
        uint64_t reach;
        if (view->shape[i] == 0) return 1;
        if (__builtin_mul_overflow((uint64_t)view->shape[i] - 1, (uint64_t)view->strides[i], &reach) ||
            __builtin_add_overflow(last, reach, &last))
            return 0;
    }
    return last < bytes / view->element;
}

int i2v_torch_view_is_plain(const i2v_torch_view *view) {
    int64_t expected = 1;
    for (int i = view->ndim - 1; i >= 0; i--) {
        if (view->shape[i] != 1 && view->strides[i] != expected) return 0;
        expected *= view->shape[i];
    }
    return 1;
}

/* ---- gathering --------------------------------------------------------------------------------------------------- */

/* A piece of the storage is read whole if it has no more than so many times the values that are wanted of it: a
 * convolution whose channels are last is one piece, and a slice of a matrix one a row. */
enum { MOST_WASTE = 16 };

/* Copies the values of the sides from dim on; returns where the next go. */
static uint8_t *scatter(const i2v_torch_view *view, int dim, const uint8_t *from, uint8_t *out) {
    if (dim == view->ndim) {
        memcpy(out, from, view->element);
        return out + view->element;
    }
    size_t step = (size_t)view->strides[dim] * view->element;
    for (int64_t i = 0; i < view->shape[dim]; i++) out = scatter(view, dim + 1, from + (size_t)i * step, out);
    return out;
}

/* Likewise from a piece that is read first. */
static i2v_status read_piece(const i2v_torch_view *view, int dim, const i2v_bytes *from, uint64_t values, uint8_t **out,
                             i2v_error *error) {
    size_t size = (size_t)values * view->element;
    uint8_t *piece = malloc(size);
    if (!piece) return i2v_fail_memory(error, from->file->path, size);
    i2v_status status = i2v_bytes_read(from, 0, size, piece) ? I2V_OK : i2v_bytes_fail(from, error);
    if (status == I2V_OK) *out = scatter(view, dim, piece, *out);
    free(piece);
    return status;
}

static i2v_status gather(const i2v_torch_view *view, int dim, const i2v_bytes *from, uint8_t **out, i2v_error *error) {
    uint64_t wanted = 1, there = 1;
    for (int i = dim; i < view->ndim; i++) {
        wanted *= (uint64_t)view->shape[i];
        there += ((uint64_t)view->shape[i] - 1) * (uint64_t)view->strides[i];
    }
    if (there / MOST_WASTE <= wanted) return read_piece(view, dim, from, there, out, error);
    i2v_status status = I2V_OK;
    for (int64_t i = 0; status == I2V_OK && i < view->shape[dim]; i++) {
        i2v_bytes rest = i2v_bytes_from(*from, (uint64_t)i * (uint64_t)view->strides[dim] * view->element);
        status = gather(view, dim + 1, &rest, out, error);
    }
    return status;
}

i2v_status i2v_torch_view_read(const i2v_torch_view *view, const i2v_bytes *from, void *out, i2v_error *error) {
    uint8_t *next = out;
    return gather(view, 0, from, &next, error);
}
