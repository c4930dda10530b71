/* Values of parameters as text, and their ranges. Reading is strict: the whole text counts, nothing overflows. */
#include "base/parameters.h"

#include "base/path_kind.h"
#include "base/posix.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As lists lie in their structs. */
typedef struct {
    double *values;
    size_t count;
} number_list;

/* A value of a type that can have a range. */
typedef union {
    int integer;     /* INTEGER */
    uint64_t whole;  /* UNSIGNED */
    double floating; /* NUMBER */
} any_number;

/* What came of reading a text. */
typedef enum {
    OF_ANOTHER_TYPE,
    OUT_OF_RANGE, /* of the right type, and of no value that the field can hold */
    READ
} reading;

typedef struct {
    i2v_lora *values;
    size_t count;
} lora_list;

/* ---- choices ---- */

/* Reads one of "first|second|..." as its place. */
static int read_choice(int *value, const char *choices, const char *text) {
    size_t length = strlen(text);
    for (int place = 0; *choices; place++) {
        size_t choice = strcspn(choices, "|");
        if (choice == length && memcmp(choices, text, length) == 0) {
            *value = place;
            return 1;
        }
        choices += choice + (choices[choice] == '|');
    }
    return 0;
}

static int count_choices(const char *choices) {
    int count = 1;
    for (; *choices; choices++) count += *choices == '|';
    return count;
}

const char *i2v_choice_name(char text[I2V_CHOICE_SIZE], const i2v_parameter *parameter, int place) {
    const char *choice = parameter->argument;
    if (place < 0 || place >= count_choices(choice)) return strcpy(text, "?");
    for (; place > 0; place--) choice += strcspn(choice, "|") + 1;
    snprintf(text, I2V_CHOICE_SIZE, "%.*s", (int)strcspn(choice, "|"), choice);
    return text;
}

/* ---- numbers ---- */

/* The C library skips leading spaces and takes hexadecimal, "inf" and "nan"; values are plain decimals. */
static int is_decimal(const char *text) {
    return *text && strspn(text, "0123456789+-.eE") == strlen(text);
}

static int is_digits(const char *text) {
    return *text && strspn(text, "0123456789") == strlen(text);
}

static reading read_integer(int *value, const char *text) {
    if (!is_digits(text + (*text == '-' || *text == '+'))) return OF_ANOTHER_TYPE;
    errno = 0;
    long number = strtol(text, NULL, 10);
    if (errno || number < INT_MIN || number > INT_MAX) return OUT_OF_RANGE;
    *value = (int)number;
    return READ;
}

static reading read_unsigned(uint64_t *value, const char *text) {
    if (!is_digits(text + (*text == '-'))) return OF_ANOTHER_TYPE;
    errno = 0;
    unsigned long long number = strtoull(text, NULL, 10);
    if (*text == '-' || errno || number > UINT64_MAX) return OUT_OF_RANGE;
    *value = number;
    return READ;
}

static reading read_number(double *value, const char *text) {
    char *end;
    double number = is_decimal(text) ? strtod(text, &end) : 0;
    if (!is_decimal(text) || end == text || *end) return OF_ANOTHER_TYPE;
    if (!isfinite(number)) return OUT_OF_RANGE;
    *value = number;
    return READ;
}

/* The number of bits that a unit such as "G" or "GiB" shifts by, -1 if it is none. */
static int unit_bits(const char *unit) {
    static const char letters[] = "KMGT";
    const char *letter = *unit ? strchr(letters, toupper((unsigned char)*unit)) : NULL;
    const char *rest = letter ? unit + 1 : unit;
    if (*rest && strcmp(rest, "B") != 0 && (!letter || strcmp(rest, "iB") != 0)) return -1;
    return letter ? 10 * (int)(letter - letters + 1) : 0;
}

static reading read_bytes(uint64_t *value, const char *text) {
    size_t digits = strspn(text, "0123456789.");
    int bits = unit_bits(text + digits);
    if (digits == 0 || bits < 0) return OF_ANOTHER_TYPE;
    char *end;
    double bytes = ldexp(strtod(text, &end), bits);
    if (end != text + digits) return OF_ANOTHER_TYPE;
    if (bytes >= 0x1p64) return OUT_OF_RANGE;
    *value = (uint64_t)bytes;
    return READ;
}

/* ---- lists ---- */

/* OF_ANOTHER_TYPE also without memory. */
static reading read_numbers(number_list *list, const char *text) {
    size_t count = 1;
    for (const char *c = text; *c; c++) count += *c == ',';
    double *values = calloc(count, sizeof *values);
    char *copy = strdup(text), *at = copy;
    reading worst = values && copy ? READ : OF_ANOTHER_TYPE;
    for (size_t i = 0; worst != OF_ANOTHER_TYPE && i < count; i++) {
        size_t length = strcspn(at, ",");
        at[length] = 0;
        reading one = read_number(&values[i], at);
        if (one < worst) worst = one;
        at += length + 1;
    }
    free(copy);
    if (worst != READ) {
        free(values);
        return worst;
    }
    free(list->values);
    *list = (number_list){values, count};
    return READ;
}

