/* Bytes as base64. */
#ifndef CLI_BASE64_H
#define CLI_BASE64_H

#include <stdint.h>
#include <stdio.h>

/* RFC 4648, with padding: of pieces that are written one after the other, all but the last must be of a multiple of 3
 * bytes. */
void cli_base64_write(FILE *to, const uint8_t *bytes, size_t size);

#endif
