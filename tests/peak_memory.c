/* peak_memory FILE PROGRAM ARGUMENT...: runs the program; FILE gets the peak of its memory in KiB and its seconds.
 * Exits as it does, with 99 if a signal ended it. */
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct rusage usage;
    int status;
    if (argc < 3) return fprintf(stderr, "usage: peak_memory FILE PROGRAM ARGUMENT...\n"), 2;
    pid_t child = fork();
    if (child == 0) {
        execv(argv[2], argv + 2);
        _exit(98);
    }
    if (child < 0) return perror("fork"), 2;
    while (wait4(child, &status, 0, &usage) < 0) {
        if (errno != EINTR) return perror("wait4"), 2;
    }
    FILE *file = fopen(argv[1], "w");
    if (!file) return perror(argv[1]), 2;
    double seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    fprintf(file, "%ld %.1f\n", usage.ru_maxrss, seconds);
    fclose(file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}
