/* Errors go up as a status; the sentence for a person is written once, where the cause is known. */
#ifndef I2V_BASE_ERROR_H
#define I2V_BASE_ERROR_H

#include "base/format.h"
#include "img2vid/img2vid.h"

/* A parameter's name in a sentence, I2V_NAME("max_memory"): who reads it sees the name alone, and i2v_error.names tells
 * where it stands, so that a program may call it otherwise. Nothing but i2v_fail takes the marks away. */
#define I2V_NAME(name) "\016" name "\017"

/* Writes the formatted sentence into error (which may be NULL) and returns status, so that a failing function ends in
 * `return i2v_fail(error, I2V_ERROR_..., "...")`. Sentences start in lower case, name the file or parameter and the
 * way out, and have no full stop. */
I2V_PRINTF(3, 4) i2v_status i2v_fail(i2v_error *error, i2v_status status, const char *format, ...);

/* The common one: `what` (for instance "the picture") needs `bytes` more than the system gives. */
i2v_status i2v_fail_memory(i2v_error *error, const char *what, uint64_t bytes);

/* "cannot VERB what: ..." by an errno, with the way out where that is known. Lack of memory is told as that. */
i2v_status i2v_fail_system(i2v_error *error, const char *verb, const char *what, int code);

/* What a public call cannot do without, as pairs of a parameter's name and its pointer, ended by NULL:
 * I2V_ERROR_PARAMETER for the first that is NULL. */
__attribute__((sentinel)) i2v_status i2v_require(i2v_error *error, ...);

#endif
