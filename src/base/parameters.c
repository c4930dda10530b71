/* The one table of parameters: each field of the public structs that a person or a program sets by name. */
#include "base/parameters.h"

#include <limits.h>
#include <string.h>

#define ALL_COMPUTE (I2V_FOR_GENERATE | I2V_FOR_DECODE | I2V_FOR_BENCH)
#define OF_MODEL (ALL_COMPUTE | I2V_FOR_MODEL_INFO)
#define OF_HUB (OF_MODEL | I2V_FOR_PULL)
#define HAS_SIZE (I2V_FOR_GENERATE | I2V_FOR_BENCH)
#define MAKES_VIDEO (I2V_FOR_GENERATE | I2V_FOR_DECODE)
#define SAVES (MAKES_VIDEO | I2V_FOR_FRAMES)

/* struct, its type, field */
#define OPTION(field) I2V_STRUCT_OPTIONS, #field, offsetof(i2v_options, field)
#define PARAM(field) I2V_STRUCT_PARAMS, #field, offsetof(i2v_params, field)
#define OUTPUT(field) I2V_STRUCT_OUTPUT, #field, offsetof(i2v_output, field)
#define IMAGE(field) I2V_STRUCT_IMAGE_OPTIONS, #field, offsetof(i2v_image_options, field)
#define HUB(field) I2V_STRUCT_HUB_OPTIONS, #field, offsetof(i2v_hub_options, field)

/* type; of numbers: minimum, maximum, initial */
#define FLAG I2V_PARAMETER_FLAG
#define INTEGER I2V_PARAMETER_INTEGER
#define UNSIGNED I2V_PARAMETER_UNSIGNED
#define BYTES I2V_PARAMETER_BYTES
#define NUMBER I2V_PARAMETER_NUMBER
#define CHOICE I2V_PARAMETER_CHOICE
#define TEXT I2V_PARAMETER_TEXT
#define NUMBERS I2V_PARAMETER_NUMBERS
#define LORAS I2V_PARAMETER_LORAS
#define NO_RANGE 0, 0, 0
#define UP_TO_ANY INT_MAX

/* calls, and whether what is made depends on it */
#define DECIDES 1
#define OPEN 0

static const char files[] = "Files", picture[] = "Size and length", motion[] = "Motion and guidance",
                  randomness[] = "Randomness", resources[] = "Memory and speed", previews[] = "Previews";

