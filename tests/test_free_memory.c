/* What a process can have: the least that made-up files of the kernel's and the limits of setrlimit say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/free_memory.h"
#include "kernel_root.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define NONE UINT64_MAX
#define MIB ((uint64_t)1 << 20)
#define V1 "/sys/fs/cgroup/memory"
#define V2 "/sys/fs/cgroup"

static const i2v_memory_limits no_limits = {NONE, NONE};

static uint64_t found(void) {
    return i2v_free_memory_under(kernel_root, no_limits);
}

/* ---- what is well-formed ---- */

static void nothing_says_nothing(void **state) {
    (void)state;
    assert_int_equal(found(), NONE);
}

static void the_machine_has_what_is_available(void **state) {
    (void)state;
    put_kernel_file("/proc/meminfo",
                    "MemTotal:       24684244 kB\nMemFree:  20 kB\nMemAvailable:   3072 kB\nBuffers: 1 kB\n");
    assert_int_equal(found(), 3 * MIB);
}

static void a_cgroup_leaves_what_it_does_not_use(void **state) {
    (void)state;
    put_kernel_file("/proc/self/cgroup", "0::/a.slice/b\n");
    put_kernel_file(V2 "/a.slice/b/memory.max", "104857600\n");
    assert_int_equal(found(), 100 * MIB);
    put_kernel_file(V2 "/a.slice/b/memory.current", "31457280\n");
    assert_int_equal(found(), 70 * MIB);
    put_kernel_file(V2 "/a.slice/b/memory.stat",
                    "anon 3\nactive_file 9\ninactive_file 10485760\ntotal_inactive_file 5\n");
    assert_int_equal(found(), 80 * MIB);
    put_kernel_file(V2 "/a.slice/b/memory.high", "52428800\n");
    assert_int_equal(found(), 30 * MIB);
    put_kernel_file(V2 "/a.slice/b/memory.high", "max\n");
    put_kernel_file("/proc/meminfo", "MemAvailable:   3072 kB\n");
    assert_int_equal(found(), 3 * MIB);
}

static void a_full_cgroup_leaves_nothing(void **state) {
    (void)state;
    put_kernel_file("/proc/self/cgroup", "0::/a\n");
    put_kernel_file(V2 "/a/memory.max", "1048576\n");
    put_kernel_file(V2 "/a/memory.current", "2097152\n");
    assert_int_equal(found(), 0);
}

/* More reclaimable than used, as counters that are not read at once may say. */
static void a_cgroup_leaves_at_most_its_limit(void **state) {
    (void)state;
    put_kernel_file("/proc/self/cgroup", "0::/a\n");
    put_kernel_file(V2 "/a/memory.max", "1048576\n");
    put_kernel_file(V2 "/a/memory.current", "4096\n");
    put_kernel_file(V2 "/a/memory.stat", "inactive_file 8192\n");
    assert_int_equal(found(), MIB);
}

static void the_tightest_cgroup_above_counts(void **state) {
    (void)state;
    put_kernel_file("/proc/self/cgroup", "0::/a/b/c\n");
    put_kernel_file(V2 "/a/b/c/memory.max", "max\n");
    put_kernel_file(V2 "/a/b/memory.max", "3145728\n");
    put_kernel_file(V2 "/a/memory.max", "2097152\n");
    assert_int_equal(found(), 2 * MIB);
    put_kernel_file(V2 "/memory.max", "1048576\n");
    assert_int_equal(found(), MIB);
    put_kernel_file(V2 "/other/memory.max", "1\n");
    assert_int_equal(found(), MIB);
}

static void version_1_has_its_own_files(void **state) {
    (void)state;
    put_kernel_file("/proc/self/cgroup",
                    "5:devices:/x\n4:cpu,memory:/job/1\n2:memoryless:/y\n1:name=systemd:/z\n0::/\n");
    put_kernel_file(V1 "/memory.limit_in_bytes", "9223372036854771712\n");
    put_kernel_file(V1 "/job/memory.limit_in_bytes", "10485760\n");
    put_kernel_file(V1 "/job/memory.usage_in_bytes", "5242880\n");
    put_kernel_file(V1 "/job/memory.stat", "inactive_file 1\ntotal_inactive_file 1048576\n");
    put_kernel_file(V1 "/job/1/memory.limit_in_bytes", "9437184\n");
    put_kernel_file(V1 "/y/memory.limit_in_bytes", "1\n");
    assert_int_equal(found(), 6 * MIB);
    put_kernel_file(V2 "/unified/memory.max", "2097152\n");
    assert_int_equal(found(), 2 * MIB);
}

/* The path is the host's; what is mounted is the container's cgroup. */
static void a_container_finds_its_own_cgroup(void **state) {
    (void)state;
    put_kernel_file("/proc/self/cgroup", "4:memory:/docker/0123\n");
    put_kernel_file(V1 "/memory.limit_in_bytes", "7340032\n");
    assert_int_equal(found(), 7 * MIB);
    put_kernel_file("/proc/self/cgroup", "0::/../../elsewhere\n");
    put_kernel_file(V2 "/memory.max", "3145728\n");
    put_kernel_file("/sys/fs/elsewhere/memory.max", "1\n");
    assert_int_equal(found(), 3 * MIB);
}

