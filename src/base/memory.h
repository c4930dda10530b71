/* Memory for tensors and weights. */
#ifndef I2V_BASE_MEMORY_H
#define I2V_BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* `bytes` (at least 1), 64-byte aligned, contents undefined; NULL where there is none. To be freed with
 * i2v_memory_free. Large blocks are in pages of 2 MiB where the system has them: of small ones, those that a tile uses
 * meet in the same sets of the second cache, and each has to be looked up. Nothing beyond the block's end is touched
 * for their sake. */
void *i2v_memory_new(uint64_t bytes);
void i2v_memory_free(void *memory);

#endif
