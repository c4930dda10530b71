/* Paths in the form of addresses: "file:///home/me/a%20picture.png". */
#ifndef I2V_BASE_FILE_URL_H
#define I2V_BASE_FILE_URL_H

#include "base/error.h"

#include <stddef.h>

/* *path, allocated, is what text leads to: of a file address the path in it, else text itself. An address of another
 * machine is I2V_ERROR_IO. */
i2v_status i2v_path_of(char **path, const char *text, i2v_error *error);

/* Writes `length` bytes of text to `to`, which may be text itself, with %XX as the byte that it stands for, and a zero
 * after them; 0 if one of them is zero. What is no such form is kept. */
int i2v_percent_decode(char *to, const char *text, size_t length);

#endif
