/* What the program says while it works: times, what fits a line, and what is left of several tasks. */
#include "duration.h"
#include "progress_text.h"
#include "status_line.h"
#include "whole_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void lengths_of_time(void **state) {
    (void)state;
    static const struct {
        double seconds;
        const char *clock, *words;
    } cases[] = {{-1, "0:00", "0.0 s"},
                 {0.84, "0:01", "0.8 s"},
                 {9.4, "0:09", "9.4 s"},
                 {9.6, "0:10", "10 s"},
                 {59.4, "0:59", "59 s"},
                 {59.6, "1:00", "1 min 0 s"},
                 {271, "4:31", "4 min 31 s"},
                 {3599.6, "1:00:00", "1 h 0 min"},
                 {3871, "1:04:31", "1 h 5 min"},
                 {39239, "10:53:59", "10 h 54 min"},
                 {360000, "100:00:00", "100 h 0 min"}};
    char text[CLI_DURATION_SIZE];
    for (size_t i = 0; i < COUNT(cases); i++) {
        cli_duration_clock(text, cases[i].seconds);
        assert_string_equal(text, cases[i].clock);
        cli_duration_words(text, cases[i].seconds);
        assert_string_equal(text, cases[i].words);
    }
    cli_duration_clock(text, INFINITY);
    assert_true(strlen(text) < 20);
    cli_duration_words(text, NAN);
    assert_string_equal(text, "0.0 s");
}

/* shape: 0 for a digit, a for a letter. */
static void check_time(double seconds, const char *shape) {
    char text[CLI_DURATION_SIZE];
    cli_time_after(text, seconds);
    assert_int_equal(strlen(text), strlen(shape));
    for (size_t i = 0; shape[i]; i++) {
        char is = isdigit((unsigned char)text[i]) ? '0' : isalpha((unsigned char)text[i]) ? 'a' : text[i];
        assert_int_equal(is, shape[i]);
    }
}

static void times_of_day(void **state) {
    (void)state;
    char text[CLI_DURATION_SIZE], wanted[CLI_DURATION_SIZE];
    struct tm day;
    time_t now;
    do { /* until both were asked for in the same minute */
        now = time(NULL);
        cli_time_after(text, 0);
        assert_non_null(localtime_r(&now, &day));
        strftime(wanted, sizeof wanted, "%H:%M", &day);
    } while (time(NULL) / 60 != now / 60);
    assert_string_equal(text, wanted);
    check_time(2 * 86400, "aaa 00:00");
    check_time(8 * 86400, "0000-00-00 00:00");
    check_time(INFINITY, "0000-00-00 00:00");
}

/* ---- what fits ----------------------------------------------------------------------------------------------------
 */

