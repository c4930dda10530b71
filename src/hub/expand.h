/* Paths as environment variables of huggingface_hub give them. */
#ifndef I2V_HUB_EXPAND_H
#define I2V_HUB_EXPAND_H

#include "base/error.h"

/* "~", "~/x" and "~user/x" in a home folder, as Python's os.path.expanduser. What cannot be expanded is an error, which
 * names where the path came from (from), unless there is a folder or file of that very name. *expanded is allocated. */
i2v_status i2v_expand_home(char **expanded, const char *path, const char *from, i2v_error *error);

/* Then also "$NAME" and "${NAME}", as Python's os.path.expandvars: what comes in their place is not looked at again. */
i2v_status i2v_expand_path(char **expanded, const char *path, const char *from, i2v_error *error);

#endif
