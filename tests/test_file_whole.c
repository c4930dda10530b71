/* Output files appear whole, under their name, or not at all. */
#include "expect_error.h"
#include "temporary_folder.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void output_files_appear_whole(void **state) {
    (void)state;
    mode_t mask = umask(027);
    char path[1024];
    snprintf(path, sizeof path, "%s", in_folder("a %d.video.mp4"));
    i2v_output_file file, other;
    assert_int_equal(i2v_output_file_begin(&file, path, NULL), I2V_OK);
    assert_int_equal(i2v_output_file_begin(&other, path, NULL), I2V_OK);
    assert_int_equal(umask(mask), 027);
    assert_string_not_equal(file.temporary, other.temporary);
    assert_string_equal(strrchr(file.temporary, '.'), ".mp4");
    assert_false(i2v_is_file(path));
    assert_int_equal(i2v_output_file_commit(&file, NULL), I2V_OK);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    i2v_output_file_abort(&other);
    i2v_output_file_abort(&other);
    assert_int_equal(count_files(), 1);
    assert_int_equal(i2v_output_file_check(in_folder("plain"), 0, NULL), I2V_OK);
    assert_int_equal(count_files(), 1);
    i2v_error error = {0};
    assert_int_equal(i2v_output_file_begin(&file, in_folder("no/where.mp4"), &error), I2V_ERROR_IO);
    assert_says(&error, I2V_ERROR_IO, "no/where.mp4");
    assert_int_equal(i2v_output_file_begin(&file, folder, &error), I2V_ERROR_IO);
    assert_says(&error, I2V_ERROR_IO, "it is a folder");
    assert_null(file.temporary);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(output_files_appear_whole),
    };
    return cmocka_run_group_tests_name("file_whole", tests, NULL, NULL);
}
