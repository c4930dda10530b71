/* The processors that a process may use: what made-up files of the kernel's say, and what this machine says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cpu_quota.h"
#include "base/parallel.h"
#include "kernel_root.h"

#include <limits.h>
#include <sched.h>

#define V1 "/sys/fs/cgroup/cpu"
#define V2 "/sys/fs/cgroup"

static int found(void) {
    return i2v_cpu_quota_under(kernel_root);
}

static void nothing_says_nothing(void **state) {
    (void)state;
    assert_int_equal(found(), INT_MAX);
}

static void a_quota_is_rounded_up(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int processors;
    } cases[] = {{"200000 100000\n", 2}, {"200001 100000\n", 3},         {"1000 100000\n", 1},
                 {"50000 50000", 1},     {"max 100000\n", INT_MAX},      {"6400000 100000\n", 64},
                 {"100000 7\n", 14286},  {"9999999999999999 1\n", INT_MAX}};
    put_kernel_file("/proc/self/cgroup", "0::/a\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_kernel_file(V2 "/a/cpu.max", cases[i].text);
        if (found() != cases[i].processors) fail_msg("%s gives %d", cases[i].text, found());
    }
}

/* A container's limit stands in its own cgroup, a service's in its slice. */
static void the_tightest_cgroup_above_counts(void **state) {
    (void)state;
    put_kernel_file("/proc/self/cgroup", "0::/a/b/c\n");
    put_kernel_file(V2 "/a/b/c/cpu.max", "max 100000\n");
    put_kernel_file(V2 "/a/b/cpu.max", "400000 100000\n");
    put_kernel_file(V2 "/a/cpu.max", "300000 100000\n");
    assert_int_equal(found(), 3);
    put_kernel_file(V2 "/cpu.max", "150000 100000\n");
    assert_int_equal(found(), 2);
    put_kernel_file(V2 "/other/cpu.max", "1 100000\n");
    assert_int_equal(found(), 2);
}

static void version_1_has_its_own_files(void **state) {
    (void)state;
    put_kernel_file("/proc/self/cgroup", "5:cpuset:/x\n4:cpu,cpuacct:/job/1\n0::/\n");
    put_kernel_file(V1 "/cpu.cfs_quota_us", "-1\n");
    put_kernel_file(V1 "/cpu.cfs_period_us", "100000\n");
    put_kernel_file(V1 "/x/cpu.cfs_quota_us", "1\n");
    put_kernel_file(V1 "/x/cpu.cfs_period_us", "100000\n");
    assert_int_equal(found(), INT_MAX);
    put_kernel_file(V1 "/job/cpu.cfs_quota_us", "250000\n");
    put_kernel_file(V1 "/job/cpu.cfs_period_us", "100000\n");
    assert_int_equal(found(), 3);
}

static void what_is_no_quota_counts_for_nothing(void **state) {
    (void)state;
    static const char *const bad[] = {"", "\n", "200000\n", "200000 \n", "200000 x\n", "0 100000\n", "200000 0\n",
                                      "-200000 100000\n", "max\n", "2e5 100000\n", " 200000 100000\n"};
    put_kernel_file("/proc/self/cgroup", "0::/a\n");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put_kernel_file(V2 "/a/cpu.max", bad[i]);
        if (found() != INT_MAX) fail_msg("%s", bad[i]);
    }
}

/* Bound to one processor, it counts one, whatever it counted before. */
static void this_process_counts_its_affinity(void **state) {
    (void)state;
    cpu_set_t before, one;
    int all = i2v_core_count(), first = 0;
    assert_true(all >= 1);
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    assert_true(all <= CPU_COUNT(&before));
    while (!CPU_ISSET(first, &before)) first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    int bound = i2v_core_count();
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    assert_int_equal(bound, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_kernel_root, remove_kernel_root)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(nothing_says_nothing),
        TEST(a_quota_is_rounded_up),
        TEST(the_tightest_cgroup_above_counts),
        TEST(version_1_has_its_own_files),
        TEST(what_is_no_quota_counts_for_nothing),
        cmocka_unit_test(this_process_counts_its_affinity),
    };
    return cmocka_run_group_tests_name("cpu quota", tests, NULL, NULL);
}
