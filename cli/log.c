/* The file of --log-file. */
#include "log.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Messages come from everywhere, as they do on standard error; so this is, beside what signals.c has, the one variable
 * of the program that changes and belongs to no call. */
static struct {
    int is_open, descriptor;
    char name[256]; /* for messages */
} state;

/* "2026-11-28T02:10:33.123Z", ISO 8601. */
#define TIME_FORMAT "%Y-%m-%dT%H:%M:%S"
enum { TIME_SIZE = sizeof "2026-11-28T02:10:33.123Z" };

static void write_time(char text[TIME_SIZE]) {
    struct timespec now;
    struct tm date;
    char seconds[20] = "";
    clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &date)) strftime(seconds, sizeof seconds, TIME_FORMAT, &date);
    snprintf(text, TIME_SIZE, "%s.%03uZ", seconds, (unsigned)(now.tv_nsec / 1000000) % 1000U);
}

/* An empty file, too. */
static int may_be_log(int descriptor) {
    static const char form[] = "0000-00-00T00:00:00.000Z ";
    char begin[sizeof form] = "";
    if (pread(descriptor, begin, sizeof form - 1, 0) == 0) return 1;
    for (size_t i = 0; i < sizeof form - 1; i++)
        if (form[i] == '0' ? !isdigit((unsigned char)begin[i]) : form[i] != begin[i]) return 0;
    return 1;
}

int cli_log_open(const char *path, const char **why) {
    struct stat info;
    *why = "--verbose writes to standard error";
    if (strcmp(path, "-") == 0) return 0;
    int flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW;
    int descriptor = open(path, flags, 0666);
    if (descriptor < 0) {
        *why = errno == ELOOP ? "it is a link" : strerror(errno);
        return 0;
    }
    int is_file = fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode);
    *why = NULL;
    if (!is_file && strcmp(path, "/dev/null") != 0)
        *why = "it is no regular file";
    else if (is_file && !may_be_log(descriptor))
        *why = "it is there and is not a log of img2vid";
    if (*why) {
        close(descriptor);
        return 0;
    }
    state.is_open = 1;
    state.descriptor = descriptor;
    snprintf(state.name, sizeof state.name, "%s", path);
    return 1;
}

int cli_log_is_open(void) {
    return state.is_open;
}

/* In one call where the system lets it, so that lines of two processes do not mix. */
static int write_all(const char *text, size_t size) {
    while (size > 0) {
        ssize_t written = write(state.descriptor, text, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return 0;
        text += written;
        size -= (size_t)written;
    }
    return 1;
}

int cli_log_line(const char *beginning, const char *line, char *problem, size_t size) {
    char time_text[TIME_SIZE], *text;
    if (!state.is_open) return 1;
    write_time(time_text);
    int length = asprintf(&text, "%s %s%s\n", time_text, beginning, line);
    if (length < 0) return 1;
    int written = write_all(text, (size_t)length), error = errno;
    free(text);
    if (written) return 1;
    cli_log_close();
    snprintf(problem, size, "cannot write the log %s: %s; it ends here", state.name, strerror(error));
    return 0;
}

void cli_log_close(void) {
    if (state.is_open) close(state.descriptor);
    state.is_open = 0;
}
