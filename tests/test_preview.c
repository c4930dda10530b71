/* Previews: when they come, that they change nothing else, what they show, and what they take. */
#include "pipeline/denoise.h"
#include "small_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a run's previews were. */
typedef struct seen {
    int steps[64]; /* after which there was one */
    int count, videos;
    int cancel_at;       /* the preview that cancels, from 1; 0: none */
    size_t frames;       /* that each has */
    int width, height;   /* likewise */
    uint8_t last[65536]; /* the last one's pixels */
} seen;

static int look(const i2v_event *event, void *user) {
    seen *s = user;
    if (!event->preview) {
        assert_int_equal(event->preview_count, 0);
        return 0;
    }
    assert_int_equal(event->phase, I2V_PHASE_DENOISE);
    assert_non_null(event->latents);
    s->steps[s->count++] = event->step;
    if (event->video >= s->videos) s->videos = event->video + 1;
    s->frames = event->preview_count;
    s->width = event->preview->width;
    s->height = event->preview->height;
    size_t bytes = 3 * (size_t)s->width * (size_t)s->height;
    assert_true(s->frames * bytes <= sizeof s->last);
    for (size_t i = 0; i < s->frames; i++) memcpy(s->last + i * bytes, event->preview[i].pixels, bytes);
    return s->count == s->cancel_at;
}

static i2v_params watched(seen *s, int every) {
    *s = (seen){0};
    i2v_params params = small_params();
    params.num_inference_steps = 5;
    params.preview_every = every;
    params.on_event = look;
    params.user = s;
    return params;
}

static void come_every_nth_step_and_last(void **state) {
    (void)state;
    static const int wanted[][6] = {{0}, {5, 1, 2, 3, 4, 5}, {3, 2, 4, 5}, {2, 3, 5}, {2, 4, 5}, {1, 5}, {1, 5}};
    seen s;
    for (int every = 0; every <= 6; every++) {
        i2v_params params = watched(&s, every);
        i2v_video *video = generate(shared[0], picture, &params);
        assert_int_equal(s.count, wanted[every][0]);
        for (int i = 0; i < s.count; i++) assert_int_equal(s.steps[i], wanted[every][i + 1]);
        if (every) {
            assert_int_equal(s.frames, params.num_frames);
            assert_int_equal(s.width, video->latent_width);
            assert_int_equal(s.height, video->latent_height);
        }
        i2v_video_free(video);
    }
}

static void change_no_bit(void **state) {
    (void)state;
    seen s;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        i2v_params params = watched(&s, 0);
        params.num_videos = 2;
        i2v_video *without = generate(shared[i], picture, &params);
        params.preview_every = 1;
        expect_same(i, &params, without);
        assert_int_equal(s.count, 10);
        assert_int_equal(s.videos, 2);
        i2v_video_free(without);
    }
}

static void of_every_clip(void **state) {
    (void)state;
    seen s;
    i2v_params params = watched(&s, 5);
    params.extend = 2;
    i2v_video *video = generate(shared[0], picture, &params);
    assert_int_equal(s.count, 3);
    i2v_video_free(video);
}

static void cancel(void **state) {
    (void)state;
    seen s;
    i2v_params params = watched(&s, 2);
    s.cancel_at = 1;
    i2v_video *video = NULL;
    assert_int_equal(i2v_generate(shared[0], picture, &params, &video), I2V_CANCELLED);
    assert_null(video);
    assert_int_equal(s.count, 1);
}

static void wrong_numbers_are_refused(void **state) {
    (void)state;
    seen s;
    static const int wrong[] = {-1, 10001};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        i2v_params params = watched(&s, wrong[i]);
        i2v_video *video = NULL;
        assert_int_equal(i2v_generate(shared[0], picture, &params, &video), I2V_ERROR_PARAMETER);
        assert_non_null(strstr(i2v_error_message(shared[0]), "preview_every"));
    }
}

/* ---- memory ----------------------------------------------------------------------------------------------------- */

