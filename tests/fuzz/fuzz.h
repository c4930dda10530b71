/* What the fuzz targets share. A target is one function that takes bytes of any kind, LLVMFuzzerTestOneInput; libFuzzer
 * calls it with inputs that it makes up, replay.c with those of a folder. */
#ifndef FUZZ_H
#define FUZZ_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The path of a file in memory that holds these bytes until the next call, followed by zeros up to `length` where that
 * is more than size. */
const char *fuzz_file(const uint8_t *data, size_t size, size_t length);

/* The bytes and a zero in a block of their own, so that AddressSanitizer sees what reads behind them; to be freed. */
char *fuzz_text(const uint8_t *data, size_t size);

/* The line of the text that *rest begins with, its end made a zero, *rest going on behind it; "" at the end. */
char *fuzz_line(char **rest);

/* What must hold whatever the input is. */
#define fuzz_require(what) ((what) ? (void)0 : fuzz_stop(#what, __FILE__, __LINE__))
_Noreturn void fuzz_stop(const char *what, const char *file, int line);

/* A failure has a sentence, a success none that is wrong. */
void fuzz_require_told(i2v_status status, const i2v_error *error);

#endif
