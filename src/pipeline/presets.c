/* The defaults of other programs that run Stable Video Diffusion.
 *
 * diffusers: StableVideoDiffusionPipeline.__call__ (pipeline_stable_video_diffusion.py), 0.42.1.
 * sgm: Stability-AI/generative-models, scripts/sampling/simple_video_sample.py with configs/svd.yaml and svd_xt.yaml.
 *     It passes fps_id 6 on as it is; the model is told fps - 1, so fps is 7.
 * comfyui: the nodes SVD_img2vid_Conditioning, VideoLinearCFGGuidance (comfy_extras/nodes_video_model.py) and KSampler,
 *     with cfg 2.5, euler and karras as in its example for this model. It passes fps - 1 on, as here.
 * animatelcm: G-U-N/AnimateLCM, animatelcm_svd/batch_inference.py. */
#include "pipeline/named_values.h"

typedef struct {
    i2v_preset preset;
    int steps;
    i2v_scheduler scheduler;
    double min_guidance_scale, max_guidance_scale;
    int fps;
    double noise_aug_strength;
    int decode_chunk_size;
    int as_comfyui; /* picture and noise as ComfyUI prepares them */
} preset_values;

static const preset_values table[] = {
    {{"diffusers", "diffusers' StableVideoDiffusionPipeline, and img2vid's own defaults"},
     25,
     I2V_SCHEDULER_AUTO,
     1,
     3,
     7,
     0.02,
     0,
     0},
    {{"sgm", "Stability AI's generative-models, version svd (14 frames)"},
     25,
     I2V_SCHEDULER_EULER,
     1,
     2.5,
     7,
     0.02,
     14,
     0},
    {{"sgm-xt", "Stability AI's generative-models, version svd_xt (25 frames)"},
     30,
     I2V_SCHEDULER_EULER,
     1.5,
     3,
     7,
     0.02,
     14,
     0},
    {{"comfyui", "ComfyUI's nodes for this model, as in its example"}, 20, I2V_SCHEDULER_EULER, 1, 2.5, 6, 0, 0, 1},
    {{"animatelcm", "AnimateLCM-SVD-xt, for its weights only: few steps, no guidance"},
     4,
     I2V_SCHEDULER_ANIMATELCM,
     1,
     1,
     7,
     0.02,
     8,
     0},
};

enum { PRESETS = sizeof table / sizeof *table };

const i2v_preset *i2v_preset_at(size_t index) {
    return index < PRESETS ? &table[index].preset : NULL;
}

static const char *name_at(size_t index) {
    return index < PRESETS ? table[index].preset.name : NULL;
}

static void set_values(i2v_params *params, const preset_values *values) {
    i2v_named_set_steps(params, values->steps, values->scheduler);
    params->min_guidance_scale = values->min_guidance_scale;
    params->max_guidance_scale = values->max_guidance_scale;
    params->guidance_shape = I2V_GUIDANCE_LINEAR;
    params->fps = values->fps;
    params->motion_bucket_id = 127;
    params->noise_aug_strength = values->noise_aug_strength;
    params->noise_aug = values->as_comfyui ? I2V_NOISE_AUG_COMFYUI : I2V_NOISE_AUG_DIFFUSERS;
    params->decode_chunk_size = values->decode_chunk_size;
    if (!values->as_comfyui) return;
    params->fit = I2V_FIT_COMFYUI;
    params->rng = I2V_RNG_TORCH;
}

i2v_status i2v_params_preset(i2v_params *params, const char *name, i2v_error *error) {
    size_t index;
    i2v_status status = i2v_require(error, "params", params, "name", name, NULL);
    if (!status) status = i2v_named_find(&index, "preset", name_at, name, error);
    if (!status) set_values(params, &table[index]);
    return status;
}

static i2v_status set(const char *name, i2v_options *options, i2v_params *params, i2v_error *error) {
    (void)options; /* presets are of params alone */
    return i2v_params_preset(params, name, error);
}

int i2v_preset_sets(const char *preset, const i2v_parameter *parameter) {
    return i2v_named_sets(set, preset, parameter);
}
