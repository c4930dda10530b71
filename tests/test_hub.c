/* The hub's client: what is chosen, what is asked of whom, what survives faults, what is said. */
#include "base/clock.h"
#include "base/file.h"
#include "hub/address.h"
#include "hub/fetch.h"
#include "hub/page.h"
#include "hub/partial.h"
#include "hub_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what is chosen --------------------------------------------------------------------------------------------- */

static void pulls_one_set_of_weights(void **state) {
    pull_ok();
    static const char *const needed[] = {"model_index.json",
                                         "unet/config.json",
                                         "vae/config.json",
                                         "image_encoder/config.json",
                                         "scheduler/scheduler_config.json",
                                         "feature_extractor/preprocessor_config.json",
                                         UNET,
                                         "vae/diffusion_pytorch_model.safetensors",
                                         "image_encoder/model.safetensors.index.json",
                                         "image_encoder/model-00001-of-00002.safetensors",
                                         "image_encoder/model-00002-of-00002.safetensors"};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) assert_pulled(needed[i]);
    assert_not_pulled("README.md");
    assert_not_pulled("svd.safetensors");
    assert_not_pulled("unet/diffusion_pytorch_model.bin");
    assert_not_pulled("unet/diffusion_pytorch_model.fp16.safetensors");
    assert_not_pulled("image_encoder/model.fp16.safetensors");
    char target[300] = "";
    assert_true(readlink(at(SNAPSHOT "/unet/config.json"), target, sizeof target - 1) > 0);
    /* git hash-object of "{}" */
    assert_string_equal(target, "../../../blobs/9e26dfeeb6e641a33dae4961196235bdb965b21b");
    uint8_t *ref;
    size_t size;
    assert_int_equal(i2v_file_read(&ref, &size, at(MODEL "/refs/main"), 100, NULL), I2V_OK);
    assert_int_equal(size, 40);
    assert_memory_equal(ref, COMMIT, 40);
    free(ref);
    assert_int_equal(pull_ok(), 0);
}

static void pulls_a_variant(void **state) {
    options.variant = "fp16";
    pull_ok();
    assert_pulled("unet/diffusion_pytorch_model.fp16.safetensors");
    assert_pulled("image_encoder/model.fp16.safetensors");
    assert_not_pulled(UNET);
    assert_not_pulled("image_encoder/model.safetensors.index.json");
    options.variant = "int8";
    pull_fails("acme/model", I2V_ERROR_MODEL, "no image_encoder/model.int8.safetensors", "choose another variant");
}

static int keep_note(const i2v_hub_event *event, void *user) {
    if (event->phase == I2V_HUB_WAIT) snprintf(user, 200, "%s", event->note);
    return 0;
}

/* As diffusers: the variant of the parts that have it, the others as they are. */
static void pulls_a_variant_of_some_parts(void **state) {
    write_noise("model/unet/diffusion_pytorch_model.non_ema.safetensors", 1000, 9);
    char note[200] = "";
    options.variant = "non_ema";
    options.on_event = keep_note;
    options.user = note;
    pull_ok();
    assert_non_null(strstr(note, "not every part has the variant non_ema (vae has not)"));
    assert_pulled("unet/diffusion_pytorch_model.non_ema.safetensors");
    assert_pulled("vae/diffusion_pytorch_model.safetensors");
    assert_pulled("image_encoder/model-00002-of-00002.safetensors");
    assert_not_pulled(UNET);
    assert_not_pulled("vae/diffusion_pytorch_model.fp16.safetensors");
    i2v_hub_model *model;
    assert_int_equal(i2v_hub_find(&model, "acme/model", &options, NULL), I2V_OK);
    assert_int_equal(model->files, 11);
    i2v_hub_model_free(model);
    unlink(at("model/unet/diffusion_pytorch_model.non_ema.safetensors"));
}

/* PyTorch's files come where a part has no safetensors. */
static void pulls_pytorch_files_of_a_part(void **state) {
    write_noise("model/vae/diffusion_pytorch_model.ema.bin", 1000, 10);
    options.variant = "ema";
    pull_ok();
    assert_pulled("vae/diffusion_pytorch_model.ema.bin");
    assert_pulled(UNET);
    assert_not_pulled("unet/diffusion_pytorch_model.bin");
    assert_not_pulled("vae/diffusion_pytorch_model.safetensors");
    unlink(at("model/vae/diffusion_pytorch_model.ema.bin"));
}

