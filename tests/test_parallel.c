/* A team does each item once, and no more of its threads work at a time than there are cores. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/parallel.h"

#include <time.h>

enum { ITEMS = 200 };

typedef struct {
    atomic_int times[ITEMS], at_work, most;
    long pause; /* of each item, in ns */
} tally;

static void count(void *argument, int64_t item, int thread) {
    (void)thread;
    tally *all = argument;
    int now = atomic_fetch_add(&all->at_work, 1) + 1, most = atomic_load(&all->most);
    while (now > most && !atomic_compare_exchange_weak(&all->most, &most, now)) {}
    if (all->pause) nanosleep(&(struct timespec){.tv_nsec = all->pause}, NULL);
    atomic_fetch_add(&all->times[item], 1);
    atomic_fetch_sub(&all->at_work, 1);
}

/* The most that worked at a time. */
static int run(i2v_team *team, int64_t items, long pause) {
    tally all = {.pause = pause};
    i2v_parallel(team, items, NULL, count, &all);
    for (int64_t i = 0; i < ITEMS; i++) assert_int_equal(all.times[i], i < items);
    return all.most;
}

static void each_item_is_done_once(void **state) {
    (void)state;
    for (int threads = 1; threads <= 64; threads *= 4) {
        i2v_team *team;
        assert_int_equal(i2v_team_new(&team, threads, NULL), I2V_OK);
        assert_int_equal(i2v_team_size(team), threads);
        for (int round = 0; round < 200; round++) run(team, round % 5 ? round % 5 : ITEMS, 0);
        i2v_team_free(team);
    }
}

static void no_more_work_than_there_are_cores(void **state) {
    (void)state;
    i2v_team *team;
    int cores = i2v_core_count();
    assert_int_equal(i2v_team_new(&team, cores + 30, NULL), I2V_OK);
    for (int round = 0; round < 5; round++) {
        int most = run(team, ITEMS, 100000);
        if (most > cores) fail_msg("%d threads at work on %d cores", most, cores);
    }
    i2v_team_free(team);
}

static void a_team_that_fits_works_together(void **state) {
    (void)state;
    int cores = i2v_core_count(), most = 0;
    if (cores < 2) skip();
    i2v_team *team;
    assert_int_equal(i2v_team_new(&team, 2, NULL), I2V_OK);
    for (int round = 0; round < 20 && most < 2; round++) most = run(team, 10, 2000000); /* Windows sleeps whole ms */
    i2v_team_free(team);
    assert_int_equal(most, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_item_is_done_once),
        cmocka_unit_test(no_more_work_than_there_are_cores),
        cmocka_unit_test(a_team_that_fits_works_together),
    };
    return cmocka_run_group_tests_name("parallel", tests, NULL, NULL);
}
