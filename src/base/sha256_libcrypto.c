/* The hash itself by OpenSSL's libcrypto, which has instructions for it; without that, off/libcrypto.c. */
#include "base/sha256.h"

#include <openssl/evp.h>
#include <stdio.h>

static void give_up(i2v_sha256 *hash) {
    EVP_MD_CTX_free(hash->context);
    hash->context = NULL;
}

void i2v_sha256_begin(i2v_sha256 *hash) {
    hash->context = EVP_MD_CTX_new();
    if (hash->context && EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) != 1) give_up(hash);
}

void i2v_sha256_update(i2v_sha256 *hash, const void *bytes, size_t size) {
    if (hash->context && EVP_DigestUpdate(hash->context, bytes, size) != 1) give_up(hash);
}

i2v_status i2v_sha256_end(i2v_sha256 *hash, char hex[I2V_SHA256_SIZE], i2v_error *error) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    hex[0] = '\0';
    if (hash->context && EVP_DigestFinal_ex(hash->context, digest, &size) != 1) size = 0;
    give_up(hash);
    /* libcrypto says the same of lack of memory and of a hash that it has not */
    if (size != (I2V_SHA256_SIZE - 1) / 2)
        return i2v_fail(error, I2V_ERROR_MEMORY, "not enough memory for a SHA-256, or libcrypto has none");
    for (unsigned i = 0; i < size; i++) snprintf(hex + 2 * (size_t)i, 3, "%02x", digest[i]);
    return I2V_OK;
}
