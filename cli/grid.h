/* A comparison as one video: the videos side by side, with labels, and motion below them. */
#ifndef CLI_GRID_H
#define CLI_GRID_H

#include "comparison.h"

i2v_status cli_grid_save(cli_comparison *all, const char *path);

#endif
