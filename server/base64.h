/* Base64 that comes in pieces. */
#ifndef SERVER_BASE64_H
#define SERVER_BASE64_H

#include <stddef.h>

/* Begin with all zero. */
typedef struct server_base64 {
    unsigned bits;
    int count;  /* characters of a group of four */
    int padded; /* '=' that came */
} server_base64;

/* Takes a character; *byte gets what it completes. Returns the number of bytes, 0 or 1; -1 for what is no base64. */
int server_base64_take(server_base64 *state, char c, unsigned char *byte);

/* 1 where the text may end here. */
int server_base64_is_whole(const server_base64 *state);

#endif
