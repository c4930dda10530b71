/* What lies where weights or a configuration should, and is none. */
#ifndef I2V_BASE_OTHER_FILES_H
#define I2V_BASE_OTHER_FILES_H

#include "base/error.h"

#include <stddef.h>

/* How much of a file's beginning is looked at, at the most: the marks of a tar archive lie behind byte 257, and the
 * hub's page of a gated model says so in its first lines. */
enum { I2V_OTHER_FILE_BEGIN = 1024 };

/* What a file ought to be. */
typedef enum i2v_wanted_file { I2V_WANTED_WEIGHTS, I2V_WANTED_JSON } i2v_wanted_file;

/* I2V_ERROR_MODEL, with a sentence that says what the file is and the way out, if its first `count` bytes tell; else
 * I2V_OK. To be asked of files that cannot be what is wanted: some of the marks are two bytes long. */
i2v_status i2v_other_file_check(const char *begin, size_t count, i2v_wanted_file wanted, const char *path,
                                i2v_error *error);

/* I2V_ERROR_MODEL if the name of the file, or one beside it, says that its download has not ended: such a file may have
 * its full size, and zeros where nothing has arrived. */
i2v_status i2v_other_file_check_download(const char *path, i2v_error *error);

#endif