/* What people copy from a browser: of the server that is asked, or of the hub itself. */
static void takes_addresses_of_pages(void **state) {
    static const char *const pages[] = {"%s/acme/model/", "%s/acme/model/tree/main?x=1#y",
                                        "https://huggingface.co/acme/model/blob/main/model_index.json",
                                        "HTTPS://hf.co/acme/model/tree/v%%32", "huggingface.co/acme/model"};
    i2v_error error;
    i2v_hub_model *model;
    char page[300];
    pull_ok();
    options.revision = "main";
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        snprintf(page, sizeof page, pages[i], options.endpoint);
        assert_int_equal(i2v_hub_pull_tuned(&model, page, &options, &tuning, &error), I2V_OK);
        assert_string_equal(model->path, at(SNAPSHOT));
        i2v_hub_model_free(model);
    }
    options.revision = NULL;
    snprintf(page, sizeof page, "%s/acme/model/resolve/main/svd.safetensors?download=true", options.endpoint);
    assert_int_equal(i2v_hub_pull_tuned(&model, page, &options, &tuning, &error), I2V_OK);
    assert_string_equal(model->path, at(SNAPSHOT "/svd.safetensors"));
    i2v_hub_model_free(model);
    const char *request = "https://hf.co/acme/model/tree/refs%2Fpr%2F1";
    assert_int_equal(i2v_hub_pull_tuned(&model, request, &options, &tuning, &error), I2V_OK);
    i2v_hub_model_free(model);
    assert_int_equal(requests("/revision/refs%2Fpr%2F1", NULL, NULL), 1);
    pull_fails("https://huggingface.co/acme/model/tree/main/unet", I2V_ERROR_PARAMETER, "leads to the folder unet of",
               "give the model's own");
    pull_fails("https://huggingface.co/acme/model/blob/main/..%2Fx", I2V_ERROR_PARAMETER, "no file of a model", NULL);
    pull_fails("https://example.com/acme/model?key=secret", I2V_ERROR_PARAMETER,
               "https://example.com/acme/model is no page of a model", NULL);
    assert_true(i2v_hub_is_id("https://huggingface.co/a/b"));
    static const char *const bad[] = {"https://huggingface.co/a",
                                      "https://huggingface.co/datasets/a/b",
                                      "https://huggingface.co.example.com/a/b",
                                      "https://example.com/a/b",
                                      "https://huggingface.co/a/b/discussions/1",
                                      "https://x@huggingface.co/a/b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (i2v_hub_is_id(bad[i])) fail_msg("'%s' was taken for a name", bad[i]);
}

