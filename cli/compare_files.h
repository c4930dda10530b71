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

/* Can the output be written, is it none of the inputs, and is neither the log? After the videos are measured, whose
 * numbers of frames say which files a pattern means; the folder of the output is there. */
i2v_status cli_compare_check_files(cli_comparison *all);

#endif
