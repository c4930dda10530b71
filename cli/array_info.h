/* What info says of arrays: latents, frames, or neither. */
#ifndef CLI_ARRAY_INFO_H
#define CLI_ARRAY_INFO_H

#include "settings.h"

/* settings->operand is a NumPy file, or ComfyUI's .latent. Returns the exit status. */
int cli_array_info(const cli_settings *settings);

#endif