/* A picture's page is no picture. */
static void finds_the_file_of_a_page(void **state) {
    static const char *const cases[][2] = {
        {"https://huggingface.co/a/b/blob/main/x%20y.png?q", "https://huggingface.co/a/b/resolve/main/x%20y.png?q"},
        {"https://huggingface.co/datasets/a/b/blob/main/c.png",
         "https://huggingface.co/datasets/a/b/resolve/main/c.png"},
        {"https://huggingface.co/a/b/resolve/main/c.png", NULL},
        {"https://huggingface.co/a/b/resolve/main/c.png?x=/blob/", NULL},
        {"https://example.com/a/b/blob/main/c.png", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *direct;
        assert_int_equal(i2v_hub_page_direct(&direct, cases[i][0], NULL), I2V_OK);
        assert_int_equal(direct != NULL, cases[i][1] != NULL);
        if (direct) assert_string_equal(direct, cases[i][1]);
        free(direct);
    }
}

static void pulls_one_file(void **state) {
    i2v_hub_model *model;
    i2v_error error;
    assert_int_equal(i2v_hub_pull_tuned(&model, "acme/model/svd.safetensors", &options, &tuning, &error), I2V_OK);
    assert_string_equal(model->path, at(SNAPSHOT "/svd.safetensors"));
    assert_int_equal(model->files, 1);
    assert_string_equal(model->license, "acme-community");
    i2v_hub_model_free(model);
    assert_not_pulled("model_index.json");
    assert_int_equal(i2v_hub_find(&model, "acme/model", &options, &error), I2V_OK);
    assert_string_equal(model->path, at(SNAPSHOT "/svd.safetensors"));
    i2v_hub_model_free(model);
    options.file = "other.safetensors";
    pull_fails("acme/model", I2V_ERROR_MODEL, "acme/model has no file other.safetensors", NULL);
}

static void asks_for_what_a_list_lacks(void **state) {
    fault("path=/api/ bare=1");
    pull_ok();
    assert_pulled(UNET);
    assert_int_equal(requests("HEAD", "resolve", UNET), 1);
    assert_int_equal(requests("store HEAD", NULL, NULL), 0);
}

static void finds_what_is_whole(void **state) {
    i2v_hub_model *model;
    i2v_error error;
    assert_int_equal(i2v_hub_find(&model, "acme/model", &options, &error), I2V_ERROR_MODEL);
    assert_non_null(strstr(error.message, "img2vid pull acme/model"));
    pull_ok();
    assert_int_equal(i2v_hub_find(&model, "acme/model", &options, &error), I2V_OK);
    assert_string_equal(model->path, at(SNAPSHOT));
    assert_string_equal(model->commit, COMMIT);
    assert_int_equal(model->files, 11);
    i2v_hub_model_free(model);
    options.offline = 1;
    int before = requests(NULL, NULL, NULL);
    assert_int_equal(i2v_hub_pull(&model, "acme/model", &options, &error), I2V_OK);
    i2v_hub_model_free(model);
    assert_int_equal(requests(NULL, NULL, NULL), before);
    unlink(at(SNAPSHOT "/image_encoder/model-00002-of-00002.safetensors"));
    pull_fails("acme/model", I2V_ERROR_MODEL, "not whole in the cache", "img2vid pull acme/model");
    options.revision = "v2";
    pull_fails("acme/model", I2V_ERROR_MODEL, "in the cache", "--revision v2");
}

static void knows_names(void **state) {
    static const char *const good[] = {"a/b", "stabilityai/stable-video-diffusion-img2vid-xt-1-1",
                                       "a/b/c/d.safetensors"};
    static const char *const bad[] = {"a",    "",     "/a/b",   "a//b",  "a/../b", "../a/b", "./a",  "a/b/../c",
                                      "-a/b", "a/b-", "a--b/c", "a b/c", "a/b/",   "a/b\n",  "a/.b", "~/x"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) assert_true(i2v_hub_is_id(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (i2v_hub_is_id(bad[i])) fail_msg("'%s' was taken for a name", bad[i]);
    options.revision = "../../x";
    pull_fails("acme/model", I2V_ERROR_PARAMETER, "no branch, tag or commit", NULL);
    options.revision = NULL;
    options.file = "../x";
    pull_fails("acme/model", I2V_ERROR_PARAMETER, "no file of a model", NULL);
    options.file = NULL;
    options.token = "a\r\nX-Injected: 1";
    pull_fails("acme/model", I2V_ERROR_PARAMETER, "no access token", NULL);
}

/* ---- the token -------------------------------------------------------------------------------------------------- */

static void token_stays_with_the_hub(void **state) {
    pull_ok();
    assert_true(requests("hub GET", "authorization=Bearer hf_secret", NULL) > 10);
    assert_true(requests("store GET", NULL, NULL) > 5);
    assert_int_equal(requests("store", "hf_secret", NULL), 0);
}

static void token_is_not_for_another_port(void **state) {
    fault("path=/api/ port=hub redirect=http://127.0.0.1:%d/api/models/acme/model/revision/main",
          http_server_store_port(server));
    pull_ok();
    assert_int_equal(requests("store GET", "/api/", "authorization=-"), 1);
    assert_int_equal(requests("store", "hf_secret", NULL), 0);
}

static void token_is_not_for_another_name(void **state) {
    fault("path=/api/ times=1 redirect=http://localhost:%d/api/models/acme/model/revision/main",
          http_server_port(server));
    pull_ok();
    assert_int_equal(requests("hub GET", "host=localhost", "authorization=-"), 1);
    assert_int_equal(requests("host=localhost", "hf_secret", NULL), 0);
}

static void token_follows_within_the_hub(void **state) {
    fault("path=revision/old times=1 redirect=/api/models/acme/model/revision/main");
    options.revision = "old";
    pull_ok();
    assert_int_equal(requests("/api/", NULL, "authorization=Bearer hf_secret"), 2);
}

static void token_comes_from_the_environment(void **state) {
    options.token = NULL;
    options.cache = NULL;
    setenv("HF_HOME", at("home"), 1);
    unsetenv("HF_TOKEN");
    write_text("home/token", "hf_file\n");
    pull_ok();
    assert_true(requests("authorization=Bearer hf_file", NULL, NULL) > 10);
    setenv("HF_TOKEN", " hf_variable ", 1);
    pull_ok();
    assert_true(requests("authorization=Bearer hf_variable", NULL, NULL) == 1);
    unsetenv("HF_TOKEN");
    write_text("elsewhere", "hf_elsewhere");
    setenv("HF_TOKEN_PATH", at("elsewhere"), 1);
    pull_ok();
    assert_true(requests("authorization=Bearer hf_elsewhere", NULL, NULL) == 1);
    unsetenv("HF_TOKEN_PATH");
    setenv("HF_HUB_OFFLINE", "1", 1);
    int before = requests(NULL, NULL, NULL);
    pull_ok();
    assert_int_equal(requests(NULL, NULL, NULL), before);
    unsetenv("HF_HUB_OFFLINE");
    unsetenv("HF_HOME");
}

/* ---- parts and resuming ----------------------------------------------------------------------------------------- */

static void large_files_come_in_parts(void **state) {
    pull_ok();
    assert_int_equal(requests("store GET", UNET, "range=bytes="), 5);
    assert_int_equal(requests("store GET", UNET, "range=bytes=0-999999"), 1);
    assert_int_equal(requests("store GET", UNET, "range=bytes=4000000-4999999"), 1);
    assert_int_equal(requests("store GET", "vae/diffusion", "range=-"), 1);
}

static void cut_off_parts_go_on(void **state) {
    fault("path=/store/unet times=3 cut=300000");
    assert_true(pull_ok() < UNET_SIZE + 100000); /* nothing twice */
    assert_pulled(UNET);
    assert_true(requests("store GET", UNET, "00000-") >= 5);
    assert_int_equal(requests("store GET", UNET, "range=bytes="), 8);
}

typedef struct limit {
    uint64_t bytes;
    int waits;
} limit;

static int cancel_after(const i2v_hub_event *event, void *user) {
    limit *until = user;
    assert_true(event->done <= event->total);
    if (event->phase == I2V_HUB_WAIT) until->waits++;
    return event->received > until->bytes;
}

static void cancelled_pull_goes_on(void **state) {
    limit until = {1000000, 0};
    options.on_event = cancel_after;
    options.user = &until;
    fault("path=/store/unet times=4 rate=2000000");
    pull_fails("acme/model", I2V_CANCELLED, "cancelled", NULL);
    assert_int_equal(incomplete_files(), 1);
    i2v_hub_model *model;
    assert_int_equal(i2v_hub_find(&model, "acme/model", &options, NULL), I2V_ERROR_MODEL);
    until.bytes = UINT64_MAX;
    uint64_t rest = pull_ok();
    assert_true(rest < UNET_SIZE - 500000);
    assert_pulled(UNET);
}

static void server_without_ranges(void **state) {
    fault("path=/store/unet no_ranges=1");
    pull_ok();
    assert_pulled(UNET);
    /* also where a part is there already */
    remove_tree("home");
    fault("path=/store/none times=0");
    limit until = {1500000, 0};
    options.on_event = cancel_after;
    options.user = &until;
    pull_fails("acme/model", I2V_CANCELLED, "cancelled", NULL);
    until.bytes = UINT64_MAX;
    pull_ok();
    assert_pulled(UNET);
}

static void small_files_need_no_ranges(void **state) {
    tuning.part_size = (uint64_t)1 << 30;
    fault("path=/store/unet times=1 cut=2000000");
    pull_ok();
    assert_pulled(UNET);
    assert_int_equal(requests("store GET", UNET, "range=-"), 1);
    assert_int_equal(requests("store GET", UNET, "range=bytes=2000000-4999999"), 1);
}

static void notes_survive_a_kill(void **state) {
    i2v_partial partial, again;
    static const uint8_t zeros[100000];
    write_text("home/x", "");
    assert_int_equal(i2v_partial_open(&partial, at("home/p"), 450000, 100000, NULL), I2V_OK);
    assert_int_equal(partial.count, 5);
    assert_int_equal(i2v_partial_write(&partial, 200000, zeros, 60000, NULL), I2V_OK);
    assert_int_equal(i2v_partial_write(&partial, 290000, zeros, 5000, NULL), I2V_OK); /* beyond a gap: does not count */
    assert_int_equal(i2v_partial_write(&partial, 400000, zeros, 50000, NULL), I2V_OK);
    assert_int_not_equal(i2v_partial_write(&partial, 449999, zeros, 2, NULL), I2V_OK);
    assert_int_equal(i2v_partial_done(&partial), 110000);
    i2v_partial_close(&partial);
    assert_int_equal(i2v_partial_open(&again, at("home/p"), 450000, 777, NULL), I2V_OK);
    assert_int_equal(again.part_size, 100000);
    assert_int_equal(i2v_partial_done(&again), 110000);
    i2v_partial_close(&again);
    assert_int_equal(i2v_partial_open(&again, at("home/p"), 450001, 100000, NULL), I2V_OK); /* another file */
    assert_int_equal(i2v_partial_done(&again), 0);
    i2v_partial_remove(&again);
    write_noise("home/p", 450000 + 200, 9); /* noise for notes */
    assert_int_equal(i2v_partial_open(&again, at("home/p"), 450000, 100000, NULL), I2V_OK);
    assert_int_equal(i2v_partial_done(&again), 0);
    i2v_partial_remove(&again);
    assert_int_not_equal(access(at("home/p"), F_OK), 0);
}

static void *pull_thread(void *user) {
    i2v_hub_model *model = NULL;
    i2v_error *error = user;
    i2v_hub_pull_tuned(&model, "acme/model", &options, &tuning, error);
    i2v_hub_model_free(model);
    return NULL;
}

static void two_at_a_time_share(void **state) {
    pthread_t threads[2];
    i2v_error errors[2] = {{0}, {0}};
    fault("path=/store/unet rate=4000000");
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&threads[i], NULL, pull_thread, &errors[i]), 0);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < 2; i++) assert_string_equal(errors[i].message, "");
    assert_pulled(UNET);
    assert_int_equal(requests("store GET", UNET, NULL), 5);
}

