/* A written file that is brought to the disk while its writer does other work. */
#ifndef I2V_BASE_FLUSH_H
#define I2V_BASE_FLUSH_H

#include "base/file.h"

#include <pthread.h>

/* Zero-initialized is one that has not begun. */
typedef struct i2v_flush {
    i2v_output_file file;
    FILE *stream;
    pthread_t thread;
    int runs; /* 1: the thread does */
    i2v_status status;
    i2v_error error;
} i2v_flush;

/* Takes a file and the stream to it, and does as i2v_output_file_commit_to_disk on a thread of its own; where none can
 * be had, before it returns. What was begun is to be ended before the next begins. */
void i2v_flush_begin(i2v_flush *flush, const i2v_output_file *file, FILE *stream);
/* Waits until that is done, and returns its status. I2V_OK where nothing has begun. */
i2v_status i2v_flush_end(i2v_flush *flush, i2v_error *error);

#endif
