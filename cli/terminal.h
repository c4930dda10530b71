/* The terminal that standard output and error are on: how it shows pictures, and its size. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include "blocks.h"

typedef enum cli_graphics {
    CLI_GRAPHICS_NONE, /* there is no terminal, or one without colours */
    CLI_GRAPHICS_BLOCKS,
    CLI_GRAPHICS_SIXEL,
    CLI_GRAPHICS_ITERM2,
    CLI_GRAPHICS_KITTY
} cli_graphics;

typedef struct cli_terminal {
    cli_graphics graphics;
    cli_colors colors;
    int utf8;
    int cell_width, cell_height; /* of a character, in pixels, as it says; 0: it does not */
} cli_terminal;

/* Looks at the environment, and asks the terminal where that does not say, for a second at most. */
void cli_terminal_find(cli_terminal *terminal);

typedef struct cli_terminal_size {
    int columns, lines;
    int cell_width, cell_height; /* of a character, in pixels; a small one where nobody says it */
} cli_terminal_size;

/* Now; 80 x 24 where nobody says it. */
cli_terminal_size cli_terminal_size_now(const cli_terminal *terminal);

/* 0 while the shell has this process in the background. */
int cli_terminal_is_ours(void);

#endif
