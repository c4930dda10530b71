/* How much memory this process can still have. */
#ifndef I2V_BASE_FREE_MEMORY_H
#define I2V_BASE_FREE_MEMORY_H

#include <stdint.h>

/* The limits of setrlimit, in bytes; UINT64_MAX: none. */
typedef struct i2v_memory_limits {
    uint64_t data;          /* RLIMIT_DATA (ulimit -d) */
    uint64_t address_space; /* RLIMIT_AS (ulimit -v) */
} i2v_memory_limits;

/* Bytes: the least of what the machine can give without swapping, what the process's cgroup (v1 or v2) and those above
 * it allow beside what they use, and what this process's limits leave. UINT64_MAX if nothing says. */
uint64_t i2v_free_memory(void);

/* i2v_free_memory less a sixteenth, which is left to others. */
uint64_t i2v_memory_budget(void);

/* i2v_free_memory with /proc and /sys looked up in the folder root ("": the real ones) and these limits. What is
 * missing or not as the kernel writes it counts for nothing. */
uint64_t i2v_free_memory_under(const char *root, i2v_memory_limits limits);

#endif
