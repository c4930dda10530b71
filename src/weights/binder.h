/* Binds names and shapes of a file's tensors to the fields of a model's structs.
 * The first failure stays in the binder; binding goes on harmlessly and is checked once at the end. */
#ifndef I2V_WEIGHTS_BINDER_H
#define I2V_WEIGHTS_BINDER_H

#include "weights/set.h"

typedef struct i2v_binder {
    const i2v_weights *weights;
    i2v_error *error; /* may be NULL */
    i2v_status status;
    unsigned char *used; /* one flag a tensor, for i2v_binder_finish */
} i2v_binder;

i2v_status i2v_binder_begin(i2v_binder *binder, const i2v_weights *weights, i2v_error *error);

/* The tensor called by the formatted name if it has exactly this shape and a floating dtype. Otherwise NULL, and the
 * failure names the tensor, its file, the shape found and the shape wanted. */
I2V_PRINTF(4, 5) const i2v_weight *i2v_bind(i2v_binder *binder, const int64_t *shape, int ndim,
                                                                 const char *format, ...);

/* 1 if there is a tensor of that name. */
I2V_PRINTF(2, 3) int i2v_binder_has(const i2v_binder *binder, const char *format, ...);

/* Fails: the model asks for a tensor whose name has no room, which begins so. A cut name could be another tensor's. */
void i2v_binder_fail_long(i2v_binder *binder, const char *beginning);

/* Marks all tensors whose name starts with prefix as known and not used. */
void i2v_binder_ignore(i2v_binder *binder, const char *prefix);

/* Ends binding: the first failure, or an error that names a tensor nobody asked for (a model with parts that this
 * program does not know would give other frames silently). Frees the binder's memory. */
i2v_status i2v_binder_finish(i2v_binder *binder);

#endif
