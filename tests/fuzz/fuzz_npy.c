/* Arrays of NumPy. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    i2v_error error = {0};
    float *values = NULL;
    int64_t shape[8], count = 1;
    int ndim = 0;
    i2v_status status = i2v_array_load(fuzz_file(data, size, 0), &values, shape, &ndim, &error);
    fuzz_require_told(status, &error);
    if (!status) {
        for (int i = 0; i < ndim; i++) count *= shape[i];
        volatile float last = count ? values[count - 1] : 0;
        (void)last;
    }
    i2v_array_free(values);
    return 0;
}
