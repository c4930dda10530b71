/* Ctrl-C, SIGTERM and SIGHUP. A signal handler gets no pointer from its installer, so that these variables, with
 * those of log.c, are the only ones in the program that change and belong to no call. */
#include "signals.h"
#include "message.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

static _Atomic(i2v_engine *) running_engine;
static atomic_int signals_came;
static atomic_int signals_noted; /* the first one is only noted */

static void handle(int number) {
    i2v_engine *engine = atomic_load(&running_engine);
    int first = atomic_fetch_add(&signals_came, 1) == 0;
    if (!first || (!engine && !atomic_load(&signals_noted))) _exit(CLI_INTERRUPTED);
    i2v_cancel(engine);
}

void cli_signals_install(void) {
    /* Also where the shell had them ignored, as for `img2vid ... &` in a script: `kill -INT` is to work there. */
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    struct sigaction before;
    /* a closed terminal; nohup has it ignored, and means it */
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL);
}

void cli_signals_running(i2v_engine *engine) {
    atomic_store(&running_engine, engine);
}

void cli_signals_note(int on) {
    atomic_store(&signals_noted, on);
}

int cli_signals_came(void *unused) {
    return atomic_load(&signals_came) > 0;
}
