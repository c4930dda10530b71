#include "base/parallel.h"

#include <omp.h>
#include <sched.h>

int i2v_core_count(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        int count = CPU_COUNT(&set);
        if (count > 0) return count;
    }
    return omp_get_num_procs();
}

void i2v_parallel(int threads, int64_t items, atomic_int *cancel,
                  void (*body)(void *argument, int64_t item, int thread), void *argument) {
    if (threads > items) threads = items > 0 ? (int)items : 1;
#pragma omp parallel num_threads(threads)
    {
        /* a team of one is no parallel region to oneDNN, which would then open a team of its own */
        int saved = omp_get_max_threads();
        omp_set_num_threads(1);
#pragma omp for schedule(dynamic, 1)
        for (int64_t item = 0; item < items; item++) {
            if (!cancel || !atomic_load_explicit(cancel, memory_order_relaxed)) {
                body(argument, item, omp_get_thread_num());
            }
        }
        omp_set_num_threads(saved);
    }
}
