/* i2v_bench and what it is made of: loops that count themselves, and a profile that misses no operation. */
#include "reference.h"

#include "backend/cpu/peaks.h"
#include "pipeline/decode.h"
#include "pipeline/denoise.h"
#include "pipeline/plan.h"
#include "tensor/values.h"

#include <string.h>

/* ---- peaks ------------------------------------------------------------------------------------------------------ */

static void loops_count_their_multiply_adds(void **state) {
    (void)state;
    static const int widths[I2V_PEAK_LOOPS] = {4,  8,  32,   32,   16,
                                               32, 64, 8192, 16384}; /* multiply-adds of one instruction */
    for (int i = 0; i < I2V_PEAK_LOOPS; i++) {
        const i2v_peak_loop *loop = i2v_peak_loop_at(i);
        if (!loop) continue;
        double round = loop->run(1, 1);
        assert_true(round >= 8 * widths[i] && (int)round % widths[i] == 0);
        assert_true(loop->run(0, 1) == 0);
        assert_true(loop->run(I2V_PEAK_ROUNDS, 1) == I2V_PEAK_ROUNDS * round);
    }
}

static void peaks_are_measured(void **state) {
    (void)state;
    i2v_device device = {0};
    i2v_bench_peaks peaks;
    assert_int_equal(i2v_team_new(&device.team, 2, NULL), I2V_OK);
    assert_int_equal(i2v_backend_cpu()->measure_peaks(&device, 1 << 20, &peaks, NULL), I2V_OK);
    assert_non_null(peaks.f32.instructions);
    assert_true(peaks.f32.rate > 0 && peaks.read > 0 && peaks.copy > 0);
    assert_true((peaks.bf16.rate > 0) == (peaks.bf16.instructions != NULL));
    assert_true((peaks.int8.rate > 0) == (peaks.int8.instructions != NULL));
    atomic_int cancel = 1;
    device.cancel = &cancel;
    assert_int_equal(i2v_backend_cpu()->measure_peaks(&device, 1 << 20, &peaks, NULL), I2V_CANCELLED);
    i2v_team_free(device.team);
}

/* ---- the profile ------------------------------------------------------------------------------------------------ */

static void one_operation(i2v_run *run, i2v_element element) {
    static float values[256]; /* more than any backend packs 5 x 7 weights into */
    i2v_linear linear = {.in = 5, .out = 7, .parts_count = 1};
    linear.parts[0].filter = (i2v_filter){.in = 5, .out = 7, .taps = 1, .element = element, .packed = values};
    i2v_tensor x = i2v_tensor_new(run, 1, 1, 3, 5), out = i2v_tensor_new(run, 1, 1, 3, 7);
    i2v_tensor residual = {values, 1, 1, 3, 7, I2V_ELEMENT_F32};
    i2v_tensor_zero(run, x);
    i2v_op_linear(run, out, x, NULL, &linear, i2v_epilogue_plain());
    i2v_op_linear(run, out, x, NULL, &linear, i2v_epilogue_residual(residual));
    i2v_tensor_free(run, &out);
    i2v_tensor_free(run, &x);
    assert_int_equal(run->status, I2V_OK);
}

static void one_row_for_each_shape(void **state) {
    (void)state;
    i2v_profile profile = {0};
    for (uint64_t capacity = 0; capacity <= 1 << 24; capacity += 1 << 24) {
        const i2v_backend *backend = i2v_backend_cpu();
        i2v_run run = {.backend = backend, .device = {.kernels = backend->kernels}, .profile = &profile};
        assert_int_equal(i2v_pool_new(&run.pool, run.backend, &run.device, capacity, NULL), I2V_OK);
        one_operation(&run, I2V_ELEMENT_F32);
        assert_true(!profile.count || !profile.rows[0].is_int8);
        i2v_pool_free(run.pool);
        assert_int_equal(run.multiplications, 2 * 3 * 5 * 7);
        assert_int_equal(profile.count, capacity ? 1 : 0); /* a dry run computes nothing */
    }
    const i2v_bench_row *row = profile.rows;
    assert_string_equal(row->operation, "linear");
    assert_string_equal(row->shape, "3 x 5 -> 7");
    assert_int_equal(row->count, 2);
    assert_int_equal(row->multiplications, 2 * 3 * 5 * 7);
    assert_int_equal(row->bytes, 4 * (2 * (15 + 35 + 21) + 21));
    assert_true(row->seconds > 0);
    i2v_profile_clear(&profile);
    assert_null(profile.rows);
}

