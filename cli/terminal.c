/* The terminal that standard output and error are on. */
#include "terminal.h"
#include "progress.h"
#include "terminal_reply.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* ---- environment ------------------------------------------------------------------------------------------------ */

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value ? value : "";
}

static int is(const char *name, const char *value) {
    return strcmp(variable(name), value) == 0;
}

static int has(const char *name, const char *part) {
    return strstr(variable(name), part) != NULL;
}

/* Another terminal's variables are inherited in tmux and screen, which show less than it does. */
static int is_multiplexer(void) {
    const char *term = variable("TERM");
    return *variable("TMUX") || *variable("STY") || strncmp(term, "tmux", 4) == 0 || strncmp(term, "screen", 6) == 0;
}

static cli_graphics graphics_by_environment(void) {
    if (is_multiplexer()) return CLI_GRAPHICS_NONE;
    if (*variable("KITTY_WINDOW_ID") || has("TERM", "kitty") || has("TERM", "ghostty") || is("TERM_PROGRAM", "ghostty"))
        return CLI_GRAPHICS_KITTY;
    if (is("TERM_PROGRAM", "iTerm.app") || is("LC_TERMINAL", "iTerm2") || is("TERM_PROGRAM", "WezTerm"))
        return CLI_GRAPHICS_ITERM2;
    return CLI_GRAPHICS_NONE;
}

/* By the first of the three that is set, as setlocale does. */
static int is_utf8(void) {
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *value = variable(names[i]), *dot = strchr(value, '.');
        if (*value) return dot && (strncasecmp(dot, ".UTF-8", 6) == 0 || strncasecmp(dot, ".utf8", 5) == 0);
    }
    return 0;
}

static cli_colors colors_by_environment(void) {
    int direct = is("COLORTERM", "truecolor") || is("COLORTERM", "24bit") || has("TERM", "direct");
    return direct ? CLI_COLORS_24_BIT : CLI_COLORS_256;
}

/* These print what they do not understand. */
static int may_be_asked(void) {
    return !is("TERM", "linux") && !is("TERM_PROGRAM", "Apple_Terminal");
}

/* ---- questions -------------------------------------------------------------------------------------------------- */

static const double PATIENCE = 1; /* seconds: a slow line's round trip; every terminal answers */

/* Reads until the last answer. No echo, no waiting for a line's end. */
static void read_reply(int fd, cli_terminal_reply *reply) {
    char text[1024];
    size_t size = 0;
    double began = cli_now();
    while (!reply->is_whole && size < sizeof text && cli_now() - began < PATIENCE) {
        ssize_t count = read(fd, text + size, sizeof text - size);
        if (count <= 0) return;
        size += (size_t)count;
        cli_terminal_reply_read(reply, text, size);
    }
}

static void ask_with(int fd, const struct termios *before, cli_terminal_reply *reply) {
    const char *questions = cli_terminal_questions(!is_multiplexer());
    struct termios quiet = *before;
    quiet.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    quiet.c_cc[VMIN] = 0;
    quiet.c_cc[VTIME] = (cc_t)(10 * PATIENCE);
    if (tcsetattr(fd, TCSANOW, &quiet) != 0) return;
    if (write(fd, questions, strlen(questions)) == (ssize_t)strlen(questions)) read_reply(fd, reply);
    /* an answer that comes too late is not to be typed into the shell */
    tcsetattr(fd, reply->is_whole ? TCSANOW : TCSAFLUSH, before);
}

/* What could end or stop the process waits until the terminal is as it was. */
static void ask(cli_terminal_reply *reply) {
    static const int waiting[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTOU, SIGTTIN};
    sigset_t signals, before_signals;
    struct termios before;
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return;
    sigemptyset(&signals);
    for (size_t i = 0; i < sizeof waiting / sizeof *waiting; i++) sigaddset(&signals, waiting[i]);
    sigprocmask(SIG_BLOCK, &signals, &before_signals);
    if (cli_terminal_is_ours() && tcgetattr(fd, &before) == 0) ask_with(fd, &before, reply);
    sigprocmask(SIG_SETMASK, &before_signals, NULL);
    close(fd);
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

void cli_terminal_find(cli_terminal *terminal) {
    *terminal = (cli_terminal){.colors = colors_by_environment(), .utf8 = is_utf8()};
    if (!isatty(STDOUT_FILENO) || !isatty(STDERR_FILENO) || !*variable("TERM") || is("TERM", "dumb")) return;
    cli_terminal_reply reply = {0};
    terminal->graphics = graphics_by_environment();
    if (terminal->graphics == CLI_GRAPHICS_NONE && may_be_asked()) {
        ask(&reply);
        int enough = !reply.registers || reply.registers >= 216;
        terminal->graphics = reply.kitty             ? CLI_GRAPHICS_KITTY
                             : reply.sixel && enough ? CLI_GRAPHICS_SIXEL
                                                     : CLI_GRAPHICS_NONE;
    }
    if (terminal->graphics == CLI_GRAPHICS_NONE) terminal->graphics = CLI_GRAPHICS_BLOCKS;
    terminal->cell_width = reply.cell_width;
    terminal->cell_height = reply.cell_height;
}

/* The window's pixels count before what the terminal said when it began; xterm says nothing, unless it is allowed to. A
 * picture that is too small does no harm, one that is too large lies in other lines. */
static int cell_side(int pixels, int cells, int said, int small) {
    int side = pixels ? pixels / cells : said;
    return side >= 2 && side <= 128 ? side : small;
}

cli_terminal_size cli_terminal_size_now(const cli_terminal *terminal) {
    struct winsize window;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) != 0 || !window.ws_col || !window.ws_row)
        window = (struct winsize){.ws_col = 80, .ws_row = 24};
    return (cli_terminal_size){.columns = window.ws_col,
                               .lines = window.ws_row,
                               .cell_width = cell_side(window.ws_xpixel, window.ws_col, terminal->cell_width, 6),
                               .cell_height = cell_side(window.ws_ypixel, window.ws_row, terminal->cell_height, 12)};
}

int cli_terminal_is_ours(void) {
    return tcgetpgrp(STDERR_FILENO) == getpgrp();
}
