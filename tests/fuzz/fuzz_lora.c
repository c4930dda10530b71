/* A LoRA file for a UNet of a few layers, which is opened once: with a whole one, its names alone take a hundred times
 * as long as the file. */
#include "fuzz.h"

#include "weights/lora.h"
#include "weights/weights.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { IN = 4, OUT = 6, VALUES = IN * OUT * 9 };

static const char linear[] = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight",
                  convolution[] = "down_blocks.0.resnets.0.conv1.weight", vector[] = "conv_norm_out.weight";

/* Its values are zeros. */
static i2v_weights *make_unet(void) {
    char header[1024] = "";
    int length = snprintf(header + 8, sizeof header - 8,
                          "{\"%s\":{\"dtype\":\"F16\",\"shape\":[%d,%d],\"data_offsets\":[0,%d]},"
                          "\"%s\":{\"dtype\":\"F16\",\"shape\":[%d,%d,3,3],\"data_offsets\":[%d,%d]},"
                          "\"%s\":{\"dtype\":\"F16\",\"shape\":[%d],\"data_offsets\":[%d,%d]}}",
                          linear, OUT, IN, IN * OUT * 2, convolution, OUT, IN, IN * OUT * 2, IN * OUT * 20, vector, OUT,
                          IN * OUT * 20, IN * OUT * 20 + OUT * 2);
    uint64_t size = (uint64_t)length;
    memcpy(header, &size, 8);
    char path[64];
    int descriptor = memfd_create("unet", MFD_CLOEXEC);
    fuzz_require(write(descriptor, header, (size_t)length + 8) == length + 8);
    fuzz_require(ftruncate(descriptor, length + 8 + IN * OUT * 20 + OUT * 2) == 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    i2v_weights *unet = NULL;
    fuzz_require(i2v_weights_open_file(&unet, path, NULL) == I2V_OK);
    close(descriptor);
    return unet;
}

static void add(const i2v_lora_set *set, const char *name) {
    float values[VALUES] = {0};
    i2v_error error = {0};
    fuzz_require((i2v_lora_memory(set, name) > 0) == i2v_lora_changes(set, name));
    i2v_status status = i2v_lora_add(set, name, values, NULL, &error);
    fuzz_require_told(status, &error);
    for (int i = 0; !status && i < VALUES; i++) fuzz_require(isfinite(values[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static i2v_weights *unet;
    static i2v_name_map others;
    if (!unet) {
        unet = make_unet();
        i2v_name_map_module(&others, I2V_NAME_ONLY, "input_blocks.1.0.in_layers.2", "down_blocks.0.resnets.0.conv1");
    }
    i2v_error error = {0};
    i2v_lora_set *set = NULL;
    i2v_lora file = {.path = fuzz_file(data, size, 0), .scale = 0.5};
    i2v_status status = i2v_lora_open(&set, &file, 1, unet, &others, &error);
    fuzz_require_told(status, &error);
    fuzz_require(!status == (set != NULL));
    add(set, linear);
    add(set, convolution);
    i2v_lora_close(set);
    return 0;
}
