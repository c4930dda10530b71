/* A video in a page: its own bytes where a browser plays them, else written anew. */
#ifndef CLI_PAGE_VIDEO_H
#define CLI_PAGE_VIDEO_H

#include "comparison.h"

#include <stdio.h>

/* Writes the address of video number index, "data:video/mp4;base64,...". */
i2v_status cli_page_video(FILE *to, cli_comparison *all, int index);

#endif
