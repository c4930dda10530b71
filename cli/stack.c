/* Raises a limit on the main thread's stack that is too low. */
#include "stack.h"
#include "message.h"

#include <sys/resource.h>

/* What the public header asks of threads that write files, and what comes before. */
enum { NEEDED_KIB = 512 };

int cli_stack_check(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= NEEDED_KIB * 1024) return CLI_DONE;
    unsigned long long given = limit.rlim_cur;
    limit.rlim_cur = NEEDED_KIB * 1024;
    if (limit.rlim_max < limit.rlim_cur || setrlimit(RLIMIT_STACK, &limit) != 0) {
        return cli_fail("the stack is limited to %llu KiB, but %d are needed: ulimit -s %d", given / 1024, NEEDED_KIB,
                        NEEDED_KIB);
    }
    return CLI_DONE;
}
