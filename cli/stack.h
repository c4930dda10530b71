/* The main thread's stack. */
#ifndef CLI_STACK_H
#define CLI_STACK_H

/* Raises a limit that is too small for the libraries that write videos (ulimit -s). CLI_DONE, or CLI_FAILED after
 * saying that it may not be raised. */
int cli_stack_check(void);

#endif
