/* A team of threads that work on one loop at a time. Work is cut into items whose number never depends on the number
 * of threads. Members wait on a condition and spin only for microseconds: on a machine that others use too, OpenMP's
 * spinning teams cost tens of times the work itself. */
#ifndef I2V_BASE_PARALLEL_H
#define I2V_BASE_PARALLEL_H

#include "base/error.h"

#include <stdatomic.h>

typedef struct i2v_team i2v_team;

/* Cores that this process may use: those that it is bound to, but no more than its cgroups' quota of time is worth. */
int i2v_core_count(void);

/* A team of `threads` (at least 1); the caller's own thread is one of them. A loop uses no more of them than there are
 * cores. To be freed with i2v_team_free. */
i2v_status i2v_team_new(i2v_team **team, int threads, i2v_error *error);
void i2v_team_free(i2v_team *team);

/* Threads of the team; NULL is a team of one. */
int i2v_team_size(const i2v_team *team);

/* False in a process that was forked from the team's own: fork() copies no threads. There the caller's thread does all
 * work, and the team can be freed, whatever its threads were doing when the process was forked. */
int i2v_team_is_here(const i2v_team *team);

/* Calls body(argument, item, thread) for each item in 0..items, thread being in 0..size of the team. Items not begun
 * when *cancel (may be NULL) becomes non-zero are left out.
 * Not to be called from a body, nor on one team from two threads at once. */
void i2v_parallel(i2v_team *team, int64_t items, atomic_int *cancel,
                  void (*body)(void *argument, int64_t item, int thread), void *argument);

#endif
