/* What a terminal says of itself when it is asked. Its answer is as untrusted as a file: a program behind it, or what
 * it runs, may have written it. */
#ifndef CLI_TERMINAL_REPLY_H
#define CLI_TERMINAL_REPLY_H

#include <stddef.h>

typedef struct cli_terminal_reply {
    int kitty;                   /* it has kitty's graphics */
    int sixel;                   /* it has sixels, */
    int registers;               /* and so many registers of colours; 0: it does not say */
    int cell_width, cell_height; /* of a character, in pixels; 0: it does not say */
    int is_whole;                /* the last of the answers is there */
} cli_terminal_reply;

/* The questions, of which every terminal answers the last. kitty: 1, or 0 without kitty's. */
const char *cli_terminal_questions(int kitty);

/* Reads what has come so far; what is no answer is passed over. */
void cli_terminal_reply_read(cli_terminal_reply *reply, const char *text, size_t size);

#endif
