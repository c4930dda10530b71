/* Engines that share a model: weights in memory once, and nothing else in common. */
#include "reference.h"

#include "pipeline/plan.h"
#include "sanitizers.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MODEL i2v_reference_at(0).model
#define LORA I2V_TEST_DATA "/lora/layers-kohya.safetensors"
#define SECONDS 120

/* ---- runs ------------------------------------------------------------------------------------------------------- */

static i2v_model *model_of(int keep_loaded, const i2v_lora *lora) {
    i2v_model *model = NULL;
    i2v_error error = {0};
    i2v_options options;
    i2v_options_default(&options);
    options.keep_loaded = keep_loaded;
    options.loras = lora;
    options.loras_count = lora ? 1 : 0;
    if (i2v_model_open(&model, MODEL, &options, &error)) fail_msg("%s", error.message);
    return model;
}

static i2v_engine *session_of(i2v_model *model, uint64_t max_memory) {
    i2v_engine *engine = NULL;
    i2v_options options;
    i2v_options_default(&options);
    options.threads = 2;
    options.max_memory = max_memory;
    if (i2v_open_model(&engine, model, &options)) fail_msg("%s", i2v_error_message(engine));
    return engine;
}

/* One video, in a thread of its own or not. */
typedef struct run {
    i2v_engine *engine;
    i2v_params params;
    i2v_video *video;
    i2v_status status;
    int loads;                                          /* parts that it has waited for or loaded */
    int (*at)(struct run *run, const i2v_event *event); /* called at each event; non-zero cancels */
    sem_t reached, released;                            /* for a call that is held */
    void *user;
    pthread_t thread;
} run;

static int on_event(const i2v_event *event, void *user) {
    run *r = user;
    r->loads += event->phase == I2V_PHASE_LOAD && event->step == 0;
    return r->at ? r->at(r, event) : 0;
}

static run run_of(i2v_engine *engine, uint64_t seed, int width) {
    run r = {.engine = engine};
    i2v_params_default(&r.params);
    r.params.width = width;
    r.params.height = 16;
    r.params.num_frames = 2;
    r.params.num_inference_steps = 2;
    r.params.seed = seed;
    return r;
}

static void *generate(void *argument) {
    run *r = argument;
    i2v_image *image = NULL;
    r->status = i2v_image_new(&image, 32, 16, NULL);
    for (int i = 0; !r->status && i < 32 * 16 * 3; i++) image->pixels[i] = (uint8_t)(i * i / 7 % 256);
    i2v_params params = r->params;
    params.on_event = on_event;
    params.user = r;
    if (!r->status) r->status = i2v_generate(r->engine, image, &params, &r->video);
    i2v_image_free(image);
    return NULL;
}

static void start(run *r) {
    sem_init(&r->reached, 0, 0);
    sem_init(&r->released, 0, 0);
    assert_int_equal(pthread_create(&r->thread, NULL, generate, r), 0);
}

static void join(run *r) {
    pthread_join(r->thread, NULL);
    sem_destroy(&r->reached);
    sem_destroy(&r->released);
}

/* The frames that an engine of its own makes, with a model of its own. */
static i2v_video *alone(uint64_t seed, int width, const i2v_lora *lora) {
    i2v_model *model = model_of(0, lora);
    run r = run_of(session_of(model, 0), seed, width);
    generate(&r);
    if (r.status) fail_msg("%s", i2v_error_message(r.engine));
    i2v_close(r.engine);
    i2v_model_close(model);
    return r.video;
}

static void expect_made(run *r, const i2v_video *wanted) {
    if (r->status) fail_msg("%s", i2v_error_message(r->engine));
    assert_int_equal(r->video->width, wanted->width);
    size_t values = (size_t)wanted->num_frames * (size_t)wanted->height * (size_t)wanted->width * 3;
    assert_memory_equal(r->video->frames, wanted->frames, values * sizeof(float));
    i2v_video_free(r->video);
    r->video = NULL;
}

/* Holds its call after the first step, once. */
static int hold(run *r, const i2v_event *event) {
    if (!event->latents || event->step != 1 || r->user) return 0;
    r->user = r;
    sem_post(&r->reached);
    sem_wait(&r->released);
    return 0;
}

/* ---- weights ---------------------------------------------------------------------------------------------------- */

