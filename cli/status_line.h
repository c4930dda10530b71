/* The last line of a terminal, which is drawn again in its place and never wraps. */
#ifndef CLI_STATUS_LINE_H
#define CLI_STATUS_LINE_H

#include <stddef.h>

typedef struct cli_status_line {
    char text[512]; /* that was drawn last */
    int stands;     /* the cursor is behind it */
    int erased;     /* how often it was to be taken away: others printed then */
} cli_status_line;

/* 1: standard error is a terminal on which a line can be drawn again. */
int cli_is_terminal(void);

/* Columns of the terminal on standard error, asked for anew, as its window may have changed. 80 where it does not tell.
 */
int cli_terminal_columns(void);

/* How many bytes of printable text (i2v_make_printable) fit `columns` columns, whole characters only. */
size_t cli_bytes_within(const char *text, int columns);

/* Draws text, of any origin, in place of the line that stands there; what is too long is cut. */
void cli_status_line_draw(cli_status_line *line, const char *text);

/* Takes the line away, so that other lines can follow. Nothing where none stands. */
void cli_status_line_erase(cli_status_line *line);

/* Draws the line that was erased once more. Nothing where none was ever drawn. */
void cli_status_line_redraw(cli_status_line *line);

#endif