/* clang-format off: one row a parameter */
static const i2v_parameter table[] = {
    {"no_overwrite", FLAG, OUTPUT(no_replace), NO_RANGE, NULL, files, SAVES, OPEN,
     "a file that is there is an error, and stays"},
    {"variant", TEXT, OPTION(variant), NO_RANGE, "NAME", files, OF_HUB, DECIDES,
     "which weight files, such as fp16 (default: the full\n"
     "ones if they are there, else fp16)"},
    {"unet", TEXT, OPTION(unet), NO_RANGE, "PATH", files, OF_MODEL, DECIDES,
     "a file or folder to take the UNet from, in place of\n"
     "the model's own"},
    {"vae", TEXT, OPTION(vae), NO_RANGE, "PATH", files, OF_MODEL, DECIDES, "likewise the VAE"},
    {"image_encoder", TEXT, OPTION(image_encoder), NO_RANGE, "PATH", files, OF_MODEL, DECIDES,
     "likewise the image encoder (CLIP)"},
    {"frame_decoder", TEXT, OPTION(frame_decoder), NO_RANGE, "PATH", files, OF_MODEL, DECIDES,
     "an AutoencoderKL whose decoder makes the frames one by\n"
     "one, in place of the VAE's temporal decoder"},
    {"tiny_decoder", TEXT, OPTION(tiny_decoder), NO_RANGE, "PATH", files, OF_MODEL, DECIDES,
     "TAESD or TAESDV, which decodes the frames in place of\n"
     "the VAE, in a small part of its time and less well;\n"
     "auto: the one in the model's folder, if one is there;\n"
     "none: none, in a draft, too"},
    {"lora", LORAS, OPTION(loras), NO_RANGE, "PATH[:SCALE]", files, HAS_SIZE, DECIDES,
     "LoRA for the UNet, a file or its folder,\n"
     "and how strong it is (default 1); may be given several\n"
     "times"},
    {"scheduler_config", TEXT, OPTION(scheduler_config), NO_RANGE, "TEXT", NULL, OF_MODEL, OPEN,
     "the text of a scheduler_config.json in place of the\n"
     "model's own"},
    {"crf", INTEGER, OUTPUT(crf), 0, 51, -1, "N", files, SAVES, DECIDES,
     "quality of lossy videos, 0 (best) to 51 (smallest)\n"
     "(default: no loss to be seen)"},
    {"quality", INTEGER, OUTPUT(quality), 0, 100, -1, "N", files, SAVES, DECIDES,
     "the same for all endings, 0 (smallest) to 100 (best),\n"
     "in place of `crf`"},
    /* at most more than 8K video at 120 frames a second without compression */
    {"bitrate", UNSIGNED, OUTPUT(bitrate), 1, 1e11, 0, "N", NULL, SAVES, OPEN,
     "bits a second of video files, in place of `crf` and\n"
     "`quality`"},
    {"codec", CHOICE, OUTPUT(codec), NO_RANGE, "auto|h264|h265|vp9|av1|ffv1", files, SAVES, DECIDES,
     "of .mp4, .mov, .mkv or .webm, as far as they hold it\n"
     "(default auto: h264, in .webm vp9)"},
    {"loop", FLAG, OUTPUT(loop), NO_RANGE, NULL, files, MAKES_VIDEO, DECIDES,
     "there and back, so that it repeats without a jump"},
    {"playback_fps", NUMBER, OUTPUT(fps), 0.01, 1000, 0, "X", files, SAVES, DECIDES,
     "frames a second of the file, where that is to be\n"
     "another rate than `fps`, which the model is told"},
    {"index", INTEGER, OUTPUT(index), 0, UP_TO_ANY, 0, "N", NULL, MAKES_VIDEO, OPEN,
     "which of the videos is written, from 0"},
    {"metadata", TEXT, OUTPUT(metadata), NO_RANGE, "JSON", NULL, MAKES_VIDEO, OPEN, "JSON to keep in the file"},
    {"revision", TEXT, HUB(revision), NO_RANGE, "NAME", files, OF_HUB, DECIDES,
     "branch, tag or commit of a model on the hub\n"
     "(default main)"},
    {"file", TEXT, HUB(file), NO_RANGE, "NAME", files, I2V_FOR_PULL, OPEN, "only this file of the model"},
    {"offline", FLAG, HUB(offline), NO_RANGE, NULL, files, I2V_FOR_PULL, OPEN,
     "only look whether it is there; also HF_HUB_OFFLINE=1"},
    {"cache", TEXT, HUB(cache), NO_RANGE, "DIR", NULL, OF_HUB, OPEN, "folder of the hub's cache"},
    {"endpoint", TEXT, HUB(endpoint), NO_RANGE, "ADDRESS", NULL, I2V_FOR_PULL, OPEN, "address of the hub"},
    {"token", TEXT, HUB(token), NO_RANGE, "TOKEN", NULL, I2V_FOR_PULL, OPEN, "access token for the hub"},
    {"connections", INTEGER, HUB(connections), 1, 16, 4, "N", NULL, I2V_FOR_PULL, OPEN,
     "of one large file at the same time"},

    {"width", INTEGER, PARAM(width), 1, 8192, 0, "W", picture, HAS_SIZE, DECIDES,
     "pixels, a multiple of 8 (default: the model's own; at\n"
     "less than half of its pixels Stable Video Diffusion's\n"
     "videos get clearly worse)"},
    {"height", INTEGER, PARAM(height), 1, 8192, 0, "H", picture, HAS_SIZE, DECIDES, "likewise"},
    {"fit", CHOICE, PARAM(fit), NO_RANGE, "crop|pad|stretch|diffusers|comfyui", picture, I2V_FOR_GENERATE, DECIDES,
     "how the picture is brought to that size: sides cut\n"
     "off, black bars added, distorted, or as diffusers or\n"
     "ComfyUI does with a picture of another size (default\n"
     "crop)"},
    {"alpha", CHOICE, IMAGE(alpha), NO_RANGE, "white|drop", picture, I2V_FOR_GENERATE, DECIDES,
     "transparent pictures: laid over white, or the alpha\n"
     "channel is dropped as diffusers does (default white)"},
    {"num_frames", INTEGER, PARAM(num_frames), 1, 4096, 0, "F", picture, HAS_SIZE, DECIDES,
     "frames in the video (default: the model's own)"},
    {"num_videos", INTEGER, PARAM(num_videos), 1, 4096, 1, "N", picture, I2V_FOR_GENERATE, DECIDES,
     "videos of the same picture (default 1); for more than\n"
     "one, NAME.mp4 becomes NAME-1.mp4, NAME-2.mp4, ...,\n"
     "or what {video} says"},
    {"extend", INTEGER, PARAM(extend), 0, 4096, 0, "N", picture, I2V_FOR_GENERATE, DECIDES,
     "N more clips, each of the last frame of the one\n"
     "before, with the next seed: F + N x (F - 1) frames"},
    {"video_index", INTEGER, PARAM(video_index), 0, 4095, -1, "K", picture, I2V_FOR_GENERATE, DECIDES,
     "of the N videos only number K, counted from 0, as it\n"
     "is among them (default: all)"},

    {"fps", INTEGER, PARAM(fps), 1, 1000, 7, "N", motion, MAKES_VIDEO, DECIDES,
     "frames a second, of the file and as the model is told\n"
     "(default 7)"},
    {"motion_bucket_id", INTEGER, PARAM(motion_bucket_id), 0, 1023, 127, "N", motion, I2V_FOR_GENERATE, DECIDES,
     "more is more motion (default 127)"},
    {"noise_aug_strength", NUMBER, PARAM(noise_aug_strength), 0, 100, 0.02, "X", motion, I2V_FOR_GENERATE, DECIDES,
     "noise laid over the picture; more leaves the video\n"
     "freer of it (default 0.02)"},
    {"min_guidance_scale", NUMBER, PARAM(min_guidance_scale), 0, 1000, 1, "X", motion, I2V_FOR_GENERATE, DECIDES,
     "guidance of the first frame (default 1)"},
    {"max_guidance_scale", NUMBER, PARAM(max_guidance_scale), 0, 1000, 3, "X", motion, I2V_FOR_GENERATE, DECIDES,
     "guidance of the last frame (default 3; 1 with the\n"
     "bundled model, where it only raises contrast)"},
    {"num_inference_steps", INTEGER, PARAM(num_inference_steps), 1, 10000, 25, "N", motion, I2V_FOR_GENERATE, DECIDES,
     "denoising steps; fewer is faster and rougher\n"
     "(default 25)"},
    {"latents_only", FLAG, PARAM(latents_only), NO_RANGE, NULL, NULL, I2V_FOR_GENERATE, OPEN,
     "denoise, and decode nothing"},
    {"checkpoint", TEXT, PARAM(checkpoint), NO_RANGE, "FILE", files, I2V_FOR_GENERATE, OPEN,
     "where the run's state is kept while it is made, so that\n"
     "what ends it loses no more than a step (default: beside\n"
     "OUT, for runs of more than two minutes); removed when\n"
     "the video is written"},
    {"resume_from", TEXT, PARAM(resume_from), NO_RANGE, "FILE", NULL, I2V_FOR_GENERATE, OPEN,
     "the state of an earlier run to go on from"},
    {"sigmas", NUMBERS, PARAM(sigmas), NO_RANGE, "A,B,...", motion, I2V_FOR_GENERATE, DECIDES,
     "noise levels from high to low, one more than steps, in\n"
     "place of `num_inference_steps`"},
    {"scheduler", CHOICE, PARAM(scheduler), NO_RANGE, "auto|euler|animatelcm|dpmpp_2m|dpmpp_2m_sde|unipc|heun", motion,
     I2V_FOR_GENERATE, DECIDES,
     "how latents go from one noise level to the next: heun\n"
     "takes two passes a step; animatelcm is for\n"
     "AnimateLCM-SVD's weights (default auto: the model's own,\n"
     "euler of SVD)"},
    {"sigma_schedule", CHOICE, PARAM(sigma_schedule), NO_RANGE, "auto|karras|exponential|uniform|ays", motion,
     I2V_FOR_GENERATE, DECIDES,
     "which noise levels: uniform is diffusers' with Karras\n"
     "off, ays NVIDIA's Align Your Steps, for 10 steps or so\n"
     "(default auto: the model's own)"},
    {"guidance_shape", CHOICE, PARAM(guidance_shape), NO_RANGE, "linear|triangle", motion, I2V_FOR_GENERATE, DECIDES,
     "from min to max, or from min to max and back to min\n"
     "(default linear)"},
    {"guidance_interval", TEXT, PARAM(guidance_interval), NO_RANGE, "LOW:HIGH", motion, I2V_FOR_GENERATE, DECIDES,
     "noise levels between which there is guidance, such as\n"
     "0.1:100; steps at others take one pass of the UNet in\n"
     "place of two (default: all, 0:inf)"},
    {"guidance_every", INTEGER, PARAM(guidance_every), 1, 10000, 1, "N", motion, I2V_FOR_GENERATE, DECIDES,
     "the pass without the picture, which guidance is by, in\n"
     "every N-th step; those between take what it came to in\n"
     "the last (default 1: in each)"},
    {"forecast_every", INTEGER, PARAM(forecast_every), 0, 10000, 0, "N", motion, I2V_FOR_GENERATE, DECIDES,
     "from the third step on, every N-th takes no pass of the\n"
     "UNet: what it would give is forecast from the steps\n"
     "before; by euler, dpmpp_2m or unipc (default 0: none)"},

    {"seed", UNSIGNED, PARAM(seed), NO_RANGE, "N", randomness, I2V_FOR_GENERATE, DECIDES,
     "same seed, same video (default: a random one, printed)"},
    {"rng", CHOICE, PARAM(rng), NO_RANGE, "numpy|torch", randomness, I2V_FOR_GENERATE, DECIDES,
     "whose random numbers (default numpy)"},
    {"noise_aug", CHOICE, PARAM(noise_aug), NO_RANGE, "diffusers|comfyui", randomness, I2V_FOR_GENERATE, DECIDES,
     "what `noise_aug_strength` lays over the picture, and\n"
     "when it is drawn: before the video's noise and even\n"
     "where it is 0, or after it, where it is not 0, and\n"
     "twice as strong (default diffusers)"},

    {"max_memory", BYTES, OPTION(max_memory), NO_RANGE, "SIZE", resources, OF_MODEL, OPEN,
     "such as 6G or 512M: work in smaller pieces, or not at\n"
     "all, rather than take more; results are the same\n"
     "(default: what is free, less a margin)"},
    {"threads", INTEGER, OPTION(threads), 0, 1024, 0, "N", resources, ALL_COMPUTE, OPEN,
     "threads to compute on (default: one a core)"},
    {"dtype", CHOICE, OPTION(dtype), NO_RANGE, "auto|f32|bf16|int8", resources, ALL_COMPUTE, DECIDES,
     "how tensors are stored between operations; bf16 takes\n"
     "half the memory, and rounds; on AMD's CPUs with\n"
     "AVX512_BF16 it takes half the time, on Intel's with AMX\n"
     "a quarter; int8 has most weights of the UNet's linear\n"
     "layers in 8 bits, a byte each, and else is bf16\n"
     "where that is faster (default auto, which is f32)"},
    {"keep_loaded", FLAG, OPTION(keep_loaded), NO_RANGE, NULL, NULL, ALL_COMPUTE, OPEN,
     "loaded parts stay in memory for the next call"},
    {"cache_interval", INTEGER, PARAM(cache_interval), 1, 10000, 1, "N", resources, I2V_FOR_GENERATE, DECIDES,
     "DeepCache: the UNet's deep blocks are computed in every\n"
     "N-th step, and between taken as they were, which is\n"
     "faster and rougher; best where N divides the steps\n"
     "less one, as 3 does of 25 (default 1: in every step)"},
    {"cache_branch", INTEGER, PARAM(cache_branch), -1, 255, 0, "B", resources, I2V_FOR_GENERATE, DECIDES,
     "with `cache_interval`: the skip branch that every pass\n"
     "goes down to, -1 to 10 of Stable Video Diffusion; more\n"
     "is slower and nearer (default 0)"},
    {"decode_chunk_size", INTEGER, PARAM(decode_chunk_size), 0, UP_TO_ANY, 0, "N", resources, ALL_COMPUTE, DECIDES,
     "frames decoded in one call; fewer take less memory and\n"
     "change the frames slightly (default: all)"},
    {"forward_chunk_size", INTEGER, PARAM(forward_chunk_size), 0, UP_TO_ANY, 0, "N", resources, I2V_FOR_GENERATE, OPEN,
     "accepted for scripts that follow diffusers' guide, and\n"
     "without effect: the feed-forward works in tiles that\n"
     "fit the cache, at any setting"},
    {"preview_every", INTEGER, PARAM(preview_every), 0, 10000, 0, "N", previews, I2V_FOR_GENERATE, OPEN,
     "previews after every N-th step, and after the last\n"
     "(default: each step, where one is asked for)"},
};
/* clang-format on */

enum { PARAMETERS = sizeof table / sizeof *table };

const i2v_parameter *i2v_parameter_at(size_t index) {
    return index < PARAMETERS ? &table[index] : NULL;
}

const i2v_parameter *i2v_parameter_find(const char *name) {
    for (size_t i = 0; name && i < PARAMETERS; i++)
        if (strcmp(table[i].name, name) == 0) return &table[i];
    return NULL;
}

const i2v_parameter *i2v_parameter_of_field(i2v_struct settings, size_t offset) {
    for (size_t i = 0; i < PARAMETERS; i++)
        if (table[i].settings == settings && table[i].offset == offset) return &table[i];
    return NULL;
}

void i2v_parameters_default(i2v_struct settings, void *values) {
    for (size_t i = 0; i < PARAMETERS; i++)
        if (table[i].settings == settings) i2v_parameter_set(&table[i], values, NULL, NULL);
}

i2v_status i2v_parameters_check(i2v_struct settings, unsigned calls, const void *values, i2v_error *error) {
    i2v_status status = I2V_OK;
    for (size_t i = 0; !status && i < PARAMETERS; i++)
        if (table[i].settings == settings && (table[i].calls & calls))
            status = i2v_parameter_check(&table[i], values, error);
    return status;
}
