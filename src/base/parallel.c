/* A team of threads that work on one loop at a time. */
#include "base/parallel.h"

#include "base/system.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* Looks at a flag before going to sleep: some ten microseconds, the pause between two operations. */
#define SPINS 2000
/* Of a member's stack. The system's own measure may be anything, from 8 MiB a thread to the few KiB of `ulimit -s`. */
#define STACK_BYTES ((size_t)512 * 1024)

typedef struct {
    int64_t items;
    atomic_int *cancel;
    void (*body)(void *argument, int64_t item, int thread);
    void *argument;
} loop;

struct i2v_team {
    pid_t process;     /* that the threads are in */
    int size, started; /* members beside the caller: size - 1, of which `started` run */
    int useful;        /* of them, those that find a processor beside the caller's */
    pthread_t *threads;
    pthread_mutex_t mutex;
    pthread_cond_t begin, end;
    /* under the mutex; the atomic ones are also looked at without it, before sleeping */
    loop job;
    int open, stop;
    atomic_uint round;  /* jobs so far */
    atomic_int running; /* members at work on the job */
    atomic_llong next;  /* item */
};

typedef struct {
    i2v_team *team;
    int thread;
} member;

int i2v_core_count(void) {
    return i2v_system_processors();
}

static void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void work(const loop *job, atomic_llong *next, int thread) {
    for (;;) {
        int64_t item = atomic_fetch_add_explicit(next, 1, memory_order_relaxed);
        if (item >= job->items) return;
        if (!job->cancel || !atomic_load_explicit(job->cancel, memory_order_relaxed)) {
            job->body(job->argument, item, thread);
        }
    }
}

/* Under the mutex. One that was woken late may find others in its place. */
static int can_join(i2v_team *team, unsigned seen) {
    return team->open && atomic_load(&team->round) != seen && atomic_load(&team->running) < team->useful;
}

static void *member_main(void *argument) {
    member self = *(member *)argument;
    i2v_team *team = self.team;
    unsigned seen = 0;
    int spins = team->useful == team->size - 1 ? SPINS : 0; /* else it is in another's way */
    free(argument);
    for (;;) {
        for (int i = 0; i < spins && atomic_load(&team->round) == seen; i++) relax();
        pthread_mutex_lock(&team->mutex);
        while (!team->stop && !can_join(team, seen)) {
            pthread_cond_wait(&team->begin, &team->mutex);
        }
        if (team->stop) break;
        seen = atomic_load(&team->round);
        atomic_fetch_add(&team->running, 1);
        pthread_mutex_unlock(&team->mutex);

        work(&team->job, &team->next, self.thread);

        pthread_mutex_lock(&team->mutex);
        if (atomic_fetch_sub(&team->running, 1) == 1) pthread_cond_signal(&team->end);
        pthread_mutex_unlock(&team->mutex);
    }
    pthread_mutex_unlock(&team->mutex);
    return NULL;
}

/* Starts the members. */
static i2v_status start(i2v_team *team, i2v_error *error) {
    while (team->started < team->size - 1) {
        member *self = malloc(sizeof *self);
        if (!self) break;
        *self = (member){team, team->started + 1};
        if (i2v_system_start_thread(&team->threads[team->started], STACK_BYTES, member_main, self) != 0) {
            free(self);
            break;
        }
        team->started++;
    }
    if (team->started == team->size - 1) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_MEMORY,
                    "the system gives only %d of %d threads: ask for fewer (" I2V_NAME("threads") "), or free memory",
                    team->started + 1, team->size);
}

i2v_status i2v_team_new(i2v_team **out, int threads, i2v_error *error) {
    i2v_team *team = calloc(1, sizeof *team);
    *out = NULL;
    if (!team) return i2v_fail_memory(error, "the threads", sizeof *team);
    team->process = getpid();
    team->size = threads;
    int cores = i2v_core_count();
    team->useful = (cores < threads ? cores : threads) - 1;
    team->threads = calloc((size_t)threads, sizeof *team->threads);
    pthread_mutex_init(&team->mutex, NULL);
    pthread_cond_init(&team->begin, NULL);
    pthread_cond_init(&team->end, NULL);
    i2v_status status = team->threads ? start(team, error) : i2v_fail_memory(error, "the threads", 0);
    if (status) {
        i2v_team_free(team);
        return status;
    }
    *out = team;
    return I2V_OK;
}

int i2v_team_is_here(const i2v_team *team) {
    return !team || team->process == getpid();
}

/* Where the threads are not, the mutex may be locked for ever and the conditions waited on: they are not touched. */
static void stop(i2v_team *team) {
    pthread_mutex_lock(&team->mutex);
    team->stop = 1;
    pthread_cond_broadcast(&team->begin);
    pthread_mutex_unlock(&team->mutex);
    for (int i = 0; i < team->started; i++) pthread_join(team->threads[i], NULL);
    pthread_cond_destroy(&team->begin);
    pthread_cond_destroy(&team->end);
    pthread_mutex_destroy(&team->mutex);
}

void i2v_team_free(i2v_team *team) {
    if (!team) return;
    if (i2v_team_is_here(team)) stop(team);
    free(team->threads);
    free(team);
}

int i2v_team_size(const i2v_team *team) {
    return team ? team->size : 1;
}

/* Wakes the members that have something to do and a processor to do it on. To wake more, for each loop, takes longer
 * than most loops do. */
static void wake(i2v_team *team) {
    if (team->useful == team->size - 1) {
        pthread_cond_broadcast(&team->begin);
        return;
    }
    for (int64_t i = 0; i < team->useful && i < team->job.items - 1; i++) pthread_cond_signal(&team->begin);
}

/* The caller works too, then closes the job: a member that has not woken by then is not waited for. */
static void work_as_team(i2v_team *team) {
    pthread_mutex_lock(&team->mutex);
    team->open = 1;
    atomic_store(&team->next, 0);
    atomic_fetch_add(&team->round, 1);
    wake(team);
    pthread_mutex_unlock(&team->mutex);

    work(&team->job, &team->next, 0);

    pthread_mutex_lock(&team->mutex);
    team->open = 0;
    pthread_mutex_unlock(&team->mutex);
    for (int i = 0; i < SPINS && atomic_load(&team->running) > 0; i++) relax();
    pthread_mutex_lock(&team->mutex);
    while (atomic_load(&team->running) > 0) pthread_cond_wait(&team->end, &team->mutex);
    pthread_mutex_unlock(&team->mutex);
}

void i2v_parallel(i2v_team *team, int64_t items, atomic_int *cancel,
                  void (*body)(void *argument, int64_t item, int thread), void *argument) {
    loop alone = {items, cancel, body, argument};
    if (i2v_team_size(team) == 1 || items <= 1 || !i2v_team_is_here(team)) {
        atomic_llong next = 0;
        work(&alone, &next, 0);
    } else {
        team->job = alone;
        work_as_team(team);
    }
}