static void are_in_the_plan(void **state) {
    (void)state;
    seen s;
    i2v_params params = watched(&s, 0);
    i2v_memory_plan without, with;
    assert_int_equal(i2v_plan_generate(shared[0], &params, &without), I2V_OK);
    params.preview_every = 3;
    assert_int_equal(i2v_plan_generate(shared[0], &params, &with), I2V_OK);
    i2v_sizes sizes;
    assert_int_equal(i2v_sizes_of_params(&sizes, shared[0], &params), I2V_OK);
    uint64_t least = i2v_sizes_latents(&sizes) * sizeof(float) +
                     3 * (uint64_t)sizes.num_frames * (uint64_t)(sizes.latent_width * sizes.latent_height);
    assert_int_equal(with.stages_count, 4);
    for (size_t i = 0; i < 4; i++) {
        const i2v_stage_memory *stage = &with.stages[i];
        int counts = strcmp(stage->name, "VAE decoder") != 0;
        uint64_t more = stage->held - without.stages[i].held;
        assert_int_equal(more, counts ? i2v_preview_bytes(&sizes) : 0);
        assert_true(!counts || (more >= least && more < least + 4096));
        assert_int_equal(stage->weights, without.stages[i].weights);
        assert_int_equal(stage->tensors, without.stages[i].tensors);
    }
    sizes.preview_every = 0;
    assert_int_equal(i2v_preview_bytes(&sizes), 0);
}

/* ---- what they show --------------------------------------------------------------------------------------------- */

/* Latents that are a map of the picture's colours, two channels more than there are colours. */
enum { KNOWN_W = 12, KNOWN_H = 6, KNOWN_SCALE = 4, KNOWN_CHANNELS = 5 };

static void known_color(int i, float rgb[3]) {
    rgb[0] = (float)(i % KNOWN_W) / KNOWN_W;
    rgb[1] = (float)(i / KNOWN_W) / KNOWN_H;
    rgb[2] = (float)(i * 7 % 11) / 11;
}

/* Latent pixel i, and the pixels that it stands for: a pattern whose mean is its colour. */
static void fill_known(int i, float latent[KNOWN_CHANNELS],
                       float pixels[KNOWN_H * KNOWN_SCALE][KNOWN_W * KNOWN_SCALE][3]) {
    float rgb[3];
    known_color(i, rgb);
    float code[KNOWN_CHANNELS] = {rgb[0] - rgb[1], 4 * rgb[1] + 2, rgb[2] + rgb[0], 3, rgb[1]};
    memcpy(latent, code, sizeof code);
    for (int y = 0; y < KNOWN_SCALE; y++)
        for (int x = 0; x < KNOWN_SCALE; x++)
            for (int c = 0; c < 3; c++)
                pixels[i / KNOWN_W * KNOWN_SCALE + y][i % KNOWN_W * KNOWN_SCALE + x][c] =
                    2 * rgb[c] - 1 + ((x + y) % 2 ? 0.3f : -0.3f);
}

static void known_colors_are_found(void **state) {
    (void)state;
    enum { W = KNOWN_W, H = KNOWN_H, SCALE = KNOWN_SCALE, CHANNELS = KNOWN_CHANNELS };
    static float pixels[H * SCALE][W * SCALE][3], latent[H * W][CHANNELS];
    const double scaling_factor = 0.25;
    i2v_sizes sizes = {.width = W * SCALE,
                       .height = H * SCALE,
                       .num_frames = 2,
                       .num_videos = 1,
                       .num_clips = 1,
                       .latent_channels = CHANNELS,
                       .latent_width = W,
                       .latent_height = H,
                       .preview_every = 1};
    for (int i = 0; i < H * W; i++) fill_known(i, latent[i], pixels);
    i2v_preview preview;
    assert_int_equal(i2v_preview_begin(&preview, &sizes, NULL), I2V_OK);
    assert_int_equal(i2v_preview_fit(&preview, &pixels[0][0][0], &latent[0][0], scaling_factor, NULL), I2V_OK);
    /* the second frame is the first with red and blue at one half, green as it was */
    for (int i = 0; i < H * W; i++) {
        float green = (float)(i / W) / H, code[CHANNELS] = {0.5f - green, 4 * green + 2, 1, 3, green};
        for (int c = 0; c < CHANNELS; c++) {
            preview.denoised[c * H * W + i] = (float)scaling_factor * latent[i][c];
            preview.denoised[(CHANNELS + c) * H * W + i] = (float)scaling_factor * code[c];
        }
    }
    i2v_preview_make(&preview);
    for (int i = 0; i < H * W; i++) {
        float rgb[3];
        known_color(i, rgb);
        for (int c = 0; c < 3; c++) {
            assert_true(fabs(preview.images[0].pixels[3 * i + c] - 255 * rgb[c]) < 1.5);
            assert_true(fabs(preview.images[1].pixels[3 * i + c] - 255 * (c == 1 ? rgb[1] : 0.5)) < 1.5);
        }
    }
    /* what is no number is no crash and no colour of its own */
    preview.denoised[0] = NAN;
    preview.denoised[1] = INFINITY;
    i2v_preview_make(&preview);
    i2v_preview_end(&preview);
    i2v_preview_end(&preview);
}

