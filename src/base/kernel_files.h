/* Files in which Linux says how things stand (/proc, /sys), looked up in a folder root; "": the real ones. */
#ifndef I2V_BASE_KERNEL_FILES_H
#define I2V_BASE_KERNEL_FILES_H

#include <limits.h>
#include <stdint.h>
#include <stdio.h>

/* The longest line that is read whole: a cgroup's path and what stands before it. */
#define I2V_KERNEL_LINE (PATH_MAX + 256)

/* root, folder and name one after the other; NULL if there is no such file. */
FILE *i2v_kernel_open(const char *root, const char *folder, const char *name);

/* A line without its end; longer ones are passed over. 0 at the end of the file. */
int i2v_kernel_line(FILE *file, char line[I2V_KERNEL_LINE]);

/* The file's first line; 0 if there is none. */
int i2v_kernel_first_line(const char *root, const char *folder, const char *name, char line[I2V_KERNEL_LINE]);

/* Decimal digits up to a blank or the end of the line. */
int i2v_kernel_parse(const char *text, uint64_t *value);

/* The number that is the file's first line. */
int i2v_kernel_number(const char *root, const char *folder, const char *name, uint64_t *value);

/* The number of the line that begins with field and blanks. */
int i2v_kernel_field(const char *root, const char *folder, const char *name, const char *field, uint64_t *value);

#endif
