/* Fewer passes of the UNet: guidance within an interval of noise levels and in every so manyth evaluation, and
 * evaluations that are forecast. */
#include "small_run.h"

#include "pipeline/stage_cost.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- which passes ----------------------------------------------------------------------------------------------- */

static const float levels[] = {300, 80, 20, 20, 5, 1, 0.25f};

static i2v_passes passes_of(const char *interval, int every, int forecast_every, int guidance) {
    i2v_passes_request request = {.every = every, .forecast_every = forecast_every};
    assert_int_equal(i2v_passes_read_interval(&request, interval, NULL), I2V_OK);
    return i2v_passes_make(&request, levels, COUNT(levels), guidance);
}

/* In whole evaluations, which are two passes each. */
static double cost_of(const i2v_passes *passes, double evaluations) {
    i2v_stage_cost cost = {.halves = 2, .passes = *passes};
    return i2v_whole_steps(&cost, evaluations);
}

/* wanted: a letter an evaluation, W whole, c carried, b bare, f forecast. */
static void expect_made(i2v_passes passes, const char *wanted) {
    char found[COUNT(levels) + 1] = "";
    double cost = 0;
    for (int i = 0; i < (int)COUNT(levels); i++) {
        found[i] = "Wcbf"[i2v_passes_of(&passes, i)];
        assert_true(cost_of(&passes, i) == cost);
        double next = cost + (found[i] == 'W' ? 1 : found[i] == 'f' ? 0 : 0.5);
        assert_true(cost_of(&passes, i + 0.25) == cost + 0.25 * (next - cost));
        cost = next;
    }
    assert_string_equal(found, wanted);
    assert_true(cost_of(&passes, COUNT(levels)) == cost);
    assert_int_equal(i2v_passes_remembered(&passes),
                     passes.every > 1 ? 1 + 2 * (strchr(wanted, 'f') != NULL) : 2 * (strchr(wanted, 'f') != NULL));
}

static void expect_kinds(const char *interval, int every, const char *wanted) {
    i2v_passes passes = passes_of(interval, every, 0, 1);
    if (!strchr(wanted, 'c')) passes.every = 1; /* the same */
    expect_made(passes, wanted);
}

static void kinds(void **state) {
    (void)state;
    expect_kinds(NULL, 1, "WWWWWWW");
    expect_kinds("0:inf", 2, "WcWcWcW");
    expect_kinds("0:inf", 3, "WccWccW");
    expect_kinds("0:1e6", 100, "Wcccccc");
    expect_kinds("1:80", 1, "bWWWWWb");
    expect_kinds("1.01:79.9", 1, "bbWWWbb");
    expect_kinds("1:80", 2, "bWcWcWb");
    expect_kinds("0:5", 2, "bbbbWcW");
    expect_kinds("20:inf", 3, "WccWbbb");
    expect_kinds("80:299", 2, "bWbbbbb");
    expect_kinds("81:299", 2, "bbbbbbb");
    expect_made(passes_of(NULL, 1, 2, 0), "WWfWfWW");
    expect_made(passes_of(NULL, 1, 2, 1), "WWfWfWW");
    expect_made(passes_of(NULL, 7, 3, 0), "WWfWWfW");
    expect_made(passes_of(NULL, 2, 2, 1), "WcfWfcW");
    expect_made(passes_of("1:80", 2, 2, 1), "bWfcfWb");
    expect_made(passes_of("1:20", 2, 3, 1), "bbfWcfb");
}

static void requests_that_change_nothing(void **state) {
    (void)state;
    i2v_passes_request request = {.every = 1};
    i2v_passes whole = {0};
    assert_int_equal(i2v_passes_read_interval(&request, NULL, NULL), I2V_OK);
    assert_false(i2v_passes_are_sparse(&request));
    assert_int_equal(i2v_passes_read_interval(&request, "0:inf", NULL), I2V_OK);
    assert_false(i2v_passes_are_sparse(&request));
    assert_int_equal(i2v_passes_read_interval(&request, "0:1000000", NULL), I2V_OK);
    assert_true(i2v_passes_are_sparse(&request));
    assert_int_equal(i2v_passes_of(&whole, 7), I2V_EVALUATION_WHOLE);
    assert_true(cost_of(&whole, 7.5) == 7.5 && i2v_passes_remembered(&whole) == 0);
}

