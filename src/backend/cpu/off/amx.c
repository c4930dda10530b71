/* In place of AMX's kernels on Windows, where i2v_system_allow_tiles never allows them: GCC's intrinsics of tiles take
 * strides for 32 bits there, and their assembler does not pass. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/peaks.h"

const i2v_kernels i2v_kernels_amx = {0};

double i2v_peak_bf16_amx(int64_t rounds, int one) {
    return 0;
}

double i2v_peak_int8_amx(int64_t rounds, int one) {
    return 0;
}
