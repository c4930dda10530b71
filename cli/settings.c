/* All options of all commands, and where their values go. */
#include "settings.h"

#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(cli_settings, field)
#define MAKES_VIDEO (CLI_GENERATE | CLI_DECODE)
#define COMPUTES (MAKES_VIDEO | CLI_BENCH)
#define HAS_SIZE (CLI_GENERATE | CLI_BENCH)

static const char files[] = "Files", picture[] = "Size and length", motion[] = "Motion and guidance",
                  randomness[] = "Randomness", resources[] = "Memory and speed", messages[] = "Messages";

/* clang-format off: one row an option */
const cli_option cli_option_table[] = {
    {MAKES_VIDEO, files, 'o', "output", "OUT", CLI_TEXT, AT(path), 0,
     "where the video goes; the ending says what it is:\n"
     ".mp4 .mkv .webm .mov .gif .webp, .png (animated),\n"
     "DIR/%04d.png (one picture a frame; %% is a %) or .npy\n"
     "(float32). A file that is there is replaced, unless it\n"
     "is read-only or one that this run reads. {name} stands\n"
     "for the picture's name, {seed}, {index} and {video} for\n"
     "their numbers: out/{name}-{seed}.mp4. Folders that are\n"
     "missing are made. - is standard output, with --format"},
    {MAKES_VIDEO, files, 0, "no-overwrite", NULL, CLI_FLAG, AT(output.no_replace), 0,
     "a file that is there is an error, and stays"},
    {MAKES_VIDEO, files, 0, "skip-existing", NULL, CLI_FLAG, AT(skip_existing), 0,
     "what is there already stays and is not made again; an\n"
     "error where only a part of what belongs together is"},
    {MAKES_VIDEO, files, 0, "format", CLI_FORMATS, CLI_CHOICE, AT(format), 0,
     "what -o - writes to standard output, in place of an\n"
     "ending: ... -o - --format webm | mpv -"},
    {COMPUTES, files, 'm', "model", "DIR|FILE|NAME", CLI_TEXT, AT(model), 0,
     "model folder in diffusers' layout, the one with\n"
     "model_index.json, a single .safetensors file of\n"
     "Stability AI, or the name of a model on the hub that\n"
     "img2vid pull has downloaded (default: the small bundled\n"
     "model)"},
    {COMPUTES | CLI_INFO | CLI_PULL, files, 0, "variant", "NAME", CLI_TEXT, AT(options.variant), 0,
     "which weight files, such as fp16 (default: the full\n"
     "ones if they are there, else fp16)"},
    {COMPUTES | CLI_INFO, files, 0, "unet", "PATH", CLI_TEXT, AT(options.unet), 0,
     "a file or folder to take the UNet from, in place of\n"
     "the model's own"},
    {COMPUTES | CLI_INFO, files, 0, "vae", "PATH", CLI_TEXT, AT(options.vae), 0, "likewise the VAE"},
    {COMPUTES | CLI_INFO, files, 0, "image-encoder", "PATH", CLI_TEXT, AT(options.image_encoder), 0,
     "likewise the image encoder (CLIP)"},
    {COMPUTES | CLI_INFO, files, 0, "frame-decoder", "PATH", CLI_TEXT, AT(options.frame_decoder), 0,
     "an AutoencoderKL whose decoder makes the frames one by\n"
     "one, in place of the VAE's temporal decoder"},
    {HAS_SIZE, files, 0, "lora", "PATH[:SCALE]", CLI_LORAS, AT(loras), 0,
     "LoRA for the UNet, a safetensors file or its folder,\n"
     "and how strong it is (default 1); may be given several\n"
     "times"},
    {CLI_GENERATE, files, 0, "latents", "IN.npy", CLI_TEXT, AT(latents), 0,
     "noise to start from, float32 [F,C,h,w] before scaling,\n"
     "in place of drawn noise ([N,F,C,h,w] for N videos)"},
    {CLI_GENERATE, files, 0, "save-latents", "OUT.npy", CLI_TEXT, AT(save_latents), 0,
     "also keep the latents, for img2vid decode"},
    {MAKES_VIDEO, files, 0, "crf", "N", CLI_INTEGER, AT(output.crf), 0,
     "quality of lossy videos, 0 (best) to 51 (smallest)\n"
     "(default: no loss to be seen)"},
    {MAKES_VIDEO, files, 0, "quality", "N", CLI_INTEGER, AT(output.quality), 0,
     "the same for all endings, 0 (smallest) to 100 (best),\n"
     "in place of --crf"},
    {MAKES_VIDEO, files, 0, "codec", "auto|h264|h265|vp9|av1|ffv1", CLI_CHOICE, AT(output.codec), 0,
     "of .mp4, .mov, .mkv or .webm, as far as they hold it\n"
     "(default auto: h264, in .webm vp9)"},
    {MAKES_VIDEO, files, 0, "loop", NULL, CLI_FLAG, AT(output.loop), 0,
     "there and back, so that it repeats without a jump"},
    {MAKES_VIDEO, files, 0, "playback-fps", "X", CLI_NUMBER, AT(output.fps), 1,
     "frames a second of the file, where that is to be\n"
     "another rate than --fps, which the model is told"},

    {COMPUTES | CLI_INFO | CLI_PULL, files, 0, "revision", "NAME", CLI_TEXT, AT(hub.revision), 0,
     "branch, tag or commit of a model on the hub\n"
     "(default main)"},
    {CLI_PULL, files, 0, "file", "NAME", CLI_TEXT, AT(hub.file), 0, "only this file of the model"},
    {CLI_PULL, files, 0, "offline", NULL, CLI_FLAG, AT(hub.offline), 0,
     "only look whether it is there; also HF_HUB_OFFLINE=1"},
    {CLI_GENERATE, files, 0, "from", "VIDEO", CLI_TEXT, AT(from), 0,
     "run again what made this file: takes the parameters in\n"
     "it for all that is not given, also IMAGE and --model"},
    {MAKES_VIDEO, files, 0, "no-metadata", NULL, CLI_FLAG, AT(no_metadata), 0,
     "do not keep the parameters in the file (.npy never has\n"
     "them)"},

    {HAS_SIZE, picture, 0, "width", "W", CLI_INTEGER, AT(params.width), 1,
     "pixels, a multiple of 8 (default: the model's own)"},
    {HAS_SIZE, picture, 0, "height", "H", CLI_INTEGER, AT(params.height), 1, "likewise"},
    {CLI_GENERATE, picture, 0, "fit", "crop|pad|stretch|diffusers|comfyui", CLI_CHOICE, AT(params.fit), 0,
     "how the picture is brought to that size: sides cut\n"
     "off, black bars added, distorted, or as diffusers or\n"
     "ComfyUI does with a picture of another size (default\n"
     "crop)"},
    {CLI_GENERATE, picture, 0, "alpha", "white|drop", CLI_CHOICE, AT(alpha), 0,
     "transparent pictures: laid over white, or the alpha\n"
     "channel is dropped as diffusers does (default white)"},
    {HAS_SIZE, picture, 0, "num-frames", "F", CLI_INTEGER, AT(params.num_frames), 1,
     "frames in the video (default: the model's own)"},
    {CLI_GENERATE, picture, 0, "num-videos", "N", CLI_INTEGER, AT(params.num_videos), 1,
     "videos of the same picture (default 1); for more than\n"
     "one, NAME.mp4 becomes NAME-1.mp4, NAME-2.mp4, ...,\n"
     "or what {video} says"},
    {CLI_GENERATE, picture, 0, "extend", "N", CLI_INTEGER, AT(params.extend), 0,
     "N more clips, each of the last frame of the one\n"
     "before, with the next seed: F + N x (F - 1) frames"},
    {CLI_GENERATE, picture, 0, "video-index", "K", CLI_INTEGER, AT(params.video_index), 0,
     "of the N videos only number K, counted from 0, as it\n"
     "is among them (default: all)"},

    {MAKES_VIDEO, motion, 0, "fps", "N", CLI_INTEGER, AT(params.fps), 1,
     "frames a second, of the file and as the model is told\n"
     "(default 7)"},
    {CLI_GENERATE, motion, 0, "motion-bucket-id", "N", CLI_INTEGER, AT(params.motion_bucket_id), 0,
     "more is more motion (default 127)"},
    {CLI_GENERATE, motion, 0, "noise-aug-strength", "X", CLI_NUMBER, AT(params.noise_aug_strength), 0,
     "noise laid over the picture; more leaves the video\n"
     "freer of it (default 0.02)"},
    {CLI_GENERATE, motion, 0, "min-guidance-scale", "X", CLI_NUMBER, AT(params.min_guidance_scale), 0,
     "guidance of the first frame (default 1)"},
    {CLI_GENERATE, motion, 0, "max-guidance-scale", "X", CLI_NUMBER, AT(params.max_guidance_scale), 0,
     "guidance of the last frame (default 3; 1 with the\n"
     "bundled model, where it only raises contrast)"},
    {CLI_GENERATE, motion, 0, "num-inference-steps", "N", CLI_INTEGER, AT(params.num_inference_steps), 1,
     "denoising steps; fewer is faster and rougher\n"
     "(default 25)"},
    {CLI_GENERATE, motion, 0, "sigmas", "A,B,...", CLI_NUMBERS, AT(sigmas), 0,
     "noise levels from high to low, one more than steps, in\n"
     "place of --num-inference-steps"},
    {CLI_GENERATE, motion, 0, "preset", "NAME", CLI_NAME, AT(preset), 0,
     "another program's defaults, where no option says\n"
     "otherwise: diffusers, sgm, sgm-xt, comfyui, animatelcm\n"
     "(--preset help: with their values)"},
    {CLI_GENERATE, motion, 0, "scheduler", "euler|animatelcm", CLI_CHOICE, AT(params.scheduler), 0,
     "animatelcm: few steps, for AnimateLCM-SVD's weights\n"
     "(default euler)"},
    {CLI_GENERATE, motion, 0, "sigma-schedule", "auto|karras|exponential|uniform|ays", CLI_CHOICE,
     AT(params.sigma_schedule), 0,
     "which noise levels: uniform is diffusers' with Karras\n"
     "off, ays NVIDIA's Align Your Steps, for 10 steps or so\n"
     "(default auto: the model's own)"},
    {CLI_GENERATE, motion, 0, "guidance-shape", "linear|triangle", CLI_CHOICE, AT(params.guidance_shape), 0,
     "from min to max, or from min to max and back to min\n"
     "(default linear)"},

    {CLI_GENERATE, randomness, 0, "seed", "N", CLI_SEED, AT(params.seed), 0,
     "same seed, same video (default: a random one, printed)"},
    {CLI_GENERATE, randomness, 0, "seeds", "A,B,C-D,...", CLI_SEEDS, AT(seeds), 0,
     "each picture with each of these seeds"},
    {CLI_GENERATE, randomness, 0, "rng", "numpy|torch", CLI_CHOICE, AT(params.rng), 0,
     "whose random numbers (default numpy)"},
    {CLI_GENERATE, randomness, 0, "noise-aug", "diffusers|comfyui", CLI_CHOICE, AT(params.noise_aug), 0,
     "what --noise-aug-strength lays over the picture, and\n"
     "when it is drawn: before the video's noise and even\n"
     "where it is 0, or after it, where it is not 0, and\n"
     "twice as strong (default diffusers)"},

    {COMPUTES | CLI_INFO, resources, 0, "max-memory", "SIZE", CLI_BYTES, AT(options.max_memory), 0,
     "such as 6G or 512M: work in smaller pieces, or not at\n"
     "all, rather than take more; results are the same\n"
     "(default: what is free, less a margin)"},
    {MAKES_VIDEO, resources, 0, "plan", NULL, CLI_FLAG, AT(plan), 0,
     "say what memory and time it would take, without reading\n"
     "the picture, and stop"},
    {COMPUTES, resources, 0, "threads", "N", CLI_INTEGER, AT(options.threads), 0,
     "threads to compute on (default: one a core)"},
    {COMPUTES, resources, 0, "dtype", "auto|f32|bf16", CLI_CHOICE, AT(options.dtype), 0,
     "how tensors are stored between operations; bf16 takes\n"
     "half the memory, and rounds; on AMD's CPUs with\n"
     "AVX512_BF16 it takes half the time, on Intel's with AMX\n"
     "a quarter (default auto, which is f32)"},
    {COMPUTES, resources, 0, "decode-chunk-size", "N", CLI_INTEGER, AT(params.decode_chunk_size), 0,
     "frames decoded together; fewer take less memory and\n"
     "change the frames slightly (default: all)"},
    {CLI_GENERATE, resources, 0, "forward-chunk-size", "N", CLI_INTEGER, AT(params.forward_chunk_size), 0,
     "accepted for scripts that follow diffusers' guide, and\n"
     "without effect: the feed-forward works in tiles that\n"
     "fit the cache, at any setting"},
    {CLI_BENCH, resources, 0, "repeat", "N", CLI_INTEGER, AT(repeat), 1,
     "passes of each, of which the fastest counts: the first\n"
     "also waits for fresh memory and the disk (default 2)"},

    {COMPUTES | CLI_INFO | CLI_PULL, messages, 0, "json", NULL, CLI_FLAG, AT(json), 0,
     "print one JSON object on standard output, or for\n"
     "several pictures or seeds one a line; what fails has\n"
     "\"error\" and \"status\" in it"},
    {COMPUTES | CLI_PULL, messages, 'q', "quiet", NULL, CLI_FLAG, AT(quiet), 0, "say nothing but errors"},
    {COMPUTES | CLI_PULL, messages, 'v', "verbose", NULL, CLI_FLAG, AT(verbose), 0,
     "also say what computes, the model, where values come\n"
     "from and what they came to, the plan, and the time of\n"
     "each phase"},
    {COMPUTES | CLI_PULL, messages, 0, "log-file", "FILE", CLI_TEXT, AT(log_file), 0,
     "add all that --verbose says, warnings and errors to\n"
     "this file, each line with its time; with --quiet, too"},
    {COMPUTES | CLI_INFO | CLI_PULL, messages, 0, "no-config", NULL, CLI_FLAG, AT(no_config), 0,
     "leave out the configuration file and the variables\n"
     "IMG2VID_...: img2vid help config"},
};
/* clang-format on */
_Static_assert(sizeof cli_option_table / sizeof *cli_option_table <= 64, "an option is a bit of a uint64_t");
const size_t cli_option_count = sizeof cli_option_table / sizeof cli_option_table[0];

void cli_settings_free(cli_settings *settings) {
    free(settings->sigmas.values);
    free(settings->seeds.values);
    cli_loras_free(&settings->loras);
    free(settings->found_image);
    json_decref(settings->metadata);
    cli_config_free(&settings->environment);
    cli_config_free(&settings->config);
    memset(settings, 0, sizeof *settings);
}
