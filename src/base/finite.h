/* Whether values are numbers that can be computed with. */
#ifndef I2V_BASE_FINITE_H
#define I2V_BASE_FINITE_H

#include <stddef.h>

/* Where the first value is that is NaN or larger than limit, of either sign; count if there is none. FLT_MAX finds NaN
 * and the infinities. Vectorises: as fast as memory is read. */
size_t i2v_first_beyond(const float *values, size_t count, float limit);

#endif
