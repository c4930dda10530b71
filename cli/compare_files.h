/* The files of a comparison: nothing that it reads is written. */
#ifndef CLI_COMPARE_FILES_H
#define CLI_COMPARE_FILES_H

#include "comparison.h"

/* What --output is to become, by its ending. */
typedef enum cli_compare_kind {
    CLI_COMPARE_NOTHING,
    CLI_COMPARE_VIDEO,
    CLI_COMPARE_PICTURE,
    CLI_COMPARE_PAGE
} cli_compare_kind;

cli_compare_kind cli_compare_kind_of(const char *path);

/* Can the output be written? Its folder is there. Of a page, writing it says so. */
i2v_status cli_compare_check_output(cli_comparison *all);

/* Is the output, or the log, none of the inputs? Once the videos are measured: their numbers of frames say which files
 * a pattern means. */
i2v_status cli_compare_check_places(cli_comparison *all);

#endif
