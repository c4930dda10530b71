/* Files of the source, which tests compare with tables. */
#ifndef TESTS_SOURCE_TEXT_H
#define TESTS_SOURCE_TEXT_H

/* The whole file as text, to be freed. The test fails where it cannot be read. */
char *read_source(const char *path);

#endif
