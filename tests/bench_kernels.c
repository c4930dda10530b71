/* How fast the operations are by themselves, as shares of the measured peak. */
#include "bench_kernels.h"

#include "kernel_operands.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int bench_threads; /* set once, by bench */
static i2v_element bench_element;
static int bench_int8; /* weights of linear layers are int8 */
static const i2v_backend *bench_backend;
static const i2v_kernels *bench_variant;
static const char *bench_name; /* what is timed has this in its name */
static double bench_peak;      /* operations a second of all threads: what shares are of */

/* One thread is timed by what it computes, so that a busy machine does little harm. */
static double seconds(void) {
    struct timespec now;
    clock_gettime(bench_threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Seconds of the best of several runs. */
static double best_of(runner run, const void *args) {
    double best = 1e9, end = seconds() + 1;
    for (int i = 0; i < 3 || seconds() < end; i++) {
        double start = seconds();
        run(bench_backend, bench_threads, args);
        double taken = seconds() - start;
        if (taken < best) best = taken;
    }
    return best;
}

/* Prints the best of several runs of so many bytes each. */
static void time_bytes(const char *what, runner run, const void *args, double bytes) {
    if (!strstr(what, bench_name)) return;
    double best = best_of(run, args);
    printf("%-44s %9.2f ms %8.1f GB/s\n", what, 1e3 * best, bytes / best * 1e-9);
    fflush(stdout);
}

/* The same of so many floating-point operations, and the share of the peak. */
static void time_operations(const char *what, runner run, const void *args, double operations) {
    if (!strstr(what, bench_name)) return;
    double best = best_of(run, args), rate = operations / best;
    printf("%-44s %9.2f ms %8.1f GFLOP/s %6.1f %%\n", what, 1e3 * best, rate * 1e-9, 100 * rate / bench_peak);
    fflush(stdout);
}

/* What the machine's widest registers multiply at most, in the element that the variant multiplies. */
static void measure_bench_peak(int pairs) {
    i2v_device device = {.kernels = bench_backend->kernels};
    i2v_bench_peaks peaks;
    assert_int_equal(i2v_team_new(&device.team, bench_threads, NULL), I2V_OK);
    assert_int_equal(bench_backend->measure_peaks(&device, 1 << 20, &peaks, NULL), I2V_OK);
    i2v_team_free(device.team);
    bench_peak = pairs ? peaks.bf16.rate : peaks.f32.rate;
    printf("peak %.1f GFLOP/s in %s\n", bench_peak * 1e-9, pairs ? "bf16" : "f32");
}

typedef struct multiply_args {
    i2v_panel_product product;
    void (*multiply)(const i2v_panel_product *product);
} multiply_args;

static void run_multiply(const i2v_backend *backend, int threads, const void *args) {
    const multiply_args *multiply = args;
    for (int i = 0; i < 200; i++) multiply->multiply(&multiply->product);
}

/* The kernel of products by itself, on one core. */
static void bench_product(int pairs) {
    multiply_args args = {.multiply = pairs ? bench_variant->pair_product : bench_variant->panel_product};
    int depth = 256, panels = 4, panel = bench_variant->panel, rows = 10 * bench_variant->step_rows;
    float *a = random_floats(rows * depth, 0, 1), *b = random_floats(depth * panels * panel, 0, 1);
    float *c = floats(rows * panels * panel);
    args.product = (i2v_panel_product){.rows = rows,
                                       .depth = depth,
                                       .a = a,
                                       .a_stride = depth,
                                       .panels = b,
                                       .panel_stride = depth * panel,
                                       .panel_count = panels,
                                       .c = c,
                                       .c_stride = panels * panel};
    double best = best_of(run_multiply, &args), rate = (pairs ? 800.0 : 400.0) * rows * depth * panels * panel / best;
    printf("%-44s %9.2f ms %8.1f GFLOP/s %6.1f %%\n", "product in cache, one core", 1e3 * best, rate * 1e-9,
           100 * rate * bench_threads / bench_peak);
    i2v_memory_free(a);
    i2v_memory_free(b);
    i2v_memory_free(c);
}

/* Weights are packed before the clock runs. */
static void run_packed_feed_forward(const i2v_backend *backend, int threads, const void *args) {
    RUN(backend, threads, feed_forward, (const i2v_feed_forward_args *)args);
}

static void run_packed_conv(const i2v_backend *backend, int threads, const void *args) {
    RUN(backend, threads, conv, (const i2v_conv_args *)args);
}

static void run_packed_temporal_conv(const i2v_backend *backend, int threads, const void *args) {
    RUN(backend, threads, temporal_conv, (const i2v_temporal_conv_args *)args);
}

static i2v_linear packed_linear(int in, int out, int parts) {
    i2v_linear raw = random_linear(in, out, parts, I2V_ELEMENT_F16);
    meet(&raw, bench_element);
    i2v_linear packed = (bench_int8 ? pack_linear_int8 : pack_linear)(bench_backend, raw);
    free_packed(&raw);
    return packed;
}

static void bench_linear(const char *what, int64_t rows, int in, int out, const i2v_norm *norm) {
    i2v_linear weights = packed_linear(in, out, 1);
    void *x = random_values(bench_element, rows * in, 0, 1), *y = floats(rows * out);
    i2v_linear_args args = {.rows = rows,
                            .source = {x},
                            .source_channels = {in},
                            .element = bench_element,
                            .norm = norm,
                            .weights = &weights,
                            .epilogue = i2v_epilogue_plain(),
                            .out_element = bench_element,
                            .out = y};
    time_operations(what, run_packed_linear, &args, 2.0 * (double)rows * in * out);
    i2v_memory_free(x);
    i2v_memory_free(y);
    free_linear(&weights);
}

static void bench_feed_forward(const char *what, int64_t rows, int channels) {
    i2v_linear geglu = packed_linear(channels, 8 * channels, 2), output = packed_linear(4 * channels, channels, 1);
    i2v_norm norm = random_norm(channels, 0);
    void *x = random_values(bench_element, rows * channels, 0, 1), *y = floats(rows * channels);
    i2v_feed_forward_args args = {.rows = rows,
                                  .x = x,
                                  .element = bench_element,
                                  .norm = &norm,
                                  .geglu = &geglu,
                                  .output = &output,
                                  .epilogue = {.scale = 1, .residual = {x}, .residual_scale = {1}},
                                  .out = y};
    time_operations(what, run_packed_feed_forward, &args, 24.0 * (double)rows * channels * channels);
    i2v_memory_free(x);
    i2v_memory_free(y);
    free_norm(&norm);
    free_linear(&geglu);
    free_linear(&output);
}

static void bench_conv(const char *what, i2v_conv conv, int frames, int height, int width) {
    i2v_tensor x = random_tensor(bench_element, frames, height, width, conv.in);
    i2v_tensor out =
        random_tensor(bench_element, frames, i2v_conv_size(&conv, height), i2v_conv_size(&conv, width), conv.out);
    i2v_filter weights = random_filter(conv.in, conv.out, conv.kernel * conv.kernel, I2V_ELEMENT_F16);
    i2v_device device = {.kernels = bench_backend->kernels};
    conv.element = conv.doubles ? I2V_ELEMENT_F32 : I2V_ELEMENT_F16;
    conv.input = bench_element;
    conv.packing = bench_backend->choose_packing(&device, conv.element, conv.input, conv.in, i2v_conv_taps(&conv));
    void *packed = guarded(bench_backend->conv_size(&device, &conv));
    i2v_source source = {.bytes.data = weights.packed, .element = I2V_ELEMENT_F16, .scale = 1};
    assert_int_equal(bench_backend->conv_pack(&device, &conv, &source, NULL, packed, NULL), I2V_OK);
    conv.packed = packed;
    i2v_conv_args args = {.weights = &conv, .x = x, .out = out, .epilogue = i2v_epilogue_plain()};
    double work = 2.0 * (double)i2v_tensor_count(&out) * conv.in * conv.kernel * conv.kernel;
    time_operations(what, run_packed_conv, &args, work);
    i2v_memory_free(packed);
    i2v_memory_free((void *)weights.packed);
    i2v_memory_free(x.data);
    i2v_memory_free(out.data);
}

static void bench_temporal_conv(const char *what, int frames, int height, int width, int channels) {
    i2v_filter raw = random_filter(channels, channels, 3, I2V_ELEMENT_F16);
    raw.input = bench_element;
    i2v_temporal_conv weights = {.filter = pack(bench_backend, raw)};
    i2v_memory_free((void *)raw.packed);
    i2v_temporal_conv_args args = {.weights = &weights,
                                   .x = random_tensor(bench_element, frames, height, width, channels),
                                   .out = random_tensor(bench_element, frames, height, width, channels),
                                   .epilogue = i2v_epilogue_plain()};
    double work = 2.0 * (double)i2v_tensor_count(&args.out) * channels * (3 - 2.0 / frames);
    time_operations(what, run_packed_temporal_conv, &args, work);
    i2v_memory_free(args.x.data);
    i2v_memory_free(args.out.data);
    i2v_memory_free((void *)weights.filter.packed);
}

static void bench_attention(const char *what, int outer, int inner, int tokens, int heads, int head_dim, int temporal) {
    int channels = heads * head_dim;
    int64_t rows = (int64_t)outer * inner * tokens, token = temporal ? inner : 1, next = temporal ? 1 : tokens;
    char *qkv = random_values(bench_element, rows * 3 * channels, 0, 1);
    void *out = floats(rows * channels);
    size_t part = (size_t)channels * i2v_element_size(bench_element);
    i2v_attention_args args = {.q = qkv,
                               .k = qkv + part,
                               .v = qkv + 2 * part,
                               .out = out,
                               .element = bench_element,
                               .outer = outer,
                               .inner = inner,
                               .tokens = tokens,
                               .heads = heads,
                               .head_dim = head_dim,
                               .scale = 1 / sqrtf((float)head_dim),
                               .outer_stride = (int64_t)inner * tokens * 3 * channels,
                               .inner_stride = next * 3 * channels,
                               .token_stride = token * 3 * channels,
                               .out_outer_stride = (int64_t)inner * tokens * channels,
                               .out_inner_stride = next * channels,
                               .out_token_stride = token * channels};
    time_operations(what, run_attention, &args, 4.0 * (double)rows * tokens * channels);
    i2v_memory_free(qkv);
    i2v_memory_free(out);
}

static void bench_group_factors(const char *what, int frames, int height, int width, int channels, int all_frames) {
    i2v_norm norm = random_norm(channels, 32);
    i2v_tensor x = random_tensor(bench_element, frames, height, width, channels);
    float *factors = floats((int64_t)3 * channels * frames);
    i2v_group_factors_args args = {.source = {x}, .norm = &norm, .all_frames = all_frames, .factors = factors};
    time_bytes(what, run_group_factors, &args, (double)i2v_tensor_bytes(&x));
    i2v_memory_free(x.data);
    i2v_memory_free(factors);
    free_norm(&norm);
}

static void bench_layer_norm(const char *what, int64_t rows, int channels) {
    i2v_norm norm = random_norm(channels, 0);
    i2v_layer_norm_args args = {rows, random_floats(rows * channels, 0, 1), &norm, floats(rows * channels)};
    time_bytes(what, run_layer_norm, &args, 8.0 * (double)(rows * channels));
    i2v_memory_free((void *)args.x);
    i2v_memory_free(args.out);
    free_norm(&norm);
}

int bench_kernels(int threads, const char *element, int variant, const char *name) {
    bench_backend = variant < 0 ? i2v_backend_cpu() : i2v_backend_cpu_variant(variant);
    while (bench_backend && i2v_backend_cpu_variant(variant) != bench_backend) variant++;
    if (!bench_backend) return 1;
    bench_variant = kernels_at(variant);
    bench_threads = threads;
    bench_name = name;
    bench_int8 = strcmp(element, "int8") == 0;
    int is_bf16 = strcmp(element, "bf16") == 0 || (bench_int8 && bench_backend->multiplies_bf16);
    bench_element = is_bf16 ? I2V_ELEMENT_BF16 : I2V_ELEMENT_F32;
    printf("%s, %d threads, activations in %s, linear layers in %s\n", bench_backend->name, threads,
           is_bf16 ? "bf16" : "f32", element);
    int pairs = bench_element == I2V_ELEMENT_BF16 && bench_backend->multiplies_bf16;
    measure_bench_peak(pairs);
    bench_product(pairs);
    i2v_norm norm = random_norm(1280, 0);
    bench_linear("linear 4096 x 1024 -> 1024", 4096, 1024, 1024, NULL);
    bench_linear("linear 35840 x 320 -> 2560", 35840, 320, 2560, NULL);
    bench_linear("linear 8960 x 1280 -> 3840, layer norm", 8960, 1280, 3840, &norm);
    bench_linear("linear 257 x 1280 -> 5120", 257, 1280, 5120, NULL);
    bench_linear("linear 1 x 1280 -> 1280", 1, 1280, 1280, NULL);
    bench_feed_forward("feed-forward 35840 x 320", 35840, 320);
    bench_feed_forward("feed-forward 2240 x 1280", 2240, 1280);
    bench_conv("conv 3x3 [14, 40, 64, 320] -> 320", conv_of(320, 320, 3, 1, 1, 1), 14, 40, 64);
    bench_conv("conv 3x3 [14, 5, 8, 1280] -> 1280", conv_of(1280, 1280, 3, 1, 1, 1), 14, 5, 8);
    bench_conv("conv 3x3 [1, 320, 512, 128] -> 128", conv_of(128, 128, 3, 1, 1, 1), 1, 320, 512);
    bench_conv("conv 3x3 [1, 160, 256, 256] -> 256", conv_of(256, 256, 3, 1, 1, 1), 1, 160, 256);
    bench_conv("conv 3x3 [14, 40, 64, 8] -> 320", conv_of(8, 320, 3, 1, 1, 1), 14, 40, 64);
    bench_conv("conv 3x3 [1, 320, 512, 128] -> 3", conv_of(128, 3, 3, 1, 1, 1), 1, 320, 512);
    bench_temporal_conv("temporal conv [14, 40, 64, 320]", 14, 40, 64, 320);
    bench_temporal_conv("temporal conv [14, 10, 16, 1280]", 14, 10, 16, 1280);
    bench_attention("attention 2560 tokens, 14 x 5 heads of 64", 14, 1, 2560, 5, 64, 0);
    bench_attention("attention 9216 tokens, 5 heads of 64", 1, 1, 9216, 5, 64, 0);
    bench_attention("attention 2560 tokens, 1 head of 512", 1, 1, 2560, 1, 512, 0);
    bench_attention("attention 14 frames, 2560 pixels, 5 of 64", 1, 2560, 14, 5, 64, 1);
    bench_attention("attention 25 frames, 640 pixels, 10 of 64", 1, 640, 25, 10, 64, 1);
    bench_group_factors("group norm's factors [14, 40, 64, 320]", 14, 40, 64, 320, 0);
    bench_group_factors("group norm's factors [14, 40, 64, 960], together", 14, 40, 64, 960, 1);
    bench_layer_norm("layer norm 35840 x 320", 35840, 320);
    free_norm(&norm);
    return 0;
}
