/* numpy 2.4.6: Generator(PCG64(seed)).standard_normal(1000000).astype(float32): FNV-1a
 * (64 bit) of the little-endian bytes, the first and the last values. Made by
 * tools/make_random_reference.py. */
/* clang-format off */
enum { NUMPY_COUNT = 1000000, NUMPY_SHOWN = 4 };

static const struct {
    uint64_t seed, hash;
    float first[NUMPY_SHOWN], last[NUMPY_SHOWN];
} numpy_reference[] = {
    {0u, 0x058f9d36e782d6a4u,
     {0x1.017ed80000000p-3f, -0x1.0e8cfe0000000p-3f, 0x1.47e57a0000000p-1f, 0x1.adabbe0000000p-4f},
     {-0x1.275fa40000000p+0f, 0x1.33c6060000000p-2f, -0x1.6550040000000p-3f, 0x1.d4425c0000000p-3f}},
    {42u, 0x09e4fc53ad33b0e6u,
     {0x1.3807c20000000p-2f, -0x1.0a3c660000000p+0f, 0x1.803b240000000p-1f, 0x1.e191b20000000p-1f},
     {0x1.14d3da0000000p-2f, -0x1.87aba80000000p+0f, -0x1.768b180000000p-2f, 0x1.c0ea9c0000000p-1f}},
    {4294967295u, 0x9a2dc46caa179977u,
     {-0x1.bed2100000000p-6f, 0x1.b90b7a0000000p-3f, -0x1.55773a0000000p-1f, -0x1.2a401c0000000p+0f},
     {-0x1.b58d200000000p-3f, -0x1.6220120000000p+0f, -0x1.523e760000000p-1f, -0x1.6f287a0000000p-1f}},
    {9223372036854775809u, 0x31dd20393f3b99cdu,
     {-0x1.a7439a0000000p-1f, -0x1.6199e80000000p-1f, -0x1.2e8c6a0000000p-6f, -0x1.2fe0700000000p-1f},
     {-0x1.803a500000000p-1f, 0x1.d903d40000000p+0f, 0x1.74cdf00000000p-5f, 0x1.aa2c620000000p-1f}},
    {18446744073709551615u, 0xa610f4f3aab032c6u,
     {0x1.7153040000000p-1f, -0x1.f10c320000000p-1f, 0x1.1b8d400000000p-4f, -0x1.2fb3a20000000p-2f},
     {0x1.8a779c0000000p-1f, 0x1.9f18040000000p+0f, -0x1.0e4bec0000000p+0f, -0x1.8b38d80000000p-1f}},
};
/* clang-format on */
