/* A run: one forward pass, the tensors in it and what it holds of them all.
 *
 * It holds the first failure. After that every operation does nothing, so that a forward pass reads as the formula and
 * is checked once at its end. A run on a dry pool touches no data: it counts sizes, memory, multiplications and work.
 */
#ifndef I2V_TENSOR_RUN_H
#define I2V_TENSOR_RUN_H

#include "backend/backend.h"
#include "tensor/pool.h"
#include "tensor/profile.h"

/* Time that a forward pass gives for memory. Results are the same to the bit with any of it. */
typedef struct i2v_trades {
    /* Where frames or pixels are independent, an operation gets a batch of them in one call: about so many values of a
     * tensor; 0: all. */
    int64_t batch;
    int twice;  /* 1: what lies between two temporal convolutions is computed twice, and never kept */
    int stream; /* 1: matrices and convolutions are packed from their file at each use, and never kept */
} i2v_trades;

typedef struct i2v_run {
    const i2v_backend *backend;
    i2v_device device;
    i2v_element element; /* what activations are stored as: F32 or BF16 */
    i2v_trades trades;
    i2v_pool *pool;
    i2v_error *error; /* may be NULL */
    i2v_status status;
    uint64_t multiplications; /* multiply-adds of convolutions, matrix products and attention so far */
    double weights;           /* weights that those products multiplied by, counted at each use */
    double work;              /* time of the operations so far, as multiply-adds of a product that take as long */
    i2v_profile *profile;     /* may be NULL; told of each operation that computes */
    /* May be NULL; called after each operation that computes, with the work so far. Its failure is the run's. */
    i2v_status (*tick)(void *user, double work);
    void *tick_user;
} i2v_run;

/* 1 if the run is to go on and data may be touched: no failure, no cancel, no dry pool. For this layer alone: what is
 * above it reaches data by tensor/values.h. */
int i2v_run_computes(i2v_run *run);

/* 64-byte aligned memory of the run's pool, to be given back to it. NULL on failure, which the run then holds. */
void *i2v_run_take(i2v_run *run, uint64_t bytes);

/* A tensor from the run's pool, stored as the run's activations or as f32, contents undefined; to be freed with
 * i2v_tensor_free. */
i2v_tensor i2v_tensor_new(i2v_run *run, int frames, int height, int width, int channels);
i2v_tensor i2v_tensor_new_f32(i2v_run *run, int frames, int height, int width, int channels);
void i2v_tensor_free(i2v_run *run, i2v_tensor *tensor);
/* A new tensor in x's place, of as many frames but another size, to be written frame by frame: when frame f is written,
 * frames f and later of x can still be read. For that x moves to the end of the memory. x belongs to the new tensor and
 * is not to be freed. */
i2v_tensor i2v_tensor_new_over(i2v_run *run, i2v_tensor *x, int height, int width, int channels);

/* The tensor's data under other sizes of the same product. */
i2v_tensor i2v_tensor_view(const i2v_tensor *tensor, int frames, int height, int width, int channels);
/* Vectors of a model's weights: [count, 1, 1, channels]. They may be read, and not written. */
i2v_tensor i2v_tensor_of_vectors(const float *vectors, int count, int channels);
/* `count` frames of it from `first` on, or as many as are left. */
i2v_tensor i2v_tensor_frames(const i2v_tensor *tensor, int first, int count);
/* Likewise of the pixels of one frame, as one row of an image. */
i2v_tensor i2v_tensor_pixels(const i2v_tensor *tensor, int frame, int first, int count);

/* How many of `count` independent frames or pixels, each of `values` values, are a batch by the run's trades. Batches
 * are as few as possible, and as equal as possible. The number of threads has no part in it. */
int i2v_run_batch(const i2v_run *run, int count, int64_t values);

#endif
