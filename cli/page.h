/* A comparison as one page of HTML that needs nothing but itself: the videos, which play in step, a table of figures,
 * and a plot of motion. */
#ifndef CLI_PAGE_H
#define CLI_PAGE_H

#include "comparison.h"

i2v_status cli_page_save(cli_comparison *all, const char *path);

#endif