/* Products of int8 have a peak of their own. */
static void int8_is_told(void **state) {
    (void)state;
    const i2v_backend *backend = i2v_backend_cpu();
    i2v_profile profile = {0};
    i2v_run run = {.backend = backend, .device = {.kernels = backend->kernels}, .profile = &profile};
    assert_int_equal(i2v_pool_new(&run.pool, run.backend, &run.device, 1 << 24, NULL), I2V_OK);
    one_operation(&run, I2V_ELEMENT_INT8);
    i2v_pool_free(run.pool);
    assert_int_equal(profile.count, 1);
    assert_true(profile.rows[0].is_int8);
    i2v_profile_clear(&profile);
}

/* ---- the report ------------------------------------------------------------------------------------------------- */

static i2v_params small_params(void) {
    i2v_params params;
    i2v_params_default(&params);
    params.width = 16;
    params.height = 8;
    params.num_frames = 3;
    params.decode_chunk_size = 2;
    return params;
}

static void expect_pass(const i2v_bench_pass *pass) {
    uint64_t multiplications = 0;
    double seconds = 0;
    assert_true(pass->rows_count > 5);
    for (size_t i = 0; i < pass->rows_count; i++) {
        const i2v_bench_row *row = &pass->rows[i];
        assert_true(row->count > 0 && row->bytes > 0 && row->least_seconds > 0);
        assert_true(i == 0 || row->seconds <= pass->rows[i - 1].seconds);
        multiplications += row->multiplications;
        seconds += row->seconds;
    }
    assert_int_equal(multiplications, pass->multiplications);
    assert_true(seconds > 0 && seconds <= pass->seconds);
    assert_true(seconds > 0.999 * pass->operations_seconds && seconds < 1.001 * pass->operations_seconds);
}

/* What a dry run counts, of one pass with the picture and of one chunk. */
static uint64_t counted_dry(i2v_engine *engine, i2v_stage_kind kind, const i2v_params *params) {
    i2v_params used = *params;
    i2v_sizes sizes;
    i2v_stage stage;
    i2v_condition condition = {0};
    used.max_guidance_scale = 1;
    assert_int_equal(i2v_sizes_of_params(&sizes, engine, &used), I2V_OK);
    assert_int_equal(i2v_stage_begin(&stage, kind, engine, &sizes, NULL, &(i2v_stage_plan){0}), I2V_OK);
    if (kind == I2V_STAGE_UNET) {
        i2v_denoiser denoiser;
        i2v_denoiser_begin(&denoiser, &stage.run, stage.model.unet, &sizes, &condition);
        stage.run.multiplications = 0;
        i2v_denoise_step(&denoiser, &(i2v_step){.update = i2v_euler_update(1, 0)}, NULL);
        i2v_denoiser_end(&denoiser);
    } else {
        i2v_decode_chunk(&stage.run, stage.model.decoder, &sizes, sizes.decode_chunk_size, NULL, 0, NULL);
    }
    uint64_t multiplications = stage.run.multiplications;
    assert_int_equal(stage.run.status, I2V_OK);
    i2v_stage_end(&stage);
    return multiplications;
}