/* ---- damage ----------------------------------------------------------------------------------------------------- */

static void damaged_content_is_removed(void **state) {
    fault("path=/store/unet times=1 corrupt=1");
    pull_fails("acme/model", I2V_ERROR_NETWORK, UNET, "SHA-256");
    assert_int_equal(incomplete_files(), 0);
    pull_ok();
    assert_pulled(UNET);
}

static void damaged_small_content_is_removed(void **state) {
    fault("path=unet/config.json times=1 corrupt=1");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "unet/config.json", "SHA-1");
    assert_int_equal(incomplete_files(), 0);
    pull_ok();
}

static void other_sizes_are_refused(void **state) {
    fault("path=/api/ times=1 size=4500000");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "is of another size", "4500000");
    assert_int_equal(incomplete_files(), 0);
    fault("path=/store/unet times=1 status=416");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "is of another size", UNET);
    pull_ok();
}

static void no_list_is_none(void **state) {
    fault("path=/api/ times=1 type=text/html body=<html>Please+log+in</html>");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "no list of a model's files", NULL);
    fault("path=/api/ times=1 type=application/json body={\"sha\":\"../../x\",\"siblings\":[]}");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "no list of a model's files", NULL);
    fault("path=/api/ times=1 type=application/json "
          "body={\"sha\":\"" COMMIT "\",\"siblings\":[{\"rfilename\":\"../model.safetensors\"},{\"rfilename\":3},7]}");
    pull_fails("acme/model", I2V_ERROR_MODEL, "neither a model_index.json nor a .safetensors", NULL);
    fault("path=/api/ times=1 type=application/json body={\"sha\":\"" COMMIT
          "\",\"siblings\":[{\"rfilename\":\"a.safetensors\"},{\"rfilename\":\"b.safetensors\"}]}");
    pull_fails("acme/model", I2V_ERROR_MODEL, "a.safetensors, b.safetensors", "choose one as file");
}

