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
static atomic_int signals_continued;
static atomic_int pictures_on_terminal;

/* Ends a picture that is half written, which would swallow what comes after it, and its colours. */
static void leave_terminal(void) {
    static const char end[] = "\033\\\033[0m";
    if (atomic_load(&pictures_on_terminal) && write(STDERR_FILENO, end, sizeof end - 1) < 0) return;
}

static void handle(int number) {
    i2v_engine *engine = atomic_load(&running_engine);
    int first = atomic_fetch_add(&signals_came, 1) == 0;
    if (!first || (!engine && !atomic_load(&signals_noted))) {
        leave_terminal();
        _exit(CLI_INTERRUPTED);
    }
    i2v_cancel(engine);
}

static void handle_continue(int number) {
    atomic_fetch_add(&signals_continued, 1);
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
    action.sa_handler = handle_continue;
    sigaction(SIGCONT, &action, NULL);
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

int cli_signals_continued(void) {
    return atomic_load(&signals_continued);
}

void cli_signals_pictures(int on) {
    atomic_store(&pictures_on_terminal, on);
}

int cli_signals_came(void *unused) {
    return atomic_load(&signals_came) > 0;
}
