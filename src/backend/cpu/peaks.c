/* What the machine does at best, measured; operations are compared with it. */
#include "backend/cpu/peaks.h"

#include "backend/cpu/features.h"
#include "backend/cpu/kernels.h"
#include "base/clock.h"
#include "base/system.h"

#include <string.h>

/* Of each measurement the best of so many repetitions of about so many seconds. */
enum { REPETITIONS = 5 };
static const double REPETITION_SECONDS = 0.1;

/* Items for each thread at least: the others go on where one is held up. */
enum { ITEMS_PER_THREAD = 8 };

/* ---- which loops run here ---- */

#if defined(__x86_64__)
static int has(int index) {
    switch (index) {
    case 0:
        return 1;
    case 1:
    case 2:
        return i2v_cpu_has(I2V_CPU_AVX2);
    case 3:
        return i2v_cpu_has(I2V_CPU_AVX_VNNI);
    case 4:
        return i2v_cpu_has(I2V_CPU_AVX512);
    case 5:
        return i2v_cpu_has(I2V_CPU_AVX512_BF16);
    case 6:
        return i2v_cpu_has(I2V_CPU_AVX512_VNNI);
    default:
        return i2v_cpu_has(I2V_CPU_AMX);
    }
}
#endif

const i2v_peak_loop *i2v_peak_loop_at(int index) {
    static const i2v_peak_loop loops[I2V_PEAK_LOOPS] = {
        {I2V_PEAK_F32, I2V_BASELINE_NAME, i2v_peak_f32_baseline},
#if defined(__x86_64__)
        {I2V_PEAK_F32, "AVX2", i2v_peak_f32_avx2},
        {I2V_PEAK_INT8, "AVX2", i2v_peak_int8_avx2},
        {I2V_PEAK_INT8, "AVX_VNNI", i2v_peak_int8_avx_vnni},
        {I2V_PEAK_F32, "AVX-512", i2v_peak_f32_avx512},
        {I2V_PEAK_BF16, "AVX512_BF16", i2v_peak_bf16_avx512},
        {I2V_PEAK_INT8, "AVX512_VNNI", i2v_peak_int8_avx512},
        {I2V_PEAK_BF16, "AMX", i2v_peak_bf16_amx},
        {I2V_PEAK_INT8, "AMX", i2v_peak_int8_amx},
#endif
    };
#if defined(__x86_64__)
    return has(index) ? &loops[index] : NULL;
#else
    return index == 0 ? &loops[0] : NULL;
#endif
}

/* ---- repetitions ---- */

/* Work to be timed: body does an item of it and adds up what it did. */
typedef struct {
    void (*body)(void *job, int64_t item, int thread);
    int64_t items; /* of memory a multiple of its pieces */
    const i2v_peak_loop *loop;
    float *memory; /* [pieces][floats] */
    int64_t pieces, floats;
    atomic_llong done; /* multiply-adds or bytes */
} peak_job;

/* Runs the job and returns its work a second. Memory is gone through once at a time: no piece of it is two threads'. */
static double rate_once(const i2v_device *device, peak_job *job, double *seconds) {
    atomic_store(&job->done, 0);
    int64_t at_once = job->pieces ? job->pieces : job->items;
    double began = i2v_now();
    for (int64_t first = 0; first < job->items; first += at_once)
        i2v_parallel(device->team, at_once, device->cancel, job->body, job);
    *seconds = i2v_now() - began;
    return *seconds > 0 ? (double)atomic_load(&job->done) / *seconds : 0;
}

/* The best rate. What the first repetition takes says how often the others do its items. */
static i2v_status best_rate(const i2v_device *device, peak_job *job, double *best, i2v_error *error) {
    *best = 0;
    job->items = (int64_t)ITEMS_PER_THREAD * i2v_team_size(device->team);
    for (int i = 0; i <= REPETITIONS; i++) {
        double seconds, rate = rate_once(device, job, &seconds);
        if (device->cancel && atomic_load(device->cancel)) return i2v_fail(error, I2V_CANCELLED, "cancelled");
        if (rate > *best) *best = rate;
        if (i == 0 && seconds > 0 && seconds < REPETITION_SECONDS) {
            job->items *= (int64_t)(REPETITION_SECONDS / seconds) + 1;
        }
    }
    return I2V_OK;
}

/* ---- multiply-adds ---- */

