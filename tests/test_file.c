/* Files as the library reads and writes them: pipes, links, permissions, and what killed processes left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- a folder of its own for each test, which is the current one ---- */

static char folder[512];

static int make_folder(void **state) {
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/img2vid-test-XXXXXX", parent ? parent : "/tmp");
    umask(022);
    alarm(60); /* what this is about is waiting for ever */
    return mkdtemp(folder) ? chdir(folder) : -1;
}

static int remove_folder(void **state) {
    (void)state;
    char command[600];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return chdir("/") || system(command);
}

static void put(const char *path, const char *text, mode_t mode) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void check_text(const char *path, const char *text) {
    char found[64] = "";
    FILE *file = fopen(path, "r");
    if (!file) fail_msg("%s is missing", path);
    found[fread(found, 1, sizeof found - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(found, text);
}

static struct stat look(const char *path) {
    struct stat info;
    if (lstat(path, &info) < 0) fail_msg("%s is missing", path);
    return info;
}

/* Writes `text` as the library writes all its files. */
static void write_text(const char *path, const char *text) {
    i2v_output_file file;
    i2v_error error;
    if (i2v_output_file_begin(&file, path, &error)) fail_msg("%s", error.message);
    FILE *stream = fopen(file.temporary, "w");
    assert_non_null(stream);
    fputs(text, stream);
    fclose(stream);
    if (i2v_output_file_commit(&file, &error)) fail_msg("%s", error.message);
}

static void check_refused(const char *path, const char *why) {
    i2v_output_file file;
    i2v_error error = {0};
    assert_int_equal(i2v_output_file_check(path, 0, &error), I2V_ERROR_IO);
    if (!strstr(error.message, why)) fail_msg("'%s' lacks '%s'", error.message, why);
    if (!strstr(error.message, path)) fail_msg("'%s' does not name %s", error.message, path);
    assert_int_equal(i2v_output_file_begin(&file, path, NULL), I2V_ERROR_IO);
    assert_null(file.temporary);
    i2v_output_file_abort(&file);
}

static int count_entries(void) {
    FILE *list = popen("ls -A | wc -l", "r");
    int count = -1;
    assert_non_null(list);
    assert_int_equal(fscanf(list, "%d", &count), 1);
    pclose(list);
    return count;
}

/* ---- writing ---- */

static void test_links_are_followed(void **state) {
    (void)state;
    assert_int_equal(mkdir("there", 0700), 0);
    put("there/old.npy", "old", 0640);
    assert_int_equal(symlink("there/old.npy", "link.npy"), 0);
    assert_int_equal(symlink("link.npy", "again.npy"), 0);
    write_text("again.npy", "new");
    check_text("there/old.npy", "new");
    assert_true(S_ISLNK(look("again.npy").st_mode) && S_ISLNK(look("link.npy").st_mode));
    assert_int_equal(look("there/old.npy").st_mode & 07777, 0640);
    /* one that leads to nothing makes what it leads to, by a path of its own or of the root */
    assert_int_equal(symlink("there/none.npy", "dangling.npy"), 0);
    write_text("dangling.npy", "made");
    check_text("there/none.npy", "made");
    char absolute[600];
    snprintf(absolute, sizeof absolute, "%s/there/far.npy", folder);
    assert_int_equal(symlink(absolute, "there/up.npy"), 0);
    write_text("there/up.npy", "far");
    check_text("there/far.npy", "far");
    assert_int_equal(symlink("gone/x.npy", "lost.npy"), 0);
    check_refused("lost.npy", "No such file");
    assert_int_equal(symlink("b.npy", "a.npy"), 0);
    assert_int_equal(symlink("a.npy", "b.npy"), 0);
    check_refused("a.npy", "links");
    assert_int_equal(symlink("there", "folder.npy"), 0);
    check_refused("folder.npy", "it is a folder");
}

static void test_permissions_are_kept(void **state) {
    (void)state;
    static const mode_t modes[] = {0600, 0640, 0664, 0666, 0755, 0222, 0200};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (geteuid() != 0 && !(modes[i] & 0400)) continue; /* check_text cannot read it */
        put("file", "old", modes[i]);
        write_text("file", "new");
        check_text("file", "new");
        assert_int_equal(look("file").st_mode & 07777, modes[i]);
        unlink("file");
    }
    write_text("file", "new"); /* a new one has what the umask leaves */
    assert_int_equal(look("file").st_mode & 07777, 0644);
    /* while it is written, it is not to be read by more than the old one */
    put("secret", "old", 0600);
    i2v_output_file file;
    assert_int_equal(i2v_output_file_begin(&file, "secret", NULL), I2V_OK);
    assert_int_equal(look(file.temporary).st_mode & 077, 0);
    i2v_output_file_abort(&file);
    if (geteuid() != 0) return;
    put("theirs", "old", 0640);
    assert_int_equal(chown("theirs", 1234, 2345), 0);
    write_text("theirs", "new");
    assert_int_equal(look("theirs").st_uid, 1234);
    assert_int_equal(look("theirs").st_gid, 2345);
    assert_int_equal(look("theirs").st_mode & 07777, 0640);
}

/* What comes in its place has the permissions that it had. */
static void test_the_target_goes_while_it_is_written(void **state) {
    (void)state;
    i2v_output_file file;
    put("file", "old", 0644);
    assert_int_equal(i2v_output_file_begin(&file, "file", NULL), I2V_OK);
    assert_int_equal(unlink("file"), 0);
    assert_int_equal(i2v_output_file_commit(&file, NULL), I2V_OK);
    assert_int_equal(look("file").st_mode & 07777, 0644);
}

/* Permissions are given to what was written, not to what another user of the folder puts under its name. */
static void test_the_temporary_file_is_exchanged(void **state) {
    (void)state;
    i2v_output_file file;
    put("victim", "theirs", 0600);
    put("file", "old", 0666);
    int (*const exchanges[])(const char *, const char *) = {symlink, link};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(i2v_output_file_begin(&file, "file", NULL), I2V_OK);
        assert_int_equal(unlink(file.temporary), 0);
        assert_int_equal(exchanges[i]("victim", file.temporary), 0);
        assert_int_equal(i2v_output_file_commit(&file, NULL), I2V_OK);
        assert_int_equal(look("victim").st_mode & 07777, 0600);
        unlink("file");
        put("file", "old", 0666);
    }
}