static void one_color_stays_one_color(void **state) {
    (void)state;
    enum { W = 4, H = 4, SCALE = 2 };
    static float pixels[H * SCALE * W * SCALE * 3], latent[H * W * 4];
    i2v_sizes sizes = {.width = W * SCALE,
                       .height = H * SCALE,
                       .num_frames = 1,
                       .num_videos = 1,
                       .num_clips = 1,
                       .latent_channels = 4,
                       .latent_width = W,
                       .latent_height = H,
                       .preview_every = 1};
    for (size_t i = 0; i < COUNT(pixels); i++) pixels[i] = (float)(i % 3) - 1;
    for (size_t i = 0; i < COUNT(latent); i++) latent[i] = (float)(i % 4) * 3;
    i2v_preview preview;
    assert_int_equal(i2v_preview_begin(&preview, &sizes, NULL), I2V_OK);
    assert_int_equal(i2v_preview_fit(&preview, pixels, latent, 1, NULL), I2V_OK);
    for (int i = 0; i < H * W * 4; i++) preview.denoised[i] = (float)(i % 7);
    i2v_preview_make(&preview);
    for (int i = 0; i < H * W; i++) {
        static const uint8_t wanted[3] = {0, 128, 255};
        for (int c = 0; c < 3; c++) assert_int_equal(preview.images[0].pixels[3 * i + c], wanted[c]);
    }
    i2v_preview_end(&preview);
}

/* ---- the estimate ----------------------------------------------------------------------------------------------- */

/* diffusers 0.42.1: EulerDiscreteScheduler.step with v_prediction, and AnimateLCM-SVD's own scheduler. */
static void estimate_is_the_schedulers(void **state) {
    (void)state;
    static const float sigmas[] = {700, 12.5f, 1, 0.002f};
    for (size_t i = 0; i < COUNT(sigmas); i++) {
        double sigma = sigmas[i], sample = 3.25 * sigma, velocity = -0.75;
        double wanted = velocity * -sigma / sqrt(sigma * sigma + 1) + sample / (sigma * sigma + 1);
        float found = i2v_denoised((float)sample, (float)velocity, sigmas[i]), memory[3] = {0};
        assert_true(fabs((double)found - wanted) <= 1e-6 * (1 + fabs(wanted)));
        for (i2v_scheduler scheduler = I2V_SCHEDULER_EULER; scheduler <= I2V_SCHEDULER_HEUN; scheduler++) {
            i2v_update update;
            i2v_solver_of(scheduler)->update(&update, (const float[]){sigmas[i], 0}, 1, 0);
            float next = update.advance(&update, (float)sample, (float)velocity, 9, memory, 1);
            assert_true(fabs((double)next - wanted) <= 1e-6 * (sample + fabs(wanted)));
        }
    }
}

/* The last step ends in its estimate, for each scheduler, with guidance; and its preview is the latents' picture. */
static void last_estimate_is_the_latents(void **state) {
    (void)state;
    for (i2v_scheduler scheduler = I2V_SCHEDULER_EULER; scheduler <= I2V_SCHEDULER_HEUN; scheduler++) {
        static seen s, again;
        i2v_params params = watched(&s, 5);
        params.scheduler = scheduler;
        i2v_video *video = generate(shared[0], picture, &params);
        params.user = &again;
        again = (seen){0};
        /* one step of noise that small is a preview of what it begins from */
        static const double sigmas[] = {1e-6, 0};
        float *noise = malloc(latents_count(video) * sizeof *noise);
        memcpy(noise, video->latents, latents_count(video) * sizeof *noise);
        params.sigmas = sigmas;
        params.sigmas_count = COUNT(sigmas);
        params.latents = noise;
        i2v_video *near = generate(shared[0], picture, &params);
        assert_int_equal(s.steps[s.count - 1], params.num_inference_steps);
        assert_int_equal(again.count, 1);
        size_t bytes = 3 * s.frames * (size_t)s.width * (size_t)s.height;
        for (size_t i = 0; i < bytes; i++) assert_true(abs(s.last[i] - again.last[i]) <= 1);
        free(noise);
        i2v_video_free(near);
        i2v_video_free(video);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(come_every_nth_step_and_last),
        cmocka_unit_test(change_no_bit),
        cmocka_unit_test(of_every_clip),
        cmocka_unit_test(cancel),
        cmocka_unit_test(wrong_numbers_are_refused),
        cmocka_unit_test(are_in_the_plan),
        cmocka_unit_test(known_colors_are_found),
        cmocka_unit_test(one_color_stays_one_color),
        cmocka_unit_test(estimate_is_the_schedulers),
        cmocka_unit_test(last_estimate_is_the_latents),
    };
    return cmocka_run_group_tests_name("preview", tests, open_shared, close_shared);
}
