/* Ranges of bytes of a file. */
#include "range.h"

#include <string.h>
#include <strings.h>

/* Digits at *at, passed over; what is more than any file has is the most there is. 0 where there are none. */
static int read_number(const char **at, uint64_t *number) {
    const char *begin = *at;
    *number = 0;
    for (; **at >= '0' && **at <= '9'; ++*at)
        *number = *number > UINT64_MAX / 10 - 1 ? UINT64_MAX / 10 : *number * 10 + (uint64_t)(**at - '0');
    return *at > begin;
}

server_range server_range_read(const char *header, uint64_t size, uint64_t *offset, uint64_t *length) {
    uint64_t first = 0, last = UINT64_MAX;
    *offset = 0;
    *length = size;
    if (!header || strncasecmp(header, "bytes=", 6) != 0) return SERVER_RANGE_WHOLE;
    const char *at = header + 6;
    int has_first = read_number(&at, &first);
    if (*at++ != '-') return SERVER_RANGE_WHOLE;
    int has_last = read_number(&at, &last);
    if (!has_last) last = UINT64_MAX;
    if (*at || (!has_first && !has_last) || (has_first && last < first)) return SERVER_RANGE_WHOLE;
    if (!has_first) { /* so many bytes from the end */
        if (last == 0 || size == 0) return SERVER_RANGE_NOTHING;
        first = last < size ? size - last : 0;
        last = UINT64_MAX;
    }
    if (first >= size) return SERVER_RANGE_NOTHING;
    *offset = first;
    *length = (last < size - 1 ? last : size - 1) - first + 1;
    return SERVER_RANGE_PART;
}