/* Two calls, both held in the same stage: what is loaded is what one of them has loaded. */
static void weights_are_in_memory_once(void **state) {
    (void)state;
    for (int keep = 0; keep < 2; keep++) {
        i2v_video *wanted[2] = {alone(1, 32, NULL), alone(2, 32, NULL)};
        uint64_t bytes[3] = {0};
        for (int count = 1; count <= 2; count++) {
            i2v_model *model = model_of(keep, NULL);
            run runs[2];
            for (int i = 0; i < count; i++) {
                runs[i] = run_of(session_of(model, 0), (uint64_t)i + 1, 32);
                runs[i].at = hold;
            }
            i2v_model_close(model); /* it lives as long as its engines do */
            for (int i = 0; i < count; i++) start(&runs[i]);
            for (int i = 0; i < count; i++) sem_wait(&runs[i].reached);
            bytes[count] = i2v_kept_bytes(runs[0].engine->model->kept);
            assert_true(i2v_kept_kind_bytes(runs[0].engine->model->kept, I2V_STAGE_UNET) > 1000000);
            for (int i = 0; i < count; i++) sem_post(&runs[i].released);
            for (int i = 0; i < count; i++) join(&runs[i]);
            for (int i = 0; i < count; i++) expect_made(&runs[i], wanted[i]);
            uint64_t left = i2v_kept_bytes(runs[0].engine->model->kept);
            assert_true(keep ? left >= bytes[count] : left == 0);
            for (int i = 0; i < count; i++) i2v_close(runs[i].engine);
        }
        assert_int_equal(bytes[1], bytes[2]);
        i2v_video_free(wanted[0]);
        i2v_video_free(wanted[1]);
    }
}

/* Several calls each at the same time, of one size and of two: nothing that runs into another. */
static void frames_are_those_of_a_single_run(void **state) {
    (void)state;
    static const i2v_lora lora = {LORA, 0.7};
    for (int with_lora = 0; with_lora < 2; with_lora++) {
        const i2v_lora *changes = with_lora ? &lora : NULL;
        for (int other_width = 32; other_width <= (with_lora ? 32 : 40); other_width += 8) {
            i2v_video *wanted[2] = {alone(1, 32, changes), alone(2, other_width, changes)};
            for (int keep = 0; keep < 2; keep++) {
                i2v_model *model = model_of(keep, changes);
                i2v_engine *engines[2] = {session_of(model, 0), session_of(model, 0)};
                for (int round = 0; round < 2; round++) {
                    run runs[2] = {run_of(engines[0], 1, 32), run_of(engines[1], 2, other_width)};
                    for (int i = 0; i < 2; i++) start(&runs[i]);
                    for (int i = 0; i < 2; i++) join(&runs[i]);
                    for (int i = 0; i < 2; i++) expect_made(&runs[i], wanted[i]);
                }
                assert_true((i2v_kept_bytes(model->kept) > 0) == keep);
                for (int i = 0; i < 2; i++) i2v_close(engines[i]);
                assert_true((i2v_kept_bytes(model->kept) > 0) == keep);
                i2v_model_close(model);
            }
            i2v_video_free(wanted[0]);
            i2v_video_free(wanted[1]);
        }
    }
}

/* What one engine has loaded, the next one finds; and a call of another plan lets go of what no longer fits. */
static void parts_stay_for_all_engines(void **state) {
    (void)state;
    i2v_video *wanted = alone(1, 32, NULL);
    i2v_model *model = model_of(1, NULL);
    run first = run_of(session_of(model, 0), 1, 32), second = run_of(session_of(model, 0), 1, 32);
    generate(&first);
    generate(&second);
    assert_int_equal(first.loads, 4);
    assert_int_equal(second.loads, 0);
    expect_made(&first, wanted);
    expect_made(&second, wanted);
    uint64_t all = i2v_kept_bytes(model->kept);
    i2v_memory_plan plan;
    assert_int_equal(i2v_plan_generate(second.engine, &second.params, &plan), I2V_OK);
    run small = run_of(session_of(model, plan.peak - all / 2), 1, 32);
    generate(&small);
    expect_made(&small, wanted);
    assert_true(i2v_kept_bytes(model->kept) < all);
    i2v_close(first.engine);
    i2v_close(second.engine);
    i2v_close(small.engine);
    i2v_model_close(model);
    i2v_video_free(wanted);
}

/* ---- one call, and what the other engine does meanwhile --------------------------------------------------------- */

static void begin_held(i2v_model *model, run *r) {
    *r = run_of(session_of(model, 0), 1, 32);
    r->at = hold;
    start(r);
    sem_wait(&r->reached);
}

static void end_held(run *r, const i2v_video *wanted) {
    sem_post(&r->released);
    join(r);
    expect_made(r, wanted);
    i2v_close(r->engine);
}

