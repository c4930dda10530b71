/* Functions of POSIX and GNU that Windows has not, under their names; elsewhere the system's own. */
#ifndef I2V_BASE_POSIX_H
#define I2V_BASE_POSIX_H

#include <dirent.h>
#include <string.h>

#ifdef _WIN32
char *strndup(const char *text, size_t length);
char *stpcpy(char *to, const char *from);
char *strcasestr(const char *text, const char *word);
void *memmem(const void *text, size_t size, const void *word, size_t length);
int alphasort(const struct dirent **a, const struct dirent **b);
int scandir(const char *path, struct dirent ***entries, int (*is_wanted)(const struct dirent *entry),
            int (*compare)(const struct dirent **a, const struct dirent **b));
#endif

#endif
