/* Ctrl-C, SIGTERM and SIGHUP. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include "img2vid/img2vid.h"

/* From now on these signals end the program with CLI_INTERRUPTED: at once while no engine is running. A closed pipe on
 * standard output or error, and a file larger than the shell allows, become ordinary failures to write. */
void cli_signals_install(void);

/* While engine is set, the first signal cancels its call and the second one ends the program at once. NULL: none. */
void cli_signals_running(i2v_engine *engine);

/* While on, the first signal is only noted, for work that looks at cli_signals_came. */
void cli_signals_note(int on);

/* How often this process went on after it had been stopped, as by Ctrl-Z: others wrote to the terminal meanwhile. */
int cli_signals_continued(void);

/* While on, pictures go to standard error, a terminal: an end at once ends the one that is being written, too. */
void cli_signals_pictures(int on);

/* True once a signal came. The signature is that of i2v_output.cancelled. */
int cli_signals_came(void *unused);

#endif
