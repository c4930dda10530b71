/* Weights that are cut or written to while they are in use: an error that names the file, and never a signal. */
#include "img2vid/img2vid.h"

#include "model_copy.h"
#include "reference.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LORA "/lora/layers/adapter_model.safetensors"

static model_copy copy, loras;
static i2v_image *picture;

static int set_up(void **state) {
    (void)state;
    i2v_reference reference = i2v_reference_at(0);
    model_copy_make(&copy, reference.model);
    model_copy_make(&loras, I2V_TEST_DATA "/lora/layers");
    assert_int_equal(i2v_image_new(&picture, 30, 20, NULL), I2V_OK);
    memset(picture->pixels, 99, 30 * 20 * 3);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    i2v_image_free(picture);
    model_copy_remove(&loras);
    model_copy_remove(&copy);
    return 0;
}

static const char *const weights[] = {"unet/diffusion_pytorch_model.safetensors",
                                      "vae/diffusion_pytorch_model.safetensors", "image_encoder/model.safetensors"};

/* ---- a file and its bytes ---- */

typedef struct {
    char path[1024];
    char *bytes;
    off_t size;
} whole_file;

static whole_file read_whole(const model_copy *from, const char *name) {
    whole_file file;
    struct stat info;
    snprintf(file.path, sizeof file.path, "%s", model_copy_file(from, name));
    assert_int_equal(stat(file.path, &info), 0);
    file.size = info.st_size;
    file.bytes = malloc((size_t)file.size);
    FILE *stream = fopen(file.path, "rb");
    assert_true(stream && file.bytes && fread(file.bytes, 1, (size_t)file.size, stream) == (size_t)file.size);
    fclose(stream);
    return file;
}

/* In place: the same file, whole again. */
static void write_back(const whole_file *file) {
    FILE *stream = fopen(file->path, "r+b");
    assert_true(stream && fwrite(file->bytes, 1, (size_t)file->size, stream) == (size_t)file->size);
    assert_int_equal(fclose(stream), 0);
}

/* ---- the engine ---- */

/* keeps: all weights are packed when they are loaded; else the image encoder's and the VAE encoder's are streamed. */
static i2v_options small_options(int keeps, const i2v_lora *lora) {
    i2v_options options;
    i2v_options_default(&options);
    options.threads = 2;
    options.loras = lora;
    options.loras_count = lora != NULL;
    options.keep_loaded = keeps;
    return options;
}

static i2v_params small_params(void) {
    i2v_params params;
    i2v_params_default(&params);
    params.width = 16;
    params.height = 8;
    params.num_frames = 2;
    params.num_inference_steps = 1;
    return params;
}

static i2v_engine *open_engine(int keeps, const i2v_lora *lora) {
    i2v_options options = small_options(keeps, lora);
    i2v_engine *engine = NULL;
    if (i2v_open(&engine, copy.path, &options)) fail_msg("%s", i2v_error_message(engine));
    return engine;
}

static void expect_changed(i2v_engine *engine, i2v_status status, const char *path) {
    const char *message = i2v_error_message(engine);
    if (status != I2V_ERROR_IO || !strstr(message, path) || !strstr(message, "has changed while it was in use")) {
        fail_msg("%s: status %d, \"%s\"", path, status, message);
    }
}

static i2v_status generate(i2v_engine *engine, i2v_event_callback on_event, void *user) {
    i2v_params params = small_params();
    i2v_video *video = NULL;
    params.on_event = on_event;
    params.user = user;
    i2v_status status = i2v_generate(engine, picture, &params, &video);
    assert_true(!status == !!video);
    i2v_video_free(video);
    return status;
}

/* ---- at known points ---- */

/* Cut to nothing, in the middle of the header, of the tensors, and by a byte. */
static off_t cut_at(const whole_file *file, int point) {
    const off_t sizes[] = {0, 100, file->size / 2, file->size - 1};
    return sizes[point];
}

static void cut_between_open_and_use(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(weights) * 4 * 2; i++) {
        whole_file file = read_whole(&copy, weights[i % COUNT(weights)]);
        i2v_engine *engine = open_engine(i >= COUNT(weights) * 4, NULL);
        assert_int_equal(truncate(file.path, cut_at(&file, (int)(i / COUNT(weights) % 4))), 0);
        expect_changed(engine, generate(engine, NULL, NULL), file.path);
        write_back(&file);
        i2v_close(engine);
        free(file.bytes);
    }
}

