/* img2vid bench --loss: what each rung of --speed loses with the user's own model, beside fewer steps. */
#ifndef CLI_LOSS_H
#define CLI_LOSS_H

#include "settings.h"

/* Makes the videos and prints a table, or JSON. Returns an exit status. */
int cli_loss(const cli_settings *settings);

#endif
