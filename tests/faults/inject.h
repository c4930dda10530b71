/* Inside of the library that is preloaded into the process under test. */
#ifndef FAULTS_INJECT_H
#define FAULTS_INJECT_H

#include "plan.h"

#include <stddef.h>

/* NULL before the constructor has run, and where nothing is asked for. */
extern fault_page *fault_plan;

/* Counts one call of the kind, made from the address; true if it is to fail. */
int fault_strikes(fault_class kind, const void *caller);

/* Whose the code at the address is: 1: of a library, whose name is put into text; -1: ours; 0: the C library's or no
 * code. */
int fault_owner(const void *at, char *text, size_t size);

/* inject_crash.c: notes in which object the process dies. */
void fault_note_crashes(void);

/* inject_calls.c: has the kernel stop at system calls on files and sockets. */
void fault_catch_calls(void);

#endif