/* "nan", "inf": a scale by its look, and none that is used. */
static int is_not_finite(const char *text) {
    char *end;
    double number = strtod(text, &end);
    return end != text && !*end && !isfinite(number);
}

/* Adds one. What follows the last colon is the scale if it is a number. OF_ANOTHER_TYPE if the text names no file, if
 * its scale is not finite ("nan", where no file is called so), or without memory. */
static reading read_lora(lora_list *loras, const char *text) {
    const char *colon = strrchr(text, ':');
    double scale = 1;
    if (colon && i2v_path_kind(text)) colon = NULL; /* it is part of a name */
    reading read = colon ? read_number(&scale, colon + 1) : OF_ANOTHER_TYPE;
    if (read == OUT_OF_RANGE) return read;
    if (colon && is_not_finite(colon + 1)) return OF_ANOTHER_TYPE;
    size_t length = read == READ ? (size_t)(colon - text) : strlen(text);
    if (length == 0) return OF_ANOTHER_TYPE;
    i2v_lora *grown = realloc(loras->values, (loras->count + 1) * sizeof *grown);
    if (!grown) return OF_ANOTHER_TYPE;
    loras->values = grown;
    char *path = strndup(text, length);
    if (!path) return OF_ANOTHER_TYPE;
    loras->values[loras->count++] = (i2v_lora){path, scale};
    return READ;
}

static void clear_loras(lora_list *loras) {
    for (size_t i = 0; i < loras->count; i++) free((char *)(uintptr_t)loras->values[i].path);
    free(loras->values);
    *loras = (lora_list){0};
}

/* ---- setting ---- */

static void set_initial(const i2v_parameter *parameter, void *value) {
    switch (parameter->type) {
    case I2V_PARAMETER_FLAG:
    case I2V_PARAMETER_INTEGER:
    case I2V_PARAMETER_CHOICE:
        *(int *)value = (int)parameter->initial;
        break;
    case I2V_PARAMETER_UNSIGNED:
    case I2V_PARAMETER_BYTES:
        *(uint64_t *)value = (uint64_t)parameter->initial;
        break;
    case I2V_PARAMETER_NUMBER:
        *(double *)value = parameter->initial;
        break;
    case I2V_PARAMETER_TEXT:
        *(const char **)value = NULL;
        break;
    case I2V_PARAMETER_NUMBERS:
        free(((number_list *)value)->values);
        *(number_list *)value = (number_list){0};
        break;
    case I2V_PARAMETER_LORAS:
        clear_loras(value);
        break;
    }
}

/* Numbers go to *number, the others into the field. */
static reading read_value(const i2v_parameter *parameter, void *value, const char *text, any_number *number) {
    switch (parameter->type) {
    case I2V_PARAMETER_FLAG:
        return read_choice(value, "false|true", text) || read_choice(value, "0|1", text) ? READ : OF_ANOTHER_TYPE;
    case I2V_PARAMETER_INTEGER:
        return read_integer(&number->integer, text);
    case I2V_PARAMETER_NUMBER:
        return read_number(&number->floating, text);
    case I2V_PARAMETER_UNSIGNED:
        return read_unsigned(&number->whole, text);
    case I2V_PARAMETER_BYTES:
        return read_bytes(value, text);
    case I2V_PARAMETER_CHOICE:
        return read_choice(value, parameter->argument, text) ? READ : OF_ANOTHER_TYPE;
    case I2V_PARAMETER_TEXT:
        if (*text) *(const char **)value = text;
        return *text ? READ : OF_ANOTHER_TYPE;
    case I2V_PARAMETER_NUMBERS:
        return read_numbers(value, text);
    case I2V_PARAMETER_LORAS:
        return read_lora(value, text);
    }
    return OF_ANOTHER_TYPE;
}

/* What such a parameter takes, for messages. */
static const char *expected(const i2v_parameter *parameter) {
    switch (parameter->type) {
    case I2V_PARAMETER_FLAG:
        return "true or false";
    case I2V_PARAMETER_INTEGER:
    case I2V_PARAMETER_UNSIGNED:
        return "a whole number";
    case I2V_PARAMETER_BYTES:
        return "a size such as 6G or 512M";
    case I2V_PARAMETER_NUMBER:
        return "a number";
    case I2V_PARAMETER_CHOICE:
        return parameter->argument;
    case I2V_PARAMETER_NUMBERS:
        return "numbers with commas between";
    case I2V_PARAMETER_LORAS:
        return "PATH[:SCALE], SCALE being a finite number";
    case I2V_PARAMETER_TEXT:
        break;
    }
    return "a name that is not empty";
}