static void multiply_adds(void *argument, int64_t item, int thread) {
    peak_job *job = argument;
    volatile int one = 1;
    atomic_fetch_add(&job->done, (long long)job->loop->run(I2V_PEAK_ROUNDS, one));
}

static i2v_status measure_loop(const i2v_device *device, i2v_peak_kind kind, i2v_bench_peak *peak, i2v_error *error) {
    peak_job job = {.body = multiply_adds};
    *peak = (i2v_bench_peak){0};
    for (int i = 0; i < I2V_PEAK_LOOPS; i++) {
        const i2v_peak_loop *loop = i2v_peak_loop_at(i);
        if (loop && loop->kind == kind) job.loop = loop;
    }
    if (!job.loop) return I2V_OK;
    peak->instructions = job.loop->instructions;
    i2v_status status = best_rate(device, &job, &peak->rate, error);
    peak->rate *= 2;
    return status;
}

/* ---- memory ---- */

/* Bytes of an array that no cache holds, and that the machine can spare. */
static uint64_t array_bytes(uint64_t memory) {
    uint64_t least = (uint64_t)64 << 20, most = (uint64_t)1 << 30, bytes = (uint64_t)256 << 20;
    uint64_t cache = i2v_system_last_cache(), all = i2v_system_memory();
    if (4 * cache > bytes) bytes = 4 * cache;
    if (all && all / 4 < most) most = all / 4;
    if (bytes > most) bytes = most;
    if (bytes < least) bytes = least;
    return memory && bytes > memory ? memory : bytes;
}

static float *piece(const peak_job *job, int64_t item) {
    return job->memory + item * job->floats;
}

static void read_memory(void *argument, int64_t item, int thread) {
    typedef int32_t vec __attribute__((vector_size(64), may_alias));
    peak_job *job = argument;
    const vec *from = (const vec *)piece(job, item);
    vec bits[2] = {{0}};
    for (int64_t i = 0; i < job->floats / 16; i += 2) {
        bits[0] |= from[i];
        bits[1] |= from[i + 1];
    }
    bits[0] |= bits[1];
    /* all are zeros, which the compiler does not know */
    int32_t any = 0;
    for (int i = 0; i < 16; i++) any |= bits[0][i];
    atomic_fetch_add(&job->done, any ? 0 : job->floats * (long long)sizeof(float));
}

/* The first half to the second. */
static void copy_memory(void *argument, int64_t item, int thread) {
    peak_job *job = argument;
    size_t half = (size_t)job->floats / 2;
    memcpy(piece(job, item) + half, piece(job, item), half * sizeof(float));
    atomic_fetch_add(&job->done, 2 * (long long)(half * sizeof(float)));
}

static void clear_memory(void *argument, int64_t item, int thread) {
    peak_job *job = argument;
    memset(piece(job, item), 0, (size_t)job->floats * sizeof(float));
}

static i2v_status measure_memory(const i2v_device *device, uint64_t memory, i2v_bench_peaks *peaks, i2v_error *error) {
    peak_job job = {.pieces = (int64_t)ITEMS_PER_THREAD * i2v_team_size(device->team)};
    uint64_t bytes = array_bytes(memory);
    job.floats = (int64_t)(bytes / sizeof(float)) / job.pieces / 32 * 32;
    size_t size = (size_t)(job.pieces * job.floats) * sizeof(float);
    if (size) job.memory = i2v_system_aligned(64, size);
    if (!job.memory) return i2v_fail_memory(error, "the measurement of the memory's speed", bytes);
    /* each page by a thread, and not a page of zeros that they all share */
    i2v_parallel(device->team, job.pieces, device->cancel, clear_memory, &job);
    job.body = read_memory;
    i2v_status status = best_rate(device, &job, &peaks->read, error);
    job.body = copy_memory;
    if (!status) status = best_rate(device, &job, &peaks->copy, error);
    i2v_system_free_aligned(job.memory);
    return status;
}

i2v_status i2v_cpu_measure_peaks(const i2v_device *device, uint64_t memory, i2v_bench_peaks *peaks, i2v_error *error) {
    i2v_status status = measure_loop(device, I2V_PEAK_F32, &peaks->f32, error);
    if (!status) status = measure_loop(device, I2V_PEAK_BF16, &peaks->bf16, error);
    if (!status) status = measure_loop(device, I2V_PEAK_INT8, &peaks->int8, error);
    if (!status) status = measure_memory(device, memory, peaks, error);
    return status;
}