/* ---- what comes of them ----------------------------------------------------------------------------------------- */

/* From the highest of the levels; each step's latents go to kept. */
enum { STEPS = 6, VALUES = 3 * 8 * 4 * 8 };
static const double sigmas[STEPS + 1] = {300, 80, 20, 5, 1, 0.25, 0};

typedef struct {
    float kept[STEPS][VALUES];
    double fractions[STEPS + 1]; /* where the phase begins, and after each step */
    const float *given;          /* latents in the place of those after the first step; NULL: none */
} watched;

static int watch(const i2v_event *event, void *user) {
    watched *w = user;
    if (event->phase != I2V_PHASE_DENOISE || event->steps_done > event->step) return 0;
    w->fractions[event->step] = event->fraction;
    if (!event->latents) return 0;
    assert_int_equal(event->latents_count, VALUES);
    if (event->step == 1 && w->given) memcpy(event->latents, w->given, VALUES * sizeof(float));
    memcpy(w->kept[event->step - 1], event->latents, VALUES * sizeof(float));
    return 0;
}

static i2v_params sparse_params(watched *w) {
    i2v_params params = small_params();
    params.sigmas = sigmas;
    params.sigmas_count = COUNT(sigmas);
    params.scheduler = I2V_SCHEDULER_EULER;
    params.min_guidance_scale = 1.5;
    params.max_guidance_scale = 4;
    params.latents_only = 1;
    params.on_event = watch;
    params.user = w;
    return params;
}

/* The clean latents that the UNet predicts of x at level sigma, with one weight of guidance for all frames: a run of
 * two steps, whose second begins with x and ends at 0. */
static void predict(const float *x, double sigma, double scale, float *clean) {
    watched w = {.given = x};
    const double two[] = {2 * sigma, sigma, 0};
    i2v_params params = sparse_params(&w);
    params.sigmas = two;
    params.sigmas_count = COUNT(two);
    params.min_guidance_scale = params.max_guidance_scale = scale;
    i2v_video *video = generate(shared[1], picture, &params);
    memcpy(clean, video->latents, VALUES * sizeof(float));
    i2v_video_free(video);
}

/* Where a forecast goes on from two slopes. */
static double go_on(double earlier, double later, int before, int last, int step) {
    double way = log(sigmas[before]) - log(sigmas[last]), ahead = log(sigmas[last]) - log(sigmas[step]);
    return later + ahead / way * (later - earlier);
}

/* One step of x as the header describes it. kind: as in expect_made; difference: of velocities; slopes: of each step
 * that was computed, from the second on. */
static void step_plainly(float *x, int step, char kind, double *difference, double slopes[STEPS][VALUES]) {
    double sigma = sigmas[step], scale = -sigma / sqrt(sigma * sigma + 1); /* of a velocity in a clean latent */
    float with[VALUES], twice[VALUES];
    if (kind == 'f') {
        int before = step - 3;
        for (int i = 0; i < VALUES; i++)
            x[i] += (float)((sigmas[step + 1] - sigma) *
                            go_on(slopes[before][i], slopes[step - 1][i], before, step - 1, step));
        return;
    }
    predict(x, sigma, 1, with);
    if (kind == 'W') predict(x, sigma, 2, twice); /* without + 2 (with - without) */
    for (int i = 0; i < VALUES; i++) {
        double weight = kind == 'b' ? 1 : 1.5 + 2.5 * (i / (VALUES / 3)) / 2;
        if (kind == 'W') difference[i] = ((double)twice[i] - (double)with[i]) / scale;
        double clean = (double)with[i] + (kind == 'b' ? 0 : (weight - 1) * scale * difference[i]);
        slopes[step][i] = ((double)x[i] - clean) / sigma;
        x[i] += (float)((sigmas[step + 1] - sigma) * slopes[step][i]);
    }
}

static double largest(const float *values) {
    double most = 0;
    for (int i = 0; i < VALUES; i++) /* no fmax: GCC 12 for AArch64 fails when it makes vectors of it here */
        if (fabs((double)values[i]) > most) most = fabs((double)values[i]);
    return most;
}

