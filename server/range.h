/* Ranges of bytes of a file: RFC 9110, chapter 14. */
#ifndef SERVER_RANGE_H
#define SERVER_RANGE_H

#include <stdint.h>

typedef enum server_range {
    SERVER_RANGE_WHOLE, /* none is asked for, or several, or in a way that is not known: all of the file */
    SERVER_RANGE_PART,
    SERVER_RANGE_NOTHING /* the file has none of these bytes */
} server_range;

/* What header, "bytes=0-99", which may be NULL, asks for of a file of that size. */
server_range server_range_read(const char *header, uint64_t size, uint64_t *offset, uint64_t *length);

#endif
