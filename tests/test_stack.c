/* Threads of the embedding program may have small stacks: what the header promises of them. */
#include "img2vid/img2vid.h"

#include "reference.h"
#include "sanitizers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Sanitizers keep more on the stack. */
#define TIMES (UNDER_ADDRESS_SANITIZER ? 4 : 1)

/* Runs the body on a thread with a stack of so many KiB. */
static void run_on_stack(size_t kilobytes, void *(*body)(void *), void *argument) {
    pthread_attr_t attributes;
    pthread_t thread;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, TIMES * kilobytes * 1024), 0);
    assert_int_equal(pthread_create(&thread, &attributes, body, argument), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
}

/* A run of one of the reference models, and what it gave. */
typedef struct {
    const char *model;
    i2v_dtype dtype;
    int threads, keeps;
    i2v_status status;
    char message[I2V_ERROR_MESSAGE_SIZE];
    i2v_video *video;
    int events;
} whole_run;

static int count_event(const i2v_event *event, void *user) {
    ((whole_run *)user)->events += event->latents != NULL;
    return 0;
}

static i2v_status generate_and_decode(whole_run *run, i2v_engine *engine, const i2v_image *picture) {
    i2v_params params;
    char hex[I2V_SHA256_SIZE];
    i2v_memory_plan plan;
    i2v_video *again = NULL;
    i2v_params_default(&params);
    params.width = 48;
    params.height = 32;
    params.num_frames = 3;
    params.num_inference_steps = 2;
    params.on_event = count_event;
    params.user = run;
    i2v_status status = i2v_model_hash(engine, hex);
    if (!status) status = i2v_plan_generate(engine, &params, &plan);
    if (!status) status = i2v_generate(engine, picture, &params, &run->video);
    if (!status) status = i2v_decode(engine, run->video->latents, 3, 4, 6, &params, &again);
    i2v_video_free(again);
    return status;
}

static void *run_all(void *argument) {
    whole_run *run = argument;
    i2v_options options;
    i2v_options_default(&options);
    options.dtype = run->dtype;
    options.threads = run->threads;
    options.keep_loaded = run->keeps;
    i2v_engine *engine = NULL;
    i2v_image *picture = NULL;
    run->status = i2v_image_new(&picture, 30, 20, NULL);
    if (!run->status) memset(picture->pixels, 90, 30 * 20 * 3);
    if (!run->status) run->status = i2v_open(&engine, run->model, &options);
    if (!run->status) run->status = generate_and_decode(run, engine, picture);
    snprintf(run->message, sizeof run->message, "%s", i2v_error_message(engine));
    i2v_image_free(picture);
    i2v_close(engine);
    return NULL;
}

static void a_run_in_64_kib(void **state) {
    (void)state;
    static const i2v_dtype dtypes[] = {I2V_DTYPE_F32, I2V_DTYPE_BF16, I2V_DTYPE_INT8};
    for (int i = 0; i < 12; i++) {
        whole_run run = {
            .model = i2v_reference_at(0).model, .dtype = dtypes[i % 3], .threads = i / 3 % 2 ? 3 : 1, .keeps = i / 6};
        run_on_stack(64, run_all, &run);
        if (run.status) fail_msg("status %d: %s", run.status, run.message);
        assert_int_equal(run.events, 2);
        i2v_video_free(run.video);
    }
}

/* ---- files ---- */

typedef struct {
    const char *path;
    const i2v_video *video;
    int is_picture; /* i2v_image_load reads it, too */
    i2v_error error;
} saving;

static void *save(void *argument) {
    saving *one = argument;
    i2v_output output;
    i2v_media_info info;
    i2v_image *image = NULL;
    i2v_output_default(&output);
    output.metadata = "{}";
    if (!i2v_video_save(one->video, one->path, &output, &one->error)) i2v_media_probe(one->path, &info, &one->error);
    if (one->is_picture && !one->error.status) i2v_image_load(&image, one->path, I2V_ALPHA_WHITE, &one->error);
    i2v_image_free(image);
    return NULL;
}

static void files_in_256_kib(void **state) {
    (void)state;
    static const char *const endings[] = {"gif", "png", "webp", "mp4", "mkv", "webm", "npy"};
    whole_run run = {.model = i2v_reference_at(0).model, .threads = 1};
    char folder[256], path[512];
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/img2vid-test-XXXXXX", parent ? parent : "/tmp");
    assert_non_null(mkdtemp(folder));
    run_all(&run);
    assert_int_equal(run.status, I2V_OK);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(path, sizeof path, "%s/video.%s", folder, endings[i]);
        saving one = {.path = path, .video = run.video, .is_picture = i < 2};
        run_on_stack(256, save, &one);
        if (one.error.status) fail_msg("%s: %s", endings[i], one.error.message);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(folder), 0);
    i2v_video_free(run.video);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_run_in_64_kib), cmocka_unit_test(files_in_256_kib)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