static void expect_plain(const char *interval, int every, int forecast_every, const char *kinds) {
    static double slopes[STEPS][VALUES];
    watched w = {0};
    i2v_params params = sparse_params(&w);
    params.guidance_interval = interval;
    params.guidance_every = every;
    params.forecast_every = forecast_every;
    i2v_video_free(generate(shared[1], picture, &params));
    double difference[VALUES] = {0};
    for (int step = 1; step < STEPS; step++) { /* each from where the run was, as errors grow */
        float x[VALUES];
        memcpy(x, w.kept[step - 1], sizeof x);
        if (kinds[step] == 'f' && step == 2) continue; /* the first step's slope is not known */
        step_plainly(x, step, kinds[step], difference, slopes);
        for (int i = 0; i < VALUES; i++) {
            if (fabs((double)x[i] - (double)w.kept[step][i]) <= 1e-4 * largest(x)) continue;
            fail_msg("%s, every %d, step %d, value %d: %g, not %g", interval, every, step, i, (double)w.kept[step][i],
                     (double)x[i]);
        }
    }
}

static void values(void **state) {
    (void)state;
    expect_plain("1:100", 1, 0, "bWWWWb");
    expect_plain("1:100", 2, 0, "bWcWcb");
    expect_plain("0:100", 3, 0, "bWccWc");
    expect_plain("0:100", 1, 2, "bWfWfW");
    expect_plain("0:100", 2, 2, "bWfcfW");
}

static void what_is_not_asked_for(void **state) {
    (void)state;
    watched w = {0};
    i2v_params params = sparse_params(&w);
    params.latents_only = 0;
    i2v_video *video = generate(shared[1], picture, &params);
    params.guidance_interval = "0:inf";
    expect_same(1, &params, video);
    params.guidance_interval = "0.25:300"; /* all of the levels */
    expect_same(1, &params, video);
    params.guidance_every = 2;
    expect_other(1, &params, video);
    params.guidance_every = 1;
    params.guidance_interval = "0.25:299";
    expect_other(1, &params, video);
    params.forecast_every = 2;
    params.guidance_interval = NULL;
    expect_other(1, &params, video);
    params.forecast_every = 4999; /* the third step */
    expect_other(1, &params, video);
    i2v_video_free(video);
    params.sigmas_count = 4; /* which is the last now */
    params.forecast_every = 0;
    video = generate(shared[1], picture, &params);
    params.forecast_every = 2;
    expect_same(1, &params, video);
    params.forecast_every = 0;
    params.sigmas_count = COUNT(sigmas);
    params.min_guidance_scale = params.max_guidance_scale = 1;
    i2v_video_free(video);
    video = generate(shared[1], picture, &params);
    params.guidance_every = 2; /* of no guidance */
    expect_same(1, &params, video);
    params.max_guidance_scale = 4;
    params.guidance_interval = "301:400"; /* none of the levels */
    expect_same(1, &params, video);
    i2v_video_free(video);
}

static int may_forecast(i2v_scheduler scheduler) {
    return scheduler == I2V_SCHEDULER_EULER || scheduler == I2V_SCHEDULER_DPMPP_2M || scheduler == I2V_SCHEDULER_UNIPC;
}

static void schedulers_that_are_not_forecast(void **state) {
    (void)state;
    i2v_params params = small_params();
    i2v_memory_plan plan;
    params.forecast_every = 2;
    for (i2v_scheduler scheduler = I2V_SCHEDULER_EULER; scheduler <= I2V_SCHEDULER_HEUN; scheduler++) {
        params.scheduler = scheduler;
        i2v_status status = i2v_plan_generate(shared[1], &params, &plan);
        assert_int_equal(status, may_forecast(scheduler) ? I2V_OK : I2V_ERROR_PARAMETER);
        if (status)
            assert_non_null(
                strstr(i2v_error_message(shared[1]), " is for the schedulers euler, dpmpp_2m and unipc, and "));
    }
}

