/* Engines in a process that was forked: of their threads, none came along. */
#include "reference.h"
#include "sanitizers.h"

#include "base/parallel.h"

#include <dirent.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS 60
#define THREADS 3

/* What a child does; 0 if all is well. */
typedef int (*child_body)(void *argument);

/* Runs body in a child, which is killed if it does not end; its exit status. */
static int in_child(child_body body, void *argument) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(SECONDS); /* which ends it */
        _exit(body(argument));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) fail_msg("the child ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

static i2v_params small_params(void) {
    i2v_params params;
    i2v_params_default(&params);
    params.width = 16;
    params.height = 8;
    params.num_frames = 2;
    params.num_inference_steps = 2;
    return params;
}

static i2v_status generate(i2v_engine *engine, i2v_event_callback on_event, void *user, i2v_video **video) {
    i2v_image *picture = NULL;
    if (i2v_image_new(&picture, 16, 8, NULL)) return I2V_ERROR_MEMORY;
    for (int i = 0; i < 16 * 8 * 3; i++) picture->pixels[i] = (uint8_t)(i * i / 7 % 256);
    i2v_params params = small_params();
    params.on_event = on_event;
    params.user = user;
    i2v_status status = i2v_generate(engine, picture, &params, video);
    i2v_image_free(picture);
    return status;
}

typedef struct {
    i2v_engine *engine;
    i2v_video *wanted;
} opened;

static opened open_model(int keep_loaded) {
    opened it = {0};
    i2v_options options;
    i2v_options_default(&options);
    options.threads = THREADS;
    options.keep_loaded = keep_loaded;
    if (i2v_open(&it.engine, i2v_reference_at(0).model, &options)) fail_msg("%s", i2v_error_message(it.engine));
    if (generate(it.engine, NULL, NULL, &it.wanted)) fail_msg("%s", i2v_error_message(it.engine));
    return it;
}

static void close_model(opened *it) {
    i2v_video_free(it->wanted);
    i2v_close(it->engine);
}

static int is_same(const i2v_video *a, const i2v_video *b) {
    return memcmp(a->frames, b->frames, (size_t)(2 * 8 * 16 * 3) * sizeof(float)) == 0;
}

/* 0 if the engine makes the frames that it made before. */
static int generate_again(const opened *it) {
    i2v_video *video = NULL;
    if (generate(it->engine, NULL, NULL, &video)) return 1;
    int same = is_same(video, it->wanted);
    i2v_video_free(video);
    return same ? 0 : 2;
}

/* ---- between calls ---------------------------------------------------------------------------------------------- */

static int close_it(void *argument) {
    i2v_close(((opened *)argument)->engine);
    return 0;
}

static void a_child_closes(void **state) {
    (void)state;
    for (int keep_loaded = 0; keep_loaded < 2; keep_loaded++) {
        opened it = open_model(keep_loaded);
        for (int i = 0; i < 10; i++) assert_int_equal(in_child(close_it, &it), 0);
        assert_int_equal(generate_again(&it), 0);
        close_model(&it);
    }
}

#if !UNDER_THREAD_SANITIZER
static int threads_running(void) {
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks) return -1;
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

static int generate_and_close(void *argument) {
    opened *it = argument;
    int wrong = threads_running() != 1 ? 3 : generate_again(it);
    if (!wrong) wrong = generate_again(it);
    if (!wrong && threads_running() != THREADS) wrong = 4;
    i2v_close(it->engine);
    if (!wrong && threads_running() != 1) wrong = 5;
    return wrong;
}

static void a_child_generates(void **state) {
    (void)state;
    for (int keep_loaded = 0; keep_loaded < 2; keep_loaded++) {
        opened it = open_model(keep_loaded);
        assert_int_equal(in_child(generate_and_close, &it), 0);
        assert_int_equal(generate_again(&it), 0);
        close_model(&it);
    }
}

static int fork_again(void *argument) {
    return in_child(generate_and_close, argument);
}

static void a_childs_child_generates(void **state) {
    (void)state;
    opened it = open_model(0);
    assert_int_equal(in_child(fork_again, &it), 0);
    close_model(&it);
}
#endif

/* ---- within a call ---------------------------------------------------------------------------------------------- */

static int fork_once(const i2v_event *event, void *user) {
    pid_t *child = user;
    if (!event->latents || event->step != 1) return 0;
    *child = fork();
    if (*child == 0) alarm(SECONDS);
    return 0;
}

/* The thread that forks is the one in the call: the call goes on in both, in the child without other threads. */
static void a_call_goes_on_in_both(void **state) {
    (void)state;
    opened it = open_model(0);
    pid_t child = -1;
    i2v_video *video = NULL;
    i2v_status failed = generate(it.engine, fork_once, &child, &video);
    if (child == 0) {
        int wrong = failed ? 1 : is_same(video, it.wanted) ? 0 : 2;
        i2v_close(it.engine);
        _exit(wrong);
    }
    int status = 0;
    assert_int_equal(failed, I2V_OK);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(is_same(video, it.wanted));
    i2v_video_free(video);
    close_model(&it);
}

/* A call of another thread, held in its callback. */
typedef struct {
    opened it;
    sem_t reached, released;
} held_call;

static int hold(const i2v_event *event, void *user) {
    held_call *held = user;
    if (!event->latents || event->step != 1) return 0;
    sem_post(&held->reached);
    sem_wait(&held->released);
    return 0;
}

static void *run_held(void *argument) {
    held_call *held = argument;
    i2v_video *video = NULL;
    if (generate(held->it.engine, hold, held, &video)) return held;
    int same = is_same(video, held->it.wanted);
    i2v_video_free(video);
    return same ? NULL : held;
}

static int try_and_close(void *argument) {
    held_call *held = argument;
    for (int i = 0; i < 2; i++) {
        i2v_video *video = NULL;
        if (generate(held->it.engine, NULL, NULL, &video) != I2V_ERROR_UNSUPPORTED) return 1;
        if (!strstr(i2v_error_message(held->it.engine), "forked while another thread was in a call")) return 2;
    }
    i2v_close(held->it.engine);
    return 0;
}

static void a_call_of_another_thread_is_told(void **state) {
    (void)state;
    held_call held = {.it = open_model(0)};
    pthread_t thread;
    void *wrong;
    sem_init(&held.reached, 0, 0);
    sem_init(&held.released, 0, 0);
    assert_int_equal(pthread_create(&thread, NULL, run_held, &held), 0);
    sem_wait(&held.reached);
    int status = in_child(try_and_close, &held);
    sem_post(&held.released);
    pthread_join(thread, &wrong);
    assert_int_equal(status, 0);
    assert_null(wrong);
    assert_int_equal(generate_again(&held.it), 0);
    sem_destroy(&held.reached);
    sem_destroy(&held.released);
    close_model(&held.it);
}

/* ---- a team alone, at any moment -------------------------------------------------------------------------------- */

static void count(void *argument, int64_t item, int thread) {
    (void)item;
    (void)thread;
    atomic_fetch_add((atomic_int *)argument, 1);
}

static int work_and_delete(void *argument) {
    atomic_int done = 0;
    i2v_parallel(argument, 100, NULL, count, &done);
    i2v_team_free(argument);
    return atomic_load(&done) == 100 ? 0 : 1;
}

/* Its members are in their waits, on the way there, or hold the mutex. */
static void a_team_is_left_at_any_moment(void **state) {
    (void)state;
    i2v_team *team = NULL;
    assert_int_equal(i2v_team_new(&team, 8, NULL), I2V_OK);
    for (int i = 0; i < 100; i++) {
        atomic_int done = 0;
        i2v_parallel(team, 20, NULL, count, &done);
        assert_int_equal(in_child(work_and_delete, team), 0);
    }
    i2v_team_free(team);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_closes),
#if !UNDER_THREAD_SANITIZER
        cmocka_unit_test(a_child_generates),
        cmocka_unit_test(a_childs_child_generates),
#endif
        cmocka_unit_test(a_call_goes_on_in_both),
        cmocka_unit_test(a_call_of_another_thread_is_told),
        cmocka_unit_test(a_team_is_left_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
