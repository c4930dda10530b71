/* A folder of its own for each test, and files in it. */
#ifndef I2V_TESTS_TEMPORARY_FOLDER_H
#define I2V_TESTS_TEMPORARY_FOLDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

extern char folder[512];

/* A test with a new folder, which is removed with its files afterwards. */
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int make_folder(void **state);
int remove_folder(void **state);

/* The path of a file in the folder. Valid until the next call. */
const char *in_folder(const char *name);

int count_files(void);
void empty_folder(void);

void write_file(const char *name, const void *data, size_t size);
void write_text(const char *name, const char *text);

#endif