static void full_disks(void **state) {
    fault("path=/api/ times=1 size=4000000000000000000");
    pull_fails("acme/model", I2V_ERROR_IO, "MiB free", "HF_HOME");
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit usual, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
    small = usual;
    small.rlim_cur = UNET_SIZE / 2;
    options.connections = 1;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    i2v_error error;
    i2v_hub_model *model;
    i2v_status status = i2v_hub_pull_tuned(&model, "acme/model", &options, &tuning, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(status, I2V_ERROR_IO);
    assert_non_null(strstr(error.message, "File too large"));
    pull_ok();
    assert_pulled(UNET);
}

/* ---- patience --------------------------------------------------------------------------------------------------- */

static void passing_errors_are_tried_again(void **state) {
    limit until = {UINT64_MAX, 0};
    options.on_event = cancel_after;
    options.user = &until;
    fault("path=/api/ times=2 status=500");
    fault("path=vae/config.json times=1 status=503");
    fault("path=/store/vae times=1 status=403"); /* a signed address that has expired */
    pull_ok();
    assert_int_equal(requests("/api/", NULL, NULL), 3);
    assert_int_equal(requests("hub GET", "vae/diffusion", NULL), 2);
    assert_true(until.waits >= 4);
}

static void lasting_errors_are_not(void **state) {
    tuning.http.tries = 3;
    fault("path=/api/ status=502");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "out of order (HTTP 502)", "127.0.0.1");
    assert_int_equal(requests("/api/", NULL, NULL), 3);
}

static void retry_after_is_respected(void **state) {
    fault("path=/api/ times=1 status=429 retry_after=1");
    double began = i2v_now();
    pull_ok();
    assert_true(i2v_now() - began >= 0.95);
    fault("path=/api/ times=1 status=429 retry_after=20000");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "HTTP 429", "try again later (it asks for a pause of 333 minutes)");
    fault("path=/api/ times=1 status=429 retry_after=100000");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "HTTP 429", "try again later (it asks for a pause of 6 hours or more)");
    assert_int_equal(requests("/api/", NULL, NULL), 4);
}

static void stalled_connections_are_left(void **state) {
    fault("path=/store/unet times=1 stall=200000");
    pull_ok();
    assert_pulled(UNET);
}

static void waits_can_be_cancelled(void **state) {
    tuning.http.retry_seconds = 60;
    limit until = {UINT64_MAX, 0};
    options.on_event = cancel_after;
    options.user = &until;
    fault("path=/store/unet stall=2000000 rate=4000000");
    until.bytes = 1200000;
    double began = i2v_now();
    pull_fails("acme/model", I2V_CANCELLED, "cancelled", NULL);
    assert_true(i2v_now() - began < 20);
}

