/* i2v_get_model_info: what an opened model is. */
#include "pipeline/engine.h"

#include "base/part_kinds.h"
#include "pipeline/scheduler_class.h"

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
                             .parts_count =
                                 model->weights[I2V_PART_FRAME_DECODER] ? I2V_PARTS_COUNT : I2V_PART_FRAME_DECODER,
                             .dtype = model->dtype,
                             .backend = model->backend->name,
                             .sigma_schedule = model->scheduler.sigma_schedule,
                             .sampler = model->scheduler.scheduler,
                             .threads = i2v_team_size(engine->device.team)};
    info->warnings = i2v_lora_warnings(model->lora, &info->warnings_count);
    i2v_model_default_size(model, &info->width, &info->height);
    for (size_t i = 0; i < info->parts_count; i++) {
        const i2v_weights *weights = model->weights[i];
        info->parts[i] = (i2v_part_info){.name = i2v_part_name((i2v_part)i),
                                         .class_name = i2v_part_kinds[i].class_name,
                                         .dtype = i2v_weights_dtype_name(weights),
                                         .sizes = model->sizes[i],
                                         .parameters = i2v_weights_parameters(weights),
                                         .bytes = i2v_weights_bytes(weights)};
    }
    /* without a frame decoder, the decoder is the VAE's */
    size_t decoder = info->parts_count > I2V_PART_FRAME_DECODER ? I2V_PART_FRAME_DECODER : I2V_PART_VAE;
    info->parts[decoder].class_name =
        i2v_part_kinds[model->decoder.temporal_decoder ? I2V_PART_VAE : I2V_PART_FRAME_DECODER].class_name;
    return I2V_OK;
}
