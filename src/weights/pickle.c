/* A machine with a stack, as pickletools.py of Python's library documents it opcode by opcode. What a call would make
 * is not made; only that of OrderedDict, which state dicts are, is read as the dict that it is. */
#include "weights/pickle.h"

#include "base/byte_order.h"

#include <stdlib.h>
#include <string.h>

typedef struct machine {
    i2v_pickle *pickle;
    const uint8_t *at, *end;
    uint32_t *stack, *memo; /* numbers of values; of a place of the memo that has none: NOTHING */
    uint32_t depth, stack_room, memo_count, memo_room;
    const char *const *globals;
    const char *path;
    i2v_error *error;
} machine;

enum { NOTHING = UINT32_MAX };

static i2v_status fail_damaged(const machine *m) {
    return i2v_fail(m->error, I2V_ERROR_MODEL, "%s: its pickle is damaged; download the file again", m->path);
}

#define WAY_OUT "nothing of it was run; get the model's safetensors files, or convert it where you trust it"

/* ---- values ------------------------------------------------------------------------------------------------------ */

/* Room for one more of count elements of that size; 0 without memory. */
static int grow(void *list, uint32_t count, uint32_t *room, size_t size) {
    if (count < *room) return 1;
    uint32_t wanted = *room ? 2 * *room : 8;
    void **place = list, *grown = realloc(*place, wanted * size);
    if (!grown) return 0;
    *place = grown;
    *room = wanted;
    return 1;
}

static i2v_status fail_memory(const machine *m) {
    return i2v_fail_memory(m->error, m->path, (uint64_t)m->pickle->room * sizeof *m->pickle->values);
}

static i2v_status push_number(machine *m, uint32_t number) {
    if (!grow(&m->stack, m->depth, &m->stack_room, sizeof *m->stack)) return fail_memory(m);
    m->stack[m->depth++] = number;
    return I2V_OK;
}

/* A new value goes onto the stack. */
static i2v_status push(machine *m, i2v_pickle_value value) {
    i2v_pickle *pickle = m->pickle;
    if (pickle->count == I2V_PICKLE_MAX_VALUES)
        return i2v_fail(m->error, I2V_ERROR_MODEL, "%s: its pickle has more than %d values: no weights have so many",
                        m->path, I2V_PICKLE_MAX_VALUES);
    if (!grow(&pickle->values, pickle->count, &pickle->room, sizeof *pickle->values)) return fail_memory(m);
    i2v_status status = push_number(m, pickle->count);
    if (status == I2V_OK) pickle->values[pickle->count++] = value;
    return status;
}

static i2v_status push_integer(machine *m, i2v_pickle_kind kind, int64_t value) {
    return push(m, (i2v_pickle_value){.kind = kind, .integer = value});
}

static i2v_status append(const machine *m, i2v_pickle_value *to, uint32_t number) {
    if (!grow(&to->items, to->count, &to->room, sizeof *to->items)) return fail_memory(m);
    to->items[to->count++] = number;
    return I2V_OK;
}

/* The value `back` places below the top of the stack; NULL if the stack, or what is above the last mark, ends before.
 */
static i2v_pickle_value *peek(const machine *m, uint32_t back) {
    if (back >= m->depth) return NULL;
    for (uint32_t i = 0; i <= back; i++)
        if (m->pickle->values[m->stack[m->depth - 1 - i]].kind == I2V_PICKLE_MARK) return NULL;
    return &m->pickle->values[m->stack[m->depth - 1 - back]];
}

/* The depth just above the last mark; 0: there is no mark. */
static uint32_t find_mark(const machine *m) {
    for (uint32_t depth = m->depth; depth > 0; depth--)
        if (m->pickle->values[m->stack[depth - 1]].kind == I2V_PICKLE_MARK) return depth;
    return 0;
}

/* ---- what follows an opcode -------------------------------------------------------------------------------------- */

/* NULL: the pickle ends before. */
static const uint8_t *take(machine *m, uint64_t count) {
    if (count > (uint64_t)(m->end - m->at)) return NULL;
    const uint8_t *bytes = m->at;
    m->at += count;
    return bytes;
}

/* A number of so many bytes; 0: the pickle ends before. */
static int take_number(machine *m, size_t bytes, uint64_t *value) {
    const uint8_t *at = take(m, bytes);
    *value = at ? i2v_little_endian64(at, (int)bytes) : 0;
    return at != NULL;
}

/* A text behind its length, which has so many bytes. */
static i2v_status push_text(machine *m, size_t bytes) {
    uint64_t length;
    const uint8_t *text = take_number(m, bytes, &length) ? take(m, length) : NULL;
    if (!text) return fail_damaged(m);
    return push(m, (i2v_pickle_value){.kind = I2V_PICKLE_TEXT, .text = (const char *)text, .length = (size_t)length});
}