static void characters_stay_whole(void **state) {
    (void)state;
    static const char text[] = "a\xc3\xa4\xe5\x86\x99\xf0\x9f\x98\x80z"; /* 1, 2, 3, 4 bytes and 1 */
    static const size_t whole[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (int columns = 0; columns < (int)COUNT(whole); columns++)
        assert_int_equal(cli_bytes_within(text, columns), whole[columns]);
    assert_int_equal(cli_bytes_within(text, -1), 0);
    assert_int_equal(cli_bytes_within("", 3), 0);
}

static i2v_event denoising(void) {
    return (i2v_event){.phase = I2V_PHASE_DENOISE,
                       .num_videos = 1,
                       .num_clips = 1,
                       .step = 3,
                       .steps = 25,
                       .steps_done = 3.4,
                       .seconds = 3.4 * 1520,
                       .fraction = 0.12,
                       .memory = (uint64_t)4976 << 20};
}

static void all_is_said_where_there_is_room(void **state) {
    (void)state;
    char text[512];
    i2v_event event = denoising();
    cli_progress_said said = {.task = "", .fraction = 0.12, .seconds_left = -1};
    cli_progress_text(text, sizeof text, 0, &event, &said);
    assert_string_equal(text, "denoise 3.4 of 25, 12 %, 4976 MiB, 25:20/step");
    said = (cli_progress_said){.task = "picture 2 of 3: ", .fraction = -1, .seconds_left = 3871};
    cli_progress_text(text, sizeof text, 0, &event, &said);
    static const char begin[] = "picture 2 of 3: denoise 3.4 of 25, 1:04:31 left, ends ",
                      end[] = ", 4976 MiB, 25:20/step";
    assert_memory_equal(text, begin, sizeof begin - 1);
    assert_string_equal(text + strlen(text) - (sizeof end - 1), end);
    event.seconds = 3.4 * 12.34;
    event.video = 1;
    event.num_videos = 2;
    cli_progress_text(text, sizeof text, 0, &event, &said);
    assert_non_null(strstr(text, "denoise (video 2) 3.4 of 25"));
    assert_non_null(strstr(text, ", 12.3 s/step"));
    said.begun = 1.4; /* done before the run, which has made two */
    cli_progress_text(text, sizeof text, 0, &event, &said);
    assert_non_null(strstr(text, ", 21 s/step"));
}

/* At every width the line fits, as long as the time that is left does, which stays to the last. */
static void what_matters_least_goes_first(void **state) {
    (void)state;
    static const char *const in_order[] = {"/step", "picture", "MiB", "denoise", "ends", "left"};
    char text[512];
    i2v_event event = denoising();
    cli_progress_said said = {.task = "picture 2 of 3: ", .fraction = -1, .seconds_left = 3871};
    size_t before = COUNT(in_order);
    for (int columns = 120; columns >= (int)strlen("1:04:31 left"); columns--) {
        cli_progress_text(text, sizeof text, columns, &event, &said);
        assert_true(strlen(text) <= (size_t)columns);
        size_t there = 0;
        for (size_t i = 0; i < COUNT(in_order); i++) there += strstr(text, in_order[i]) != NULL;
        for (size_t i = COUNT(in_order) - there; i < COUNT(in_order); i++) assert_non_null(strstr(text, in_order[i]));
        assert_true(there <= before);
        before = there;
    }
    assert_string_equal(text, "1:04:31 left");
}

/* ---- several tasks ------------------------------------------------------------------------------------------------
 */

static void what_is_left_of_several_tasks(void **state) {
    (void)state;
    cli_whole_run whole = {.expected = 100};
    i2v_event event = {.seconds_left = -1, .fraction = 0.25};
    cli_whole_run_next(&whole, 0, 4);
    /* nothing is measured: by the plan, 75 seconds of this one, and the others as long as this one will have taken */
    assert_float_equal(cli_whole_run_seconds_left(&whole, &event, 1000), 75 + 3 * 75, 1e-6);
    assert_float_equal(cli_whole_run_fraction(&whole, &event), 0.0625, 1e-9);
    event = (i2v_event){.seconds_left = 30, .fraction = 0.5};
    assert_float_equal(cli_whole_run_seconds_left(&whole, &event, 1020), 30 + 3 * 50, 1e-6);
    cli_whole_run_next(&whole, 1, 4); /* is there already, and skipped */
    cli_whole_run_next(&whole, 2, 4);
    event = (i2v_event){.seconds_left = 40, .fraction = 0.2};
    assert_float_equal(cli_whole_run_seconds_left(&whole, &event, 1060), 40 + (60 + 40) / 2.0, 1e-6);
    assert_float_equal(cli_whole_run_fraction(&whole, &event), 0.55, 1e-9);
    cli_whole_run_next(&whole, 3, 4);
    event = (i2v_event){.seconds_left = 0, .fraction = 1};
    assert_float_equal(cli_whole_run_seconds_left(&whole, &event, 1150), 0, 1e-6);
    assert_float_equal(cli_whole_run_fraction(&whole, &event), 1, 1e-9);
}

static void what_is_left_of_one(void **state) {
    (void)state;
    cli_whole_run whole = {0};
    i2v_event event = {.seconds_left = -1, .fraction = 0.25};
    cli_whole_run_next(&whole, 0, 1);
    assert_true(cli_whole_run_seconds_left(&whole, &event, 5) < 0);
    event.seconds_left = 12;
    assert_float_equal(cli_whole_run_seconds_left(&whole, &event, 6), 12, 1e-9);
    assert_float_equal(cli_whole_run_fraction(&whole, &event), 0.25, 1e-9);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_of_time),
        cmocka_unit_test(times_of_day),
        cmocka_unit_test(characters_stay_whole),
        cmocka_unit_test(all_is_said_where_there_is_room),
        cmocka_unit_test(what_matters_least_goes_first),
        cmocka_unit_test(what_is_left_of_several_tasks),
        cmocka_unit_test(what_is_left_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
