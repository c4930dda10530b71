/* Bounds on JSON text of any origin. A parser makes up to 90 bytes of tree of a byte of text ("[],"), so the text is
 * counted before a parser sees it. */
#ifndef I2V_JSON_BOUNDS_H
#define I2V_JSON_BOUNDS_H

#include "base/error.h"

/* The header of Stable Video Diffusion's UNet has 1,800 tensors, 0.2 MiB of text, 3 MiB of tree and 3 levels. The bound
 * on memory is what a plan counts for the process beside its own sums (pipeline/plan.c). */
#define I2V_JSON_MAX_BYTES ((size_t)32 << 20)
#define I2V_JSON_MAX_DEPTH 64
#define I2V_JSON_MAX_MEMORY ((uint64_t)64 << 20)

/* `status`, with a sentence that begins with name, where the text is larger, nested deeper, or would take more memory
 * as a tree; else I2V_OK, also for text that is no JSON: that is the parser's to say. Linear time, no memory. */
i2v_status i2v_json_check(const void *text, size_t size, const char *name, i2v_status status, i2v_error *error);

#endif
