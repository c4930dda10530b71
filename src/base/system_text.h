/* <string.h> and what of POSIX's and GNU's the system's own has not. */
#ifndef I2V_BASE_SYSTEM_TEXT_H
#define I2V_BASE_SYSTEM_TEXT_H

#include <string.h>

#ifdef _WIN32
char *strndup(const char *text, size_t length);
char *stpcpy(char *to, const char *from);
char *strcasestr(const char *text, const char *word);
void *memmem(const void *text, size_t size, const void *word, size_t length);
#endif

#endif
