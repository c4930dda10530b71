/* Runs that are ended and gone on with: the result has the bits of a run that was not, wherever it ended. */
#include "small_run.h"
#include "temporary_folder.h"

#include "pipeline/checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char state_path[600];

static int make_state_folder(void **state) {
    int made = make_folder(state);
    snprintf(state_path, sizeof state_path, "%s", in_folder("state"));
    return made;
}

#define WITH_STATE(test) cmocka_unit_test_setup_teardown(test, make_state_folder, remove_folder)

/* ---- a run with a callback -------------------------------------------------------------------------------------- */

typedef struct {
    int end_at;             /* the step or chunk, from 0, whose event cancels; -1: none */
    int change;             /* 1: latents are changed after each step */
    int break_state;        /* 1: after the first step the state's name becomes a folder's */
    int seen;               /* steps and chunks */
    int numbers;            /* that a source of random numbers gave */
    int phase, video, clip; /* of the event before */
    double fraction;
    int told; /* events that say why the state could not be written */
} caller;

static int on_event(const i2v_event *event, void *user) {
    caller *c = user;
    assert_true(event->fraction >= c->fraction && event->fraction <= 1);
    c->fraction = event->fraction;
    c->told += event->checkpoint_error != NULL;
    int begins = (int)event->phase != c->phase || event->video != c->video || event->clip != c->clip;
    c->phase = (int)event->phase;
    c->video = event->video;
    c->clip = event->clip;
    if (begins || event->phase < I2V_PHASE_DENOISE || event->steps_done > event->step) return 0;
    if (event->latents && c->change) event->latents[event->step] += 0.25f;
    if (c->break_state && c->seen == 1) {
        for (int i = 0; i < 1000 && remove(state_path) != 0; i++) usleep(10000); /* it is being written */
        assert_int_equal(mkdir(state_path, 0777), 0);
    }
    return c->seen++ == c->end_at;
}

/* Numbers that go on from draw to draw of a run. */
static int draw(float *values, size_t count, void *user) {
    caller *c = user;
    for (size_t i = 0; i < count; i++) values[i] = 1.5f * sinf(1.7f * (float)c->numbers++);
    return 0;
}

/* One call, from the state if it is there; NULL: it was cancelled. *seen gets its steps and chunks. */
static i2v_video *call(const i2v_params *run, int change, int end_at, int *seen) {
    caller c = {.end_at = end_at, .change = change};
    i2v_params params = *run;
    params.on_event = on_event;
    params.user = &c;
    if (params.random) params.random_user = &c;
    FILE *there = params.checkpoint ? fopen(params.checkpoint, "rb") : NULL;
    if (there) fclose(there);
    params.resume_from = there ? params.checkpoint : NULL;
    i2v_video *video = NULL;
    i2v_status status = i2v_generate(shared[0], picture, &params, &video);
    *seen = c.seen;
    if (status == I2V_CANCELLED && end_at >= 0) return NULL;
    if (status) fail_msg("status %d: %s", status, i2v_error_message(shared[0]));
    return video;
}

static void expect_equal(const i2v_video *video, const i2v_video *wanted) {
    size_t latents =
        latents_count(wanted) / (size_t)wanted->num_frames * (size_t)wanted->clip_frames * (size_t)wanted->num_clips;
    assert_memory_equal(video->latents, wanted->latents, latents * sizeof(float));
    if (wanted->frames)
        assert_memory_equal(video->frames, wanted->frames, frames_count(wanted) * sizeof(float));
    else
        assert_null(video->frames);
}

/* ---- the same bits, wherever a run ended ------------------------------------------------------------------------ */

/* Ends a run at each of its steps and chunks, and goes on from there. */
static void end_everywhere(i2v_params params, int change) {
    int all, seen;
    i2v_video *wanted = call(&params, change, -1, &all);
    params.checkpoint = state_path;
    for (int k = 0; k < all; k++) {
        assert_null(call(&params, change, k, &seen));
        i2v_video *video = call(&params, change, -1, &seen);
        assert_int_equal(seen, all - k); /* nothing that was done is made again */
        expect_equal(video, wanted);
        i2v_video_free(video);
        assert_int_equal(count_files(), 1);
        empty_folder();
    }
    i2v_video_free(wanted);
}

