/* --preset: another program's defaults. */
#include "presets.h"
#include "message.h"

#include <stdio.h>

/* "1 to 3" */
static const char *range(char *text, size_t size, double low, double high) {
    snprintf(text, size, "%g to %g", low, high);
    return text;
}

static const char *chunk(char *text, size_t size, int value) {
    snprintf(text, size, "%d", value);
    return value ? text : "all";
}

static const char *scheduler(char *text, size_t size, const i2v_params *params) {
    static const size_t at = CLI_AT(params.scheduler) - CLI_AT(params);
    const i2v_parameter *parameter;
    for (size_t i = 0; (parameter = i2v_parameter_at(i)); i++)
        if (parameter->settings == I2V_STRUCT_PARAMS && parameter->offset == at)
            i2v_parameter_get(parameter, params, text, size, NULL);
    return text;
}

/* The options that presets set. */
static void print_options(const cli_command *command) {
#define FLAG(field) cli_flag(command, CLI_AT(params.field)).text
    printf("\nThat is %s, %s to %s (linear), %s,\n"
           "%s, %s, %s and %s; comfyui is also %s comfyui\n"
           "%s comfyui %s torch. Noise levels and the number of frames are the model's own.\n\n",
           FLAG(num_inference_steps), FLAG(min_guidance_scale), FLAG(max_guidance_scale), FLAG(fps),
           FLAG(motion_bucket_id), FLAG(noise_aug_strength), FLAG(decode_chunk_size), FLAG(scheduler), FLAG(fit),
           FLAG(noise_aug), FLAG(rng));
#undef FLAG
}

int cli_presets_list(const cli_command *command) {
    const i2v_preset *preset;
    printf("Presets: what holds where no other option says otherwise.\n\n"
           "%-11s %5s  %-9s %3s  %6s  %5s  %6s  %s\n",
           "preset", "steps", "guidance", "fps", "motion", "noise", "decode", "scheduler");
    for (size_t i = 0; (preset = i2v_preset_at(i)); i++) {
        i2v_params params;
        char guidance[32], decode[16], name[32];
        i2v_params_default(&params);
        i2v_params_preset(&params, preset->name, NULL);
        printf("%-11s %5d  %-9s %3d  %6d  %5g  %6s  %s\n", preset->name, params.num_inference_steps,
               range(guidance, sizeof guidance, params.min_guidance_scale, params.max_guidance_scale), params.fps,
               params.motion_bucket_id, params.noise_aug_strength,
               chunk(decode, sizeof decode, params.decode_chunk_size), scheduler(name, sizeof name, &params));
    }
    print_options(command);
    for (size_t i = 0; (preset = i2v_preset_at(i)); i++) printf("%-11s %s\n", preset->name, preset->summary);
    return cli_flush_output();
}
