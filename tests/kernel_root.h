/* A folder with made-up files of the kernel's, for each test its own. */
#ifndef I2V_TESTS_KERNEL_ROOT_H
#define I2V_TESTS_KERNEL_ROOT_H

extern char kernel_root[512];

/* For cmocka_unit_test_setup_teardown. */
int make_kernel_root(void **state);
int remove_kernel_root(void **state);

/* Writes the file at kernel_root/path, and makes the folders above it. */
void put_kernel_file(const char *path, const char *text);

#endif