/* ---- ranges ---- */

/* Bytes of the field; 0 where it is no number that can have a range. */
static size_t number_size(const i2v_parameter *parameter) {
    switch (parameter->type) {
    case I2V_PARAMETER_INTEGER:
        return sizeof(int);
    case I2V_PARAMETER_UNSIGNED:
        return sizeof(uint64_t);
    case I2V_PARAMETER_NUMBER:
        return sizeof(double);
    default:
        return 0;
    }
}

/* The number in a field. */
static double number_at(const i2v_parameter *parameter, const void *value) {
    if (parameter->type == I2V_PARAMETER_INTEGER) return *(const int *)value;
    return parameter->type == I2V_PARAMETER_UNSIGNED ? (double)*(const uint64_t *)value : *(const double *)value;
}

/* 1: its range is that of its type. */
static int takes_any(const i2v_parameter *parameter) {
    return parameter->type == I2V_PARAMETER_UNSIGNED && parameter->maximum == 0;
}

static int is_in_range(const i2v_parameter *parameter, const void *value) {
    double number = number_at(parameter, value);
    return takes_any(parameter) || (number >= parameter->minimum && number <= parameter->maximum); /* false for NaN */
}

enum { LIMIT_SIZE = 40, RANGE_SIZE = 2 * LIMIT_SIZE + 40 };

/* A limit as people write it: "-1000000", not "-1e+06". */
static const char *limit_text(char text[LIMIT_SIZE], const i2v_parameter *parameter, double limit) {
    snprintf(text, LIMIT_SIZE, parameter->type == I2V_PARAMETER_NUMBER ? "%.10g" : "%.0f", limit);
    return text;
}

/* What a value must be, with the text that was given in its place. */
static void range_text(char text[RANGE_SIZE], const i2v_parameter *parameter, const char *given) {
    char least[LIMIT_SIZE], most[LIMIT_SIZE];
    limit_text(least, parameter, parameter->minimum);
    limit_text(most, parameter, parameter->maximum);
    if (parameter->type == I2V_PARAMETER_BYTES)
        snprintf(text, RANGE_SIZE, "it must be less than 16777216T, which is 2^64 bytes");
    else if (parameter->type == I2V_PARAMETER_NUMBERS)
        snprintf(text, RANGE_SIZE, "each number must be between -1.7e308 and 1.7e308");
    else if (parameter->type == I2V_PARAMETER_LORAS)
        snprintf(text, RANGE_SIZE, "SCALE must be between -1.7e308 and 1.7e308");
    else if (takes_any(parameter))
        snprintf(text, RANGE_SIZE, "it must be between 0 and %" PRIu64, UINT64_MAX);
    else if (parameter->maximum == INT_MAX && *given == '-')
        snprintf(text, RANGE_SIZE, "it must be at least %s", least);
    else
        snprintf(text, RANGE_SIZE, "it must be between %s and %s", least, most);
}

static i2v_status fail_range(const i2v_parameter *parameter, const char *given, i2v_error *error) {
    char range[RANGE_SIZE];
    range_text(range, parameter, given);
    return i2v_fail(error, I2V_ERROR_PARAMETER, I2V_NAME("%s") " is %.200s; %s", parameter->name, given, range);
}

i2v_status i2v_parameter_set(const i2v_parameter *parameter, void *values, const char *text, i2v_error *error) {
    any_number number = {0};
    i2v_status status = i2v_require(error, "parameter", parameter, "values", values, NULL);
    if (status) return status;
    void *value = (char *)values + parameter->offset;
    if (!text) {
        set_initial(parameter, value);
        return I2V_OK;
    }
    reading read = read_value(parameter, value, text, &number);
    if (read == OF_ANOTHER_TYPE)
        return i2v_fail(error, I2V_ERROR_FORMAT, I2V_NAME("%s") " takes %s, not '%.200s'", parameter->name,
                        expected(parameter), text);
    size_t size = number_size(parameter);
    if (read == OUT_OF_RANGE || (size && !is_in_range(parameter, &number))) return fail_range(parameter, text, error);
    if (size) memcpy(value, &number, size);
    return I2V_OK;
}

