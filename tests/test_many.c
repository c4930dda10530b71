/* Several calls of one engine, with parts that stay loaded, and videos of several clips. */
#include "reference.h"

#include "pipeline/kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static i2v_engine *engine_of(int keep_loaded, uint64_t max_memory) {
    i2v_options options;
    i2v_options_default(&options);
    options.threads = 2;
    options.keep_loaded = keep_loaded;
    options.max_memory = max_memory;
    i2v_engine *engine = NULL;
    if (i2v_open(&engine, i2v_reference_at(0).model, &options)) fail_msg("%s", i2v_error_message(engine));
    return engine;
}

static i2v_params params_of(int width, int height) {
    i2v_params params;
    i2v_params_default(&params);
    params.width = width;
    params.height = height;
    params.num_frames = 3;
    params.num_inference_steps = 2;
    params.seed = 5;
    return params;
}

static i2v_image *picture_of(int number) {
    i2v_image *image = NULL;
    assert_int_equal(i2v_image_new(&image, 40, 30, NULL), I2V_OK);
    for (int i = 0; i < 40 * 30 * 3; i++) image->pixels[i] = (uint8_t)(i * (i + number) / 7 % 256);
    return image;
}

/* What the events of calls say together. */
typedef struct {
    int loads; /* parts that were read */
    uint64_t most;
    int stop_at; /* the event to cancel at, counted from 1; 0: none */
    int count;
} seen;

static int look(const i2v_event *event, void *user) {
    seen *s = user;
    s->loads += event->phase == I2V_PHASE_LOAD && event->step == 0;
    if (event->memory > s->most) s->most = event->memory;
    return ++s->count == s->stop_at;
}

static i2v_video *generate(i2v_engine *engine, int picture, i2v_params params, seen *s) {
    i2v_video *video = NULL;
    i2v_image *image = picture_of(picture);
    params.on_event = look;
    params.user = s;
    if (i2v_generate(engine, image, &params, &video)) fail_msg("%s", i2v_error_message(engine));
    i2v_image_free(image);
    return video;
}

static size_t frame_values(const i2v_video *video) {
    return (size_t)video->height * (size_t)video->width * 3;
}

static size_t clip_latents(const i2v_video *video) {
    return (size_t)video->clip_frames * (size_t)(video->latent_channels * video->latent_height * video->latent_width);
}

static void expect_same(const i2v_video *a, const i2v_video *b) {
    assert_int_equal(a->num_frames, b->num_frames);
    assert_int_equal(a->num_videos, b->num_videos);
    size_t videos = (size_t)a->num_videos;
    assert_memory_equal(a->frames, b->frames, videos * (size_t)a->num_frames * frame_values(a) * sizeof(float));
    assert_memory_equal(a->latents, b->latents, videos * (size_t)a->num_clips * clip_latents(a) * sizeof(float));
}

/* ---- parts that stay loaded ------------------------------------------------------------------------------------- */

/* Each part is loaded once for ten pictures, and the bits are those of engines that load it anew. */
static void ten_pictures_load_each_part_once(void **state) {
    (void)state;
    i2v_engine *keeping = engine_of(1, 0), *other = engine_of(0, 0);
    seen kept = {0}, anew = {0};
    for (int i = 0; i < 10; i++) {
        i2v_params params = params_of(64, 48);
        params.seed = (uint64_t)i / 2;
        i2v_video *a = generate(keeping, i, params, &kept), *b = generate(other, i, params, &anew);
        expect_same(a, b);
        i2v_video_free(a);
        i2v_video_free(b);
    }
    assert_int_equal(kept.loads, 4);
    assert_int_equal(anew.loads, 40);
    i2v_unload(keeping);
    assert_int_equal(i2v_kept_bytes(keeping->model->kept), 0);
    i2v_video_free(generate(keeping, 0, params_of(64, 48), &kept));
    assert_int_equal(kept.loads, 8);
    i2v_close(keeping);
    i2v_close(other);
    i2v_unload(NULL);
}

