/* What was made, as one line for a person or as JSON. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "job.h"

#include <jansson.h>

/* One line on standard error, unless --quiet is given, and in the log; with the details of --verbose. */
void cli_report_line(const cli_job *job);

/* One JSON object on standard output, on one line where there are several tasks. All return an exit status. */
int cli_report_json(const cli_job *job);
int cli_report_error_json(const cli_job *job); /* of a task that failed, or of a picture with all its seeds */
int cli_print_json(json_t *object);            /* takes the reference; NULL is lack of memory */

/* Most bytes of memory this process ever had. */
uint64_t cli_peak_memory(void);

/* The text of a value, as jansson writes it, without characters that steer a terminal; NULL without memory. */
char *cli_json_dump(const json_t *value, size_t layout);

/* jansson's integers end at 2^63 - 1; a larger seed is written as a string of digits. */
json_t *cli_json_seed(uint64_t seed);

/* A JSON string of any bytes: what is no UTF-8, as file names may be, becomes '?'. */
json_t *cli_json_text(const char *text);

#endif
