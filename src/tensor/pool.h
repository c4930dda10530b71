/* Memory for the tensors of a forward pass: one block, cut first-fit, so that no step asks the system for any.
 *
 * A pool of capacity 0 is for dry runs: it hands out addresses that must not be touched, and only keeps account. Given
 * the same sequence of calls, a real pool whose capacity is a dry run's peak fits exactly. */
#ifndef I2V_TENSOR_POOL_H
#define I2V_TENSOR_POOL_H

#include "backend/backend.h"

typedef struct i2v_pool i2v_pool;

/* A pool of `capacity` bytes of the backend's memory; 0: a dry one. */
i2v_status i2v_pool_new(i2v_pool **pool, const i2v_backend *backend, const i2v_device *device, uint64_t capacity,
                        i2v_error *error);
void i2v_pool_free(i2v_pool *pool);

/* bytes of 64-byte aligned memory; NULL if the pool is full or the system has no memory for the accounts. */
void *i2v_pool_take(i2v_pool *pool, uint64_t bytes);
/* Gives back what i2v_pool_take returned; NULL is allowed. */
void i2v_pool_give(i2v_pool *pool, void *memory);

uint64_t i2v_pool_peak(const i2v_pool *pool); /* most bytes ever in use, holes included */
int i2v_pool_is_dry(const i2v_pool *pool);

#endif