/* The peak of the plan, whatever the budget, is what the second picture takes; and the same bits come out. */
static void plans_count_what_stays(void **state) {
    (void)state;
    seen s = {0};
    i2v_params params = params_of(64, 48);
    i2v_engine *engine = engine_of(0, 0);
    i2v_memory_plan plan, without;
    i2v_video *wanted = generate(engine, 1, params, &s);
    assert_int_equal(i2v_plan_generate(engine, &params, &without), I2V_OK);
    for (int i = 0; i < 4; i++) assert_true(!without.stages[i].stays && without.stages[i].others == 0);
    i2v_close(engine);

    engine = engine_of(1, 0);
    assert_int_equal(i2v_plan_generate(engine, &params, &plan), I2V_OK);
    for (int i = 0; i < 4; i++) assert_true(plan.stages[i].stays);
    int kept_before = 4, changes = 0;
    for (uint64_t budget = plan.peak; budget >= without.peak; budget = plan.peak - 1) {
        engine->max_memory = budget;
        i2v_status status = i2v_plan_generate(engine, &params, &plan);
        if (status == I2V_ERROR_MEMORY) break;
        assert_int_equal(status, I2V_OK);
        assert_true(plan.peak <= budget);
        int kept = 0, loads;
        for (int i = 0; i < 4; i++) {
            const i2v_stage_memory *stage = &plan.stages[i];
            kept += stage->stays;
            assert_int_equal(stage->peak, stage->weights + stage->tensors + stage->held + stage->others);
        }
        i2v_video_free(generate(engine, 0, params, &s));
        s = (seen){0};
        i2v_video *video = generate(engine, 1, params, &s);
        loads = s.loads;
        expect_same(video, wanted);
        i2v_video_free(video);
        assert_int_equal(loads, 4 - kept);
        assert_int_equal(s.most, plan.peak);
        changes += kept != kept_before;
        kept_before = kept;
    }
    assert_true(changes >= 2); /* all stay, some do, and fewer */
    i2v_video_free(wanted);
    i2v_close(engine);
}

/* Another size, decoding between, cancelling at every event: what stays is never a wrong part. */
static void what_stays_is_right(void **state) {
    (void)state;
    i2v_engine *engine = engine_of(1, 0), *other = engine_of(0, 0);
    seen s = {0}, unused = {0};
    static const int sizes[][2] = {{64, 48}, {72, 56}, {64, 48}, {48, 64}};
    for (size_t i = 0; i < 4; i++) {
        i2v_params params = params_of(sizes[i][0], sizes[i][1]);
        s = (seen){0};
        i2v_video *a = generate(engine, 2, params, &s), *b = generate(other, 2, params, &unused), *again = NULL;
        assert_int_equal(s.loads, i ? 1 : 4); /* the UNet is loaded for a size */
        expect_same(a, b);
        s = (seen){0};
        params.on_event = look;
        params.user = &s;
        assert_int_equal(i2v_decode(engine, a->latents, 3, a->latent_height, a->latent_width, &params, &again), I2V_OK);
        assert_int_equal(s.loads, 0);
        expect_same(again, b);
        i2v_video_free(again);
        i2v_video_free(a);
        i2v_video_free(b);
    }
    i2v_params params = params_of(64, 48);
    i2v_video *wanted = generate(other, 3, params, &unused);
    i2v_image *image = picture_of(3);
    i2v_status status = I2V_CANCELLED;
    for (int stop_at = 1; status == I2V_CANCELLED; stop_at++) {
        i2v_video *video = NULL;
        i2v_unload(engine);
        s = (seen){.stop_at = stop_at};
        params.on_event = look;
        params.user = &s;
        status = i2v_generate(engine, image, &params, &video);
        i2v_video_free(video);
        s = (seen){0};
        video = generate(engine, 3, params, &s);
        expect_same(video, wanted);
        i2v_video_free(video);
    }
    assert_int_equal(status, I2V_OK);
    i2v_image_free(image);
    i2v_video_free(wanted);
    i2v_close(engine);
    i2v_close(other);
}

/* ---- clips ------------------------------------------------------------------------------------------------------ */

/* The last of a video's frames, by way of a PNG file. */
static i2v_image *through_png(const i2v_video *video) {
    char folder[] = "/tmp/i2v_test_many_XXXXXX", pattern[64], path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(pattern, sizeof pattern, "%s/%%d.png", folder);
    i2v_video last = *video;
    last.num_videos = last.num_frames = 1;
    last.frames += (size_t)(video->num_frames - 1) * frame_values(video);
    assert_int_equal(i2v_video_save(&last, pattern, NULL, NULL), I2V_OK);
    snprintf(path, sizeof path, "%s/1.png", folder);
    i2v_image *image = NULL;
    assert_int_equal(i2v_image_load(&image, path, I2V_ALPHA_WHITE, NULL), I2V_OK);
    unlink(path);
    rmdir(folder);
    return image;
}