static void test_what_may_not_be_written(void **state) {
    (void)state;
    put("read-only", "old", 0444);
    check_refused("read-only", "read-only");
    check_text("read-only", "old");
    assert_int_equal(symlink("read-only", "link"), 0);
    check_refused("link", "read-only");
    assert_int_equal(mkfifo("pipe", 0600), 0);
    check_refused("pipe", "it is a named pipe");
    check_refused(".", "it is a folder");
    check_refused("/dev/null", "it is a device");
    int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof address), 0);
    check_refused("socket", "it is a socket");
    close(descriptor);
    assert_true(S_ISFIFO(look("pipe").st_mode) && S_ISSOCK(look("socket").st_mode));
    assert_int_equal(count_entries(), 4);
}

/* Other users' files, by the user nobody; only root can become another. */
static void test_other_users(void **state) {
    (void)state;
    if (geteuid() != 0) skip();
    put("theirs", "old", 0644);
    put("guarded", "old", 0666);
    assert_int_equal(chmod(".", 01777), 0);
    assert_int_equal(seteuid(65534), 0);
    i2v_error own = {0}, guarded = {0};
    i2v_status status = i2v_output_file_check("theirs", 0, &own);
    i2v_status status_guarded = i2v_output_file_check("guarded", 0, &guarded);
    i2v_status status_new = i2v_output_file_check("new", 0, NULL);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(status, I2V_ERROR_IO);
    assert_non_null(strstr(own.message, "Permission denied"));
    assert_int_equal(status_guarded, I2V_ERROR_IO);
    assert_non_null(strstr(guarded.message, "another user's"));
    assert_int_equal(status_new, I2V_OK);
}

/* ---- what killed processes left ---- */

