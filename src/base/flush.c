/* Files are brought to the disk on a thread. */
#include "base/flush.h"

#include "base/system.h"

static void *commit(void *user) {
    i2v_flush *flush = user;
    flush->status = i2v_output_file_commit_to_disk(&flush->file, flush->stream, &flush->error);
    return NULL;
}

void i2v_flush_begin(i2v_flush *flush, const i2v_output_file *file, FILE *stream) {
    enum { STACK = 256 << 10 };
    *flush = (i2v_flush){.file = *file, .stream = stream};
    flush->runs = i2v_system_start_thread(&flush->thread, STACK, commit, flush) == 0;
    if (!flush->runs) commit(flush);
}

i2v_status i2v_flush_end(i2v_flush *flush, i2v_error *error) {
    if (flush->runs) pthread_join(flush->thread, NULL);
    i2v_status status = flush->status;
    if (status) *error = flush->error;
    *flush = (i2v_flush){0};
    return status;
}
