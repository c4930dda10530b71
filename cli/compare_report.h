/* What a comparison came to: a table for a person, or JSON. */
#ifndef CLI_COMPARE_REPORT_H
#define CLI_COMPARE_REPORT_H

#include "comparison.h"

/* What is to be known beside the figures, on standard error: videos of other sizes, lengths or rates, or without
 * metadata. */
void cli_compare_notes(const cli_comparison *all);

/* On standard output. Returns an exit status. */
int cli_compare_report(const cli_comparison *all);

#endif