/* Ends it and goes on again and again, one step or chunk at a time; then once more, when all is done. */
static void end_each_time(i2v_params params, int change) {
    int all, seen;
    i2v_video *wanted = call(&params, change, -1, &all), *video = NULL;
    params.checkpoint = state_path;
    for (int k = 0; !video && k <= all; k++) {
        video = call(&params, change, 1, &seen);
        assert_int_equal(seen, k < all - 1 ? 2 : 1);
    }
    assert_non_null(video);
    expect_equal(video, wanted);
    i2v_video_free(video);
    video = call(&params, change, -1, &seen);
    assert_int_equal(seen, 0);
    expect_equal(video, wanted);
    i2v_video_free(video);
    i2v_video_free(wanted);
    empty_folder();
}

static void end_both_ways(i2v_params params, int change) {
    end_everywhere(params, change);
    end_each_time(params, change);
}

static void one_video(void **state) {
    (void)state;
    end_both_ways(small_params(), 0);
}

static void latents_that_the_caller_changes(void **state) {
    (void)state;
    end_both_ways(small_params(), 1);
}

static void latents_alone(void **state) {
    (void)state;
    i2v_params params = small_params();
    params.latents_only = 1;
    end_both_ways(params, 0);
}

static void several_videos_and_clips(void **state) {
    (void)state;
    i2v_params params = small_params();
    params.num_videos = 2;
    end_both_ways(params, 0);
    params.extend = 2;
    end_both_ways(params, 0);
    params.video_index = 1;
    end_each_time(params, 0);
}

static void noise_in_each_step(void **state) {
    (void)state;
    i2v_params params = small_params();
    params.scheduler = I2V_SCHEDULER_ANIMATELCM;
    params.num_inference_steps = 3;
    params.num_videos = 2;
    params.rng = I2V_RNG_TORCH;
    params.noise_aug = I2V_NOISE_AUG_COMFYUI;
    end_both_ways(params, 0);
}

/* One of several videos and clips at a time, of evaluations before. */
static void what_a_scheduler_remembers(void **state) {
    (void)state;
    for (i2v_scheduler scheduler = I2V_SCHEDULER_DPMPP_2M; scheduler <= I2V_SCHEDULER_HEUN; scheduler++) {
        i2v_params params = small_params();
        params.scheduler = scheduler;
        params.num_inference_steps = 4;
        end_both_ways(params, scheduler == I2V_SCHEDULER_UNIPC);
        params.num_inference_steps = 3;
        params.num_videos = 2;
        params.extend = 1;
        end_each_time(params, 0);
    }
}

/* The difference that guidance is by, and slopes, beside what a scheduler remembers. */
static void what_passes_carry(void **state) {
    (void)state;
    for (i2v_scheduler scheduler = I2V_SCHEDULER_EULER; scheduler <= I2V_SCHEDULER_HEUN; scheduler++) {
        i2v_params params = small_params();
        params.scheduler = scheduler;
        params.max_guidance_scale = 3;
        params.num_inference_steps = 5;
        params.guidance_every = 3;
        if (scheduler % 2) params.guidance_interval = "0.01:500";
        int may_forecast =
            scheduler == I2V_SCHEDULER_EULER || scheduler == I2V_SCHEDULER_DPMPP_2M || scheduler == I2V_SCHEDULER_UNIPC;
        if (may_forecast) params.forecast_every = 2;
        end_each_time(params, 0);
        params.num_inference_steps = 3;
        params.num_videos = 2;
        params.extend = 1;
        end_each_time(params, 0);
    }
}

static void a_caller_s_own_noise(void **state) {
    (void)state;
    i2v_params params = small_params();
    float latents[3 * 4 * 4 * 8];
    for (size_t i = 0; i < COUNT(latents); i++) latents[i] = cosf((float)i);
    params.random = draw;
    params.num_videos = 2;
    params.extend = 1;
    end_both_ways(params, 0);
    params = small_params();
    params.latents = latents;
    end_each_time(params, 0);
}

/* ---- another run ------------------------------------------------------------------------------------------------ */

/* A state after one step of small_params. */
static void make_state(void) {
    int seen;
    i2v_params params = small_params();
    params.checkpoint = state_path;
    assert_null(call(&params, 0, 1, &seen));
}

