/* A comparison as one picture: a strip of frames of each video, and motion below them. */
#ifndef CLI_STRIPS_H
#define CLI_STRIPS_H

#include "comparison.h"

i2v_status cli_strips_save(cli_comparison *all, const char *path);

#endif
