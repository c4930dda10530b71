/* What lies where safetensors weights should, and is none. */
#ifndef I2V_WEIGHTS_OTHER_FILES_H
#define I2V_WEIGHTS_OTHER_FILES_H

#include "base/error.h"

#include <stddef.h>

/* How much of a file's beginning is looked at, at the most. */
enum { I2V_OTHER_FILE_BEGIN = 256 };

/* I2V_ERROR_MODEL, with a sentence that says what the file is and the way out, if its first `count` bytes tell; else
 * I2V_OK. */
i2v_status i2v_other_file_check(const char *begin, size_t count, const char *path, i2v_error *error);

#endif