i2v_status i2v_parameter_check(const i2v_parameter *parameter, const void *values, i2v_error *error) {
    const void *value = (const char *)values + parameter->offset;
    if (parameter->type == I2V_PARAMETER_CHOICE) {
        int place = *(const int *)value;
        if (place >= 0 && place < count_choices(parameter->argument)) return I2V_OK;
        return i2v_fail(error, I2V_ERROR_PARAMETER, I2V_NAME("%s") " is %d, which is the number of none of %s",
                        parameter->name, place, parameter->argument);
    }
    if (parameter->type == I2V_PARAMETER_FLAG) {
        int flag = *(const int *)value;
        if (flag == 0 || flag == 1) return I2V_OK;
        return i2v_fail(error, I2V_ERROR_PARAMETER, I2V_NAME("%s") " is %d; it must be 0 or 1", parameter->name, flag);
    }
    if (!number_size(parameter) || number_at(parameter, value) == parameter->initial || is_in_range(parameter, value))
        return I2V_OK;
    char given[40];
    if (parameter->type == I2V_PARAMETER_UNSIGNED)
        snprintf(given, sizeof given, "%" PRIu64, *(const uint64_t *)value);
    else
        snprintf(given, sizeof given, "%.10g", number_at(parameter, value));
    return fail_range(parameter, given, error);
}

/* ---- getting ---- */

/* With as few digits as give it back. */
static int print_number(char *text, size_t size, double number) {
    int length = 0;
    for (int digits = 6; digits <= 17; digits++) {
        length = snprintf(text, size, "%.*g", digits, number);
        if (strtod(text, NULL) == number) break;
    }
    return length;
}

/* The length of text added at `used`, as far as it fits. */
static size_t print_lists(const i2v_parameter *parameter, const void *value, char *text, size_t size) {
    const number_list *numbers = value;
    const lora_list *loras = value;
    size_t used = 0;
    int is_loras = parameter->type == I2V_PARAMETER_LORAS;
    for (size_t i = 0; i < numbers->count; i++) {
        char number[40], before = is_loras ? '\n' : ',';
        char *at = used < size ? text + used : NULL;
        size_t room = at ? size - used : 0;
        print_number(number, sizeof number, is_loras ? loras->values[i].scale : numbers->values[i]);
        used += (size_t)snprintf(at, room, "%.*s%s%s%s", i > 0, &before, is_loras ? loras->values[i].path : "",
                                 is_loras ? ":" : "", number);
    }
    return used;
}

static size_t print_value(const i2v_parameter *parameter, const void *value, char *text, size_t size) {
    char choice[I2V_CHOICE_SIZE];
    const char *kept;
    switch (parameter->type) {
    case I2V_PARAMETER_FLAG:
        return (size_t)snprintf(text, size, "%s", *(const int *)value ? "true" : "false");
    case I2V_PARAMETER_INTEGER:
        if (!is_in_range(parameter, value)) return 0;
        return (size_t)snprintf(text, size, "%d", *(const int *)value);
    case I2V_PARAMETER_UNSIGNED:
        if (!is_in_range(parameter, value)) return 0;
        return (size_t)snprintf(text, size, "%" PRIu64, *(const uint64_t *)value);
    case I2V_PARAMETER_BYTES:
        return (size_t)snprintf(text, size, "%" PRIu64, *(const uint64_t *)value);
    case I2V_PARAMETER_NUMBER:
        if (!is_in_range(parameter, value)) return 0;
        return (size_t)print_number(text, size, *(const double *)value);
    case I2V_PARAMETER_CHOICE:
        return (size_t)snprintf(text, size, "%s", i2v_choice_name(choice, parameter, *(const int *)value));
    case I2V_PARAMETER_TEXT:
        kept = *(const char *const *)value;
        return (size_t)snprintf(text, size, "%s", kept ? kept : "");
    case I2V_PARAMETER_NUMBERS:
    case I2V_PARAMETER_LORAS:
        break;
    }
    return print_lists(parameter, value, text, size);
}

i2v_status i2v_parameter_get(const i2v_parameter *parameter, const void *values, char *text, size_t size,
                             i2v_error *error) {
    i2v_status status = i2v_require(error, "parameter", parameter, "values", values, "text", text, NULL);
    if (status) return status;
    if (size > 0) text[0] = '\0';
    if (print_value(parameter, (const char *)values + parameter->offset, text, size) < size) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_PARAMETER, I2V_NAME("%s") " takes more than the %zu bytes of text",
                    parameter->name, size);
}

/* ---- comparing ---- */

/* Bytes of such a value; 0 of a list. */
static size_t value_size(i2v_parameter_type type) {
    switch (type) {
    case I2V_PARAMETER_FLAG:
    case I2V_PARAMETER_INTEGER:
    case I2V_PARAMETER_CHOICE:
        return sizeof(int);
    case I2V_PARAMETER_UNSIGNED:
    case I2V_PARAMETER_BYTES:
        return sizeof(uint64_t);
    case I2V_PARAMETER_NUMBER:
        return sizeof(double);
    case I2V_PARAMETER_TEXT:
        return sizeof(const char *);
    default:
        return 0;
    }
}

int i2v_parameter_is_alike(const i2v_parameter *parameter, const void *values, const void *others) {
    size_t size = value_size(parameter->type), offset = parameter->offset;
    return size > 0 && memcmp((const char *)values + offset, (const char *)others + offset, size) == 0;
}
