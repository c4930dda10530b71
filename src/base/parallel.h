/* The one thread pool: OpenMP. Work is cut into items whose number never depends on the number of threads. */
#ifndef I2V_BASE_PARALLEL_H
#define I2V_BASE_PARALLEL_H

#include <stdatomic.h>
#include <stdint.h>

/* Cores this process may use. */
int i2v_core_count(void);

/* Calls body(argument, item, thread) for each item in 0..items, on `threads` threads, thread being in 0..threads.
 * Items not begun when *cancel (may be NULL) becomes non-zero are left out. Libraries called by body that use OpenMP
 * see one thread. */
void i2v_parallel(int threads, int64_t items, atomic_int *cancel,
                  void (*body)(void *argument, int64_t item, int thread), void *argument);

#endif
