/* Runs a program on a terminal that answers, is resized and typed into:
 *
 *     pty RECORD COLUMNS LINES [on TEXT send TEXT | on TEXT resize COLUMNS LINES]... -- PROGRAM ARGUMENT...
 *
 * All that the program writes goes to the file RECORD. Where a text of the list has come, what stands behind it is
 * done, one after the other. Prints the program's exit status, and whether the terminal is as it was. */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

enum { MOST_OUTPUT = 64 << 20, SECONDS = 120 };

static char output[MOST_OUTPUT];
static size_t output_size, matched;

static void fail(const char *what) {
    fprintf(stderr, "pty: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void send_text(int terminal, const char *text) {
    size_t size = strlen(text);
    for (size_t i = 0; i < size;) {
        ssize_t count = write(terminal, text + i, size - i);
        if (count < 0 && errno != EINTR) return; /* the program has ended */
        if (count > 0) i += (size_t)count;
    }
}

/* Does what is due; returns the rest of the list. */
static char **react(char **list, int terminal) {
    while (strcmp(*list, "on") == 0) {
        char *found = memmem(output + matched, output_size - matched, list[1], strlen(list[1]));
        if (!found) return list;
        matched = (size_t)(found - output) + strlen(list[1]);
        if (strcmp(list[2], "send") == 0) {
            send_text(terminal, list[3]);
            list += 4;
        } else {
            struct winsize window = {.ws_col = (unsigned short)atoi(list[3]), .ws_row = (unsigned short)atoi(list[4])};
            ioctl(terminal, TIOCSWINSZ, &window);
            list += 5;
        }
    }
    return list;
}

/* Until the program has ended and all that it wrote is here; returns its status. This process has the terminal open,
 * too, so that there is no end of it to be read. */
static int record(char **list, int terminal, pid_t child) {
    struct pollfd ready = {.fd = terminal, .events = POLLIN};
    int status = 0, ended = 0;
    for (int idle = 0; idle < SECONDS * 20 && output_size < MOST_OUTPUT; idle++) {
        int count = poll(&ready, 1, 50);
        if (count == 0 && ended) break;
        if (count > 0) {
            ssize_t size = read(terminal, output + output_size, MOST_OUTPUT - output_size);
            if (size < 0) fail("read");
            output_size += (size_t)size;
            list = react(list, terminal);
            idle = 0;
        }
        if (!ended) ended = waitpid(child, &status, WNOHANG) == child;
    }
    if (!ended) {
        kill(child, SIGKILL);
        fprintf(stderr, "pty: nothing came for two minutes, or too much\n");
    }
    if (strcmp(*list, "--") != 0) fprintf(stderr, "pty: '%s' never came\n", list[1]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void start(char **program, int terminal, int other) {
    close(terminal);
    login_tty(other);
    execvp(*program, program);
    _exit(127);
}

int main(int argc, char **argv) {
    if (argc < 6) return fprintf(stderr, "usage: pty RECORD COLUMNS LINES ... -- PROGRAM ARGUMENT...\n"), 2;
    struct winsize window = {.ws_col = (unsigned short)atoi(argv[2]), .ws_row = (unsigned short)atoi(argv[3])};
    char **list = argv + 4, **program = list;
    while (*program && strcmp(*program, "--") != 0) program++;
    if (!*program) return fprintf(stderr, "pty: -- is missing\n"), 2;
    int terminal, other;
    struct termios before, after;
    if (openpty(&terminal, &other, NULL, NULL, &window) != 0 || tcgetattr(other, &before) != 0) fail("openpty");
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) start(program + 1, terminal, other);
    int status = record(list, terminal, child);
    FILE *file = fopen(argv[1], "wb");
    if (!file || fwrite(output, 1, output_size, file) != output_size || fclose(file) != 0) fail(argv[1]);
    int same = tcgetattr(other, &after) == 0 && before.c_lflag == after.c_lflag && before.c_iflag == after.c_iflag &&
               before.c_oflag == after.c_oflag && memcmp(before.c_cc, after.c_cc, sizeof before.c_cc) == 0;
    printf("status %d, terminal %s\n", status, same ? "as it was" : "changed");
    return 0;
}