/* Video `index` of an extended run, by runs of one clip each, the first one's given. */
static void expect_clips(i2v_engine *engine, const i2v_video *found, int index, const i2v_video *first,
                         i2v_params params) {
    size_t values = frame_values(found), latents = clip_latents(found);
    const float *frames = found->frames + (size_t)index * (size_t)found->num_frames * values;
    const float *noises = found->latents + (size_t)index * (size_t)found->num_clips * latents;
    i2v_video clip = *first;
    clip.frames = first->frames + (size_t)index * (size_t)first->num_frames * values;
    assert_memory_equal(frames, clip.frames, (size_t)clip.num_frames * values * sizeof(float));
    assert_memory_equal(noises, first->latents + (size_t)index * latents, latents * sizeof(float));
    i2v_video *before = NULL;
    params.extend = 0;
    params.num_videos = 1;
    for (int i = 1; i < found->num_clips; i++) {
        i2v_image *image = through_png(before ? before : &clip);
        i2v_video_free(before);
        before = NULL;
        params.seed++;
        assert_int_equal(i2v_generate(engine, image, &params, &before), I2V_OK);
        i2v_image_free(image);
        assert_memory_equal(frames + (size_t)(1 + i * (clip.num_frames - 1)) * values, before->frames + values,
                            (size_t)(clip.num_frames - 1) * values * sizeof(float));
        assert_memory_equal(noises + (size_t)i * latents, before->latents, latents * sizeof(float));
    }
    i2v_video_free(before);
}

static void clips_are_runs_of_their_own(void **state) {
    (void)state;
    for (int keep = 0; keep < 2; keep++) {
        for (int videos = 1; videos <= 2; videos++) {
            i2v_engine *engine = engine_of(keep, 0), *other = engine_of(0, 0);
            i2v_params params = params_of(64, 48);
            seen s = {0}, unused = {0};
            params.num_videos = videos;
            i2v_video *first = generate(other, 4, params, &unused);
            params.extend = 2;
            i2v_video *found = generate(engine, 4, params, &s);
            assert_int_equal(found->num_frames, 3 + 2 * 2);
            assert_int_equal(found->num_clips, 3);
            assert_int_equal(found->clip_frames, 3);
            assert_int_equal(s.loads, keep ? 4 : 4 * (1 + 2 * videos));
            for (int i = 0; i < videos; i++) expect_clips(other, found, i, first, params);
            i2v_video_free(first);
            i2v_video_free(found);
            i2v_close(engine);
            i2v_close(other);
        }
    }
}

static void clips_are_decoded_and_planned(void **state) {
    (void)state;
    i2v_engine *engine = engine_of(0, 0);
    i2v_params params = params_of(64, 48);
    seen s = {0};
    params.extend = 2;
    i2v_video *video = generate(engine, 4, params, &s), *again = NULL;
    i2v_memory_plan plan;
    assert_int_equal(i2v_plan_generate(engine, &params, &plan), I2V_OK);
    assert_int_equal(s.most, plan.peak);
    assert_int_equal(i2v_decode(engine, video->latents, 3, video->latent_height, video->latent_width, &params, &again),
                     I2V_OK);
    expect_same(again, video);
    i2v_video_free(again);
    i2v_video_free(video);
    i2v_close(engine);
}

static void clips_need_two_frames_and_their_own_noise(void **state) {
    (void)state;
    i2v_engine *engine = engine_of(0, 0);
    i2v_image *image = picture_of(0);
    float noise[3 * 4 * 6 * 8 * 4] = {0};
    static const struct {
        int extend, num_frames, latents;
        const char *words;
    } wrong[] = {{1, 1, 0, "2 or more of num_frames"},
                 {-1, 3, 0, "extend is -1"},
                 {5000, 3, 0, "extend is 5000"},
                 {1, 3, 1, "noise of its own"}};
    for (size_t i = 0; i < 4; i++) {
        i2v_params params = params_of(64, 48);
        i2v_video *video = NULL;
        params.extend = wrong[i].extend;
        params.num_frames = wrong[i].num_frames;
        if (wrong[i].latents) params.latents = noise;
        assert_int_equal(i2v_generate(engine, image, &params, &video), I2V_ERROR_PARAMETER);
        assert_null(video);
        if (!strstr(i2v_error_message(engine), wrong[i].words)) fail_msg("%s", i2v_error_message(engine));
    }
    i2v_image_free(image);
    i2v_close(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_pictures_load_each_part_once),
        cmocka_unit_test(plans_count_what_stays),
        cmocka_unit_test(what_stays_is_right),
        cmocka_unit_test(clips_are_runs_of_their_own),
        cmocka_unit_test(clips_are_decoded_and_planned),
        cmocka_unit_test(clips_need_two_frames_and_their_own_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