static void report_of_each_model(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        i2v_reference reference = i2v_reference_at(i);
        i2v_engine *engine = i2v_reference_engine(&reference, 2);
        i2v_params params = small_params();
        i2v_bench_report *report = NULL;
        if (i2v_bench(engine, &params, 3, &report)) fail_msg("%s", i2v_error_message(engine));
        assert_int_equal(report->threads, 2);
        assert_int_equal(report->repetitions, 3);
        assert_int_equal(report->width, 16);
        assert_int_equal(report->height, 8);
        assert_int_equal(report->num_frames, 3);
        assert_int_equal(report->decode_chunk_size, 2);
        assert_true(report->bandwidth >= report->peaks.read && report->bandwidth >= report->peaks.copy);
        expect_pass(&report->unet);
        expect_pass(&report->decoder);
        assert_int_equal(report->unet.multiplications, counted_dry(engine, I2V_STAGE_UNET, &params));
        assert_int_equal(report->decoder.multiplications, counted_dry(engine, I2V_STAGE_DECODER, &params));
        i2v_bench_report_free(report);
        i2v_close(engine);
    }
}

/* Within what only streamed weights leave, their packing has a row of its own, beside the same operations. */
static void packing_is_told_apart(void **state) {
    (void)state;
    i2v_reference reference = i2v_reference_at(1);
    i2v_engine *engine = i2v_reference_engine(&reference, 2);
    i2v_params params = small_params(), used = params;
    i2v_sizes sizes;
    i2v_stage_plan plan;
    used.max_guidance_scale = 1;
    assert_int_equal(i2v_sizes_of_params(&sizes, engine, &used), I2V_OK);
    assert_int_equal(i2v_plan_stage(&plan, I2V_STAGE_UNET, engine, &sizes, I2V_TRADES_RUNGS - 1), I2V_OK);
    engine->max_memory = i2v_stage_peak(&plan);
    i2v_bench_report *report = NULL;
    if (i2v_bench(engine, &params, 1, &report)) fail_msg("%s", i2v_error_message(engine));
    expect_pass(&report->unet);
    assert_int_equal(report->unet.multiplications, counted_dry(engine, I2V_STAGE_UNET, &params));
    int rows = 0;
    for (size_t i = 0; i < report->unet.rows_count; i++) {
        const i2v_bench_row *row = &report->unet.rows[i];
        if (strcmp(row->operation, "packing") != 0) continue;
        rows++;
        assert_true(row->count > 100 && row->memory_bound && row->multiplications == 0);
    }
    assert_int_equal(rows, 1);
    i2v_bench_report_free(report);
    i2v_close(engine);
}

static int cancel_in_decoder(const i2v_event *event, void *user) {
    (void)user;
    return event->phase == I2V_PHASE_DECODE && event->step > 0;
}

static void failures(void **state) {
    (void)state;
    i2v_reference reference = i2v_reference_at(0);
    i2v_engine *engine = i2v_reference_engine(&reference, 1);
    i2v_params params = small_params();
    i2v_bench_report *report = (i2v_bench_report *)1;
    assert_int_equal(i2v_bench(engine, &params, 0, &report), I2V_ERROR_PARAMETER);
    assert_null(report);
    assert_non_null(strstr(i2v_error_message(engine), "repetitions"));
    params.width = 13;
    assert_int_equal(i2v_bench(engine, &params, 1, &report), I2V_ERROR_PARAMETER);
    params = small_params();
    i2v_cancel(engine);
    assert_int_equal(i2v_bench(engine, &params, 1, &report), I2V_CANCELLED);
    params.on_event = cancel_in_decoder;
    assert_int_equal(i2v_bench(engine, &params, 2, &report), I2V_CANCELLED);
    assert_null(report);
    i2v_bench_report_free(NULL);
    i2v_close(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loops_count_their_multiply_adds),
        cmocka_unit_test(peaks_are_measured),
        cmocka_unit_test(one_row_for_each_shape),
        cmocka_unit_test(int8_is_told),
        cmocka_unit_test(report_of_each_model),
        cmocka_unit_test(packing_is_told_apart),
        cmocka_unit_test(failures),
    };
    return cmocka_run_group_tests_name("bench", tests, NULL, NULL);
}