static void make_old(const char *path, time_t age) {
    struct timespec times[2] = {{time(NULL) - age, 0}, {time(NULL) - age, 0}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static void test_sweep(void **state) {
    (void)state;
    static const char *const kept[] = {".img2vid-1a2b3c4.mp4",   ".img2vid-1a2b3c4d5.mp4", ".img2vid-1A2B3C4D.mp4",
                                       "img2vid-1a2b3c4d.mp4",   ".img2vid-1a2b3c4d~",     ".img2vid-1a2b3c4d.mp4.x",
                                       ".img2vid-1a2b3c4g.mp4",  "out.mp4",                ".img2vid-.mp4",
                                       "x.img2vid-1a2b3c4d.mp4", "digest.img2vid.incomplete"};
    const time_t day = 24 * 60 * 60;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        put(kept[i], "kept", 0644);
        make_old(kept[i], 9 * day);
    }
    put(".img2vid-00000001.mp4", "young", 0644);
    make_old(".img2vid-00000001.mp4", day - 60);
    assert_int_equal(symlink("out.mp4", ".img2vid-00000002.mp4"), 0);
    make_old(".img2vid-00000002.mp4", 9 * day);
    assert_int_equal(mkdir(".img2vid-00000003", 0700), 0);
    make_old(".img2vid-00000003", 9 * day);
    int before = count_entries();
    put(".img2vid-1a2b3c4d.mp4", "left", 0644);
    make_old(".img2vid-1a2b3c4d.mp4", day + 60);
    put(".img2vid-ffffffff", "left", 0400);
    make_old(".img2vid-ffffffff", 300 * day);
    if (geteuid() == 0) {
        put(".img2vid-00000004.mp4", "theirs", 0644);
        assert_int_equal(chown(".img2vid-00000004.mp4", 1234, 1234), 0);
        make_old(".img2vid-00000004.mp4", 9 * day);
        before++;
    }
    i2v_output_file_sweep("out.mp4");
    assert_int_equal(count_entries(), before);
    assert_int_equal(access(".img2vid-1a2b3c4d.mp4", F_OK), -1);
    /* by the folder that a link leads to, and where there is none */
    put(".img2vid-1a2b3c4d.mp4", "left", 0644);
    make_old(".img2vid-1a2b3c4d.mp4", 2 * day);
    assert_int_equal(mkdir("other", 0700), 0);
    assert_int_equal(symlink("../out.mp4", "other/link.mp4"), 0);
    i2v_output_file_sweep("none/out.mp4");
    i2v_output_file_sweep("other/link.mp4");
    assert_int_equal(count_entries(), before + 1);
}

/* Of a process that has ended, at once; of one that runs, never. */
static void test_sweep_after_a_kill(void **state) {
    (void)state;
    i2v_output_file ours;
    assert_int_equal(i2v_output_file_begin(&ours, "out.mp4", NULL), I2V_OK);
    int before = count_entries(), status;
    pid_t child = fork();
    if (child == 0) {
        i2v_output_file file;
        i2v_output_file_begin(&file, "out.mp4", NULL);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(count_entries(), before + 1);
    i2v_output_file_sweep("out.mp4");
    assert_int_equal(count_entries(), before);
    assert_int_equal(access(ours.temporary, F_OK), 0);
    i2v_output_file_abort(&ours);
}

static void test_saving_an_array_sweeps(void **state) {
    (void)state;
    put(".img2vid-1a2b3c4d.mp4", "left", 0644);
    make_old(".img2vid-1a2b3c4d.mp4", 2 * 24 * 60 * 60);
    const float value = 1;
    const int64_t shape = 1;
    assert_int_equal(i2v_array_save("a.npy", &value, &shape, 1, NULL), I2V_OK);
    assert_int_equal(count_entries(), 1);
}

/* What must be new replaces nothing: neither what is there at the beginning nor what has come since. */
static void test_a_new_file_replaces_nothing(void **state) {
    (void)state;
    i2v_output_file file;
    i2v_error error = {0};
    put("there", "old", 0644);
    assert_int_equal(i2v_output_file_check("there", 1, &error), I2V_ERROR_IO);
    assert_non_null(strstr(error.message, "cannot write there: it is there already"));
    assert_int_equal(i2v_output_file_check_replacing("there", 1, NULL), I2V_ERROR_IO);
    assert_int_equal(i2v_output_file_begin_new(&file, "there", 1, NULL), I2V_ERROR_IO);
    i2v_output_file_abort(&file);

    assert_int_equal(i2v_output_file_begin_new(&file, "late", 1, &error), I2V_OK);
    put("late", "theirs", 0644);
    error = (i2v_error){0};
    assert_int_equal(i2v_output_file_commit(&file, &error), I2V_ERROR_IO);
    assert_non_null(strstr(error.message, "cannot write late: it is there already"));
    check_text("late", "theirs");
    assert_int_equal(count_entries(), 2);

    assert_int_equal(i2v_output_file_begin_new(&file, "fresh", 1, &error), I2V_OK);
    put(file.temporary, "ours", 0644);
    assert_int_equal(i2v_output_file_commit(&file, &error), I2V_OK);
    check_text("fresh", "ours");
    assert_int_equal(look("fresh").st_nlink, 1);
    assert_int_equal(symlink("behind", "link"), 0); /* a link that leads to nothing is not there, either */
    assert_int_equal(i2v_output_file_begin_new(&file, "link", 1, &error), I2V_OK);
    assert_int_equal(i2v_output_file_commit(&file, &error), I2V_OK);
    assert_int_equal(look("behind").st_size, 0);
    assert_int_equal(count_entries(), 5);

    const float value = 1;
    const int64_t shape = 1;
    assert_int_equal(i2v_array_save_new("there", &value, &shape, 1, NULL), I2V_ERROR_IO);
    check_text("there", "old");
    assert_int_equal(i2v_array_save_new("a.npy", &value, &shape, 1, NULL), I2V_OK);
}

/* ---- reading ---- */

static int is_cancelled(void *user) {
    int *left = user;
    return left && (*left)-- == 0;
}

static i2v_status read_stream(uint8_t **data, size_t *size, const char *path, size_t limit, i2v_error *error) {
    return i2v_stream_read(data, size, path, limit, (i2v_patience){is_cancelled, NULL}, error);
}

static void check_read(i2v_status (*read_file)(uint8_t **, size_t *, const char *, size_t, i2v_error *),
                       const char *path, i2v_status wanted, const char *text) {
    uint8_t *data = NULL;
    size_t size = 0;
    i2v_error error = {0};
    i2v_status status = read_file(&data, &size, path, 1 << 20, &error);
    if (status != wanted) fail_msg("%s: status %d: %s", path, status, error.message);
    if (status != I2V_OK && !strstr(error.message, text)) fail_msg("'%s' lacks '%s'", error.message, text);
    if (status == I2V_OK) {
        assert_int_equal(size, strlen(text));
        assert_memory_equal(data, text, size);
    }
    free(data);
}

/* A process that opens the pipe after a while and writes to it in two pieces. */
static pid_t start_writer(const char *pipe) {
    pid_t child = fork();
    if (child != 0) return child;
    struct timespec pause = {0, 200000000};
    nanosleep(&pause, NULL);
    int descriptor = open(pipe, O_WRONLY);
    nanosleep(&pause, NULL);
    int failed = write(descriptor, "two ", 4) != 4;
    nanosleep(&pause, NULL);
    failed |= write(descriptor, "pieces", 6) != 6;
    _exit(failed);
}

static void test_pipes_are_not_waited_for(void **state) {
    (void)state;
    put("file", "text", 0600);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    check_read(i2v_file_read, "file", I2V_OK, "text");
    check_read(i2v_file_read, "pipe", I2V_ERROR_IO, "pipe is not a regular file but a named pipe; give a file");
    check_read(i2v_file_read, "/dev/null", I2V_ERROR_IO, "not a regular file");
    check_read(i2v_file_read, ".", I2V_ERROR_IO, "not a regular file");
    check_read(i2v_file_read, "none", I2V_ERROR_IO, "No such file");
    i2v_mapped_file mapped;
    i2v_error error = {0};
    assert_int_equal(i2v_file_map(&mapped, "pipe", &error), I2V_ERROR_IO);
    assert_non_null(strstr(error.message, "not a regular file"));
    char *json;
    assert_int_equal(i2v_metadata_load("pipe", &json, NULL), I2V_ERROR_IO);
}

static void test_streams(void **state) {
    (void)state;
    put("file", "text", 0600);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    check_read(read_stream, "file", I2V_OK, "text");
    check_read(read_stream, "/dev/null", I2V_OK, "");
    check_read(read_stream, ".", I2V_ERROR_IO, "directory");
    check_read(read_stream, "/dev/zero", I2V_ERROR_FORMAT, "larger than 1 MiB");
    check_read(read_stream, "pipe", I2V_ERROR_IO, "pipe is a pipe into which nothing writes");
    pid_t writer = start_writer("pipe");
    check_read(read_stream, "pipe", I2V_OK, "two pieces");
    int ended = -1;
    assert_int_equal(waitpid(writer, &ended, 0), writer);
    assert_int_equal(ended, 0);
    /* as a shell's <(...), and one whose writer has gone */
    int ends[2];
    char name[64];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "shell", 5), 5);
    close(ends[1]);
    snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
    check_read(read_stream, name, I2V_OK, "shell");
    close(ends[0]);
}

