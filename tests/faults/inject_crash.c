/* Where the process dies. A library that goes through a NULL pointer of its own is not ours to mend. */
#include "inject.h"

#include <signal.h>
#include <stdint.h>
#include <ucontext.h>

enum { WORDS = 256 };

/* The nearest code that is not the C library's: at the address itself, or where calls on the stack return to. */
static void find_culprit(const ucontext_t *at, fault_page *plan) {
#ifdef __x86_64__
    const greg_t *registers = at->uc_mcontext.gregs;
    const void *address = (const void *)registers[REG_RIP], *const *stack = (const void *const *)registers[REG_RSP];
#else
    const void *address = (const void *)at->uc_mcontext.pc, *const *stack = (const void *const *)at->uc_mcontext.sp;
#endif
    int owner = fault_owner(address, plan->crash, sizeof plan->crash);
    for (int i = 0; owner == 0 && i < WORDS; i++) owner = fault_owner(stack[i], plan->crash, sizeof plan->crash);
    if (owner <= 0) plan->crash[0] = 0;
}

/* Then the instruction runs again, and the signal ends the process. */
static void on_crash(int number, siginfo_t *info, void *context) {
    signal(number, SIG_DFL);
    find_culprit(context, fault_plan);
}

void fault_note_crashes(void) {
    struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    sigaction(SIGFPE, &action, NULL);
}
