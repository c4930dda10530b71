/* The two digests by which the hub names a file's content. */
#ifndef I2V_HUB_DIGEST_H
#define I2V_HUB_DIGEST_H

#include "base/error.h"

typedef enum i2v_digest_kind {
    I2V_DIGEST_NONE,     /* of no known form: not checked */
    I2V_DIGEST_SHA256,   /* of a file in Git LFS, 64 hexadecimal digits */
    I2V_DIGEST_GIT_BLOB, /* SHA-1 of "blob SIZE\0" and the content, as git names it, 40 digits */
} i2v_digest_kind;

#define I2V_DIGEST_TEXT_SIZE 65

i2v_digest_kind i2v_digest_kind_of(const char *etag);

/* The digest, in lower-case digits, of the first size bytes of the file behind descriptor; path is for messages. Calls
 * cancelled(user), if set, now and then: non-zero gives I2V_CANCELLED. */
i2v_status i2v_digest_file(char text[I2V_DIGEST_TEXT_SIZE], i2v_digest_kind kind, int descriptor, uint64_t size,
                           const char *path, int (*cancelled)(void *user), void *user, i2v_error *error);

#endif