static void no_network(void **state) {
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", http_server_port(server));
    options.endpoint = "http://127.0.0.1:9";
    double began = i2v_now();
    pull_fails("acme/model", I2V_ERROR_NETWORK, "cannot be reached", "network connection");
    options.endpoint = "http://no-such-host.invalid";
    pull_fails("acme/model", I2V_ERROR_NETWORK, "no-such-host.invalid", "network connection");
    assert_true(i2v_now() - began < 20);
    options.endpoint = "ftp://127.0.0.1";
    pull_fails("acme/model", I2V_ERROR_PARAMETER, "HF_ENDPOINT", NULL);
}

/* ---- refusals --------------------------------------------------------------------------------------------------- */

static void gated_models(void **state) {
    fault("path=" UNET " times=1 status=403 code=GatedRepo");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "accept its licence at http://127.0.0.1",
               "the account of the token in HF_TOKEN");
    options.token = "";
    setenv("HF_TOKEN_PATH", "/tmp/the-token", 1);
    fault("path=/api/ times=1 status=401 code=GatedRepo");
    const char *message = pull_fails("acme/model", I2V_ERROR_NETWORK, "is gated", "/settings/tokens");
    assert_non_null(strstr(message, "/acme/model,"));
    assert_non_null(strstr(message, "/tmp/the-token"));
    unsetenv("HF_TOKEN_PATH");
}

static void what_is_not_there(void **state) {
    pull_fails("acme/other", I2V_ERROR_NETWORK, "no model acme/other", "check the name");
    fault("path=/api/ times=1 status=404 code=RevisionNotFound");
    options.revision = "v9";
    pull_fails("acme/model", I2V_ERROR_NETWORK, "no branch, tag or commit v9", NULL);
    options.revision = NULL;
    fault("path=unet/config.json times=1 status=404 code=EntryNotFound");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "no file unet/config.json", NULL);
    fault("path=/api/ times=1 status=401 message=Invalid+credentials+in+Authorization+header");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "does not accept the token", "/settings/tokens");
    fault("path=/api/ times=1 status=418");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "HTTP 418", NULL);
}

/* ---- addresses that a person gives ------------------------------------------------------------------------------ */

static i2v_status fetch(const char *path, size_t most, i2v_error *error, size_t *size) {
    char url[600];
    i2v_fetched fetched;
    snprintf(url, sizeof url, "http://name:secret@127.0.0.1:%d/%s?key=secret", http_server_port(server), path);
    i2v_status status = i2v_fetch_url(&fetched, url, most, 20, NULL, NULL, error);
    if (size) *size = fetched.size;
    free(fetched.data);
    if (status != I2V_OK) assert_null(strstr(error->message, "secret"));
    return status;
}

static void fetch_fails(const char *path, i2v_status expected, const char *words) {
    i2v_error error = {0};
    i2v_status status = fetch(path, 1 << 20, &error, NULL);
    if (status != expected || !strstr(error.message, words))
        fail_msg("status %d, \"%s\": expected %d, \"%s\"", status, error.message, expected, words);
}

static void fetches_within_limits(void **state) {
    i2v_error error = {0};
    size_t size = 0;
    assert_int_equal(fetch("store/svd.safetensors", 900, &error, &size), I2V_OK);
    assert_int_equal(size, 900);
    assert_int_equal(fetch("store/svd.safetensors", 899, &error, NULL), I2V_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "larger than"));
    fetch_fails("none", I2V_ERROR_NETWORK, "HTTP 404");
    i2v_fetched fetched;
    assert_int_equal(i2v_fetch_url(&fetched, "file:///etc/passwd", 100, 20, NULL, NULL, &error), I2V_ERROR_PARAMETER);
    assert_int_equal(i2v_fetch_url(&fetched, "http://", 100, 20, NULL, NULL, &error), I2V_ERROR_PARAMETER);
    fault("path=slow stall=10 type=text/plain body=0123456789abcdef");
    char url[100];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/slow", http_server_port(server));
    double began = i2v_now();
    assert_int_equal(i2v_fetch_url(&fetched, url, 100, 1, NULL, NULL, &error), I2V_ERROR_NETWORK);
    assert_true(i2v_now() - began < 5);
}

