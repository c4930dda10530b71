/* A lock with changes to wait for, for what several threads share. In a forked process it is a free one, whoever held
 * it in the parent: what it guards must then be whole between any two of its writes. */
#ifndef I2V_BASE_LOCK_H
#define I2V_BASE_LOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

typedef struct i2v_lock {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    _Atomic(pid_t) process; /* whose the two above are; negative: which is making them anew */
} i2v_lock;

void i2v_lock_init(i2v_lock *lock);
void i2v_lock_destroy(i2v_lock *lock);

/* Never held for long: not while files are read, nor while a caller's function runs. */
void i2v_lock_take(i2v_lock *lock);
void i2v_lock_give(i2v_lock *lock);

/* Gives the lock, waits for i2v_lock_tell or so many seconds, and takes it again. It may return early. */
void i2v_lock_wait(i2v_lock *lock, double seconds);
/* Wakes all who wait, with the lock held. */
void i2v_lock_tell(i2v_lock *lock);

#endif
