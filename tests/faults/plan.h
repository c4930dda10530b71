/* What the driver (faults.c) tells the process under test, and what it hears from it: one page that both map. */
#ifndef FAULTS_PLAN_H
#define FAULTS_PLAN_H

#include <stdatomic.h>
#include <stdint.h>

/* The environment variable that holds the descriptor of the page. */
#define FAULT_PAGE "IMG2VID_FAULT_PAGE"

typedef enum fault_class {
    FAULT_MEMORY,  /* malloc and its kin, and mmap without a file: NULL and ENOMEM */
    FAULT_THREADS, /* pthread_create: EAGAIN */
    FAULT_CALLS,   /* system calls on files and sockets: what a full or broken disk or network says */
    FAULT_KILLS,   /* SIGKILL before such a call */
    FAULT_CLASSES
} fault_class;

/* Whose allocations count: by the object that the caller lies in. */
typedef enum fault_scope {
    FAULT_OURS, /* the program and libimg2vid */
    FAULT_LIBC, /* and the C library, which allocates for us */
    FAULT_ALL,  /* and every other library */
    FAULT_SCOPES
} fault_scope;

/* Places of calls that are kept while they are counted. */
enum { FAULT_PLACES = 1 << 20 };

typedef struct fault_page {
    fault_class kind;
    fault_scope scope;
    int64_t at; /* the call that fails, counted from 1; 0: none, they are counted */
    int lasts;  /* all after it fail, too */
    /* written by the process */
    _Atomic int64_t calls;
    atomic_int fired;
    int error;        /* the errno that was given */
    long number;      /* of the system call */
    char caller[128]; /* "libx264.so.164+0x1234" */
    char crash[128];  /* likewise, where it died of what a library did; "" where that was in our code */
    uintptr_t places[FAULT_PLACES]; /* where call i + 1 came from, while none is to fail */
} fault_page;

#endif
