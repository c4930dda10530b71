/* LoRA files as they are given, "PATH" or "PATH:SCALE". */
#ifndef CLI_LORAS_H
#define CLI_LORAS_H

#include "img2vid/img2vid.h"

/* Zero-initialized is empty. */
typedef struct cli_loras {
    i2v_lora *list; /* paths belong to it */
    size_t count;
} cli_loras;

/* Adds one. What follows the last colon is the scale if it is a number; without one, the scale is 1. Returns 0 if the
 * text names no file, if its scale is not finite ("nan", where no file is called so), or without memory. */
int cli_read_lora(cli_loras *loras, const char *text);
/* The text that gives it again, "PATH:SCALE", to be freed; NULL without memory. */
char *cli_lora_text(const i2v_lora *lora);
void cli_loras_free(cli_loras *loras);

#endif
