/* The files in a ZIP archive that are stored as they are, by name. Internal to this layer. */
#ifndef I2V_WEIGHTS_ZIP_FILE_H
#define I2V_WEIGHTS_ZIP_FILE_H

#include "base/input_file.h"

typedef struct i2v_zip_entry {
    const char *name; /* not ended by a zero */
    size_t length;    /* of the name */
    uint64_t header;  /* where its own header lies in the archive */
    uint64_t size;    /* bytes, as stored */
    int is_stored;    /* neither compressed nor encrypted */
} i2v_zip_entry;

typedef struct i2v_zip {
    const i2v_input_file *file; /* the caller's */
    char *directory;
    uint64_t directory_at;
    size_t directory_size;
    i2v_zip_entry *entries; /* sorted by name; names are in the directory */
    size_t count;
} i2v_zip;

/* Reads the directory of an archive, checked whole. file must stay until the archive is closed. On failure zip needs no
 * close, but allows it. */
i2v_status i2v_zip_open(i2v_zip *zip, const i2v_input_file *file, i2v_error *error);
void i2v_zip_close(i2v_zip *zip);

/* NULL: there is none of that name. Logarithmic time. */
const i2v_zip_entry *i2v_zip_find(const i2v_zip *zip, const char *name);

/* *offset: where the entry's bytes begin in the archive; all of them are there. Fails for an entry that is compressed.
 */
i2v_status i2v_zip_place(const i2v_zip *zip, const i2v_zip_entry *entry, uint64_t *offset, i2v_error *error);

#endif
