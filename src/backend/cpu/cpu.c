/* The backend for the CPU this process runs on. */
#include "backend/backend.h"

const i2v_backend *i2v_backend_cpu(void) {
    return i2v_backend_plain();
}
