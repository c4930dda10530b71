/* A path's last name and its folder: "/" parts names everywhere, "\" on Windows alone. */
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef _WIN32
enum { ON_WINDOWS = 1 };
static int make_folder(const char *path) {
    return mkdir(path);
}
#else
enum { ON_WINDOWS = 0 };
static int make_folder(const char *path) {
    return mkdir(path, 0700);
}
#endif

static void check(const char *path, const char *folder, const char *name) {
    assert_string_equal(i2v_path_name(path), name);
    char *found = i2v_path_folder(path);
    assert_non_null(found);
    assert_string_equal(found, folder);
    free(found);
}

static void test_parts(void **state) {
    check("a.png", ".", "a.png");
    check("", ".", "");
    check("/a.png", "/", "a.png");
    check("/b/a.png", "/b", "a.png");
    check("b/a.png", "b", "a.png");
    check("c/b/a.png", "c/b", "a.png");
    check("c/b/", "c/b", "");
    if (ON_WINDOWS) {
        check("C:\\a.png", "C:\\", "a.png");
        check("C:a.png", "C:", "a.png");
        check("b\\a.png", "b", "a.png");
        check("C:\\c/b\\a.png", "C:\\c/b", "a.png");
        check("c\\b/a.png", "c\\b", "a.png");
    } else {
        check("b\\a.png", ".", "b\\a.png");
        check("c/b\\a.png", "c", "b\\a.png");
    }
}

/* The file that is written first is beside its target, by whichever of the two the folder is named. */
static void check_output(const char *path) {
    i2v_output_file file;
    i2v_error error = {0};
    if (i2v_output_file_begin(&file, path, &error)) fail_msg("%s", error.message);
    size_t folder = (size_t)(i2v_path_name(path) - path);
    assert_memory_equal(file.temporary, path, folder);
    assert_true(i2v_path_name(file.temporary) == file.temporary + folder);
    if (i2v_output_file_commit(&file, &error)) fail_msg("%s", error.message);
    assert_true(i2v_is_file(path));
    assert_int_equal(i2v_output_file_check(path, 0, &error), I2V_OK);
    unlink(path);
}

static void test_output(void **state) {
    static const char *const parts[] = {"/", "\\"};
    char folder[] = "img2vid-test-XXXXXX", path[64];
    close(mkstemp(folder)); /* mingw-w64 has no mkdtemp */
    assert_true(unlink(folder) == 0 && make_folder(folder) == 0);
    for (int i = 0; i <= ON_WINDOWS; i++) {
        snprintf(path, sizeof path, "%s%sa.npy", folder, parts[i]);
        check_output(path);
    }
    rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parts), cmocka_unit_test(test_output)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