static void limits_leave_what_is_not_used(void **state) {
    (void)state;
    assert_int_equal(i2v_free_memory_under(kernel_root, (i2v_memory_limits){5 * MIB, NONE}), 5 * MIB);
    put_kernel_file("/proc/self/status", "Name:\tVmData: 9 kB\nVmSize:\t    4096 kB\nVmData:\t    1024 kB\n");
    assert_int_equal(i2v_free_memory_under(kernel_root, (i2v_memory_limits){5 * MIB, NONE}), 4 * MIB);
    assert_int_equal(i2v_free_memory_under(kernel_root, (i2v_memory_limits){NONE, 5 * MIB}), MIB);
    assert_int_equal(i2v_free_memory_under(kernel_root, (i2v_memory_limits){6 * MIB, 5 * MIB}), MIB);
    assert_int_equal(i2v_free_memory_under(kernel_root, (i2v_memory_limits){MIB / 2, NONE}), 0);
}

/* ---- what is not ---- */

static void numbers_that_are_none_count_for_nothing(void **state) {
    (void)state;
    static const char *const bad[] = {"",       "\n",     "max\n", "-1\n",  " 5\n",     "+5\n",
                                      "0x10\n", "5MiB\n", "5,0",   "1e3\n", "\xff\xfe", "99999999999999999999999999\n",
                                      "5\n5"};
    put_kernel_file("/proc/self/cgroup", "0::/a\n");
    put_kernel_file("/proc/meminfo", "MemAvailable: 18446744073709551615 kB\n");
    for (size_t i = 0; i + 1 < sizeof bad / sizeof *bad; i++) {
        put_kernel_file(V2 "/a/memory.max", bad[i]);
        if (found() != NONE) fail_msg("%s", bad[i]);
    }
    put_kernel_file(V2 "/a/memory.max", bad[sizeof bad / sizeof *bad - 1]);
    assert_int_equal(found(), 5);
    put_kernel_file(V2 "/a/memory.current", "lots\n");
    put_kernel_file(V2 "/a/memory.stat", "inactive_file\ninactive_file x\ninactive_file\t\n");
    assert_int_equal(found(), 5);
}

static void lines_that_are_none_count_for_nothing(void **state) {
    (void)state;
    static const char *const bad[] = {"",       "\n",           ":",       "0", "0:", "0::", "0:memory",
                                      "::::\n", "0:memory:a\n", "memory\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put_kernel_file("/proc/self/cgroup", bad[i]);
        if (found() != NONE) fail_msg("%s", bad[i]);
    }
}

/* Longer than any path; the lines after them are read. */
static void lines_without_end_are_passed_over(void **state) {
    (void)state;
    enum { LONG = 100000 };
    char *text = malloc(LONG + 100);
    assert_non_null(text);
    memset(text, 'a', LONG);
    memcpy(text, "0::/", 4);
    memcpy(text + LONG, "\n0::/b\n", 8);
    put_kernel_file("/proc/self/cgroup", text);
    put_kernel_file(V2 "/b/memory.max", "1048576\n");
    assert_int_equal(found(), MIB);
    memset(text, '/', LONG);
    memcpy(text, "0::", 3);
    text[4000] = '\0';
    put_kernel_file("/proc/self/cgroup", text);
    put_kernel_file(V2 "/memory.max", "2097152\n");
    assert_int_equal(found(), 2 * MIB);
    memset(text, 'M', LONG);
    put_kernel_file("/proc/meminfo", text);
    assert_int_equal(found(), 2 * MIB);
    free(text);
}

static void folders_are_no_files(void **state) {
    (void)state;
    put_kernel_file("/proc/meminfo/x", "");
    put_kernel_file("/proc/self/cgroup", "0::/a\n");
    put_kernel_file(V2 "/a/memory.max/x", "");
    assert_int_equal(found(), NONE);
}

/* ---- the real ones ---- */

static void this_process_is_within_its_limits(void **state) {
    (void)state;
    struct rlimit before, limit;
    uint64_t free_bytes = i2v_free_memory();
    assert_true(free_bytes > 0 && free_bytes < NONE);
    assert_int_equal(getrlimit(RLIMIT_DATA, &before), 0);
    limit = before;
    limit.rlim_cur = MIB;
    assert_int_equal(setrlimit(RLIMIT_DATA, &limit), 0);
    uint64_t limited = i2v_free_memory();
    assert_int_equal(setrlimit(RLIMIT_DATA, &before), 0);
    assert_true(limited <= MIB);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_kernel_root, remove_kernel_root)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(nothing_says_nothing),
        TEST(the_machine_has_what_is_available),
        TEST(a_cgroup_leaves_what_it_does_not_use),
        TEST(a_full_cgroup_leaves_nothing),
        TEST(a_cgroup_leaves_at_most_its_limit),
        TEST(the_tightest_cgroup_above_counts),
        TEST(version_1_has_its_own_files),
        TEST(a_container_finds_its_own_cgroup),
        TEST(limits_leave_what_is_not_used),
        TEST(numbers_that_are_none_count_for_nothing),
        TEST(lines_that_are_none_count_for_nothing),
        TEST(lines_without_end_are_passed_over),
        TEST(folders_are_no_files),
        cmocka_unit_test(this_process_is_within_its_limits),
    };
    return cmocka_run_group_tests_name("free memory", tests, NULL, NULL);
}
