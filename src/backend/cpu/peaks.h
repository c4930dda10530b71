/* What the machine does at best, to compare operations with. */
#ifndef I2V_BACKEND_CPU_PEAKS_H
#define I2V_BACKEND_CPU_PEAKS_H

#include "backend/backend.h"

typedef enum i2v_peak_kind { I2V_PEAK_F32, I2V_PEAK_BF16, I2V_PEAK_INT8 } i2v_peak_kind;

/* A loop of nothing but multiply-adds of ones on vectors in registers, compiled for one instruction set. It returns
 * what they add up to, which is how many there were: exact for up to I2V_PEAK_ROUNDS rounds. `one` is 1, which the
 * compiler must not know. */
typedef struct i2v_peak_loop {
    i2v_peak_kind kind;
    const char *instructions;
    double (*run)(int64_t rounds, int one);
} i2v_peak_loop;

enum { I2V_PEAK_ROUNDS = 100000 };

/* Loop number index if this CPU can run it, else NULL; of a kind, the last that runs is the best. */
enum { I2V_PEAK_LOOPS = 9 };
const i2v_peak_loop *i2v_peak_loop_at(int index);

/* measure_peaks of the backend. */
i2v_status i2v_cpu_measure_peaks(const i2v_device *device, uint64_t memory, i2v_bench_peaks *peaks, i2v_error *error);

double i2v_peak_f32_baseline(int64_t rounds, int one);
double i2v_peak_f32_avx2(int64_t rounds, int one);
double i2v_peak_int8_avx2(int64_t rounds, int one);
double i2v_peak_int8_avx_vnni(int64_t rounds, int one);
double i2v_peak_f32_avx512(int64_t rounds, int one);
double i2v_peak_bf16_avx512(int64_t rounds, int one);
double i2v_peak_int8_avx512(int64_t rounds, int one);
double i2v_peak_bf16_amx(int64_t rounds, int one);
double i2v_peak_int8_amx(int64_t rounds, int one);

#endif