/* Closing, unloading and planning for little memory free nothing that the other computes with. */
static void what_is_used_stays(void **state) {
    (void)state;
    i2v_video *wanted = alone(1, 32, NULL);
    for (int keep = 0; keep < 2; keep++) {
        i2v_model *model = model_of(keep, NULL);
        run r;
        begin_held(model, &r);
        uint64_t unet = i2v_kept_kind_bytes(model->kept, I2V_STAGE_UNET);
        i2v_engine *other = session_of(model, 0);
        i2v_unload(other);
        assert_int_equal(i2v_kept_bytes(model->kept), unet); /* of the others nothing */
        run small = run_of(other, 1, 32);
        i2v_memory_plan plan = {0};
        other->max_memory = 1;
        assert_int_equal(i2v_plan_generate(other, &small.params, &plan), I2V_ERROR_MEMORY);
        other->max_memory = plan.peak; /* the leanest there is */
        generate(&small);
        expect_made(&small, wanted);
        assert_int_equal(i2v_kept_kind_bytes(model->kept, I2V_STAGE_UNET), unet);
        i2v_close(other);
        i2v_model_close(model);
        end_held(&r, wanted);
    }
    i2v_video_free(wanted);
}

/* An error and a cancel are of the engine that they happen on. */
static void errors_and_cancels_are_apart(void **state) {
    (void)state;
    i2v_video *wanted = alone(1, 32, NULL);
    i2v_model *model = model_of(0, NULL);
    run r, wrong = run_of(session_of(model, 0), 1, 31), cancelled = run_of(session_of(model, 0), 1, 32);
    begin_held(model, &r);
    generate(&wrong);
    assert_int_equal(wrong.status, I2V_ERROR_PARAMETER);
    assert_non_null(strstr(i2v_error_message(wrong.engine), "width is 31"));
    assert_string_equal(i2v_error_message(r.engine), "");
    assert_string_equal(i2v_error_message(cancelled.engine), "");
    cancelled.at = hold;
    start(&cancelled);
    sem_wait(&cancelled.reached);
    i2v_cancel(cancelled.engine);
    sem_post(&cancelled.released);
    join(&cancelled);
    assert_int_equal(cancelled.status, I2V_CANCELLED);
    assert_null(cancelled.video);
    assert_string_equal(i2v_error_message(r.engine), "");
    i2v_close(wrong.engine);
    i2v_close(cancelled.engine);
    i2v_model_close(model);
    end_held(&r, wanted);
    i2v_video_free(wanted);
}

/* ---- waiting for another's loading ------------------------------------------------------------------------------ */

static int never_stop(void *user, uint64_t bytes) {
    (void)user;
    (void)bytes;
    return 0;
}

/* The UNet, as another engine that loads it has taken it. */
static i2v_loaded *take_unet(i2v_model *model) {
    i2v_form form = {.kind = I2V_STAGE_UNET, .latent_height = 16 / 8, .latent_width = 32 / 8};
    i2v_loaded *part = NULL;
    int is_new = 0;
    assert_int_equal(i2v_kept_take(&part, &is_new, model->kept, &form, &(i2v_waiter){never_stop, NULL}, NULL), I2V_OK);
    assert_true(is_new);
    return part;
}

/* The one part of more than a MiB. */
static int tell_load_of_unet(run *r, const i2v_event *event) {
    if (event->phase == I2V_PHASE_LOAD && event->step == 0 && event->steps == 1) sem_post(&r->reached);
    return 0;
}

static void pause_for(double seconds) {
    nanosleep(&(struct timespec){.tv_nsec = (long)(seconds * 1e9)}, NULL);
}

static void who_waits_can_be_cancelled(void **state) {
    (void)state;
    i2v_model *model = model_of(0, NULL);
    i2v_loaded *part = take_unet(model);
    run r = run_of(session_of(model, 0), 1, 32);
    r.at = tell_load_of_unet;
    start(&r);
    sem_wait(&r.reached);
    pause_for(0.1);
    i2v_cancel(r.engine);
    join(&r);
    assert_int_equal(r.status, I2V_CANCELLED);
    i2v_kept_drop(model->kept, part);
    i2v_close(r.engine);
    i2v_model_close(model);
}

/* Where loading has failed, or was cancelled, one of those who wait does it, for all. */
static void who_waits_goes_on(void **state) {
    (void)state;
    i2v_video *wanted = alone(1, 32, NULL);
    i2v_model *model = model_of(1, NULL);
    i2v_loaded *part = take_unet(model);
    run runs[2] = {run_of(session_of(model, 0), 1, 32), run_of(session_of(model, 0), 1, 32)};
    for (int i = 0; i < 2; i++) {
        runs[i].at = tell_load_of_unet;
        start(&runs[i]);
    }
    for (int i = 0; i < 2; i++) sem_wait(&runs[i].reached);
    pause_for(0.1);
    assert_int_equal(i2v_kept_kind_bytes(model->kept, I2V_STAGE_UNET), 0);
    i2v_kept_drop(model->kept, part);
    for (int i = 0; i < 2; i++) join(&runs[i]);
    for (int i = 0; i < 2; i++) expect_made(&runs[i], wanted);
    uint64_t unet = i2v_kept_kind_bytes(model->kept, I2V_STAGE_UNET);
    run again = run_of(runs[0].engine, 1, 32);
    i2v_unload(again.engine);
    generate(&again);
    expect_made(&again, wanted);
    assert_int_equal(i2v_kept_kind_bytes(model->kept, I2V_STAGE_UNET), unet);
    for (int i = 0; i < 2; i++) i2v_close(runs[i].engine);
    i2v_model_close(model);
    i2v_video_free(wanted);
}

