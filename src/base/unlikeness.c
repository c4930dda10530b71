/* Which name somebody may have meant. */
#include "img2vid/img2vid.h"

#include <string.h>

enum { LONGEST = I2V_UNLIKE };

static int least(int a, int b) {
    return a < b ? a : b;
}

/* How many letters to add, take away, change or swap with the next make b of a, each letter at most once. */
static int distance(const char *a, const char *b) {
    int rows[3][LONGEST + 1], length = (int)strlen(b);
    for (int j = 0; j <= length; j++) rows[0][j] = j;
    for (int i = 1; a[i - 1]; i++) {
        int *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];
        row[0] = i;
        for (int j = 1; j <= length; j++) {
            row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]), least(above[j], row[j - 1]) + 1);
            int swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = least(row[j], second[j - 2] + 1);
        }
    }
    return rows[strlen(a) % 3][length];
}

int i2v_unlikeness(const char *written, const char *candidate) {
    size_t length = written && candidate ? strlen(written) : LONGEST + 1;
    if (length > LONGEST || strlen(candidate) > LONGEST) return I2V_UNLIKE;
    if (strcmp(written, candidate) == 0) return 0;
    if (length >= 2 && strncmp(written, candidate, length) == 0) return 1;
    int changes = distance(written, candidate);
    return length >= 3 && changes <= 1 + (int)length / 5 ? 1 + changes : I2V_UNLIKE;
}
