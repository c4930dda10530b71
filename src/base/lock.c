/* A lock that several threads wait for, and that a forked process finds free. */
#include "base/lock.h"

#include <time.h>
#include <unistd.h>

static void make(i2v_lock *lock) {
    pthread_mutex_init(&lock->mutex, NULL);
    pthread_cond_init(&lock->changed, NULL);
}

void i2v_lock_init(i2v_lock *lock) {
    make(lock);
    atomic_init(&lock->process, getpid());
}

/* What is another process' may be locked and waited for, for ever: it is not touched. */
void i2v_lock_destroy(i2v_lock *lock) {
    if (atomic_load(&lock->process) != getpid()) return;
    pthread_cond_destroy(&lock->changed);
    pthread_mutex_destroy(&lock->mutex);
}

/* Once in a process that was forked; its other threads wait for the one that does it. */
static void make_anew(i2v_lock *lock) {
    pid_t here = getpid(), seen = atomic_load(&lock->process);
    while (seen != here) {
        if (seen != -here && atomic_compare_exchange_strong(&lock->process, &seen, -here)) {
            make(lock);
            atomic_store(&lock->process, here);
        }
        seen = atomic_load(&lock->process);
    }
}

void i2v_lock_take(i2v_lock *lock) {
    make_anew(lock);
    pthread_mutex_lock(&lock->mutex);
}

void i2v_lock_give(i2v_lock *lock) {
    pthread_mutex_unlock(&lock->mutex);
}

/* The clock is the one that conditions go by on every system. If it is set, a wait takes longer or less. */
void i2v_lock_wait(i2v_lock *lock, double seconds) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    long nanoseconds = until.tv_nsec + (long)(seconds * 1e9);
    until.tv_sec += nanoseconds / 1000000000;
    until.tv_nsec = nanoseconds % 1000000000;
    pthread_cond_timedwait(&lock->changed, &lock->mutex, &until);
}

void i2v_lock_tell(i2v_lock *lock) {
    pthread_cond_broadcast(&lock->changed);
}