static void expect_refused(i2v_engine *engine, const i2v_image *image, i2v_params params, i2v_status wanted,
                           const char *words) {
    i2v_video *video = (i2v_video *)&video;
    params.resume_from = state_path;
    i2v_status status = i2v_generate(engine, image, &params, &video);
    const char *message = i2v_error_message(engine);
    if (status != wanted || !strstr(message, words)) fail_msg("%s: %d, \"%s\"", words, status, message);
    assert_null(video);
}

#define EXPECT_NAMED(field, value)                                                                                     \
    do {                                                                                                               \
        i2v_params other = small_params();                                                                             \
        other.field = value;                                                                                           \
        expect_refused(shared[0], picture, other, I2V_ERROR_PARAMETER, #field);                                        \
    } while (0)

static void other_parameters_are_named(void **state) {
    (void)state;
    static const double levels[] = {9, 1, 0};
    float noise[3 * 4 * 4 * 8] = {0};
    make_state();
    EXPECT_NAMED(width, 24);
    EXPECT_NAMED(height, 16);
    EXPECT_NAMED(num_frames, 4);
    EXPECT_NAMED(num_videos, 2);
    EXPECT_NAMED(video_index, 0);
    EXPECT_NAMED(extend, 1);
    EXPECT_NAMED(num_inference_steps, 3);
    EXPECT_NAMED(min_guidance_scale, 1.5);
    EXPECT_NAMED(max_guidance_scale, 2);
    EXPECT_NAMED(guidance_shape, I2V_GUIDANCE_TRIANGLE);
    EXPECT_NAMED(guidance_interval, "0.1:100");
    EXPECT_NAMED(guidance_every, 2);
    EXPECT_NAMED(forecast_every, 2);
    EXPECT_NAMED(fps, 8);
    EXPECT_NAMED(motion_bucket_id, 128);
    EXPECT_NAMED(noise_aug_strength, 0.03);
    EXPECT_NAMED(noise_aug, I2V_NOISE_AUG_COMFYUI);
    EXPECT_NAMED(seed, 6);
    EXPECT_NAMED(rng, I2V_RNG_TORCH);
    EXPECT_NAMED(fit, I2V_FIT_PAD);
    EXPECT_NAMED(scheduler, I2V_SCHEDULER_ANIMATELCM);
    EXPECT_NAMED(sigma_schedule, I2V_SIGMA_SCHEDULE_UNIFORM);
    EXPECT_NAMED(decode_chunk_size, 1);
    EXPECT_NAMED(latents, noise);
    i2v_params other = small_params();
    other.sigmas = levels;
    other.sigmas_count = COUNT(levels);
    expect_refused(shared[0], picture, other, I2V_ERROR_PARAMETER, "noise levels");
}

/* What is left open and what it comes to are the same. */
static void the_same_said_otherwise_is_taken(void **state) {
    (void)state;
    i2v_params params = small_params();
    params.num_frames = params.decode_chunk_size = 0;
    i2v_video *wanted = generate(shared[0], picture, &params);
    int seen, frames = wanted->num_frames;
    params.checkpoint = state_path;
    assert_null(call(&params, 0, 1, &seen));
    params.num_frames = params.decode_chunk_size = frames;
    params.scheduler = I2V_SCHEDULER_EULER;
    params.forward_chunk_size = 1;
    i2v_video *video = call(&params, 0, -1, &seen);
    expect_equal(video, wanted);
    i2v_video_free(video);
    i2v_video_free(wanted);
}

static void another_picture_model_or_source_is_named(void **state) {
    (void)state;
    i2v_image *other = NULL;
    make_state();
    assert_int_equal(i2v_image_new(&other, 30, 20, NULL), I2V_OK);
    memcpy(other->pixels, picture->pixels, 30 * 20 * 3);
    other->pixels[17] ^= 1;
    expect_refused(shared[0], other, small_params(), I2V_ERROR_PARAMETER, "the image is another one");
    i2v_image_free(other);
    expect_refused(shared[1], picture, small_params(), I2V_ERROR_PARAMETER, "the model is another one");

    i2v_reference reference = i2v_reference_at(0);
    i2v_options options;
    i2v_options_default(&options);
    for (int i = 0; i < 2; i++) {
        options.dtype = i ? I2V_DTYPE_INT8 : I2V_DTYPE_BF16;
        i2v_engine *rounds = NULL;
        assert_int_equal(i2v_open(&rounds, reference.model, &options), I2V_OK);
        expect_refused(rounds, picture, small_params(), I2V_ERROR_PARAMETER,
                       i ? "dtype is f32 there and int8 here" : "dtype is f32 there and bf16 here");
        i2v_close(rounds);
    }

    caller c = {0};
    i2v_params params = small_params();
    params.random = draw;
    params.random_user = &c;
    expect_refused(shared[0], picture, params, I2V_ERROR_PARAMETER, "source of random numbers");
}

/* ---- what cannot be read or written ----------------------------------------------------------------------------- */

static void a_missing_state_is_told(void **state) {
    (void)state;
    expect_refused(shared[0], picture, small_params(), I2V_ERROR_IO, state_path);
}

static void a_place_that_cannot_be_written_is_told_before_work(void **state) {
    (void)state;
    i2v_video *video;
    caller c = {.end_at = -1};
    i2v_params params = small_params();
    params.checkpoint = in_folder("none/state");
    params.on_event = on_event;
    params.user = &c;
    assert_int_equal(i2v_generate(shared[0], picture, &params, &video), I2V_ERROR_IO);
    assert_non_null(strstr(i2v_error_message(shared[0]), "none/state"));
    assert_true(c.fraction == 0);
}

/* The run loses nothing by it, and says so. */
static void a_state_that_cannot_be_written_ends_no_run(void **state) {
    (void)state;
    caller c = {.end_at = -1, .break_state = 1};
    i2v_params params = small_params();
    i2v_video *wanted = generate(shared[0], picture, &params);
    params.checkpoint = state_path;
    params.on_event = on_event;
    params.user = &c;
    i2v_video *video = generate(shared[0], picture, &params);
    expect_equal(video, wanted);
    assert_true(c.told > 0);
    i2v_video_free(video);
    i2v_video_free(wanted);
    assert_int_equal(rmdir(state_path), 0);
    assert_int_equal(count_files(), 0); /* nothing half written */
}

static char *read_all(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*size);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static void expect_damaged(const char *bytes, size_t size, size_t at) {
    char *json;
    i2v_error error = {0};
    write_file("damaged", bytes, size);
    i2v_status status = i2v_checkpoint_read(in_folder("damaged"), &json, &error);
    if (status != I2V_ERROR_FORMAT || !strstr(error.message, "is damaged"))
        fail_msg("of %zu bytes, at %zu: %d, \"%s\"", size, at, status, error.message);
    assert_null(json);
}

static void every_changed_byte_is_noticed(void **state) {
    (void)state;
    size_t size;
    make_state();
    char *bytes = read_all(state_path, &size);
    for (size_t i = 0; i < size; i++) {
        char kept = bytes[i];
        bytes[i] ^= (char)(1 << i % 8);
        expect_damaged(bytes, size, i);
        bytes[i] = kept;
    }
    for (size_t length = 0; length < size; length += length < 300 ? 1 : 61) expect_damaged(bytes, length, length);
    free(bytes);
}

/* The state once more, with one text of its metadata or one value of its latents in another's place, or with latents of
 * another shape; its seal is right. */
static void write_other(const char *name, const char *text, float value, int more_frames) {
    i2v_tensor_file file;
    i2v_error error = {0};
    float latents[4 * 4 * 4 * 8];
    if (i2v_safetensors_open(&file, state_path, &error)) fail_msg("%s", error.message);
    const i2v_weight *tensor = &file.tensors[0];
    assert_string_equal(tensor->name, "latents.0");
    assert_true(tensor->count <= COUNT(latents));
    assert_int_equal(i2v_weight_read_f32(tensor, 0, tensor->count, latents), 0);
    if (name) assert_int_equal(json_object_set_new(file.metadata, name, json_string(text)), 0);
    latents[1] = value;
    int64_t shape[I2V_WEIGHT_MAX_DIMS];
    memcpy(shape, tensor->shape, sizeof shape);
    shape[1] += more_frames;
    const i2v_memory_tensor written = {"latents.0", "F32", tensor->ndim, shape, latents};
    FILE *stream = fopen(in_folder("other"), "wb");
    assert_non_null(stream);
    assert_int_equal(i2v_sealed_file_write(stream, "other", file.metadata, &written, 1, &error), I2V_OK);
    assert_int_equal(fclose(stream), 0);
    i2v_tensor_file_close(&file);
}

static void expect_strange(const char *name, const char *text, float value, int more_frames, const char *words) {
    i2v_video *video = (i2v_video *)&video;
    char path[600];
    write_other(name, text, value, more_frames);
    snprintf(path, sizeof path, "%s", in_folder("other"));
    i2v_params params = small_params();
    params.resume_from = path;
    i2v_status status = i2v_generate(shared[0], picture, &params, &video);
    const char *message = i2v_error_message(shared[0]);
    if (status != I2V_ERROR_FORMAT || !strstr(message, words))
        fail_msg("%s %s: %d, \"%s\"", name, text, status, message);
    assert_null(video);
}

/* Whatever a whole file says, nothing is read past what there is. */
static void a_state_may_come_from_anybody(void **state) {
    (void)state;
    static const char too_much[] = "says that more is done than there is";
    make_state();
    expect_strange("format", "img2vid checkpoint 2", 0, 0, "of another version");
    expect_strange("clip", "1", 0, 0, too_much);
    expect_strange("clip", "-1", 0, 0, too_much);
    expect_strange("clip", "", 0, 0, too_much);
    expect_strange("video", "1", 0, 0, too_much);
    expect_strange("video", "4294967296", 0, 0, too_much);
    expect_strange("decodes", "2", 0, 0, too_much);
    expect_strange("done", "3", 0, 0, too_much);
    expect_strange("done", "1x", 0, 0, too_much);
    expect_strange("decodes", "1", 0, 0, too_much); /* one frame, of chunks of two */
    expect_strange("done", "1", NAN, 0, "holds what is no finite number");
    expect_strange("done", "1", 0, 1, "lacks what it says is done");
}

/* write_other leaves it out. */
static void a_state_may_lack_what_is_remembered(void **state) {
    (void)state;
    int seen;
    char path[600];
    i2v_params params = small_params();
    params.scheduler = I2V_SCHEDULER_UNIPC;
    params.checkpoint = state_path;
    assert_null(call(&params, 0, 1, &seen));
    write_other(NULL, NULL, 0, 0);
    snprintf(path, sizeof path, "%s", in_folder("other"));
    params.checkpoint = NULL;
    params.resume_from = path;
    i2v_video *video = NULL;
    assert_int_equal(i2v_generate(shared[0], picture, &params, &video), I2V_ERROR_FORMAT);
    assert_non_null(strstr(i2v_error_message(shared[0]), "lacks what it says is done"));
    assert_null(video);
}

static void a_state_says_what_it_is_of(void **state) {
    (void)state;
    char *json = NULL;
    make_state();
    assert_int_equal(i2v_checkpoint_read(state_path, &json, NULL), I2V_OK);
    assert_non_null(strstr(json, "\"seed\":\"5\""));
    assert_non_null(strstr(json, "\"num_frames\":\"3\""));
    assert_non_null(strstr(json, "\"done\":\"1\""));
    i2v_metadata_free(json);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_STATE(one_video),
        WITH_STATE(latents_that_the_caller_changes),
        WITH_STATE(latents_alone),
        WITH_STATE(several_videos_and_clips),
        WITH_STATE(noise_in_each_step),
        WITH_STATE(what_a_scheduler_remembers),
        WITH_STATE(what_passes_carry),
        WITH_STATE(a_caller_s_own_noise),
        WITH_STATE(other_parameters_are_named),
        WITH_STATE(the_same_said_otherwise_is_taken),
        WITH_STATE(another_picture_model_or_source_is_named),
        WITH_STATE(a_missing_state_is_told),
        WITH_STATE(a_place_that_cannot_be_written_is_told_before_work),
        WITH_STATE(a_state_that_cannot_be_written_ends_no_run),
        WITH_STATE(every_changed_byte_is_noticed),
        WITH_STATE(a_state_may_come_from_anybody),
        WITH_STATE(a_state_may_lack_what_is_remembered),
        WITH_STATE(a_state_says_what_it_is_of),
    };
    return cmocka_run_group_tests_name("checkpoint", tests, open_shared, close_shared);
}
