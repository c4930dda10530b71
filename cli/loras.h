/* LoRA files as they are given, "PATH" or "PATH:SCALE". */
#ifndef CLI_LORAS_H
#define CLI_LORAS_H

#include "img2vid/img2vid.h"

/* The text that gives it again, "PATH:SCALE", to be freed; NULL without memory. */
char *cli_lora_text(const i2v_lora *lora);

#endif
