/* All that differs between the systems in the program: system_linux.c, system_macos.c, system_windows.c. What the
 * library needs is in base/system.h. */
#ifndef CLI_SYSTEM_H
#define CLI_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

/* Fills memory of up to 256 bytes with what nobody can foresee; 0 where the system has nothing. */
int cli_system_random(void *memory, size_t size);

/* The file that this program runs from, without links; allocated, NULL where the system does not tell. */
char *cli_system_program(void);

/* Most bytes of memory that this process ever had; 0 where the system does not tell. */
uint64_t cli_system_peak_memory(void);

#endif
