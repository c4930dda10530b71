/* Processes: the program under test, its hub, and others that look at what it made. */
#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ARGUMENTS = 48, LONGEST_SECONDS = 60 };

double fault_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The word with the path that stands for its {name}, allocated. */
static char *expand(const fault_setup *setup, const char *word) {
    const struct {
        const char *name, *path;
    } paths[] = {{"{picture}", setup->picture}, {"{model}", setup->model}, {"{inputs}", setup->inputs}};
    char text[2 * PATH_MAX];
    snprintf(text, sizeof text, "%s", word);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        size_t length = strlen(paths[i].name);
        if (strncmp(word, paths[i].name, length) != 0) continue;
        snprintf(text, sizeof text, "%s%s", paths[i].path, word + length);
    }
    return strdup(text);
}

static void open_at(int descriptor, const char *path, int flags) {
    int opened = open(path, flags, 0666);
    if (opened < 0 || dup2(opened, descriptor) < 0) _exit(126);
    if (opened != descriptor) close(opened);
}

/* In the child. */
static void start(const fault_place *place, const fault_kind *kind, int plan) {
    char path[PATH_MAX], text[PATH_MAX], words[1024];
    char *arguments[MAX_ARGUMENTS] = {"img2vid"};
    snprintf(words, sizeof words, "%s", kind->arguments);
    int count = 1;
    for (char *word = strtok(words, " "); word && count + 1 < MAX_ARGUMENTS; word = strtok(NULL, " ")) {
        arguments[count++] = expand(place->setup, word);
    }
    open_at(0, "/dev/null", O_RDONLY);
    for (int i = 1; i <= 2; i++) {
        snprintf(path, sizeof path, "%s/%s", place->folder, i == 1 ? "out" : "err");
        open_at(i, path, O_WRONLY | O_CREAT | O_TRUNC);
    }
    if (chdir(place->work) != 0) _exit(126);
    if (kind->pulls) {
        snprintf(text, sizeof text, "http://127.0.0.1:%d", place->hub);
        setenv("HF_ENDPOINT", text, 1);
        snprintf(text, sizeof text, "%s/home", place->folder);
        setenv("HF_HOME", text, 1);
    }
    if (plan >= 0) {
        snprintf(text, sizeof text, "%d", plan);
        setenv(FAULT_PAGE, text, 1);
        setenv("LD_PRELOAD", place->setup->injector, 1);
    }
    execv(place->setup->program, arguments);
    _exit(126);
}

/* Waits for the child; true if it ended before the time. */
static int ends_before(pid_t child, int *status, double time) {
    for (long pause = 500000; waitpid(child, status, WNOHANG) == 0; pause = pause < 4000000 ? pause + 200000 : pause) {
        double left = time - fault_now();
        if (left <= 0) return 0;
        if (left < 1e-9 * (double)pause) pause = (long)(1e9 * left);
        nanosleep(&(struct timespec){.tv_nsec = pause}, NULL);
    }
    return 1;
}

fault_end fault_run(const fault_place *place, const fault_kind *kind, int plan, int signal, double after) {
    double began = fault_now();
    pid_t child = fork();
    if (child < 0) abort();
    if (child == 0) start(place, kind, plan);
    int status = 0, ended = 0;
    if (signal) {
        ended = ends_before(child, &status, began + after);
        if (!ended) kill(child, signal);
    }
    if (!ended) ended = ends_before(child, &status, began + LONGEST_SECONDS);
    if (!ended) {
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
    }
    int exit_status = WIFEXITED(status) && ended ? WEXITSTATUS(status) : -1;
    return (fault_end){exit_status, WIFSIGNALED(status) ? WTERMSIG(status) : 0, !ended};
}

int fault_command(const char *const *arguments, const char *output) {
    pid_t child = fork();
    if (child < 0) abort();
    if (child == 0) {
        open_at(0, "/dev/null", O_RDONLY);
        open_at(1, output, O_WRONLY | O_CREAT | O_TRUNC);
        open_at(2, output, O_WRONLY | O_APPEND);
        execvp(arguments[0], (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void fault_serve(fault_place *place) {
    char ports[PATH_MAX], log[PATH_MAX];
    snprintf(ports, sizeof ports, "%s/ports", place->folder);
    snprintf(log, sizeof log, "%s/log", place->folder);
    pid_t child = fork();
    if (child < 0) abort();
    if (child == 0) {
        open_at(1, ports, O_WRONLY | O_CREAT | O_TRUNC);
        execl(place->setup->server, "http_server", place->setup->model, log, (char *)NULL);
        _exit(126);
    }
    place->server = child;
    for (int tries = 0; tries < 500 && !place->hub; tries++) {
        size_t size;
        char *text = fault_read(ports, &size);
        if (text && strchr(text, '\n')) place->hub = atoi(text);
        free(text);
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
}
