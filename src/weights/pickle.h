/* A Python pickle read as data. Nothing of it is called: a call stays a value that says what would be called with what.
 * Internal to this layer. */
#ifndef I2V_WEIGHTS_PICKLE_H
#define I2V_WEIGHTS_PICKLE_H

#include "base/error.h"

#include <stddef.h>

typedef enum i2v_pickle_kind {
    I2V_PICKLE_NONE,
    I2V_PICKLE_BOOL,
    I2V_PICKLE_INT,
    I2V_PICKLE_FLOAT,
    I2V_PICKLE_TEXT,       /* str and bytes */
    I2V_PICKLE_TUPLE,      /* items */
    I2V_PICKLE_LIST,       /* items */
    I2V_PICKLE_DICT,       /* items: a key, its value, the next key, ... */
    I2V_PICKLE_GLOBAL,     /* a class or function of Python, by its name */
    I2V_PICKLE_CALL,       /* items: the global, and the tuple of its arguments */
    I2V_PICKLE_PERSISTENT, /* items: what its writer says of something that is kept outside the pickle */
    I2V_PICKLE_MARK        /* of the machine alone */
} i2v_pickle_kind;

typedef struct i2v_pickle_value {
    i2v_pickle_kind kind;
    uint32_t count, room; /* of items */
    union {
        int64_t integer; /* of a number, and of a bool: 0 or 1 */
        double real;
        struct {
            const char *text; /* not ended by a zero */
            size_t length;
        };
        const char *global; /* "collections.OrderedDict", of the caller's list */
        uint32_t *items;    /* numbers of values */
    };
} i2v_pickle_value;

typedef struct i2v_pickle {
    i2v_pickle_value *values;
    uint32_t count, room;
    uint32_t top; /* the number of the value that was pickled */
} i2v_pickle;

/* The largest pickle, and the most values of one: of a UNet, with an optimiser's state, 2 MiB and 150,000. Together
 * they take no more memory than the tree of a JSON header may (json/bounds.h). */
#define I2V_PICKLE_MAX_BYTES ((size_t)8 << 20)
#define I2V_PICKLE_MAX_VALUES 400000

/* Reads a pickle of protocol 2 to 5, as far as state dicts and checkpoints need its opcodes. globals, ended by NULL,
 * are the names that it may have; other names and opcodes are refused. Texts point into bytes, names into globals,
 * which must stay. A dict that refers to itself is read as one. path is for messages. On failure pickle needs no close,
 * but allows it. */
i2v_status i2v_pickle_read(i2v_pickle *pickle, const uint8_t *bytes, size_t size, const char *const *globals,
                           const char *path, i2v_error *error);
void i2v_pickle_close(i2v_pickle *pickle);

/* The item of that index, which must be there. */
const i2v_pickle_value *i2v_pickle_item(const i2v_pickle *pickle, const i2v_pickle_value *of, uint32_t index);

/* 1 if value is that text, or that global. */
int i2v_pickle_is_text(const i2v_pickle_value *value, const char *text);
int i2v_pickle_is_global(const i2v_pickle_value *value, const char *global);

#endif
