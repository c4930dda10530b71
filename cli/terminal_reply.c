/* What a terminal says of itself: ECMA-48's control sequences, as xterm documents them (ctlseqs), and kitty's answer.
 */
#include "terminal_reply.h"

#include <string.h>

/* Whether it has kitty's graphics, the size of a character, registers of colours, and what it is (DA1). */
#define KITTY_QUESTION "\033_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\033\\"
#define OTHER_QUESTIONS "\033[16t\033[?1;1;0S\033[c"

const char *cli_terminal_questions(int kitty) {
    return kitty ? KITTY_QUESTION OTHER_QUESTIONS : OTHER_QUESTIONS;
}

enum { MOST_NUMBERS = 32, MOST = 1 << 20 };

/* A control sequence: "ESC [", a mark ("?" or none), numbers, and the letter that says what it is. */
typedef struct sequence {
    char mark, letter;
    int numbers[MOST_NUMBERS];
    int count;
} sequence;

/* Returns its length; 0 if there is none at text, or it is not whole. */
static size_t read_sequence(sequence *s, const char *text, size_t size) {
    *s = (sequence){0};
    if (size < 3 || text[0] != '\033' || text[1] != '[') return 0;
    size_t i = 2;
    if (text[i] == '?' || text[i] == '>') s->mark = text[i++];
    for (int within = 0; i < size; i++) {
        char c = text[i];
        if (c >= '0' && c <= '9') {
            if (!within && s->count < MOST_NUMBERS) s->count++;
            within = 1;
            int *number = &s->numbers[s->count - 1];
            if (*number < MOST) *number = 10 * *number + (c - '0');
        } else if (c == ';') {
            if (!within && s->count < MOST_NUMBERS) s->count++;
            within = 0;
        } else {
            s->letter = c;
            return i + 1;
        }
    }
    return 0;
}

static int has(const sequence *s, int number) {
    for (int i = 0; i < s->count; i++)
        if (s->numbers[i] == number) return 1;
    return 0;
}

static void take_sequence(cli_terminal_reply *reply, const sequence *s) {
    const int *n = s->numbers;
    if (s->mark == '?' && s->letter == 'c') {
        reply->sixel = has(s, 4);
        reply->is_whole = 1;
    } else if (s->mark == '?' && s->letter == 'S' && s->count == 3 && n[0] == 1 && n[1] == 0) {
        reply->registers = n[2];
    } else if (!s->mark && s->letter == 't' && s->count == 3 && n[0] == 6) {
        reply->cell_height = n[1];
        reply->cell_width = n[2];
    }
}

static int begins(const char *text, size_t size, const char *with) {
    return size >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

void cli_terminal_reply_read(cli_terminal_reply *reply, const char *text, size_t size) {
    sequence s;
    *reply = (cli_terminal_reply){0};
    for (size_t i = 0; i < size && !reply->is_whole;) {
        size_t length = read_sequence(&s, text + i, size - i);
        if (length) take_sequence(reply, &s);
        if (begins(text + i, size - i, "\033_Gi=31;OK\033\\")) reply->kitty = 1;
        i += length ? length : 1;
    }
}
