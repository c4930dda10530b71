/* Inside of the driver: runs of img2vid under faults, and what is looked at after each. */
#ifndef FAULTS_H
#define FAULTS_H

#include "plan.h"

#include <limits.h>
#include <stddef.h>

/* Paths that every run uses, absolute. */
typedef struct fault_setup {
    const char *program, *injector, *server, *model, *picture;
    char scratch[64];  /* of this driver; removed at its end */
    char inputs[80];   /* what good runs made, for decode, info and --from */
} fault_setup;

/* A run of the program, by what it writes. */
typedef struct fault_kind {
    const char *name;
    const char *arguments; /* separated by spaces; {picture}, {model} and {inputs} are paths */
    const char *outputs;   /* the files that it writes, separated by spaces; "": none */
    int frames;            /* of each that is a video; 0: it is none */
    int prints;            /* what it prints is part of what it makes */
    int pulls;             /* from a hub, into a cache of its own */
    int lists;             /* several jobs, of which one may fail alone */
    const char *state;     /* what a run that was ended may leave, from which the next goes on; NULL: nothing */
} fault_kind;

extern const fault_kind fault_kinds[];
extern const int fault_kind_count;

/* A folder for one run at a time, and the hub that it may use. */
typedef struct fault_place {
    const fault_setup *setup;
    char folder[96], work[112], good[112]; /* what a good run makes is in good */
    int server;                            /* process id, 0: none */
    int hub;                               /* port */
} fault_place;

/* How a process ended. */
typedef struct fault_end {
    int exit_status; /* -1: by a signal or the clock */
    int signal;
    int timed_out;
} fault_end;

/* process.c: the program on the kind's arguments, in place->work, with output in place->folder/out and /err. With a
 * plan, that is injected; with a signal, it is sent after so many seconds. */
fault_end fault_run(const fault_place *place, const fault_kind *kind, int plan, int signal, double after);
/* process.c: another command, quietly; its exit status. */
int fault_command(const char *const *arguments, const char *output);
/* process.c: a hub that serves the model. */
void fault_serve(fault_place *place);
double fault_now(void);

/* files.c */
void fault_remove(const char *folder);
int fault_same(const char *one, const char *other);
char *fault_read(const char *path, size_t *size); /* ends with a NUL that size does not count; NULL if it is missing */
int fault_write(const char *path, const char *text);

typedef enum fault_outcome {
    OUTCOME_SAME,  /* status 0, and every byte as in a good run */
    OUTCOME_OTHER, /* status 0, and other bytes, which play */
    OUTCOME_TOLD,  /* another status, a sentence that names the cause, and nothing half done */
    OUTCOME_OUTSIDE, /* a library died of its own failed allocation; nothing half done */
    OUTCOME_WRONG,
    OUTCOMES
} fault_outcome;

/* outcome.c: before a run: an empty folder, or one with an old file under each name that will be written. */
void fault_prepare(const fault_place *place, const fault_kind *kind, int with_old);
/* outcome.c: after it. plan is what was injected, NULL after a signal. Why it is wrong is in reason. */
fault_outcome fault_look(const fault_place *place, const fault_kind *kind, const fault_page *plan, fault_end end,
                         char *reason, size_t size);
/* outcome.c: the files of a good run go to place->good. */
void fault_keep_good(const fault_place *place);

#endif
