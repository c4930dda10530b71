/* The two digests by which the hub names a file's content. */
#include "hub/digest.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t)1 << 20)

i2v_digest_kind i2v_digest_kind_of(const char *etag) {
    size_t length = strspn(etag, "0123456789abcdef");
    if (etag[length]) return I2V_DIGEST_NONE;
    return length == 64 ? I2V_DIGEST_SHA256 : length == 40 ? I2V_DIGEST_GIT_BLOB : I2V_DIGEST_NONE;
}

static int begin(EVP_MD_CTX *context, i2v_digest_kind kind, uint64_t size) {
    char header[40];
    if (kind == I2V_DIGEST_SHA256) return EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    int length = snprintf(header, sizeof header, "blob %" PRIu64, size) + 1; /* with its NUL */
    return EVP_DigestInit_ex(context, EVP_sha1(), NULL) && EVP_DigestUpdate(context, header, (size_t)length);
}

/* libcrypto says the same of lack of memory and of a digest that it has not. */
static i2v_status fail_digest(const char *path, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_MEMORY, "not enough memory for a digest of %s, or libcrypto has none", path);
}

static i2v_status add_file(EVP_MD_CTX *context, uint8_t *chunk, int descriptor, uint64_t size, const char *path,
                           int (*cancelled)(void *user), void *user, i2v_error *error) {
    for (uint64_t at = 0; at < size;) {
        size_t wanted = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
        ssize_t got = pread(descriptor, chunk, wanted, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0)
            return i2v_fail(error, I2V_ERROR_IO, "cannot read %s: %s", path, got ? strerror(errno) : "it is cut off");
        if (!EVP_DigestUpdate(context, chunk, (size_t)got))
            return fail_digest(path, error);
        at += (uint64_t)got;
        if (cancelled && cancelled(user)) return i2v_fail(error, I2V_CANCELLED, "cancelled");
    }
    return I2V_OK;
}

i2v_status i2v_digest_file(char text[I2V_DIGEST_TEXT_SIZE], i2v_digest_kind kind, int descriptor, uint64_t size,
                           const char *path, int (*cancelled)(void *user), void *user, i2v_error *error) {
    uint8_t digest[EVP_MAX_MD_SIZE], *chunk = malloc(CHUNK);
    unsigned length = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    i2v_status status = I2V_OK;
    text[0] = 0;
    if (!chunk || !context)
        status = i2v_fail_memory(error, path, CHUNK);
    else if (!begin(context, kind, size))
        status = fail_digest(path, error);
    if (status == I2V_OK) status = add_file(context, chunk, descriptor, size, path, cancelled, user, error);
    if (status == I2V_OK && (!EVP_DigestFinal_ex(context, digest, &length) || 2 * length >= I2V_DIGEST_TEXT_SIZE))
        status = fail_digest(path, error);
    for (unsigned i = 0; status == I2V_OK && i < length; i++) snprintf(text + 2 * i, 3, "%02x", digest[i]);
    EVP_MD_CTX_free(context);
    free(chunk);
    return status;
}
