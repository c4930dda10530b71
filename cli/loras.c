/* LoRA files as they are given, "PATH" or "PATH:SCALE". */
#include "loras.h"
#include "numbers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "nan", "inf", "1e999": a scale by its look, and none that is used. */
static int is_not_finite(const char *text) {
    char *end;
    double number = strtod(text, &end);
    return end != text && !*end && !isfinite(number);
}

int cli_read_lora(cli_loras *loras, const char *text) {
    const char *colon = strrchr(text, ':');
    double scale = 1;
    if (colon && access(text, F_OK) == 0) colon = NULL; /* it is part of a name */
    if (colon && is_not_finite(colon + 1)) return 0;
    size_t length = colon && cli_read_number(&scale, colon + 1) ? (size_t)(colon - text) : strlen(text);
    if (length == 0) return 0;
    i2v_lora *grown = realloc(loras->list, (loras->count + 1) * sizeof *grown);
    if (!grown) return 0;
    loras->list = grown;
    char *path = strndup(text, length);
    if (!path) return 0;
    loras->list[loras->count++] = (i2v_lora){path, scale};
    return 1;
}

char *cli_lora_text(const i2v_lora *lora) {
    char scale[32], *text;
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(scale, sizeof scale, "%.*g", digits, lora->scale);
        if (strtod(scale, NULL) == lora->scale) break;
    }
    return asprintf(&text, "%s:%s", lora->path, scale) < 0 ? NULL : text;
}

void cli_loras_free(cli_loras *loras) {
    for (size_t i = 0; i < loras->count; i++) free((char *)(uintptr_t)loras->list[i].path);
    free(loras->list);
    *loras = (cli_loras){0};
}