/* A pipe with a writer that says nothing, by its name and as standard input. */
static void test_waiting_is_cancelled(void **state) {
    (void)state;
    assert_int_equal(mkfifo("pipe", 0600), 0);
    int writer = open("pipe", O_RDWR), standard = dup(STDIN_FILENO);
    assert_true(writer >= 0 && dup2(writer, STDIN_FILENO) == STDIN_FILENO);
    static const char *const paths[] = {"pipe", "-"};
    for (int i = 0; i < 2; i++) {
        uint8_t *data;
        size_t size;
        int left = 2;
        i2v_error error = {0};
        i2v_patience patience = {is_cancelled, &left};
        assert_int_equal(i2v_stream_read(&data, &size, paths[i], 1 << 20, patience, &error), I2V_CANCELLED);
        assert_string_equal(error.message, "cancelled");
        assert_null(data);
    }
    dup2(standard, STDIN_FILENO);
    close(standard);
    close(writer);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(test_links_are_followed),
        TEST(test_permissions_are_kept),
        TEST(test_what_may_not_be_written),
        TEST(test_other_users),
        TEST(test_sweep),
        TEST(test_sweep_after_a_kill),
        TEST(test_saving_an_array_sweeps),
        TEST(test_a_new_file_replaces_nothing),
        TEST(test_streams),
        TEST(test_pipes_are_not_waited_for),
        TEST(test_waiting_is_cancelled),
        TEST(test_the_target_goes_while_it_is_written),
        TEST(test_the_temporary_file_is_exchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