static void follows_few_redirects(void **state) {
    i2v_error error = {0};
    size_t size = 0;
    fault("path=once redirect=/store/svd.safetensors");
    fault("path=loop redirect=/loop");
    fault("path=passwd redirect=file:///etc/passwd");
    fault("path=gopher redirect=gopher://127.0.0.1/");
    assert_int_equal(fetch("once", 1000, &error, &size), I2V_OK);
    assert_int_equal(size, 900);
    fetch_fails("loop", I2V_ERROR_NETWORK, "more than 5 redirects");
    assert_int_equal(requests("/loop", NULL, NULL), 6);
    fetch_fails("passwd", I2V_ERROR_NETWORK, "no http or https address");
    fetch_fails("gopher", I2V_ERROR_NETWORK, "no http or https address");
}

/* The server stands for the internet as a proxy, so that the first address is one of the internet. */
static void redirects_stay_out_of_private_networks(void **state) {
    static const char *const inside[] = {"127.0.0.1", "localhost",       "[::1]",
                                         "10.1.2.3",  "169.254.169.254", "2130706433"};
    char proxy[64], words[200];
    i2v_error error;
    i2v_fetched fetched;
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", http_server_port(server));
    setenv("http_proxy", proxy, 1);
    setenv("no_proxy", "127.0.0.1,localhost,::1,10.1.2.3", 1);
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
        snprintf(words, sizeof words, "path=/picture times=1 redirect=http://%s:%d/inside", inside[i],
                 http_server_store_port(server));
        http_server_fault(server, words);
        assert_int_equal(i2v_fetch_url(&fetched, "http://pictures.example/picture", 1000, 20, NULL, NULL, &error),
                         I2V_ERROR_NETWORK);
        if (!strstr(error.message, "network of this machine")) fail_msg("%s: %s", inside[i], error.message);
    }
    fault("path=/picture times=1 redirect=http://more.example/store/svd.safetensors");
    assert_int_equal(i2v_fetch_url(&fetched, "http://pictures.example/picture", 1000, 20, NULL, NULL, &error), I2V_OK);
    free(fetched.data);
    unsetenv("http_proxy");
    unsetenv("no_proxy");
    assert_int_equal(requests("inside", NULL, NULL), 0);
}

static struct sockaddr_storage address_of(const char *text) {
    struct sockaddr_storage storage = {0};
    struct sockaddr_in *ipv4 = (struct sockaddr_in *)&storage;
    struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&storage;
    if (inet_pton(AF_INET, text, &ipv4->sin_addr) == 1)
        storage.ss_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &ipv6->sin6_addr) == 1)
        storage.ss_family = AF_INET6;
    else
        fail_msg("%s is no address", text);
    return storage;
}

static void tells_private_addresses(void **state) {
    static const char *const inside[] = {"127.0.0.1",
                                         "127.255.255.255",
                                         "10.0.0.1",
                                         "172.16.0.1",
                                         "172.31.255.255",
                                         "192.168.1.1",
                                         "169.254.169.254",
                                         "0.0.0.0",
                                         "100.64.0.1",
                                         "198.19.0.1",
                                         "224.0.0.1",
                                         "255.255.255.255",
                                         "::1",
                                         "::",
                                         "fe80::1",
                                         "fd00::1",
                                         "ff02::1",
                                         "::ffff:10.0.0.1",
                                         "64:ff9b::7f00:1",
                                         "2002:7f00:1::"};
    static const char *const outside[] = {"8.8.8.8",         "172.15.255.255",  "172.32.0.0",
                                          "192.167.255.255", "126.255.255.255", "100.63.0.1",
                                          "2606:4700::1111", "::ffff:8.8.8.8",  "64:ff9b::808:808"};
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
        struct sockaddr_storage address = address_of(inside[i]);
        if (!i2v_address_is_private((struct sockaddr *)&address)) fail_msg("%s is private", inside[i]);
    }
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        struct sockaddr_storage address = address_of(outside[i]);
        if (i2v_address_is_private((struct sockaddr *)&address)) fail_msg("%s is public", outside[i]);
    }
}

static int allows(i2v_guard *guard, int hop, const char *text) {
    struct sockaddr_storage address = address_of(text);
    return i2v_guard_allows_address(guard, hop, (struct sockaddr *)&address);
}

/* What a name leads to is known only when it is looked up. */
static void guards_what_names_lead_to(void **state) {
    i2v_guard guard;
    i2v_guard_begin(&guard, "pictures.example", 0);
    assert_true(allows(&guard, 0, "8.8.8.8"));
    i2v_guard_answered(&guard, "8.8.8.8", 80);
    assert_true(allows(&guard, 1, "9.9.9.9"));
    assert_false(allows(&guard, 1, "192.168.1.1"));
    assert_true(guard.refused);
    i2v_guard_begin(&guard, "intranet", 0); /* the person's own */
    assert_true(allows(&guard, 0, "192.168.1.1"));
    i2v_guard_answered(&guard, "192.168.1.1", 80);
    assert_true(allows(&guard, 1, "192.168.1.2"));
    i2v_guard_begin(&guard, "intranet", 0); /* on a connection that is there already */
    i2v_guard_answered(&guard, "fd00::1", 80);
    assert_true(allows(&guard, 1, "fd00::2"));
}

