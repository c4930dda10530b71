/* Which file a path means, however it is written: as "./x", through links, by another hard link. */
#ifndef CLI_PLACE_H
#define CLI_PLACE_H

#include <sys/types.h>

/* A file by what the system knows it as; one that is not there by its name in a folder. */
typedef struct cli_place {
    dev_t device;
    ino_t inode;
    char *name; /* NULL if the file is there */
} cli_place;

/* Follows links, those that lead to nothing, too. Path "-" is standard input. 0 if there is no such place: its folder
 * is missing, or without memory. */
int cli_place_of(cli_place *place, const char *path);
void cli_place_free(cli_place *place);

/* As strcmp; 0 if both are the same file. */
int cli_place_order(const cli_place *a, const cli_place *b);

#endif
