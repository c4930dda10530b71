/* A backend for tests: the plain operations over memory that nobody can reach but they. Whoever reads or writes there
 * outside a call of the backend, as if it were the host's, gets SIGSEGV. */
#ifndef I2V_TESTS_FENCED_BACKEND_H
#define I2V_TESTS_FENCED_BACKEND_H

#include "backend/backend.h"

/* Static. Its values are those of i2v_backend_plain, to the bit. Several threads may use it; while one of them is in a
 * call, the fence is open for all. */
const i2v_backend *i2v_backend_fenced(void);

/* Blocks of its memory that are taken and not given back. */
int i2v_fenced_blocks(void);

#endif
