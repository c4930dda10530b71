/* Whether two jobs of a list can have one opened model. */
#ifndef CLI_SAME_MODEL_H
#define CLI_SAME_MODEL_H

#include "settings.h"

/* True if both say the same model and the same options of it. */
int cli_opens_same(const cli_settings *a, const cli_settings *b);

#endif