static int cut_when_loaded(const i2v_event *event, void *user) {
    const whole_file *file = user;
    if (event->phase == I2V_PHASE_ENCODE && event->step == 0) assert_int_equal(truncate(file->path, 200), 0);
    return 0;
}

/* The image encoder is loaded, but its weights are streamed. test_plan.c does the same to the UNet. */
static void cut_between_load_and_use(void **state) {
    (void)state;
    whole_file file = read_whole(&copy, weights[2]);
    i2v_engine *engine = open_engine(0, NULL);
    expect_changed(engine, generate(engine, cut_when_loaded, &file), file.path);
    write_back(&file);
    i2v_close(engine);
    free(file.bytes);
}

static void a_lora_that_is_cut(void **state) {
    (void)state;
    whole_file file = read_whole(&loras, "adapter_model.safetensors");
    i2v_lora lora = {file.path, 1};
    for (int point = 0; point < 4; point++) {
        i2v_engine *engine = open_engine(0, &lora);
        assert_int_equal(truncate(file.path, cut_at(&file, point)), 0);
        expect_changed(engine, generate(engine, NULL, NULL), file.path);
        write_back(&file);
        i2v_close(engine);
    }
    free(file.bytes);
}

static void a_hash_of_what_is_cut(void **state) {
    (void)state;
    char hex[I2V_SHA256_SIZE];
    whole_file model = read_whole(&copy, weights[1]), adapter = read_whole(&loras, "adapter_model.safetensors");
    i2v_lora lora = {adapter.path, 1};
    const whole_file *const files[] = {&model, &adapter};
    for (int i = 0; i < 2; i++) {
        i2v_engine *engine = open_engine(0, &lora);
        assert_int_equal(truncate(files[i]->path, 100), 0);
        expect_changed(engine, i2v_model_hash(engine, hex), files[i]->path);
        assert_string_equal(hex, "");
        write_back(files[i]);
        i2v_close(engine);
    }
    free(model.bytes);
    free(adapter.bytes);
}

/* ---- at any point ---- */

typedef struct {
    const whole_file *files;
    atomic_int stop;
} cutter;

static void pause_for(long microseconds) {
    nanosleep(&(struct timespec){.tv_nsec = 1000 * microseconds}, NULL);
}

/* Cuts the files and writes them back, over and over. */
static void *cut_on(void *argument) {
    cutter *at = argument;
    for (unsigned i = 0; !atomic_load(&at->stop); i++) {
        const whole_file *file = &at->files[i % (COUNT(weights) + 1)];
        pause_for(i * 397 % 2000);
        if (truncate(file->path, (off_t)(i * 7919 % (unsigned)file->size))) break;
        pause_for(i * 131 % 500);
        write_back(file);
    }
    return NULL;
}

/* One run, as a program does it; what fails must be told, and blame a file. */
static int run_once(int keeps, const i2v_lora *lora) {
    i2v_options options = small_options(keeps, lora);
    i2v_engine *engine = NULL;
    char hex[I2V_SHA256_SIZE];
    i2v_status status = i2v_open(&engine, copy.path, &options);
    if (!status) status = i2v_model_hash(engine, hex);
    if (!status) status = generate(engine, NULL, NULL);
    const char *message = i2v_error_message(engine);
    if (status && !((status == I2V_ERROR_IO || status == I2V_ERROR_MODEL) && strstr(message, "safetensors"))) {
        fail_msg("status %d, \"%s\"", status, message);
    }
    i2v_close(engine);
    return status == I2V_OK;
}

static void cut_all_the_time(void **state) {
    (void)state;
    whole_file files[] = {read_whole(&copy, weights[0]), read_whole(&copy, weights[1]), read_whole(&copy, weights[2]),
                          read_whole(&loras, "adapter_model.safetensors")};
    cutter at = {.files = files};
    i2v_lora lora = {files[3].path, 1};
    pthread_t thread;
    int made = 0;
    assert_int_equal(pthread_create(&thread, NULL, cut_on, &at), 0);
    for (int i = 0; i < 75; i++) made += run_once(i % 2, i % 3 ? NULL : &lora);
    atomic_store(&at.stop, 1);
    pthread_join(thread, NULL);
    assert_true(made < 75);
    for (size_t i = 0; i < COUNT(files); i++) {
        write_back(&files[i]);
        free(files[i].bytes);
    }
    assert_true(run_once(1, NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_between_open_and_use), cmocka_unit_test(cut_between_load_and_use),
        cmocka_unit_test(a_lora_that_is_cut),       cmocka_unit_test(a_hash_of_what_is_cut),
        cmocka_unit_test(cut_all_the_time),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
