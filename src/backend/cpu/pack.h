/* How packing of weights fails, whatever they are packed as: threads meet the failure, and it is told after all. */
#ifndef I2V_BACKEND_CPU_PACK_H
#define I2V_BACKEND_CPU_PACK_H

#include "backend/backend.h"

#include <stdatomic.h>

typedef enum i2v_pack_failure { I2V_PACKED, I2V_PACK_NOT_READ, I2V_PACK_NOT_FINITE } i2v_pack_failure;

/* What threads have met so far: an i2v_pack_failure. */
typedef struct i2v_pack_outcome {
    atomic_int failure;
} i2v_pack_outcome;

/* Says that so many of the source's weights are about to be read. */
void i2v_pack_expect(const i2v_source *source, uint64_t weights);

/* Weights of rows that were read, `count` side by side in each, `stride` bytes apart; from is NULL where they could not
 * be. */
i2v_pack_failure i2v_pack_check(const i2v_source *source, const char *from, size_t stride, int64_t rows, size_t count);

/* Of a thread: whether any has failed, so that packing is to stop; and what this one met. Returns the failure. */
int i2v_pack_has_failed(const i2v_pack_outcome *outcome);
i2v_pack_failure i2v_pack_note(i2v_pack_outcome *outcome, i2v_pack_failure failure);

/* The status of packing the source's `weights`, after all threads. */
i2v_status i2v_pack_status(const i2v_pack_outcome *outcome, const i2v_source *source, uint64_t weights,
                           i2v_error *error);

#endif
