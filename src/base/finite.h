/* Whether values are numbers that can be computed with. */
#ifndef I2V_BASE_FINITE_H
#define I2V_BASE_FINITE_H

#include <stddef.h>

/* Where the first NaN or infinity among the values is; count if there is none. Vectorises: as fast as memory is read.
 */
size_t i2v_first_not_finite(const float *values, size_t count);

#endif
