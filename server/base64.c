/* Base64 that comes in pieces: RFC 4648, with its alphabet for addresses, too; padding may be left out. */
#include "base64.h"

static int value_of(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+' || c == '-') return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

int server_base64_take(server_base64 *state, char c, unsigned char *byte) {
    if (c == '=') return ++state->padded <= 2 && state->count + state->padded <= 4 && state->count >= 2 ? 0 : -1;
    int value = value_of(c);
    if (value < 0 || state->padded) return -1;
    state->bits = (state->bits << 6 | (unsigned)value) & 0xFFFFFF;
    state->count = state->count % 4 + 1;
    if (state->count == 1) return 0;
    *byte = (unsigned char)(state->bits >> (2 * (4 - state->count)));
    return 1;
}

int server_base64_is_whole(const server_base64 *state) {
    return state->count != 1 && (!state->padded || state->count + state->padded == 4);
}
