/* Where the process dies. A library that goes through a NULL pointer of its own is not ours to mend. */
#include "inject.h"

#include <signal.h>
#include <ucontext.h>

static const void *address_of(const ucontext_t *at) {
#ifdef __x86_64__
    return (const void *)at->uc_mcontext.gregs[REG_RIP];
#else
    return (const void *)at->uc_mcontext.pc;
#endif
}

/* Then the instruction runs again, and the signal ends the process. */
static void on_crash(int number, siginfo_t *info, void *context) {
    fault_page *plan = fault_plan;
    if (!fault_is_foreign(address_of(context), plan->crash, sizeof plan->crash)) plan->crash[0] = 0;
    signal(number, SIG_DFL);
}

void fault_note_crashes(void) {
    struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    sigaction(SIGFPE, &action, NULL);
}
