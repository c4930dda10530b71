/* Archives as PyTorch writes them, with any pickle in them. */
#ifndef I2V_TESTS_TORCH_ARCHIVE_H
#define I2V_TESTS_TORCH_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

/* An archive of archive/data.pkl with these bytes and archive/data/0 with 24 (floats 1 to 6), in memory to be freed. */
uint8_t *torch_archive(const void *pickle, size_t pickle_size, size_t *size);

#endif
