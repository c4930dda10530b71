/* SHA-256 where there is no libcrypto (I2V_LIBCRYPTO=OFF): FIPS 180-4 as it is written there, section 6.2. */
#include "base/byte_order.h"
#include "base/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64, ROUNDS = 64 };

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t constants[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

typedef struct {
    uint32_t hash[8];
    uint64_t bytes; /* so far */
    uint8_t block[BLOCK];
} state;

static uint32_t rotate(uint32_t x, int by) {
    return x >> by | x << (32 - by);
}

static void add_block(uint32_t hash[8], const uint8_t *block) {
    uint32_t w[ROUNDS], v[8];
    for (int t = 0; t < 16; t++) w[t] = i2v_big_endian(block + 4 * t, 4);
    for (int t = 16; t < ROUNDS; t++) {
        uint32_t a = w[t - 15], b = w[t - 2];
        w[t] =
            w[t - 16] + w[t - 7] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
    memcpy(v, hash, sizeof v);
    for (int t = 0; t < ROUNDS; t++) {
        uint32_t a = v[0], e = v[4];
        uint32_t first = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & v[5]) ^ (~e & v[6])) +
                         constants[t] + w[t];
        uint32_t second =
            (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += first;
        v[0] = first + second;
    }
    for (int i = 0; i < 8; i++) hash[i] += v[i];
}

void i2v_sha256_begin(i2v_sha256 *hash) {
    static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    state *self = calloc(1, sizeof *self);
    if (self) memcpy(self->hash, first, sizeof first);
    hash->context = self;
}

void i2v_sha256_update(i2v_sha256 *hash, const void *bytes, size_t size) {
    state *self = hash->context;
    const uint8_t *from = bytes;
    while (self && size) {
        size_t used = self->bytes % BLOCK, count = size < BLOCK - used ? size : BLOCK - used;
        memcpy(self->block + used, from, count);
        self->bytes += count;
        from += count;
        size -= count;
        if (used + count == BLOCK) add_block(self->hash, self->block);
    }
}

/* A bit, zeros up to the last 8 bytes of a block, and there the number of bits. */
static void pad(i2v_sha256 *hash) {
    static const uint8_t zeros[BLOCK] = {0}, bit = 0x80;
    state *self = hash->context;
    uint64_t bits = self->bytes * 8;
    uint8_t length[8];
    for (int i = 0; i < 8; i++) length[i] = (uint8_t)(bits >> (56 - 8 * i));
    i2v_sha256_update(hash, &bit, 1);
    size_t used = self->bytes % BLOCK;
    i2v_sha256_update(hash, zeros, (2 * BLOCK - sizeof length - used) % BLOCK);
    i2v_sha256_update(hash, length, sizeof length);
}

i2v_status i2v_sha256_end(i2v_sha256 *hash, char hex[I2V_SHA256_SIZE], i2v_error *error) {
    state *self = hash->context;
    hex[0] = '\0';
    if (!self) return i2v_fail_memory(error, "a SHA-256", sizeof *self);
    pad(hash);
    for (size_t i = 0; i < 8; i++) snprintf(hex + 8 * i, 9, "%08x", (unsigned)self->hash[i]);
    free(self);
    hash->context = NULL;
    return I2V_OK;
}
