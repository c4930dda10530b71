/* i2v_get_model_info: what an opened model is. */
#include "pipeline/engine.h"

#include "base/part_kinds.h"
#include "pipeline/scheduler_class.h"

/* Of an AutoencoderKL in the VAE's place, or a frame decoder, the one that its decoder tells. */
static const char *class_of(const i2v_model *model, i2v_part part) {
    i2v_part decoder = model->weights[I2V_PART_FRAME_DECODER] ? I2V_PART_FRAME_DECODER : I2V_PART_VAE;
    if (part == I2V_PART_TINY_DECODER && model->tiny.temporal) return "TAESDV";
    if (part == decoder) part = model->decoder.temporal_decoder ? I2V_PART_VAE : I2V_PART_FRAME_DECODER;
    return i2v_part_kinds[part].class_name;
}

static void describe(i2v_part_info *info, const i2v_model *model, i2v_part part) {
    const i2v_weights *weights = model->weights[part];
    *info = (i2v_part_info){.name = i2v_part_name(part),
                            .class_name = class_of(model, part),
                            .dtype = i2v_weights_dtype_name(weights),
                            .sizes = model->sizes[part],
                            .parameters = i2v_weights_parameters(weights),
                            .bytes = i2v_weights_bytes(weights)};
}

i2v_status i2v_get_model_info(i2v_engine *engine, i2v_model_info *info) {
    if (info) *info = (i2v_model_info){0};
    i2v_status status = i2v_engine_ask(engine);
    if (!status) status = i2v_require(&engine->error, "info", info, NULL);
    if (status) return status;
    const i2v_model *model = engine->model;
    *info = (i2v_model_info){.path = model->path,
                             .pipeline = "StableVideoDiffusionPipeline",
                             .scheduler = i2v_scheduler_class_name(model->scheduler.scheduler),
                             .num_frames = model->unet.num_frames,
                             .latent_channels = model->unet.out_channels,
                             .vae_scale_factor = i2v_model_vae_scale_factor(model),
                             .dtype = model->dtype,
                             .backend = model->backend->name,
                             .sigma_schedule = model->scheduler.sigma_schedule,
                             .sampler = model->scheduler.scheduler,
                             .threads = i2v_team_size(engine->device.team),
                             .tiny_decoder = model->tiny_path};
    info->warnings = i2v_lora_warnings(model->lora, &info->warnings_count);
    i2v_model_default_size(model, &info->width, &info->height);
    for (i2v_part part = 0; part < I2V_PARTS_COUNT; part++)
        if (model->weights[part]) describe(&info->parts[info->parts_count++], model, part);
    return I2V_OK;
}