/* A name may lead to several addresses: who answered counts, not whom was tried. */
static void trusts_who_answered(void **state) {
    i2v_guard guard;
    i2v_guard_begin(&guard, "pictures.example", 0);
    assert_true(allows(&guard, 0, "192.168.1.1"));
    assert_true(allows(&guard, 0, "::1"));
    assert_true(allows(&guard, 0, "8.8.8.8"));
    i2v_guard_answered(&guard, "8.8.8.8", 80);
    assert_false(allows(&guard, 1, "192.168.1.1"));
    assert_false(allows(&guard, 1, "::1"));
    assert_false(allows(&guard, 1, "127.0.0.1"));
    i2v_guard_begin(&guard, "pictures.example", 0); /* nobody did */
    assert_true(allows(&guard, 0, "192.168.1.1"));
    assert_false(allows(&guard, 1, "192.168.1.1"));
}

/* Behind a proxy all connections are to it. */
static void allows_the_proxy_alone(void **state) {
    static const char *const proxies[] = {"192.168.1.1", "fd00::1"};
    for (int i = 0; i < 2; i++) {
        i2v_guard guard;
        i2v_guard_begin(&guard, "pictures.example", 1);
        assert_true(allows(&guard, 0, proxies[i]));
        i2v_guard_answered(&guard, proxies[i], 0);
        assert_true(allows(&guard, 1, proxies[i]));
        assert_false(allows(&guard, 1, "192.168.1.2"));
        assert_false(allows(&guard, 1, "fd00::2"));
        i2v_guard_answered(&guard, proxies[i], 3128); /* another port is another server */
        assert_false(allows(&guard, 1, proxies[i]));
    }
}

static void tells_addresses_apart(void **state) {
    i2v_origin a, b;
    char shown[I2V_URL_SHOWN_SIZE];
    assert_true(i2v_url_origin(&a, "https://Hub.Example/x"));
    static const char *const others[] = {"http://hub.example/",       "https://hub.example:444/",
                                         "https://a.hub.example/",    "https://hub.example.evil/",
                                         "https://hub.example@evil/", "https://example/"};
    assert_true(i2v_url_origin(&b, "https://hub.example:443/y") && i2v_origin_equal(&a, &b));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_true(i2v_url_origin(&b, others[i]) && !i2v_origin_equal(&a, &b));
    assert_true(i2v_url_is_downgrade("https://a/", "http://a/"));
    assert_false(i2v_url_is_downgrade("http://a/", "https://a/"));
    i2v_url_show(shown, "https://user:word@host:1/path@x?key=1#f");
    assert_string_equal(shown, "https://host:1/path@x");
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

int main(void) {
    forget_environment();
    const struct CMUnitTest tests[] = {
        TEST(pulls_one_set_of_weights),
        TEST(pulls_a_variant),
        TEST(pulls_a_variant_of_some_parts),
        TEST(pulls_pytorch_files_of_a_part),
        TEST(takes_addresses_of_pages),
        TEST(finds_the_file_of_a_page),
        TEST(pulls_one_file),
        TEST(asks_for_what_a_list_lacks),
        TEST(finds_what_is_whole),
        TEST(knows_names),
        TEST(token_stays_with_the_hub),
        TEST(token_is_not_for_another_port),
        TEST(token_is_not_for_another_name),
        TEST(token_follows_within_the_hub),
        TEST(token_comes_from_the_environment),
        TEST(large_files_come_in_parts),
        TEST(cut_off_parts_go_on),
        TEST(cancelled_pull_goes_on),
        TEST(server_without_ranges),
        TEST(small_files_need_no_ranges),
        TEST(notes_survive_a_kill),
        TEST(two_at_a_time_share),
        TEST(damaged_content_is_removed),
        TEST(damaged_small_content_is_removed),
        TEST(other_sizes_are_refused),
        TEST(no_list_is_none),
        TEST(full_disks),
        TEST(passing_errors_are_tried_again),
        TEST(lasting_errors_are_not),
        TEST(retry_after_is_respected),
        TEST(stalled_connections_are_left),
        TEST(waits_can_be_cancelled),
        TEST(no_network),
        TEST(gated_models),
        TEST(what_is_not_there),
        TEST(fetches_within_limits),
        TEST(follows_few_redirects),
        TEST(redirects_stay_out_of_private_networks),
        TEST(tells_private_addresses),
        TEST(guards_what_names_lead_to),
        TEST(trusts_who_answered),
        TEST(allows_the_proxy_alone),
        TEST(tells_addresses_apart),
    };
    return cmocka_run_group_tests(tests, make_model, remove_model);
}
