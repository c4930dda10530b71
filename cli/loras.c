/* LoRA files as they are given, "PATH" or "PATH:SCALE". */
#include "loras.h"

#include <stdio.h>
#include <stdlib.h>

char *cli_lora_text(const i2v_lora *lora) {
    char scale[32], *text;
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(scale, sizeof scale, "%.*g", digits, lora->scale);
        if (strtod(scale, NULL) == lora->scale) break;
    }
    return asprintf(&text, "%s:%s", lora->path, scale) < 0 ? NULL : text;
}