/* In events of each phase, those within loading too, a whole call of the other engine. */
static int nest(run *r, const i2v_event *event) {
    if (event->phase != I2V_PHASE_LOAD && event->step != 1) return 0;
    run *inner = r->user;
    generate(inner);
    int wrong = inner->status != I2V_OK;
    i2v_video_free(inner->video);
    return wrong;
}

static void a_callback_may_use_another_engine(void **state) {
    (void)state;
    i2v_video *wanted = alone(1, 32, NULL);
    i2v_model *model = model_of(0, NULL);
    run inner = run_of(session_of(model, 0), 2, 32), outer = run_of(session_of(model, 0), 1, 32);
    outer.at = nest;
    outer.user = &inner;
    generate(&outer);
    expect_made(&outer, wanted);
    assert_true(inner.loads > 4);
    assert_int_equal(i2v_kept_bytes(model->kept), 0); /* what was loaded twice, too */
    i2v_close(inner.engine);
    i2v_close(outer.engine);
    i2v_model_close(model);
    i2v_video_free(wanted);
}

/* Engines of one model are told nothing of each other's progress, but each call's own ends at 1. */
static int expect_fraction(run *r, const i2v_event *event) {
    double *last = r->user;
    if (event->fraction < *last || event->fraction > 1) return 1;
    *last = event->fraction;
    return 0;
}

static void progress_is_whole(void **state) {
    (void)state;
    for (int keep = 0; keep < 2; keep++) {
        i2v_model *model = model_of(keep, NULL);
        run runs[3];
        double last[3] = {0};
        for (int i = 0; i < 3; i++) {
            runs[i] = run_of(session_of(model, 0), (uint64_t)i, 32);
            runs[i].at = expect_fraction;
            runs[i].user = &last[i];
            start(&runs[i]);
        }
        for (int i = 0; i < 3; i++) {
            join(&runs[i]);
            assert_int_equal(runs[i].status, I2V_OK);
            assert_true(last[i] == 1);
            i2v_video_free(runs[i].video);
            i2v_close(runs[i].engine);
        }
        i2v_model_close(model);
    }
}

/* ---- forked processes ------------------------------------------------------------------------------------------- */

#if !UNDER_THREAD_SANITIZER
/* Another thread of the parent loads the UNet, and has the lock: in the child nobody does. */
static void a_child_waits_for_nobody(void **state) {
    (void)state;
    i2v_video *wanted = alone(1, 32, NULL);
    i2v_model *model = model_of(1, NULL);
    run r = run_of(session_of(model, 0), 1, 32);
    i2v_loaded *part = take_unet(model);
    pthread_mutex_t *mutex = (pthread_mutex_t *)model->kept; /* the lock's, its first field */
    pthread_mutex_lock(mutex);
    pid_t child = fork();
    if (child == 0) {
        alarm(SECONDS);
        generate(&r);
        int wrong = r.status ? 1 : 0;
        if (!wrong) wrong = memcmp(r.video->frames, wanted->frames, sizeof(float) * 2 * 16 * 32 * 3) != 0;
        i2v_video_free(r.video);
        i2v_close(r.engine);
        i2v_model_close(model);
        _exit(wrong);
    }
    pthread_mutex_unlock(mutex);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    i2v_kept_drop(model->kept, part);
    generate(&r);
    expect_made(&r, wanted);
    i2v_close(r.engine);
    i2v_model_close(model);
    i2v_video_free(wanted);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_in_memory_once),
        cmocka_unit_test(frames_are_those_of_a_single_run),
        cmocka_unit_test(parts_stay_for_all_engines),
        cmocka_unit_test(what_is_used_stays),
        cmocka_unit_test(errors_and_cancels_are_apart),
        cmocka_unit_test(who_waits_can_be_cancelled),
        cmocka_unit_test(who_waits_goes_on),
        cmocka_unit_test(a_callback_may_use_another_engine),
        cmocka_unit_test(progress_is_whole),
#if !UNDER_THREAD_SANITIZER
        cmocka_unit_test(a_child_waits_for_nobody),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
