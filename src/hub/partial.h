/* A file that arrives in parts, in any order. What has arrived is written at its place and noted behind the end of the
 * data, so that one file holds both until it is whole. */
#ifndef I2V_HUB_PARTIAL_H
#define I2V_HUB_PARTIAL_H

#include "base/error.h"

typedef struct i2v_partial {
    int descriptor;
    char *path;
    uint64_t size, part_size;
    size_t count;    /* of parts; 0 in an empty file */
    uint64_t *done;  /* bytes of each part, from its beginning */
    uint64_t noted;  /* bytes that were there when the notes were last written */
    double noted_at; /* and when that was */
} i2v_partial;

/* Opens or creates path, for a file of size bytes. What an earlier run left there is taken over if it is of this size,
 * with the parts it was begun with. Nobody else may be writing (see i2v_cache_lock). */
i2v_status i2v_partial_open(i2v_partial *partial, const char *path, uint64_t size, uint64_t part_size,
                            i2v_error *error);

uint64_t i2v_partial_done(const i2v_partial *partial);             /* bytes that are there */
uint64_t i2v_partial_length(const i2v_partial *partial, size_t i); /* of part i */

/* Writes what arrived for position at; extends what is there without gap. Notes are written now and then. */
i2v_status i2v_partial_write(i2v_partial *partial, uint64_t at, const void *data, size_t size, i2v_error *error);

/* Forgets everything that arrived. */
i2v_status i2v_partial_restart(i2v_partial *partial, i2v_error *error);

/* Cuts the notes off, brings all to the disk and renames the file to path. Ends the use of partial in both cases; on
 * failure its file stays. */
i2v_status i2v_partial_commit(i2v_partial *partial, const char *path, i2v_error *error);

/* Ends the use with all notes written, or with the file removed. Does nothing on one that ended, or failed to open. */
void i2v_partial_close(i2v_partial *partial);
void i2v_partial_remove(i2v_partial *partial);

#endif
