#include "pipeline/plan.h"

#include "pipeline/conditioning.h"
#include "pipeline/decode.h"
#include "pipeline/denoise.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* What a process takes beside what is planned: code, stacks, the packing of one tensor, FFmpeg. */
#define OVERHEAD ((uint64_t)64 << 20)

static i2v_status run_dry(i2v_stage *stage, const i2v_sizes *sizes) {
    i2v_run *run = &stage->run;
    i2v_condition condition = {0};
    switch (stage->kind) {
    case I2V_STAGE_CLIP:
        return i2v_embed_pixels(run, stage->model.clip, NULL, NULL);
    case I2V_STAGE_ENCODER:
        return i2v_encode_pixels(run, stage->model.encoder, sizes, NULL, NULL);
    case I2V_STAGE_UNET:
        return i2v_denoise_step(run, stage->model.unet, sizes, &condition, 0, 1, 0, NULL);
    default:
        return i2v_decode_chunk(run, stage->model.decoder, sizes, sizes->decode_chunk_size, NULL, NULL);
    }
}

/* Bytes the system can give without swapping; UINT64_MAX if it does not say. */
static uint64_t free_memory(void) {
    uint64_t available = UINT64_MAX;
    FILE *file = fopen("/proc/meminfo", "re");
    if (file) {
        char line[256];
        uint64_t kilobytes = 0;
        while (fgets(line, sizeof line, file)) {
            if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &kilobytes) == 1) available = kilobytes << 10;
        }
        fclose(file);
    }
    return available;
}

static const char *stage_name(i2v_stage_kind kind) {
    static const char *const names[] = {"image encoder", "VAE encoder", "UNet", "VAE decoder"};
    return names[kind];
}

static i2v_status check_budget(const i2v_plan *plan, i2v_engine *engine, const i2v_sizes *sizes) {
    uint64_t budget = engine->options.max_memory;
    int given = budget != 0;
    if (!given) budget = free_memory();
    if (plan->peak <= budget) return I2V_OK;
    int chunked = plan->largest == I2V_STAGE_DECODER && sizes->decode_chunk_size > 1;
    return i2v_fail(&engine->error, I2V_ERROR_MEMORY,
                    "the %s needs %" PRIu64 " MiB, but %s %" PRIu64 " MiB: %s lowers it%s", stage_name(plan->largest),
                    (plan->peak >> 20) + 1, given ? "max_memory (--max-memory) allows" : "the machine has free",
                    budget >> 20,
                    chunked ? "a smaller decode_chunk_size (--decode-chunk-size)"
                            : "a smaller width, height or num_frames (--width, --height, --num-frames)",
                    given ? ", or allow more" : "");
}

i2v_status i2v_plan_make(i2v_plan *plan, i2v_engine *engine, const i2v_sizes *sizes, i2v_stage_kind first) {
    uint64_t videos = (uint64_t)sizes->num_videos;
    *plan = (i2v_plan){.largest = first};
    /* latents and noise of all videos from the start; frames join for decoding */
    uint64_t latents = 2 * videos * i2v_sizes_latents(sizes) * sizeof(float);
    uint64_t frames = videos * i2v_sizes_pixels(sizes) * sizeof(float);
    plan->held = latents + frames;
    for (i2v_stage_kind kind = first; kind < I2V_STAGES_COUNT; kind++) {
        i2v_stage stage;
        i2v_status status = i2v_stage_begin(&stage, kind, engine, sizes, NULL, 0);
        if (!status) status = run_dry(&stage, sizes);
        if (!status) {
            plan->weights[kind] = stage.store.bytes;
            plan->tensors[kind] = i2v_pool_peak(stage.run.pool);
        }
        i2v_stage_end(&stage);
        if (status) return status;
        uint64_t held = kind == I2V_STAGE_DECODER ? plan->held : latents;
        uint64_t sum = plan->weights[kind] + plan->tensors[kind] + held + OVERHEAD;
        if (sum > plan->peak) {
            plan->peak = sum;
            plan->largest = kind;
        }
    }
    return check_budget(plan, engine, sizes);
}
