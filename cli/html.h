/* Text of any origin in a page of HTML. */
#ifndef CLI_HTML_H
#define CLI_HTML_H

#include <stddef.h>
#include <stdio.h>

/* Text between tags or in a quoted attribute: what means something to HTML is escaped, and what would steer a reader
 * (i2v_make_printable) is left out. 0 without memory. */
int cli_html_text(FILE *to, const char *text);

#endif
