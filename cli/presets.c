/* --preset: another program's defaults. */
#include "presets.h"
#include "failure.h"
#include "message.h"

#include <stdio.h>
#include <string.h>

static size_t value_size(cli_type type) {
    switch (type) {
    case CLI_FLAG:
    case CLI_INTEGER:
    case CLI_CHOICE:
        return sizeof(int);
    case CLI_NUMBER:
        return sizeof(double);
    default:
        return 0; /* presets set none of the others */
    }
}

int cli_preset_apply(cli_settings *settings, uint64_t given) {
    const cli_command *command = settings->command;
    i2v_error error = {0};
    cli_settings preset = *settings;
    if (i2v_params_preset(&preset.params, settings->preset, &error) != I2V_OK)
        return cli_wrong_option(command, "preset", "%s; --preset help lists them", error.message);
    for (size_t i = 0; i < command->options_count; i++) {
        const cli_option *option = &command->options[i];
        size_t size = value_size(option->type);
        if (!(given >> i & 1)) memcpy((char *)settings + option->offset, (char *)&preset + option->offset, size);
    }
    return CLI_PARSED;
}

/* What comes out the same whatever was there before is what the preset says. */
uint64_t cli_preset_sets(const cli_command *command, const char *name) {
    cli_settings zeros, ones;
    uint64_t bits = 0;
    memset(&zeros, 0, sizeof zeros);
    memset(&ones, 0xff, sizeof ones);
    if (i2v_params_preset(&zeros.params, name, NULL) != I2V_OK || i2v_params_preset(&ones.params, name, NULL) != I2V_OK)
        return 0;
    for (size_t i = 0; i < command->options_count; i++) {
        size_t offset = command->options[i].offset, size = value_size(command->options[i].type);
        if (size && memcmp((char *)&zeros + offset, (char *)&ones + offset, size) == 0) bits |= UINT64_C(1) << i;
    }
    return bits;
}

/* "1 to 3" */
static const char *range(char *text, size_t size, double low, double high) {
    snprintf(text, size, "%g to %g", low, high);
    return text;
}

static const char *chunk(char *text, size_t size, int value) {
    snprintf(text, size, "%d", value);
    return value ? text : "all";
}

int cli_presets_list(void) {
    static const char *const schedulers[] = {"euler", "animatelcm"};
    const i2v_preset *preset;
    printf("Presets: what holds where no other option says otherwise.\n\n"
           "%-11s %5s  %-9s %3s  %6s  %5s  %6s  %s\n",
           "preset", "steps", "guidance", "fps", "motion", "noise", "decode", "scheduler");
    for (size_t i = 0; (preset = i2v_preset_at(i)); i++) {
        i2v_params params;
        char guidance[32], decode[16];
        i2v_params_default(&params);
        i2v_params_preset(&params, preset->name, NULL);
        printf("%-11s %5d  %-9s %3d  %6d  %5g  %6s  %s\n", preset->name, params.num_inference_steps,
               range(guidance, sizeof guidance, params.min_guidance_scale, params.max_guidance_scale), params.fps,
               params.motion_bucket_id, params.noise_aug_strength,
               chunk(decode, sizeof decode, params.decode_chunk_size), schedulers[params.scheduler]);
    }
    printf(
        "\nThat is --num-inference-steps, --min-guidance-scale to --max-guidance-scale (linear), --fps,\n"
        "--motion-bucket-id, --noise-aug-strength, --decode-chunk-size and --scheduler; comfyui is also --fit comfyui\n"
        "--noise-aug comfyui --rng torch. Noise levels and the number of frames are the model's own.\n\n");
    for (size_t i = 0; (preset = i2v_preset_at(i)); i++) printf("%-11s %s\n", preset->name, preset->summary);
    return cli_flush_output();
}
