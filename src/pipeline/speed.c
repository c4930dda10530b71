/* Less work a video: what each rung of the ladder sets. docs/SPEED.md has how they were chosen, and what they lose. */
#include "pipeline/model.h"
#include "pipeline/named_values.h"

typedef struct {
    i2v_speed speed;
    int native_dtype; /* 1: bf16 where the CPU multiplies it, so that it is faster */
    int steps;
    i2v_scheduler scheduler;
    const char *guidance_interval;
    int guidance_every, forecast_every;
    const char *tiny_decoder;
} rung;

/* clang-format off: a row a rung */
static const rung table[] = {
    {{"exact", "all that diffusers computes, and nothing else", "19.0 dB"},
     0,
     25,
     I2V_SCHEDULER_AUTO,
     NULL,
     1,
     0,
     NULL},
    {{"balanced", "20 steps of UniPC, half of the guidance; bf16 where the CPU multiplies it", "28.0 dB"},
     1,
     20,
     I2V_SCHEDULER_UNIPC,
     "0.1:50",
     2,
     0,
     NULL},
    {{"fast", "18 steps of DPM-Solver++, 8 of them forecast, guidance in a few; bf16 likewise", "19.3 dB"},
     1,
     18,
     I2V_SCHEDULER_DPMPP_2M,
     "0.1:25",
     1,
     2,
     NULL},
    {{"draft", "6 steps of Euler's method, guidance in 2, a tiny decoder if the model's folder has one; bf16 likewise",
      "12.6 dB"},
     1,
     6,
     I2V_SCHEDULER_EULER,
     "0.1:25",
     1,
     0,
     I2V_TINY_DECODER_AUTO},
};
/* clang-format on */

enum { RUNGS = sizeof table / sizeof *table };

const i2v_speed *i2v_speed_at(size_t index) {
    return index < RUNGS ? &table[index].speed : NULL;
}

static const char *name_at(size_t index) {
    return index < RUNGS ? table[index].speed.name : NULL;
}

static void set_options(i2v_options *options, const rung *values) {
    options->dtype = values->native_dtype ? i2v_native_dtype() : I2V_DTYPE_AUTO;
    options->tiny_decoder = values->tiny_decoder;
}

static void set_params(i2v_params *params, const rung *values) {
    params->guidance_interval = values->guidance_interval;
    params->guidance_every = values->guidance_every;
    params->forecast_every = values->forecast_every;
    params->cache_interval = 1;
    if (params->scheduler == I2V_SCHEDULER_ANIMATELCM) return; /* the exact rung, of weights with steps of their own */
    i2v_named_set_steps(params, values->steps, values->scheduler);
}

i2v_status i2v_speed_set(const char *name, i2v_options *options, i2v_params *params, i2v_error *error) {
    size_t index;
    i2v_status status = i2v_require(error, "name", name, NULL);
    if (!status) status = i2v_named_find(&index, "speed", name_at, name, error);
    if (status) return status;
    if (params && index > 0 && params->scheduler == I2V_SCHEDULER_ANIMATELCM)
        return i2v_fail(
            error, I2V_ERROR_PARAMETER,
            I2V_NAME("scheduler") " is animatelcm, for AnimateLCM-SVD's weights, which know no other and take "
                                  "few steps as it is; speed %s is for other weights: leave one of them out",
            name);
    if (options) set_options(options, &table[index]);
    if (params) set_params(params, &table[index]);
    return I2V_OK;
}

int i2v_speed_sets(const char *name, const i2v_parameter *parameter) {
    return i2v_named_sets(i2v_speed_set, name, parameter);
}