/* A video has the bits that it has alone: nothing of one is carried to another. */
static void several_videos(void **state) {
    (void)state;
    i2v_params params = small_params();
    params.num_inference_steps = 4;
    params.num_videos = 2;
    params.guidance_every = 3;
    for (i2v_scheduler scheduler = I2V_SCHEDULER_EULER; scheduler <= I2V_SCHEDULER_HEUN; scheduler++) {
        params.scheduler = scheduler;
        params.forecast_every = may_forecast(scheduler) ? 2 : 0;
        params.video_index = -1;
        i2v_video *both = generate(shared[1], picture, &params);
        params.video_index = 1;
        i2v_video *second = generate(shared[1], picture, &params);
        size_t count = latents_count(second);
        assert_int_equal(latents_count(both), 2 * count);
        assert_memory_equal(both->latents + count, second->latents, count * sizeof(float));
        i2v_video_free(both);
        i2v_video_free(second);
    }
}

static void threads(void **state) {
    (void)state;
    i2v_params params = small_params();
    params.num_inference_steps = 4;
    params.scheduler = I2V_SCHEDULER_UNIPC;
    params.guidance_every = 2;
    params.guidance_interval = "0.01:500";
    params.num_inference_steps = 6;
    params.forecast_every = 2;
    i2v_video *video = generate(shared[1], picture, &params);
    for (int count = 1; count <= 3; count++) {
        i2v_reference reference = i2v_reference_at(1);
        i2v_engine *engine = i2v_reference_engine(&reference, count);
        i2v_video *other = generate(engine, picture, &params);
        assert_true(same_bits(other, video));
        i2v_video_free(other);
        i2v_close(engine);
    }
    i2v_video_free(video);
}

/* ---- what they take --------------------------------------------------------------------------------------------- */

/* cost: of the steps, in whole ones; arrays: that are kept beside what the scheduler remembers. */
static void expect_plan(const char *interval, int every, int forecast_every, double cost, int arrays) {
    watched w = {0};
    i2v_memory_plan plan, before;
    i2v_params params = sparse_params(&w);
    assert_int_equal(i2v_plan_generate(shared[1], &params, &before), I2V_OK);
    params.guidance_interval = interval;
    params.guidance_every = every;
    params.forecast_every = forecast_every;
    assert_int_equal(i2v_plan_generate(shared[1], &params, &plan), I2V_OK);
    const i2v_stage_memory *unet = &plan.stages[2];
    double steps = (unet->run_seconds - unet->load_seconds) / unet->seconds;
    if (fabs(steps - cost) > 1e-3) fail_msg("%s, every %d: %g steps, not %g", interval, every, steps, cost);
    assert_int_equal(unet->held - before.stages[2].held, (size_t)arrays * VALUES * sizeof(float));
    assert_int_equal(unet->tensors, before.stages[2].tensors);
}

static void plans(void **state) {
    (void)state;
    expect_plan(NULL, 1, 0, 6, 0);
    expect_plan(NULL, 1, 2, 4, 2);
    expect_plan("1:100", 2, 2, 2.5, 3);
    expect_plan("1:100", 1, 0, 5, 0);
    expect_plan("1:100", 2, 0, 4, 1);
    expect_plan(NULL, 2, 0, 4.5, 1);
    expect_plan("1:4", 2, 0, 3.5, 0); /* nothing is carried from one evaluation */
}

/* A step of one pass is half of one of two. */
static void progress(void **state) {
    (void)state;
    watched w = {0};
    i2v_params params = sparse_params(&w);
    params.guidance_interval = "1:100";
    params.guidance_every = 2;
    i2v_video_free(generate(shared[1], picture, &params));
    double whole = w.fractions[2] - w.fractions[1];
    assert_true(whole > 0 && w.fractions[STEPS] == 1);
    for (int step = 0; step < STEPS; step++) {
        double part = (w.fractions[step + 1] - w.fractions[step]) / whole, wanted = "bWcWcb"[step] == 'W' ? 1 : 0.5;
        if (fabs(part - wanted) > 1e-6) fail_msg("step %d: %g of a whole one", step, part);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds),
        cmocka_unit_test(requests_that_change_nothing),
        cmocka_unit_test(values),
        cmocka_unit_test(what_is_not_asked_for),
        cmocka_unit_test(several_videos),
        cmocka_unit_test(threads),
        cmocka_unit_test(schedulers_that_are_not_forecast),
        cmocka_unit_test(plans),
        cmocka_unit_test(progress),
    };
    return cmocka_run_group_tests_name("passes", tests, open_shared, close_shared);
}