/* An integer of one to eight bytes behind its length, with a sign. Longer ones stand for no size or place. */
static i2v_status push_long(machine *m) {
    uint64_t length, value;
    if (!take_number(m, 1, &length) || length > 8 || !take_number(m, (size_t)length, &value)) return fail_damaged(m);
    unsigned unused = 64 - 8 * (unsigned)length;
    return push_integer(m, I2V_PICKLE_INT, length ? (int64_t)(value << unused) >> unused : 0);
}

static i2v_status push_float(machine *m) {
    const uint8_t *at = take(m, 8);
    double real;
    if (!at) return fail_damaged(m);
    uint64_t bits = i2v_big_endian64(at, 8); /* alone of all numbers it begins with its highest byte */
    memcpy(&real, &bits, sizeof real);
    return push(m, (i2v_pickle_value){.kind = I2V_PICKLE_FLOAT, .real = real});
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

static int is_name(const char *global, const char *module, size_t module_length, const char *name, size_t length) {
    return strlen(global) == module_length + 1 + length && memcmp(global, module, module_length) == 0 &&
           global[module_length] == '.' && memcmp(global + module_length + 1, name, length) == 0;
}

static i2v_status push_global(machine *m, const char *module, size_t module_length, const char *name, size_t length) {
    for (const char *const *global = m->globals; *global; global++)
        if (is_name(*global, module, module_length, name, length))
            return push(m, (i2v_pickle_value){.kind = I2V_PICKLE_GLOBAL, .global = *global});
    return i2v_fail(m->error, I2V_ERROR_UNSUPPORTED,
                    "%s: its pickle names %.*s.%.*s, which is neither a tensor that is read nor plain data; " WAY_OUT,
                    m->path, (int)(module_length < 100 ? module_length : 100), module,
                    (int)(length < 100 ? length : 100), name);
}

/* A module and a name, each ended by a line feed. */
static i2v_status push_global_lines(machine *m) {
    const uint8_t *line[2];
    size_t length[2];
    for (int i = 0; i < 2; i++) {
        const uint8_t *end = memchr(m->at, '\n', (size_t)(m->end - m->at));
        if (!end) return fail_damaged(m);
        line[i] = m->at;
        length[i] = (size_t)(end - m->at);
        m->at = end + 1;
    }
    return push_global(m, (const char *)line[0], length[0], (const char *)line[1], length[1]);
}

static i2v_status push_global_stacked(machine *m) {
    const i2v_pickle_value *module = peek(m, 1), *name = peek(m, 0);
    if (!module || module->kind != I2V_PICKLE_TEXT || name->kind != I2V_PICKLE_TEXT) return fail_damaged(m);
    m->depth -= 2;
    return push_global(m, module->text, module->length, name->text, name->length);
}

/* ---- what is made of others -------------------------------------------------------------------------------------- */

/* The values above depth `from` become the items of a new one, which replaces them and all above depth `to`. */
static i2v_status gather(machine *m, i2v_pickle_kind kind, uint32_t from, uint32_t to) {
    i2v_pickle_value value = {.kind = kind, .items = NULL};
    i2v_status status = I2V_OK;
    for (uint32_t i = from; status == I2V_OK && i < m->depth; i++) status = append(m, &value, m->stack[i]);
    m->depth = to;
    if (status == I2V_OK) status = push(m, value);
    if (status != I2V_OK) free(value.items);
    return status;
}

static i2v_status gather_last(machine *m, i2v_pickle_kind kind, uint32_t count) {
    if (count > 0 && !peek(m, count - 1)) return fail_damaged(m);
    return gather(m, kind, m->depth - count, m->depth - count);
}

static i2v_status gather_marked(machine *m, i2v_pickle_kind kind) {
    uint32_t mark = find_mark(m);
    return mark ? gather(m, kind, mark, mark - 1) : fail_damaged(m);
}

/* The values above depth `from` are added to the container under them, and under the mark if `marks` is 1. */
static i2v_status add(machine *m, i2v_pickle_kind kind, uint32_t from, uint32_t marks) {
    uint32_t count = m->depth - from;
    if (from < marks + 1 || (kind == I2V_PICKLE_DICT && count % 2)) return fail_damaged(m);
    i2v_pickle_value *to = &m->pickle->values[m->stack[from - marks - 1]];
    if (to->kind != kind) return fail_damaged(m);
    i2v_status status = I2V_OK;
    for (uint32_t i = from; status == I2V_OK && i < m->depth; i++) status = append(m, to, m->stack[i]);
    m->depth = from - marks;
    return status;
}

static i2v_status add_last(machine *m, i2v_pickle_kind kind, uint32_t count) {
    return peek(m, count) ? add(m, kind, m->depth - count, 0) : fail_damaged(m);
}

static i2v_status add_marked(machine *m, i2v_pickle_kind kind) {
    uint32_t mark = find_mark(m);
    return mark ? add(m, kind, mark, 1) : fail_damaged(m);
}

/* A call of the global under the tuple of arguments. */
static i2v_status reduce(machine *m) {
    const i2v_pickle_value *callee = peek(m, 1), *arguments = peek(m, 0);
    if (!callee || callee->kind != I2V_PICKLE_GLOBAL || arguments->kind != I2V_PICKLE_TUPLE) return fail_damaged(m);
    if (arguments->count > 0 || !i2v_pickle_is_global(callee, "collections.OrderedDict"))
        return gather_last(m, I2V_PICKLE_CALL, 2);
    m->depth -= 2;
    return gather_last(m, I2V_PICKLE_DICT, 0);
}

/* An object's attributes, such as a state dict's _metadata, are left out. */
static i2v_status build(machine *m) {
    if (!peek(m, 1)) return fail_damaged(m);
    m->depth--;
    return I2V_OK;
}

/* ---- the memo ---------------------------------------------------------------------------------------------------- */

static i2v_status put(machine *m, uint64_t index) {
    if (!peek(m, 0) || index > I2V_PICKLE_MAX_VALUES) return fail_damaged(m);
    while (m->memo_count <= index) {
        if (!grow(&m->memo, m->memo_count, &m->memo_room, sizeof *m->memo)) return fail_memory(m);
        m->memo[m->memo_count++] = NOTHING;
    }
    m->memo[index] = m->stack[m->depth - 1];
    return I2V_OK;
}

static i2v_status put_at(machine *m, size_t bytes) {
    uint64_t index;
    return take_number(m, bytes, &index) ? put(m, index) : fail_damaged(m);
}

static i2v_status get(machine *m, size_t bytes) {
    uint64_t index;
    if (!take_number(m, bytes, &index) || index >= m->memo_count || m->memo[index] == NOTHING) return fail_damaged(m);
    return push_number(m, m->memo[index]);
}

/* ---- opcodes ----------------------------------------------------------------------------------------------------- */

/* Those that are refused: names for messages. */
static const char *name_of(uint8_t opcode) {
    static const struct {
        uint8_t opcode;
        const char *name;
    } names[] = {
        {'i', "INST"},        {'o', "OBJ"},          {0x81, "NEWOBJ"},
        {0x92, "NEWOBJ_EX"},  {0x82, "EXT1"},        {0x83, "EXT2"},
        {0x84, "EXT4"},       {'P', "PERSID"},       {'I', "INT"},
        {'L', "LONG"},        {'F', "FLOAT"},        {'S', "STRING"},
        {'V', "UNICODE"},     {'d', "DICT"},         {'l', "LIST"},
        {'g', "GET"},         {'p', "PUT"},          {'0', "POP"},
        {'1', "POP_MARK"},    {'2', "DUP"},          {0x8b, "LONG4"},
        {0x8f, "EMPTY_SET"},  {0x90, "ADDITEMS"},    {0x91, "FROZENSET"},
        {0x96, "BYTEARRAY8"}, {0x97, "NEXT_BUFFER"}, {0x98, "READONLY_BUFFER"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].opcode == opcode) return names[i].name;
    return NULL;
}

static i2v_status fail_opcode(const machine *m, uint8_t opcode) {
    const char *name = name_of(opcode);
    if (!name)
        return i2v_fail(m->error, I2V_ERROR_MODEL,
                        "%s: its pickle is damaged: it has the byte 0x%02x where an opcode should be; download the "
                        "file again",
                        m->path, opcode);
    return i2v_fail(m->error, I2V_ERROR_UNSUPPORTED,
                    "%s: its pickle has the opcode %s, which neither tensors nor plain data need; " WAY_OUT, m->path,
                    name);
}

/* Numbers, texts and the memo: opcodes with something behind them. */
static i2v_status step_with_bytes(machine *m, uint8_t opcode) {
    uint64_t value;
    switch (opcode) {
    case 'J': /* BININT */
        return take_number(m, 4, &value) ? push_integer(m, I2V_PICKLE_INT, (int32_t)value) : fail_damaged(m);
    case 'K': /* BININT1 */
    case 'M': /* BININT2 */
        if (!take_number(m, opcode == 'K' ? 1 : 2, &value)) return fail_damaged(m);
        return push_integer(m, I2V_PICKLE_INT, (int64_t)value);
    case 0x8a: /* LONG1 */
        return push_long(m);
    case 'G': /* BINFLOAT */
        return push_float(m);
    case 0x8c: /* SHORT_BINUNICODE */
    case 'U':  /* SHORT_BINSTRING */
    case 'C':  /* SHORT_BINBYTES */
        return push_text(m, 1);
    case 'X': /* BINUNICODE */
    case 'T': /* BINSTRING */
    case 'B': /* BINBYTES */
        return push_text(m, 4);
    case 0x8d: /* BINUNICODE8 */
    case 0x8e: /* BINBYTES8 */
        return push_text(m, 8);
    case 'q': /* BINPUT */
        return put_at(m, 1);
    case 'r': /* LONG_BINPUT */
        return put_at(m, 4);
    case 'h': /* BINGET */
        return get(m, 1);
    case 'j': /* LONG_BINGET */
        return get(m, 4);
    case 'c': /* GLOBAL */
        return push_global_lines(m);
    case 0x80: /* PROTO */
        return take_number(m, 1, &value) && value >= 2 && value <= 5 ? I2V_OK : fail_damaged(m);
    case 0x95: /* FRAME: how much to read at a time */
        return take(m, 8) ? I2V_OK : fail_damaged(m);
    default:
        return fail_opcode(m, opcode);
    }
}

static i2v_status step(machine *m, uint8_t opcode) {
    switch (opcode) {
    case '(': /* MARK */
        return push(m, (i2v_pickle_value){.kind = I2V_PICKLE_MARK});
    case 'N': /* NONE */
        return push(m, (i2v_pickle_value){.kind = I2V_PICKLE_NONE});
    case 0x88: /* NEWTRUE */
    case 0x89: /* NEWFALSE */
        return push_integer(m, I2V_PICKLE_BOOL, opcode == 0x88);
    case ')':  /* EMPTY_TUPLE */
    case 0x85: /* TUPLE1 */
    case 0x86: /* TUPLE2 */
    case 0x87: /* TUPLE3 */
        return gather_last(m, I2V_PICKLE_TUPLE, opcode == ')' ? 0 : opcode - 0x84u);
    case 't': /* TUPLE */
        return gather_marked(m, I2V_PICKLE_TUPLE);
    case ']': /* EMPTY_LIST */
        return gather_last(m, I2V_PICKLE_LIST, 0);
    case 'a': /* APPEND */
        return add_last(m, I2V_PICKLE_LIST, 1);
    case 'e': /* APPENDS */
        return add_marked(m, I2V_PICKLE_LIST);
    case '}': /* EMPTY_DICT */
        return gather_last(m, I2V_PICKLE_DICT, 0);
    case 's': /* SETITEM */
        return add_last(m, I2V_PICKLE_DICT, 2);
    case 'u': /* SETITEMS */
        return add_marked(m, I2V_PICKLE_DICT);
    case 0x93: /* STACK_GLOBAL */
        return push_global_stacked(m);
    case 'R': /* REDUCE */
        return reduce(m);
    case 'b': /* BUILD */
        return build(m);
    case 'Q': /* BINPERSID */
        return gather_last(m, I2V_PICKLE_PERSISTENT, 1);
    case 0x94: /* MEMOIZE */
        return put(m, m->memo_count);
    default:
        return step_with_bytes(m, opcode);
    }
}

i2v_status i2v_pickle_read(i2v_pickle *pickle, const uint8_t *bytes, size_t size, const char *const *globals,
                           const char *path, i2v_error *error) {
    *pickle = (i2v_pickle){0};
    machine m = {.pickle = pickle, .at = bytes, .end = bytes + size, .globals = globals, .path = path, .error = error};
    i2v_status status = I2V_OK;
    while (status == I2V_OK) {
        const uint8_t *opcode = take(&m, 1);
        if (opcode && *opcode == '.') break; /* STOP */
        status = opcode ? step(&m, *opcode) : fail_damaged(&m);
    }
    if (status == I2V_OK && (m.depth != 1 || !peek(&m, 0))) status = fail_damaged(&m);
    if (status == I2V_OK) pickle->top = m.stack[0];
    free(m.stack);
    free(m.memo);
    if (status != I2V_OK) i2v_pickle_close(pickle);
    return status;
}

void i2v_pickle_close(i2v_pickle *pickle) {
    for (uint32_t i = 0; i < pickle->count; i++)
        if (pickle->values[i].room) free(pickle->values[i].items);
    free(pickle->values);
    *pickle = (i2v_pickle){0};
}

const i2v_pickle_value *i2v_pickle_item(const i2v_pickle *pickle, const i2v_pickle_value *of, uint32_t index) {
    return &pickle->values[of->items[index]];
}

int i2v_pickle_is_text(const i2v_pickle_value *value, const char *text) {
    return value->kind == I2V_PICKLE_TEXT && value->length == strlen(text) &&
           memcmp(value->text, text, value->length) == 0;
}

int i2v_pickle_is_global(const i2v_pickle_value *value, const char *global) {
    return value->kind == I2V_PICKLE_GLOBAL && strcmp(value->global, global) == 0;
}
