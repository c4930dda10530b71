/* The small model that comes with the program. */
#ifndef CLI_BUNDLED_H
#define CLI_BUNDLED_H

/* Its folder, to be freed with free(); NULL if there is none. */
char *cli_bundled_model(void);

#endif
