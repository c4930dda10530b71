/* A place in a file's bytes that never leaves them. */
#ifndef I2V_MEDIA_READER_H
#define I2V_MEDIA_READER_H

#include <stddef.h>
#include <stdint.h>

typedef struct i2v_reader {
    const uint8_t *data;
    size_t size, at;
} i2v_reader;

/* The next byte, -1 at the end. */
static inline int i2v_read_byte(i2v_reader *reader) {
    return reader->at < reader->size ? reader->data[reader->at++] : -1;
}

/* The next `count` bytes, NULL if there are fewer. */
static inline const uint8_t *i2v_read_bytes(i2v_reader *reader, size_t count) {
    if (count > reader->size - reader->at) return NULL;
    const uint8_t *bytes = reader->data + reader->at;
    reader->at += count;
    return bytes;
}

#endif
