/* The transposition that packs weights: rows, as files have them, become columns of a panel. */
#include "backend/cpu/kernels_product.inc.h"

typedef uint16_t pack_halves __attribute__((vector_size(4 * VECTOR_WIDTH)));
typedef pack_halves loose_halves __attribute__((aligned(1), may_alias));
typedef bits_vec loose_bits __attribute__((aligned(1), may_alias));

/* Indices of elements of two vectors of n in turn, from element i of each on. */
#define ZIP_4(n, i) (i), (n) + (i), (i) + 1, (n) + (i) + 1
#define ZIP_8(n, i) ZIP_4(n, i), ZIP_4(n, (i) + 2)
#define ZIP_16(n, i) ZIP_8(n, i), ZIP_8(n, (i) + 4)
#define ZIP_32(n, i) ZIP_16(n, i), ZIP_16(n, (i) + 8)
#if VECTOR_WIDTH == 4
#define PACK_STEPS 2 /* VECTOR_WIDTH is 2 to this power */
#define ZIP_BITS ZIP_4
#define ZIP_HALVES ZIP_8
#elif VECTOR_WIDTH == 8
#define PACK_STEPS 3
#define ZIP_BITS ZIP_8
#define ZIP_HALVES ZIP_16
#else
#define PACK_STEPS 4
#define ZIP_BITS ZIP_16
#define ZIP_HALVES ZIP_32
#endif

/* Bytes of a row between what is read and what is fetched: rows are many, and short, for the processor to foresee. */
enum { PACK_AHEAD = 256 };

/* n = 2^steps rows of n elements become columns where rows i and i + n / 2 are interleaved `steps` times. */
#define TRANSPOSE(name, vector, loose, steps, zip)                                                                     \
    static void name(const char *rows, size_t stride, char *const *columns) {                                          \
        enum { N = 1 << (steps) };                                                                                     \
        vector block[N], mixed[N];                                                                                     \
        _Pragma("GCC unroll 32") for (int r = 0; r < N; r++) {                                                         \
            const char *at = rows + (size_t)r * stride;                                                                \
            __builtin_prefetch(at + PACK_AHEAD);                                                                       \
            block[r] = *(const loose *)(const void *)at;                                                               \
        }                                                                                                              \
        _Pragma("GCC unroll 8") for (int step = 0; step < (steps); step++) {                                           \
            _Pragma("GCC unroll 32") for (int i = 0; i < N / 2; i++) {                                                 \
                mixed[2 * i] = __builtin_shufflevector(block[i], block[i + N / 2], zip(N, 0));                         \
                mixed[2 * i + 1] = __builtin_shufflevector(block[i], block[i + N / 2], zip(N, N / 2));                 \
            }                                                                                                          \
            _Pragma("GCC unroll 32") for (int i = 0; i < N; i++) block[i] = mixed[i];                                  \
        }                                                                                                              \
        _Pragma("GCC unroll 32") for (int c = 0; c < N; c++) * (loose *)(void *)columns[c] = block[c];                 \
    }

TRANSPOSE(transpose_bits, bits_vec, loose_bits, PACK_STEPS, ZIP_BITS)
TRANSPOSE(transpose_halves, pack_halves, loose_halves, PACK_STEPS + 1, ZIP_HALVES)

static void transpose(size_t size, const void *rows, size_t stride, char *const *columns) {
    (size == 2 ? transpose_halves : transpose_bits)(rows, stride, columns);
}
