/* The last line of a terminal, by two controls that all have: "go to the line's beginning" and "erase to its end". */
#include "status_line.h"
#include "img2vid/img2vid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int cli_is_terminal(void) {
    const char *kind = getenv("TERM");
    return isatty(STDERR_FILENO) && !(kind && strcmp(kind, "dumb") == 0);
}

int cli_terminal_columns(void) {
    struct winsize window;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col ? window.ws_col : 80;
}

static int continues_character(char byte) {
    return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t cli_bytes_within(const char *text, int columns) {
    /* no character takes more columns than it has bytes in UTF-8, whichever a terminal draws wide */
    size_t length = strlen(text), most = columns > 0 ? (size_t)columns : 0;
    if (length <= most) return length;
    while (most > 0 && continues_character(text[most])) most--;
    return most;
}

void cli_status_line_redraw(cli_status_line *line) {
    if (!line->text[0]) return;
    /* in the last column the cursor would be about to wrap */
    int fits = (int)cli_bytes_within(line->text, cli_terminal_columns() - 1);
    fprintf(stderr, "\r%.*s\033[K", fits, line->text);
    line->stands = 1;
}

void cli_status_line_draw(cli_status_line *line, const char *text) {
    snprintf(line->text, sizeof line->text, "%s", text);
    i2v_make_printable(line->text);
    cli_status_line_redraw(line);
}

void cli_status_line_erase(cli_status_line *line) {
    if (line->stands) fputs("\r\033[K", stderr);
    line->stands = 0;
    line->erased++;
}
