/* img2vid: Stable Video Diffusion, one picture in, a short video out.
 *
 * The whole use is: i2v_open, i2v_image_load, i2v_generate, i2v_video_save. Chapters go from what everybody needs to
 * what few do: results, pictures, models, generation, videos to files; then what a model is, memory, several engines on
 * one model, other programs' defaults, latents and arrays, what a file is, frames one by one, the hub, parameters by
 * name, measuring, texts.
 *
 * A field that a caller sets is documented as [default; range]. Of an enum the range is its constants; of a pointer
 * NULL is the default, and says "none".
 *
 * Rules that hold for every call:
 * - Functions that can fail return an i2v_status. The sentence for a person (what is wrong, with which file or
 *   parameter, and the way out) is in i2v_error_message(engine), or in the i2v_error buffer that calls without an
 *   engine take. That buffer may be NULL.
 * - NULL where a pointer is needed is I2V_ERROR_PARAMETER with the parameter's name, as any number outside its range
 *   is; functions without a status do nothing then, or return 0 or NULL. On a NULL engine a call has no sentence of its
 *   own. What only the caller knows cannot be checked: that arrays are as long as the sizes beside them say.
 * - Structs of settings come filled from their ..._default function; change fields after that.
 * - Strings are UTF-8 and NUL-terminated. Paths are used as given.
 * - What is given to a call (strings, structs of settings, arrays, pictures) is used during it alone, and may be
 *   changed or freed when it returns: the strings of i2v_open's options, too. Only the data of i2v_memory_tensor is
 *   read later.
 * - The library prints nothing, never exits, and keeps no state outside its models and engines. Two engines may be used
 *   at the same time from two threads, also of one model; one engine must not: while a call on it runs, other threads
 *   may call i2v_cancel, and nothing else with that engine. A model may be used from any number of threads.
 * - Callbacks run on the calling thread, in the middle of the call. They may call i2v_cancel, i2v_get_model_info and
 *   i2v_model_hash on the engine that is in that call, everything on other engines, and everything that takes none. On
 *   the same engine i2v_generate, i2v_decode, i2v_bench and the plans are refused with I2V_ERROR_PARAMETER, i2v_unload
 *   does nothing, and i2v_close must not be called. A callback must return: no longjmp, no C++ exception.
 * - After fork() the child may use and close the models and engines that it has from its parent: at its next call an
 *   engine starts threads there. Not an engine that another thread of the parent was using at that moment, which can
 *   only be closed.
 * - A thread that calls needs a stack of 64 KiB, and 256 KiB where it reads or writes pictures and videos, beside what
 *   its callbacks take. The engines' own threads have theirs.
 */
#ifndef IMG2VID_H
#define IMG2VID_H

#include <stddef.h>
#include <stdint.h>

#if !defined(_WIN32)
#define I2V_API __attribute__((visibility("default")))
#elif defined(I2V_BUILDS_DLL)
#define I2V_API __declspec(dllexport)
#else
#define I2V_API
#endif

#define I2V_VERSION_MAJOR 0
#define I2V_VERSION_MINOR 1
#define I2V_VERSION_PATCH 0
#define I2V_VERSION "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- results ---------------------------------------------------------------------------------------------------- */

typedef enum i2v_status {
    I2V_OK = 0,
    I2V_ERROR_PARAMETER,   /* a parameter is out of its range, or there is none of that name */
    I2V_ERROR_IO,          /* a file cannot be read or written */
    I2V_ERROR_FORMAT,      /* a picture, array, video file or a value's text is not what it should be */
    I2V_ERROR_MODEL,       /* a model's configuration or weights are missing, damaged or of another kind, or
                              compute what is not finite */
    I2V_ERROR_UNSUPPORTED, /* well-formed, but not implemented here */
    I2V_ERROR_MEMORY,      /* not enough memory; the message names the amount and the option that lowers it */
    I2V_ERROR_INTERNAL,    /* a library underneath failed in a way that no input explains */
    I2V_CANCELLED,         /* the event callback or i2v_cancel asked for it */
    I2V_ERROR_NETWORK      /* a server cannot be reached, refuses, or sends what it should not */
} i2v_status;

/* A status' name, which is its constant's in lower case, without I2V_ and ERROR_: "ok", "parameter", "cancelled".
 * Static; "unknown" for any other number. */
I2V_API const char *i2v_status_name(i2v_status status);

#define I2V_ERROR_MESSAGE_SIZE 1024

/* A stretch of a text, in bytes from its beginning. */
typedef struct i2v_span {
    int begin, length;
} i2v_span;

#define I2V_ERROR_NAMES 8

/* Buffer for the message of calls that have no engine. Set only when the call fails. Begin with all zero. */
typedef struct i2v_error {
    i2v_status status;
    char message[I2V_ERROR_MESSAGE_SIZE];
    /* Where the message has names of parameters, in their order: "max_memory". A program that calls them otherwise, as
     * a command line does ("--max-memory"), may put its own there. */
    i2v_span names[I2V_ERROR_NAMES];
    int names_count;
} i2v_error;

/* The library's version, "major.minor.patch". Static. */
I2V_API const char *i2v_version(void);

/* ---- pictures --------------------------------------------------------------------------------------------------- */

/* Size of a SHA-256 as text: 64 lower-case hexadecimal digits and the NUL. */
#define I2V_SHA256_SIZE 65

/* 8-bit RGB picture. pixels is [height][width][3], rows without padding; owned by the picture. */
typedef struct i2v_image {
    int width, height;
    uint8_t *pixels;
    char sha256[I2V_SHA256_SIZE]; /* of the file it was loaded from; "" if it was made otherwise */
    /* NULL, or what was forgiven while it was read, as the end of a sentence that begins with the file's name: "its end
     * is missing". Static. */
    const char *warning;
} i2v_image;

typedef enum i2v_alpha {
    I2V_ALPHA_WHITE, /* transparent pixels are laid over white */
    I2V_ALPHA_DROP   /* the alpha channel is dropped, as diffusers' load_image does */
} i2v_alpha;

typedef enum i2v_fit {
    I2V_FIT_CROP,    /* keep the aspect, fill the frame, cut what sticks out equally on both sides */
    I2V_FIT_PAD,     /* keep the aspect, show all, black bars */
    I2V_FIT_STRETCH, /* ignore the aspect: Pillow's image.resize((width, height)), bit for bit */
    /* What diffusers does to a picture that was not resized before: the image encoder sees all of it as it is, the VAE
     * the same stretched by Pillow's Lanczos filter. */
    I2V_FIT_DIFFUSERS,
    /* What ComfyUI does: the image encoder sees the centre square, by a bicubic filter in 8 bits, the VAE the centre of
     * the frame's aspect, by a bilinear filter without antialias that is not rounded to 8 bits. */
    I2V_FIT_COMFYUI
} i2v_fit;

/* Reads a PNG, JPEG, WebP, AVIF, TIFF, GIF or BMP file, or another of docs/PICTURES.md; of an animation, the first
 * frame. path "-" reads standard input, and a pipe is read to its end. EXIF orientation is applied. On success *image
 * is to be freed with i2v_image_free; on failure it is NULL. */
I2V_API i2v_status i2v_image_load(i2v_image **image, const char *path, i2v_alpha alpha, i2v_error *error);

I2V_API void i2v_image_free(i2v_image *image);

/* The same of a file in memory. data is not kept. */
I2V_API i2v_status i2v_image_load_memory(i2v_image **image, const void *data, size_t size, i2v_alpha alpha,
                                         i2v_error *error);

/* The same of an http or https address: at most 100 MiB, 5 redirects and 2 minutes. A redirect from the internet to
 * an address of this machine or its own network is not followed, nor one from https to http. cancelled may be NULL; it
 * is called with user some ten times a second, and anything but 0 gives I2V_CANCELLED. */
I2V_API i2v_status i2v_image_load_url(i2v_image **image, const char *url, i2v_alpha alpha, int (*cancelled)(void *user),
                                      void *user, i2v_error *error);

/* How a picture is read. */
typedef struct i2v_image_options {
    i2v_alpha alpha;     /* [I2V_ALPHA_WHITE] what transparent pixels become */
    uint64_t max_memory; /* [0; any] bytes that reading may take; 0: what is free to this process, less a margin */
    /* [0; 1 to 32768] pixels that the picture is brought to, as by i2v_image_resize; the original is freed: for
     * i2v_generate, which then holds no more than it needs. 0 for both: as it is. Excludes I2V_FIT_DIFFUSERS and
     * I2V_FIT_COMFYUI, which need the original. */
    int width, height;
    i2v_fit fit;                  /* [I2V_FIT_CROP] how it is brought to width x height */
    int (*cancelled)(void *user); /* [NULL] of addresses and pipes: as i2v_image_load_url's */
    void *user;                   /* [NULL] given to cancelled */
} i2v_image_options;

I2V_API void i2v_image_options_default(i2v_image_options *options);

/* The three above with options, which may be NULL. What reading takes (the file, what its decoder works with, the
 * pixels, and the smaller picture beside them) is known from the file's header: I2V_ERROR_MEMORY, before anything of
 * that size is taken, if it is more than max_memory; the three above are bounded by what is free. Pictures are never
 * decoded at a smaller scale: that would not be what Pillow makes of them. */
I2V_API i2v_status i2v_image_load_with(i2v_image **image, const char *path, const i2v_image_options *options,
                                       i2v_error *error);
I2V_API i2v_status i2v_image_load_memory_with(i2v_image **image, const void *data, size_t size,
                                              const i2v_image_options *options, i2v_error *error);
I2V_API i2v_status i2v_image_load_url_with(i2v_image **image, const char *url, const i2v_image_options *options,
                                           i2v_error *error);

/* A picture of width x height with undefined pixels, for callers that have their own. 1..32768 on each side. */
I2V_API i2v_status i2v_image_new(i2v_image **image, int width, int height, i2v_error *error);

/* A new picture of width x height from source, by Pillow's bicubic filter (a = -0.5, 8-bit fixed point); with
 * I2V_FIT_DIFFUSERS by its Lanczos filter (a = 3), which is the VAE's picture; with I2V_FIT_COMFYUI the VAE's picture,
 * rounded. */
I2V_API i2v_status i2v_image_resize(i2v_image **image, const i2v_image *source, int width, int height, i2v_fit fit,
                                    i2v_error *error);

/* ---- models ----------------------------------------------------------------------------------------------------- */

/* What makes videos with a model, one call at a time, with threads of its own. */
typedef struct i2v_engine i2v_engine;

/* What tensors between the operations of the UNet and the VAE decoder are stored as. Weights keep their file's
 * precision (only f32 files, and scaled f8 ones, are rounded, with BF16), and sums, norms, softmax and the sampler are
 * computed in f32 in any case.
 *
 * INT8 multiplies the linear layers of the UNet's transformers (self-attention's and the feed-forwards') as int8: their
 * weights take one byte, with a scale for every 256 inputs of an output, and what they are multiplied with is rounded
 * likewise, row by row. All else is as with BF16 where the CPU multiplies bf16 faster than f32, otherwise as with F32.
 */
typedef enum i2v_dtype {
    I2V_DTYPE_AUTO, /* F32 */
    I2V_DTYPE_F32,  /* equal to diffusers in float32 within 1e-4 */
    I2V_DTYPE_BF16, /* half the memory between operations; one rounding to 8 bits an operation */
    I2V_DTYPE_INT8  /* less memory for weights; one rounding to 8 bits a product, of weights */
} i2v_dtype;

/* A LoRA file (safetensors or PyTorch's; kohya's, peft's or diffusers' names), added to the UNet's weights while they
 * are loaded: each layer's weight becomes W + scale * alpha / rank * up x down. Weights that a LoRA changes are
 * computed with in f32, or with dtype BF16 in two bytes, whatever the model's file has. */
typedef struct i2v_lora {
    const char *path; /* a file, or the folder of one: peft's adapter_model.safetensors, diffusers'
                         pytorch_lora_weights.safetensors, or the only file of weights in it */
    double scale;     /* any finite number; 1: as it was trained */
} i2v_lora;

/* One tensor in the caller's memory, as a safetensors file would hold it. */
typedef struct i2v_memory_tensor {
    const char *name;
    const char *dtype;    /* "F32", "F16", "BF16"; others of safetensors ("I64") only where the model does not use it */
    int ndim;             /* 0..8 */
    const int64_t *shape; /* ndim sizes */
    const void *data;     /* C order, without gaps, at any address; little endian */
} i2v_memory_tensor;

/* A part as tensors in memory, under diffusers' names or Stability AI's. Names, shapes and config are used during
 * i2v_open alone. data is never copied: it must stay where it is until i2v_close (of all engines of the model, and
 * i2v_model_close), and is read whenever the part is loaded. So values that the caller has changed count from the next
 * call on, with keep_loaded from the next after i2v_unload; not while a call runs. (The projection of a CLIP in
 * open_clip's names is read once, by i2v_open.) */
typedef struct i2v_memory_part {
    /* The text of its config.json; NULL: the sizes of the model's own part, or under Stability AI's names what the
     * shapes tell. */
    const char *config;
    const i2v_memory_tensor *tensors;
    size_t tensors_count;
} i2v_memory_part;

/* Words that options.tiny_decoder takes beside paths; "./auto" is a file of that name. */
#define I2V_TINY_DECODER_AUTO "auto"
#define I2V_TINY_DECODER_NONE "none"

typedef struct i2v_options {
    const char *variant; /* [NULL] weight files' variant, "fp16"; NULL: full files if they are there, else fp16 */
    i2v_dtype dtype;     /* [I2V_DTYPE_AUTO] what tensors between operations are stored as */
    int threads;         /* [0; 0 to 1024] threads to compute on; 0: one per core that this process may use */
    uint64_t max_memory; /* [0; any] bytes that the engine may allocate; 0: what is free to this process, less a
                            margin */
    /* [NULL] Parts in place of the model's own. Each a file that holds the part (safetensors or PyTorch's), under
     * diffusers' names or Stability AI's, or a folder: the part's (with config.json) or a whole model's, or such a
     * model's id, "org/name", if the hub's cache has it. A file in diffusers' names without config.json beside it has
     * the sizes of the model's own part. Each excludes the part in memory (unet_memory, ...). */
    const char *unet, *vae, *image_encoder;
    const char *frame_decoder; /* [NULL] an AutoencoderKL, whose decoder is used, frame by frame, in place of the VAE's;
                                  excludes frame_decoder_memory */
    /* [NULL] TAESD (its file, or an AutoencoderTiny of diffusers') or TAESDV, safetensors or PyTorch's, a file, a
     * folder or a model's id: decodes the frames in place of the VAE's decoder. Frames of TAESDV depend on those
     * before, and on no decode_chunk_size. Excludes frame_decoder and frame_decoder_memory.
     * "auto": the one that lies in the model's folder, or beside a model that is a single file, if one does and no
     * frame decoder is given: the folder tiny_decoder (AutoencoderTiny), else taesdv.safetensors, taesdv.pth,
     * taesd_decoder.safetensors, taesd_decoder.pth or taesd.safetensors, in that order. "none": as NULL. */
    const char *tiny_decoder;
    int keep_loaded;           /* [0; 0 or 1] 1: loaded parts stay in memory for the next call, as many as max_memory
                                  allows */
    const i2v_lora *loras;     /* [NULL] LoRA files, added one after the other; used during i2v_open alone */
    size_t loras_count;        /* [0; any] number of loras */
    /* [NULL] Parts in memory in place of the model's own. Each excludes a path for the same part. */
    const i2v_memory_part *unet_memory, *vae_memory, *image_encoder_memory, *frame_decoder_memory;
    const char *scheduler_config; /* [NULL] the text of a scheduler_config.json in place of the model's own */
} i2v_options;

I2V_API void i2v_options_default(i2v_options *options);

/* Opens a model folder in diffusers' layout (model_index.json, unet/, vae/, image_encoder/, scheduler/,
 * feature_extractor/), or a single file of Stability AI (svd.safetensors, svd_xt.safetensors and the like; told by its
 * tensors' names), which has the scheduler of Stable Video Diffusion, and 14 frames where its name has "svd" but not
 * "xt", else 25. Reads configurations and weight headers; weights are read when a call needs them.
 * *engine is set even on failure (unless memory for it is lacking), so that i2v_error_message can say why; close it
 * in both cases. Further calls on an engine that was not opened fail with the same status and sentence. options may be
 * NULL. */
I2V_API i2v_status i2v_open(i2v_engine **engine, const char *model, const i2v_options *options);

/* Closes an engine; NULL is allowed. */
I2V_API void i2v_close(i2v_engine *engine);

/* The sentence that explains the last failed call on this engine; "" if none failed. Valid until the next call. */
I2V_API const char *i2v_error_message(const i2v_engine *engine);

/* The same sentence with all else that is known of that failure. On a NULL engine *error gets I2V_ERROR_MEMORY. */
I2V_API void i2v_get_error(const i2v_engine *engine, i2v_error *error);

/* Makes the running call on this engine, i2v_generate, i2v_decode, i2v_bench or a plan, return I2V_CANCELLED soon. May
 * be called from a signal handler or another thread; cleared when that call returns. Without a running call, the next
 * one of these is cancelled. */
I2V_API void i2v_cancel(i2v_engine *engine);

/* ---- generation ------------------------------------------------------------------------------------------------- */

typedef enum i2v_rng {
    I2V_RNG_NUMPY, /* numpy.random.Generator(PCG64(seed)).standard_normal, cast to float32 */
    I2V_RNG_TORCH  /* torch.Generator().manual_seed(seed), float32 randn on CPU */
} i2v_rng;

/* What noise_aug_strength lays over the picture, and where among a run's random numbers it is drawn. */
typedef enum i2v_noise_aug {
    I2V_NOISE_AUG_DIFFUSERS, /* on pixels in -1..1; drawn first, whatever the strength */
    /* As ComfyUI: on pixels in 0..1, where the same strength is twice as much; drawn last, and not at all at 0. Its own
     * is of no seed, so that above 0 its frames cannot be had again, there or here. */
    I2V_NOISE_AUG_COMFYUI
} i2v_noise_aug;

/* How latents go from one noise level to the next. Where noise is drawn for a step, a draw is of [num_videos,
 * num_frames, channels, h, w], and those of all steps come after the latents'. */
typedef enum i2v_scheduler {
    I2V_SCHEDULER_AUTO,       /* what the model's scheduler_config.json says; Euler for Stable Video Diffusion */
    I2V_SCHEDULER_EULER,      /* diffusers' EulerDiscreteScheduler */
    I2V_SCHEDULER_ANIMATELCM, /* AnimateLCM-SVD's AnimateLCMSVDStochasticIterativeScheduler: 1 to 40 steps, for weights
                                 trained for it. Each step jumps to the picture without noise, then adds noise anew */
    I2V_SCHEDULER_DPMPP_2M,   /* DPM-Solver++ 2M: diffusers' DPMSolverMultistepScheduler, and its
                                 EDMDPMSolverMultistepScheduler with sigma_data 1 */
    I2V_SCHEDULER_DPMPP_2M_SDE, /* the same with algorithm_type sde-dpmsolver++, which adds noise in each step */
    I2V_SCHEDULER_UNIPC,        /* diffusers' UniPCMultistepScheduler: solver_order 2, bh2 */
    I2V_SCHEDULER_HEUN /* diffusers' HeunDiscreteScheduler: the UNet is evaluated twice a step, but for the last */
} i2v_scheduler;

/* Which noise levels, from high to low; they end in 0. All schedulers but AnimateLCM-SVD's take these. */
typedef enum i2v_sigma_schedule {
    I2V_SIGMA_SCHEDULE_AUTO,        /* what the model's scheduler_config.json says; Karras for Stable Video Diffusion */
    I2V_SIGMA_SCHEDULE_KARRAS,      /* diffusers' use_karras_sigmas: from the model's sigma_max to its sigma_min */
    I2V_SIGMA_SCHEDULE_EXPONENTIAL, /* diffusers' use_exponential_sigmas: the same range, evenly spaced logarithms */
    I2V_SIGMA_SCHEDULE_UNIFORM,     /* diffusers with both off: evenly spaced training timesteps, by the betas in the
                                       model's scheduler_config.json; its sigma_min and sigma_max do not count */
    I2V_SIGMA_SCHEDULE_AYS          /* NVIDIA's Align Your Steps for Stable Video Diffusion, 700 to 0.034 in 10 steps;
                                       other numbers of steps by log-linear interpolation */
} i2v_sigma_schedule;

/* The guidance weights of the frames between min_guidance_scale and max_guidance_scale. */
typedef enum i2v_guidance_shape {
    I2V_GUIDANCE_LINEAR,  /* from min at the first frame to max at the last, as in diffusers */
    I2V_GUIDANCE_TRIANGLE /* min at both ends, max in the middle: ComfyUI's VideoTriangleCFGGuidance */
} i2v_guidance_shape;

/* A caller's own source of standard normals: fills values[0..count). Returns 0, or anything else to fail. */
typedef int (*i2v_normal_source)(float *values, size_t count, void *user);

typedef enum i2v_phase {
    I2V_PHASE_LOAD,   /* weights are being prepared; step of steps: bytes done in MiB */
    I2V_PHASE_ENCODE, /* CLIP, step 0 to 1, then the VAE's encoder, 1 to 2; each is loaded before */
    I2V_PHASE_DENOISE,
    I2V_PHASE_DECODE /* step of steps: frames decoded */
} i2v_phase;

/* A phase's name: "load", "encode", "denoise", "decode". Static; "unknown" for any other number. */
I2V_API const char *i2v_phase_name(i2v_phase phase);

typedef struct i2v_event {
    i2v_phase phase;
    int video, num_videos; /* which video, from 0 */
    int step, steps;       /* done, of; when a phase begins 0 of steps (the VAE's encoder: 1 of 2), or as many as were
                              done before the call (params.resume_from) */
    int clip, num_clips;   /* which clip of params.extend + 1, from 0 */
    double seconds;        /* since this phase began */
    uint64_t memory;       /* bytes the engine holds now, with all loaded parts of its model */
    /* After each denoising step: the latents [num_frames, channels, h, w], which the callback may change; else NULL.
     * They are finite, and must stay so. After the last step they are the clip's whole work: i2v_decode goes on from a
     * copy of them, should decoding fail. */
    float *latents;
    size_t latents_count;
    double timestep; /* after each denoising step: what the UNet was told of it, 0.25 ln sigma; else 0 */
    /* step, and what is done of the step after it: 3.4 in the middle of the fourth, 3.5 after the first evaluation of
     * two (I2V_SCHEDULER_HEUN), which has latents; while frames are decoded in one call, of all of those. */
    double steps_done;
    double fraction; /* of the whole call, all its phases, clips and videos: never less than before, 1 at its end */
    /* About how long the rest of the call takes, by what it has measured; below 0 until it has. */
    double seconds_left;
    /* NULL, or why params.checkpoint could not be written after the last step or chunk: the one before is still there,
     * and it is tried again after the next. */
    const char *checkpoint_error;
    /* With params.preview_every, after each of those denoising steps: what the step takes the clip's frames to be, in
     * preview_count pictures of the latents' size (an eighth of the video's on a side); else NULL and 0. They are the
     * estimate of the clean latents, not the noisy latents, under a linear map to red, green and blue that is fitted to
     * the clip's picture. They are the library's, until the callback returns: i2v_image_resize makes larger ones of
     * them, i2v_images_save a file. */
    const i2v_image *preview;
    size_t preview_count;
} i2v_event;

/* Called on the thread that runs the call: where a phase begins, after each of its steps and, where a step takes long,
 * within it, some ten times a second. Those within a step have steps_done above step, and no latents but after an
 * evaluation of the UNet: who counts steps passes over them. Returns 0 to go on, anything else to cancel, which from
 * within a step is at once. For what it may call, see the rules above. */
typedef int (*i2v_event_callback)(const i2v_event *event, void *user);

/* Parameters of a generation; names and meanings are those of diffusers' StableVideoDiffusionPipeline. */
typedef struct i2v_params {
    /* [the model's; 1 to 8192] pixels, multiples of 8 (of the model's vae_scale_factor); 0: the model's own */
    int width, height;
    i2v_fit fit;             /* [I2V_FIT_CROP] how the picture is brought to width x height */
    int num_frames;          /* [the model's; 1 to 4096] of a clip, 2 or more with extend; 0: the model's own */
    int num_videos;          /* [1; 1 to 4096] of the same picture */
    int num_inference_steps; /* [25; 1 to 10000] denoising steps; 1 to 40 with I2V_SCHEDULER_ANIMATELCM, for the uniform
                                schedule at most the model's training timesteps. With sigmas it does not count.
                                I2V_SCHEDULER_HEUN takes two evaluations of the UNet a step and one in the last: 2n - 1;
                                events count n steps, as diffusers' progress bar does */
    /* [NULL] noise levels from high to low, used as they are: one more than steps, in place of num_inference_steps.
     * Each is less than the one before, at most 1e6 and at least 1e-6; the last may be 0. Excludes sigma_schedule. */
    const double *sigmas;
    size_t sigmas_count;       /* [0; 2 to 10001] number of sigmas; 0 without */
    double min_guidance_scale; /* [1; 0 to 1000] guidance weight of the first frame */
    double max_guidance_scale; /* [3; 0 to 1000] guidance weight of the last frame */
    int fps;                   /* [7; 1 to 1000] frames a second that the model is told, and of the video */
    int motion_bucket_id;      /* [127; 0 to 1023] more is more motion */
    double noise_aug_strength; /* [0.02; 0 to 100] noise added to the picture before it is encoded */
    uint64_t seed;             /* [0; any] of all noise; I2V_RNG_TORCH takes its low 32 bits */
    i2v_rng rng;               /* [I2V_RNG_NUMPY] whose random numbers */
    i2v_normal_source random;  /* [NULL] used in place of seed and rng */
    void *random_user;         /* [NULL] given to random */
    /* [NULL] the noise [num_videos, num_frames, channels, h, w] before scaling. Excludes extend. */
    const float *latents;
    int decode_chunk_size; /* [0; 0 or more] frames that the VAE decodes in one call, which changes them slightly; 0:
                              all */
    /* [0; 0 or more] accepted for programs that follow diffusers' guide, and without effect: the feed-forward works in
     * tiles that fit the cache, at any setting */
    int forward_chunk_size;
    i2v_event_callback on_event; /* [NULL] told how far the call is */
    void *user;                  /* [NULL] given to on_event */
    /* [0; 0 to 4096] N: N more clips. Clip k is made of the last frame of the clip before as an 8-bit picture, as if
     * saved as PNG, with seed + k and as one video; its first frame, which is that picture, is left out. Excludes
     * latents and latents_only. */
    int extend;
    int video_index; /* [-1; 0 to 4095] only this one of the num_videos, from 0, with the noise that it has among them;
                        -1: all */
    i2v_scheduler scheduler; /* [I2V_SCHEDULER_AUTO] how latents go from one noise level to the next */
    /* [I2V_SIGMA_SCHEDULE_AUTO] which noise levels. All but AUTO exclude sigmas and I2V_SCHEDULER_ANIMATELCM. */
    i2v_sigma_schedule sigma_schedule;
    i2v_guidance_shape guidance_shape; /* [I2V_GUIDANCE_LINEAR] the weights of the frames between the first and last */
    i2v_noise_aug noise_aug; /* [I2V_NOISE_AUG_DIFFUSERS] what noise_aug_strength adds, and when it is drawn */
    /* [NULL] what the image encoder [3, 224, 224] and the VAE [3, height, width] see of the first clip's picture in
     * place of i2v_generate's image: floats 0..1, neither resized nor rounded */
    const float *clip_pixels, *vae_pixels;
    /* [0; 0 or 1] 1: the video has latents and no frames: nothing is decoded, and no decoder loaded or planned for. For
     * i2v_generate and its plan. Excludes extend. */
    int latents_only;
    /* [NULL] a file that the run's state is written to after each step and each decoded chunk, whole and flushed to the
     * disk: whatever ends the process, it is there, of the last step or of the one before. It holds latents, decoded
     * frames and what decides the bits of the run: of 25 frames of 1024x576 it has 4 MB, then up to 180 MB. Where it
     * cannot be written the call goes on (i2v_event.checkpoint_error). It stays when the call ends, well or not: to be
     * removed when what was made is where it should be. */
    const char *checkpoint;
    /* [NULL] such a file, from which the call goes on as if that run had not been ended: the result has the same bits.
     * It may be that of checkpoint. Picture, model, what computes, the version and all parameters that decide the bits
     * (i2v_parameter.decides) must be those of that run: else I2V_ERROR_PARAMETER, and the message names the first that
     * is not. random must give what it gave there. I2V_ERROR_FORMAT if a byte of the file was changed or is missing. */
    const char *resume_from;
    /* [0; 0 to 10000] N: the events after every N-th denoising step, and after the last, have a preview of all frames;
     * 0: none is made. The video is the same. */
    int preview_every;
    /* [1; 1 to 10000] N: DeepCache (Ma et al., arXiv 2312.00858). Evaluations 0, N, 2N, ... of the UNet are full, and
     * keep what comes to one of its layers on the way up, for each half of guidance: its features. Those between
     * compute the layers around and take the features as they were. An evaluation is a step, but for
     * I2V_SCHEDULER_HEUN, which has two a step. 1: all are full. Where N divides the evaluations less one, the last is
     * full, which is much nearer. A state (checkpoint) is kept where the next evaluation is a full one. */
    int cache_interval;
    /* [0; -1 to 255] B: with cache_interval, the skip branch that cached evaluations go down to, at most 10 of Stable
     * Video Diffusion: the UNet has as many as skips. They are counted as DeepCache's code for Stable Video Diffusion
     * does: 0 is down_blocks.0.resnets.0's, 1 down_blocks.0.resnets.1's, 2 down_blocks.0.downsamplers.0's, and so on;
     * -1, which that code has not, is conv_in's. A higher one computes more. It is one less than DeepCacheSDHelper's
     * cache_branch_id. */
    int cache_branch;
    /* [NULL] "LOW:HIGH", noise levels such as "0.1:100" between which, both included, the UNet is evaluated without the
     * picture, too, for guidance; from 0 to 1e6 or "inf", LOW below HIGH. Other evaluations are one pass in place of
     * two (Kynkaanniemi et al. 2024, arXiv 2404.07724). NULL: "0:inf" */
    const char *guidance_interval;
    /* [1; 1 to 10000] N: of the evaluations with guidance the first and every N-th after it compute the pass without
     * the picture; the others take the difference between the two passes that was computed last */
    int guidance_every;
    /* [0; 0 to 10000] N, but not 1: from the third evaluation on, the first and every N-th after it, but for the last,
     * are not computed: the slope (latent - clean latent) / sigma goes on in a line, in ln sigma, from the two that
     * were computed last. 0: all are computed. For I2V_SCHEDULER_EULER, _DPMPP_2M and _UNIPC */
    int forecast_every;
} i2v_params;

/* Fills params with the defaults above. */
I2V_API void i2v_params_default(i2v_params *params);

/* Of a sentence that warns, with its NUL. */
#define I2V_WARNING_SIZE 256

/* A sentence on why these parameters are likely to disappoint, though i2v_generate takes them, for a person: a model of
 * Stable Video Diffusion's size is asked for less than half the pixels that it was trained at. "" if there is nothing
 * to be said. */
I2V_API i2v_status i2v_params_warning(i2v_engine *engine, const i2v_params *params, char text[I2V_WARNING_SIZE]);

/* The result of i2v_generate and i2v_decode. All arrays are owned by the video. */
typedef struct i2v_video {
    int num_videos, num_frames, height, width;
    float *frames; /* [num_videos, num_frames, height, width, 3]: sRGB, as a screen takes it, clamped to 0..1; NULL
                      with params.latents_only */
    int latent_channels, latent_height, latent_width;
    float *latents;  /* [num_videos, num_clips, clip_frames, latent_channels, latent_height, latent_width], before
                        decoding */
    int fps;         /* params.fps */
    int num_clips;   /* params.extend + 1 */
    int clip_frames; /* num_frames is num_clips (clip_frames - 1) + 1 */
    /* "", or a sentence on what is odd about the frames, for a person: that each of them is of one colour. */
    char warning[I2V_WARNING_SIZE];
} i2v_video;

/* Makes params.num_videos videos of image, or one of them (params.video_index). On success *video is to be freed with
 * i2v_video_free; else NULL. Frames equal diffusers' for the same seed and parameters, and do not depend on the number
 * of threads. NaN and infinities, of damaged weights or a LoRA too strong, end the call with I2V_ERROR_MODEL where they
 * first show: after CLIP, the VAE's encoder, each step and each decoded chunk; those of a callback with
 * I2V_ERROR_PARAMETER. */
I2V_API i2v_status i2v_generate(i2v_engine *engine, const i2v_image *image, const i2v_params *params,
                                i2v_video **video);

/* What a file of params.checkpoint says of its run, as one JSON object of texts: parameters by their names, hashes, and
 * how far it is. All of the file is read and checked: I2V_ERROR_FORMAT where it is none, or damaged. *json is freed
 * with i2v_metadata_free; NULL on failure. */
I2V_API i2v_status i2v_checkpoint_read(const char *path, char **json, i2v_error *error);

/* Decodes saved latents [params.extend + 1, num_frames, channels, latent_height, latent_width] (as i2v_video.latents of
 * one video). Of params, fps, decode_chunk_size, extend, on_event and user are used. */
I2V_API i2v_status i2v_decode(i2v_engine *engine, const float *latents, int num_frames, int latent_height,
                              int latent_width, const i2v_params *params, i2v_video **video);

I2V_API void i2v_video_free(i2v_video *video);

/* ---- videos to files -------------------------------------------------------------------------------------------- */

typedef enum i2v_codec {
    I2V_CODEC_AUTO, /* the ending's own: H.264, in WebM VP9 */
    I2V_CODEC_H264, /* .mp4 .mov .mkv: what plays everywhere */
    I2V_CODEC_H265, /* .mp4 .mov .mkv */
    I2V_CODEC_VP9,  /* .mp4 .mkv .webm */
    I2V_CODEC_AV1,  /* .mp4 .mkv .webm: the smallest files, the slowest to write */
    I2V_CODEC_FFV1  /* .mkv: lossless, for work that goes on */
} i2v_codec;

#define I2V_METADATA_MAX 60000

typedef struct i2v_output {
    double fps; /* [0; 0.01 to 1000] playback rate, frames a second; 0: the video's own */
    /* [-1; 0 to 51] quality of lossy codecs, 0 (best) to 51 (smallest); set as a field, up to 63 for VP9 and AV1; -1:
     * visually lossless for the codec. Excludes quality and bitrate. */
    int crf;
    int index;                    /* [0; 0 or more] which of the video's num_videos */
    int (*cancelled)(void *user); /* [NULL] asked between frames; non-zero: what was written is removed */
    void *user;                   /* [NULL] given to cancelled */
    i2v_codec codec;              /* [I2V_CODEC_AUTO] of video files */
    /* [-1; 0 to 100] in place of crf: 0 (smallest) to 100 (best), the same for all lossy kinds; -1: crf counts.
     * Excludes crf and bitrate. */
    int quality;
    int loop; /* [0; 0 or 1] 1: there and back, frames 0 .. n-1 and then n-2 .. 1, so that a player's loop has no
                 jump */
    /* [NULL] text to keep in the file: one JSON object in UTF-8 without control characters, at most I2V_METADATA_MAX
     * bytes. .npy files have no place for it and are written without. */
    const char *metadata;
    /* [0; 1 to 100000000000] about so many bits a second, for the lossy codecs of video files; 0: crf or quality
     * counts. Excludes both. */
    uint64_t bitrate;
    int no_replace; /* [0; 0 or 1] 1: a file that is there is an error and stays, one that appears while this is
                       written, too */
} i2v_output;

I2V_API void i2v_output_default(i2v_output *output);

/* Writes one video. The kind follows the ending: .mp4 .mkv .webm .mov .gif .webp .png (animated PNG), a pattern such
 * as dir/%04d.png (one file a frame, from 0001), .npy (float32 [F,H,W,3]). In the file name of a .png, %% stands for %.
 * Files appear whole or not at all. One that is there is replaced and its permissions are kept; where path is a link,
 * what it leads to is. A file that is read-only, and what is no regular file, is left as it is, with an error. */
I2V_API i2v_status i2v_video_save(const i2v_video *video, const char *path, const i2v_output *output, i2v_error *error);

/* The file, into a text of `size` bytes, that i2v_video_save with path writes frame number `frame` to, from 1: by a
 * pattern one each, else the same for all. */
I2V_API i2v_status i2v_video_file(const char *path, int frame, char *file, size_t size, i2v_error *error);

/* I2V_OK if i2v_video_save could write to path: its ending is known, its folder exists and can be written to. For
 * asking before hours of work. */
I2V_API i2v_status i2v_video_check_path(const char *path, i2v_error *error);

/* The same for these settings, too: fps, crf, quality and codec are what path can hold. */
I2V_API i2v_status i2v_video_check_output(const char *path, const i2v_output *output, i2v_error *error);

/* ---- what a model is -------------------------------------------------------------------------------------------- */

typedef struct i2v_part_info {
    const char *name;       /* "unet", "vae", "image_encoder", "frame_decoder", "tiny_decoder" */
    const char *class_name; /* the class diffusers gives it */
    const char *dtype;      /* what its file holds: "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2" or "mixed" */
    const char *sizes;      /* one line: channels, layers, heads */
    uint64_t parameters;    /* number of weights */
    uint64_t bytes;         /* their size in the file */
} i2v_part_info;

typedef struct i2v_model_info {
    const char *path;
    const char *pipeline; /* class name in model_index.json */
    const char *scheduler;
    int width, height;    /* default size of a video, pixels */
    int num_frames;       /* default */
    int latent_channels;  /* 4 for SVD */
    int vae_scale_factor; /* pixels per latent on a side, 8 for SVD */
    size_t parts_count;
    i2v_part_info parts[5];            /* the fourth: a frame decoder or a tiny decoder, if there is one */
    i2v_dtype dtype;                   /* that of options, I2V_DTYPE_AUTO resolved */
    const char *backend;               /* what computes: "cpu, AVX-512" */
    i2v_sigma_schedule sigma_schedule; /* what I2V_SIGMA_SCHEDULE_AUTO stands for; never that itself */
    i2v_scheduler sampler;             /* what I2V_SCHEDULER_AUTO stands for; never that itself */
    size_t warnings_count;
    /* What was taken for granted while it was opened, for a person, each a sentence that names a file: "FILE: nothing
     * says its alpha, ..."; NULL: nothing. */
    const char *const *warnings;
    int threads; /* that compute: options.threads, 0 resolved */
    const char *tiny_decoder; /* options.tiny_decoder, "auto" and "none" resolved to a path or NULL */
} i2v_model_info;

/* Describes the opened model. Strings live as long as the model or an engine of it. */
I2V_API i2v_status i2v_get_model_info(i2v_engine *engine, i2v_model_info *info);

/* Tells the opened model's weights from others: the SHA-256 over the name, dtype, shape and middle 4096 bytes of every
 * tensor. Does not depend on where the files are, nor on how they are cut into shards. Reads a few MiB of them. */
I2V_API i2v_status i2v_model_hash(i2v_engine *engine, char hex[I2V_SHA256_SIZE]);

/* ---- memory ----------------------------------------------------------------------------------------------------- */

/* One stage of a run, in bytes and seconds. Stages are in memory one at a time, beside the parts that stay
 * (options.keep_loaded). */
typedef struct i2v_stage_memory {
    const char *name;   /* "image encoder", "VAE encoder", "UNet", and "VAE decoder" or "tiny decoder" */
    uint64_t weights;   /* that stay in memory, as they are computed with */
    uint64_t tensors;   /* of a forward pass, with the weights that it reads from the file at each use */
    uint64_t held;      /* latents, pictures, frames, and what a process takes itself */
    uint64_t others;    /* weights of the other parts that stay loaded */
    uint64_t peak;      /* the sum of all four */
    /* NULL, or what takes longer so that the stage needs no more, for a person: operations on fewer frames and pixels
     * at a time (smaller batches, one after the other), temporal convolutions twice (what lies between them is made
     * anew, not kept), weights read from the file at each use */
    const char *traded;
    int stays;          /* 1: the weights stay loaded for the next call */
    double seconds;     /* about how long it computes: the UNet for one step, with cache_interval a full one, the others
                           for one clip; 0: not known */
    double load_seconds; /* about how long its weights take to load, once; 0: they are loaded, or it is not known */
    double run_seconds;  /* about how long it takes in the whole run: loading, all steps, clips and videos */
} i2v_stage_memory;

/* The memory of a run, known before it starts, and about its time. Trades change no bit of the result. */
typedef struct i2v_memory_plan {
    size_t stages_count;
    i2v_stage_memory stages[4]; /* in the order of the run */
    uint64_t peak;              /* of the largest stage */
    uint64_t budget;            /* options.max_memory, or what is free to this process, less a margin */
    int budget_given;           /* 1: it is options.max_memory */
    double seconds;             /* about how long all of it takes, the sum of the stages' run_seconds; 0: not known */
} i2v_memory_plan;

/* What i2v_generate with these parameters takes, the caller's picture included, which is taken to be no larger than the
 * video (i2v_image_options.width); nothing is computed but a product, to estimate seconds by.
 * I2V_ERROR_MEMORY where i2v_generate would fail with it: then *plan is the leanest there is, without seconds. Its
 * strings are static. */
I2V_API i2v_status i2v_plan_generate(i2v_engine *engine, const i2v_params *params, i2v_memory_plan *plan);

/* The same for i2v_decode. */
I2V_API i2v_status i2v_plan_decode(i2v_engine *engine, int num_frames, int latent_height, int latent_width,
                                   const i2v_params *params, i2v_memory_plan *plan);

/* Bytes of options.max_memory, or of what is free, less a margin, that neither the parts that stay loaded nor the
 * process takes: for i2v_image_options.max_memory. At least 1. */
I2V_API uint64_t i2v_memory_left(const i2v_engine *engine);

/* ---- several engines on one model ------------------------------------------------------------------------------- */

/* An opened model: configurations, and weights, which are in memory once, however many engines use them. */
typedef struct i2v_model i2v_model;

/* For several engines on one model: i2v_open in two steps. Of options, which may be NULL, all but threads and
 * max_memory are used. On success *model is to be closed with i2v_model_close; else it is NULL. */
I2V_API i2v_status i2v_model_open(i2v_model **model, const char *path, const i2v_options *options, i2v_error *error);

/* An engine on the model. Of options, which may be NULL, threads and max_memory are used; of the others, numbers and
 * choices out of range are refused all the same. *engine is set as by i2v_open.
 *
 * What an engine computes does not depend on the others. A part that several compute with at the same time is loaded
 * once: who needs it while another loads it waits for that. With keep_loaded, parts stay for all engines of the model:
 * each call keeps as many as fit beside what it takes itself, and lets go of others that no engine uses. Each engine
 * plans for itself, shared weights included, and knows nothing of what the others will take: give those that work at
 * the same time a max_memory. */
I2V_API i2v_status i2v_open_model(i2v_engine **engine, i2v_model *model, const i2v_options *options);

/* Lets go of a model, which lives as long as its engines do. NULL is allowed. */
I2V_API void i2v_model_close(i2v_model *model);

/* Frees the parts that options.keep_loaded keeps, but for those that another engine uses; the next call loads them
 * again. NULL is allowed. */
I2V_API void i2v_unload(i2v_engine *engine);

/* ---- other programs' defaults ----------------------------------------------------------------------------------- */

/* A named set of another program's defaults. */
typedef struct i2v_preset {
    const char *name;    /* "diffusers", "sgm", "sgm-xt", "comfyui", "animatelcm" */
    const char *summary; /* whose defaults, one line */
} i2v_preset;

/* Preset number index from 0; NULL after the last. Static. */
I2V_API const i2v_preset *i2v_preset_at(size_t index);

/* Sets what a preset is made of: num_inference_steps, sigmas (none), scheduler, sigma_schedule, min_guidance_scale,
 * max_guidance_scale, guidance_shape, fps, motion_bucket_id, noise_aug_strength, noise_aug and decode_chunk_size, and
 * "comfyui" also fit and rng, so that a seed gives ComfyUI's own video. All else stays.
 * I2V_ERROR_PARAMETER, with params as they were, where there is no preset of that name. */
I2V_API i2v_status i2v_params_preset(i2v_params *params, const char *name, i2v_error *error);

/* ---- less work a video ------------------------------------------------------------------------------------------- */

/* A rung of the ladder from what is exact to what is fast. docs/SPEED.md has its time, memory and loss. */
typedef struct i2v_speed {
    const char *name;    /* "exact", "balanced", "fast", "draft" */
    const char *summary; /* what it does, one line */
    const char *nearness; /* of its latents to those of a run of 200 steps, measured on a denoiser that is exact: "19.0
                             dB", more is nearer; docs/SPEED.md says of what */
} i2v_speed;

/* Rung number index from 0, the exact one first; NULL after the last. Static. */
I2V_API const i2v_speed *i2v_speed_at(size_t index);

/* Sets what a rung is made of: of options dtype, as this CPU has it (bf16 where it multiplies that, else f32), and
 * tiny_decoder ("auto" in "draft", else NULL); of params num_inference_steps, sigmas (none), scheduler, sigma_schedule,
 * guidance_interval, guidance_every, forecast_every and cache_interval. All else stays, and what the caller sets
 * afterwards counts. options, params: either may be NULL. I2V_ERROR_PARAMETER, with both as they were, where there is
 * no rung of that name, or params has I2V_SCHEDULER_ANIMATELCM, whose weights know no other scheduler; "exact" leaves
 * scheduler and steps of that alone. */
I2V_API i2v_status i2v_speed_set(const char *name, i2v_options *options, i2v_params *params, i2v_error *error);

/* ---- latents and arrays ----------------------------------------------------------------------------------------- */

/* Latents of a file for i2v_decode: an array as below, or, where path ends in ".latent", what ComfyUI's SaveLatent
 * wrote, scaled as latents are here. _load takes none but those of the shape that _shape gave, as i2v_array_load_same.
 */
I2V_API i2v_status i2v_latents_load(const char *path, float **data, const int64_t *shape, int ndim,
                                    char sha256[I2V_SHA256_SIZE], i2v_error *error);
I2V_API i2v_status i2v_latents_shape(const char *path, int64_t shape[8], int *ndim, i2v_error *error);

/* Arrays in NumPy's format, float32, C order. ndim is at most 8. _save_new replaces no file, as
 * i2v_output.no_replace. On load *data is freed with i2v_array_free. _shape reads the header alone, and that the file
 * has all values that it tells of. _load_same takes no array but one of the shape that _shape gave, and says the
 * SHA-256 of the very bytes that it read. */
I2V_API i2v_status i2v_array_save(const char *path, const float *data, const int64_t *shape, int ndim,
                                  i2v_error *error);
I2V_API i2v_status i2v_array_save_new(const char *path, const float *data, const int64_t *shape, int ndim,
                                      i2v_error *error);
I2V_API i2v_status i2v_array_load(const char *path, float **data, int64_t shape[8], int *ndim, i2v_error *error);
I2V_API i2v_status i2v_array_load_same(const char *path, float **data, const int64_t *shape, int ndim,
                                       char sha256[I2V_SHA256_SIZE], i2v_error *error);
I2V_API i2v_status i2v_array_shape(const char *path, int64_t shape[8], int *ndim, i2v_error *error);
I2V_API void i2v_array_free(float *data);

/* ---- what a file is --------------------------------------------------------------------------------------------- */

/* What a picture or video file is, read from the file itself. */
typedef struct i2v_media_info {
    char container[32]; /* "png", "jpeg", "mp4", ... */
    char codec[32];     /* "h264", ... */
    int width, height;  /* as stored, before EXIF orientation */
    int64_t num_frames; /* 1 for a picture; counted */
    double fps;         /* 0 for a picture */
} i2v_media_info;

I2V_API i2v_status i2v_media_probe(const char *path, i2v_media_info *info, i2v_error *error);

/* The text that i2v_video_save kept in a file: MP4, QuickTime, Matroska and WebM have it as the comment, PNG in an iTXt
 * chunk "img2vid", GIF in a comment extension, WebP in its XMP. *json is NULL, with I2V_OK, if the file is a picture,
 * video or array without one; else it begins with '{' (more is not checked: it may come from anybody), and is to be
 * freed with i2v_metadata_free. */
I2V_API i2v_status i2v_metadata_load(const char *path, char **json, i2v_error *error);
I2V_API void i2v_metadata_free(char *json);

/* The SHA-256 of a file's bytes. */
I2V_API i2v_status i2v_file_sha256(const char *path, char hex[I2V_SHA256_SIZE], i2v_error *error);

/* ---- frames one by one ------------------------------------------------------------------------------------------- */

/* Frames of a file, read one after the other, so that a long video takes no more memory than a few frames and the file
 * itself, which is at most 512 MiB. */
typedef struct i2v_frame_reader i2v_frame_reader;

/* Opens what i2v_video_save writes, and a picture as a video of one frame: a video, an animation, .npy, or by a pattern
 * such as dir/%04d.png pictures of one size from 0001 on. *info says what it is; without a rate of its own, fps is 0.
 * On success *reader is to be closed with i2v_frame_reader_close; on failure it is NULL. */
I2V_API i2v_status i2v_frame_reader_open(i2v_frame_reader **reader, const char *path, i2v_media_info *info,
                                         i2v_error *error);

/* The next frame, into a picture of the size that info said; transparent pixels are laid over white. *ended becomes 1,
 * and image is as it was, after the last one; a video may have fewer frames than info said. After an error there are
 * no more. */
I2V_API i2v_status i2v_frame_reader_next(i2v_frame_reader *reader, i2v_image *image, int *ended, i2v_error *error);

I2V_API void i2v_frame_reader_close(i2v_frame_reader *reader);

/* Frames that a caller makes, one after the other. */
typedef struct i2v_frame_source {
    int width, height, num_frames;
    double fps;
    /* Makes frame number `frame`, from 0, in image, which is width x height with undefined pixels. Is called for every
     * frame in their order, for a GIF twice. Anything but I2V_OK ends the call with that; error may be NULL. */
    i2v_status (*make)(int frame, i2v_image *image, void *user, i2v_error *error);
    void *user;
} i2v_frame_source;

/* Writes them as i2v_video_save does, but for .npy. Of output, index and loop are not used. */
I2V_API i2v_status i2v_frames_save(const i2v_frame_source *source, const char *path, const i2v_output *output,
                                   i2v_error *error);

/* The same of pictures that are there, such as i2v_event.preview: count of them, [1 to 1048576]. Each is a frame,
 * brought to width x height as by I2V_FIT_STRETCH; 0 and 0: the size of the first. Of output, which may be NULL, index
 * is not used; with fps 0 there are 7 frames a second. */
I2V_API i2v_status i2v_images_save(const i2v_image *images, size_t count, int width, int height, const char *path,
                                   const i2v_output *output, i2v_error *error);

/* Writes bytes, by the rules of i2v_video_save for files. is_new: as i2v_output.no_replace. */
I2V_API i2v_status i2v_file_save(const char *path, const void *data, size_t size, int is_new, i2v_error *error);

/* Frame number `frame`, from 0, of video number `index` as a picture: the 8-bit values that i2v_video_save writes. On
 * success *image is to be freed with i2v_image_free; on failure it is NULL. */
I2V_API i2v_status i2v_video_frame(i2v_image **image, const i2v_video *video, int index, int frame, i2v_error *error);

/* Writes a picture as PNG, by the rules of i2v_video_save for files; path ends in .png and has no number. Of output,
 * which may be NULL, metadata and no_replace are used. */
I2V_API i2v_status i2v_image_save(const i2v_image *image, const char *path, const i2v_output *output, i2v_error *error);

/* I2V_OK if i2v_image_save could write to path. */
I2V_API i2v_status i2v_image_check_output(const char *path, const i2v_output *output, i2v_error *error);

/* The picture as a PNG file in memory, *size bytes, to be freed with i2v_png_free; on failure *png is NULL. */
I2V_API i2v_status i2v_image_png(const i2v_image *image, uint8_t **png, size_t *size, i2v_error *error);
I2V_API void i2v_png_free(uint8_t *png);

/* ---- the hub ---------------------------------------------------------------------------------------------------- */

/* Models of the Hugging Face hub, in the cache that its Python library keeps: what one downloads, the other finds. The
 * library's environment variables hold here too: HF_HOME, HF_HUB_CACHE, XDG_CACHE_HOME, HF_ENDPOINT, HF_TOKEN,
 * HF_TOKEN_PATH, HF_HUB_OFFLINE. A model's id is "org/name", or "org/name/FILE" for one file of it. */

typedef enum i2v_hub_phase {
    I2V_HUB_LIST,     /* asking what there is */
    I2V_HUB_DOWNLOAD, /* bytes arrive */
    I2V_HUB_CHECK,    /* the digest of a file that has arrived is computed */
    I2V_HUB_WAIT      /* for a server or another program, as note says; or no wait, and a note alone */
} i2v_hub_phase;

typedef struct i2v_hub_event {
    i2v_hub_phase phase;
    const char *file; /* "unet/config.json"; "" while listing */
    const char *note; /* a sentence, with I2V_HUB_WAIT; else "" */
    int files_done, files;
    uint64_t done, total; /* bytes of all files, those that were there before among them */
    uint64_t received;    /* bytes that came over the network in this call */
    double seconds;       /* since the call began */
} i2v_hub_event;

/* Called some ten times a second, on the thread that runs the call. Returns 0 to go on, anything else to cancel. */
typedef int (*i2v_hub_callback)(const i2v_hub_event *event, void *user);

typedef struct i2v_hub_options {
    const char *revision; /* [NULL] branch, tag or commit; NULL: main */
    const char *variant;  /* [NULL] as i2v_options.variant */
    const char *file;  /* [NULL] only this file; NULL: what a model needs, or the one file of weights that there is */
    const char *cache; /* [NULL] folder of the cache; NULL: that of the environment */
    const char *endpoint; /* [NULL] address of the hub; NULL: that of the environment, else https://huggingface.co */
    const char *token;    /* [NULL] access token; NULL: that of the environment or of the file; "": none */
    int offline;          /* [0; 0 or 1] 1: take what the cache has, or fail */
    int connections;      /* [4; 1 to 16] that one large file is downloaded over at the same time */
    i2v_hub_callback on_event; /* [NULL] told how far the call is */
    void *user;                /* [NULL] given to on_event */
} i2v_hub_options;

I2V_API void i2v_hub_options_default(i2v_hub_options *options);

/* A model in the cache. Owned by the caller, freed whole with i2v_hub_model_free. */
typedef struct i2v_hub_model {
    char *path;        /* for i2v_open: a folder, or a file */
    char commit[65];   /* which state of the repository it is */
    char license[64];  /* as the model's page names it; "" if it does not, and from the cache */
    int files;         /* that the model needs */
    uint64_t bytes;    /* their size */
    uint64_t received; /* bytes that came over the network */
} i2v_hub_model;

/* Finds a model in the cache; never uses the network. I2V_ERROR_MODEL if it is not there, or not whole. Of options,
 * which may be NULL, revision, variant, file and cache are used. */
I2V_API i2v_status i2v_hub_find(i2v_hub_model **model, const char *id, const i2v_hub_options *options,
                                i2v_error *error);

/* Downloads what the cache lacks of a model: configurations and one set of weights. What has arrived when it fails or
 * is cancelled is kept, and gone on from by the next call. Sizes and digests are checked. options may be NULL. */
I2V_API i2v_status i2v_hub_pull(i2v_hub_model **model, const char *id, const i2v_hub_options *options,
                                i2v_error *error);

I2V_API void i2v_hub_model_free(i2v_hub_model *model);

/* True if text has the form of an id: "org/name", "org/name/FILE", or the address of a model's page or of one of its
 * files, "https://huggingface.co/org/name/blob/main/FILE". All three are ids to the calls above; a revision and a file
 * in an address count where options have none. */
I2V_API int i2v_hub_is_id(const char *text);

/* ---- parameters by name ----------------------------------------------------------------------------------------- */

/* What a parameter's value is in its struct, and how it is written as text. */
typedef enum i2v_parameter_type {
    I2V_PARAMETER_FLAG,     /* int, 0 or 1: "false", "true", "0" or "1" */
    I2V_PARAMETER_INTEGER,  /* int */
    I2V_PARAMETER_UNSIGNED, /* uint64_t */
    I2V_PARAMETER_BYTES,    /* uint64_t: "6G", "1.5GiB", "512M", "1000000"; K, M, G and T are powers of 1024 */
    I2V_PARAMETER_NUMBER,   /* double, finite */
    I2V_PARAMETER_CHOICE,   /* int or enum: the place of the text in argument */
    I2V_PARAMETER_TEXT,     /* const char *, not empty */
    I2V_PARAMETER_NUMBERS,  /* const double *, and right after it size_t: "8,3,0.5,0" */
    I2V_PARAMETER_LORAS     /* const i2v_lora *, and right after it size_t: "PATH" or "PATH:SCALE", which adds one */
} i2v_parameter_type;

/* The structs of settings. */
typedef enum i2v_struct {
    I2V_STRUCT_OPTIONS,       /* i2v_options */
    I2V_STRUCT_PARAMS,        /* i2v_params */
    I2V_STRUCT_OUTPUT,        /* i2v_output */
    I2V_STRUCT_IMAGE_OPTIONS, /* i2v_image_options */
    I2V_STRUCT_HUB_OPTIONS    /* i2v_hub_options */
} i2v_struct;

/* The calls that a parameter is for. */
enum {
    I2V_FOR_GENERATE = 1, /* and the files that are written after it */
    I2V_FOR_DECODE = 2,   /* likewise */
    I2V_FOR_MODEL_INFO = 4,
    I2V_FOR_BENCH = 8,
    I2V_FOR_PULL = 16,
    I2V_FOR_FRAMES = 32 /* i2v_frames_save */
};

/* One parameter: what its options, help, configuration, metadata and keywords are made of. */
typedef struct i2v_parameter {
    const char *name; /* "num_frames"; no two have the same */
    i2v_parameter_type type;
    i2v_struct settings; /* the struct that it is a field of */
    const char *field;   /* its name there: that of the parameter, but for "lora" (loras), "no_overwrite" (no_replace)
                            and "playback_fps" (fps) */
    size_t offset;       /* of the field */
    /* of INTEGER and NUMBER, and of an UNSIGNED where they are not both 0; others have the range of their type */
    double minimum, maximum;
    double initial;          /* what the struct's ..._default gives; of a CHOICE the place. Where that is outside the
                                range, it leaves the choice to the model or the file's kind */
    const char *argument; /* what stands for a value in help, "N"; of a CHOICE all, "linear|triangle"; of a FLAG NULL */
    const char *group;    /* heading for people; NULL: no person sets it, a program does */
    unsigned calls;       /* I2V_FOR_... of those that it is for */
    int decides;          /* 1: what is made depends on it, so that it must be known to make it again */
    const char *help;     /* lines of at most 56 characters; other parameters' names stand between backticks */
} i2v_parameter;

/* Parameter number index from 0, in an order for people; NULL after the last. Static. */
I2V_API const i2v_parameter *i2v_parameter_at(size_t index);

/* The parameter of that name; NULL if there is none. */
I2V_API const i2v_parameter *i2v_parameter_find(const char *name);

/* Reads text as the parameter's value, into the struct that it is a field of. NULL for text: its initial value.
 * I2V_ERROR_FORMAT where the text is of another type, I2V_ERROR_PARAMETER where the value is out of range: the message
 * begins with the parameter's name and says what it takes and what was given; the struct is as it was.
 * TEXT is kept as a pointer, and must last as long as the struct is used. Lists are allocated: they are for fields that
 * nothing else has set, and are freed by a call with NULL. */
I2V_API i2v_status i2v_parameter_set(const i2v_parameter *parameter, void *values, const char *text, i2v_error *error);

/* The value as text that i2v_parameter_set reads; numbers with as few digits as give them back. "" for what is not set:
 * what is NULL or empty, or leaves the choice to others. Of LORAS, all with a line each.
 * I2V_ERROR_PARAMETER if it takes more than size. */
I2V_API i2v_status i2v_parameter_get(const i2v_parameter *parameter, const void *values, char *text, size_t size,
                                     i2v_error *error);

/* The two above by the parameter's name, in a struct of that kind: i2v_set(I2V_STRUCT_PARAMS, &params, "fit", "pad",
 * &error). An unknown name is I2V_ERROR_PARAMETER, and the message says which was meant. "variant" is of i2v_options:
 * that of i2v_hub_options is the same text, and not set by name. */
I2V_API i2v_status i2v_set(i2v_struct settings, void *values, const char *name, const char *text, i2v_error *error);
I2V_API i2v_status i2v_get(i2v_struct settings, const void *values, const char *name, char *text, size_t size,
                           i2v_error *error);

/* 1: the preset of that name gives that parameter a value. */
I2V_API int i2v_preset_sets(const char *preset, const i2v_parameter *parameter);
/* The same for a rung: i2v_speed_set. */
I2V_API int i2v_speed_sets(const char *name, const i2v_parameter *parameter);

/* What i2v_unlikeness gives for a name that was not meant. */
#define I2V_UNLIKE 48

/* How unlike candidate is to what somebody wrote, for "did you mean": 0 the same, 1 an abbreviation of it, then more
 * with each letter to add, take away, change or swap; I2V_UNLIKE: not meant. */
I2V_API int i2v_unlikeness(const char *written, const char *candidate);

/* ---- measuring -------------------------------------------------------------------------------------------------- */

/* One kind of multiply-add on vectors in registers, on all threads of the engine. */
typedef struct i2v_bench_peak {
    const char *instructions; /* the instruction set, "AVX-512"; NULL: the CPU has none for it */
    double rate;              /* operations a second, a multiply-add being two */
} i2v_bench_peak;

/* The most that this machine does, measured on the spot. */
typedef struct i2v_bench_peaks {
    i2v_bench_peak f32, bf16, int8;
    double read; /* bytes a second, of memory far larger than the caches */
    double copy; /* likewise, the sum of bytes read and bytes written */
} i2v_bench_peaks;

/* All calls of one operation on one shape. */
typedef struct i2v_bench_row {
    const char *operation; /* "conv", "linear", ... */
    char shape[64];
    uint64_t count; /* calls */
    double seconds;
    uint64_t multiplications; /* multiply-adds of the model as published, even where fewer are done */
    uint64_t bytes;           /* that must at least be read and written */
    double least_seconds;     /* at the report's peak, int8's or the memory's, whichever bounds it more */
    int memory_bound;         /* 1: least_seconds is the memory's */
    int is_int8;              /* 1: its products are of int8, whose peak is its own */
} i2v_bench_row;

typedef struct i2v_bench_pass {
    double seconds;            /* of the fastest repetition, from which all of this is */
    double operations_seconds; /* of that, in operations: the rows' sum */
    uint64_t multiplications;  /* likewise */
    size_t rows_count;
    i2v_bench_row *rows; /* the longest first */
} i2v_bench_pass;

typedef struct i2v_bench_report {
    const char *backend; /* what computes: "cpu, AVX-512" */
    int threads, repetitions;
    int width, height, num_frames, decode_chunk_size;
    i2v_bench_peaks peaks;
    const char *peak_name;  /* of the peak that bounds products: "bf16" where bf16 is multiplied by bf16, else "f32" */
    double peak_rate;       /* operations a second */
    double bandwidth;       /* the memory's peak: the higher of read and copy */
    i2v_bench_pass unet;    /* one pass, which is half a step with guidance; not what a run computes once */
    i2v_bench_pass decoder; /* decode_chunk_size frames */
} i2v_bench_report;

/* Measures the machine, then one pass of each of the two parts that take a run's time, on random input: the fastest of
 * so many repetitions (1..1000). Of params, width, height, num_frames, decode_chunk_size, on_event and user are
 * used. On success *report is to be freed with i2v_bench_report_free; else NULL. */
I2V_API i2v_status i2v_bench(i2v_engine *engine, const i2v_params *params, int repetitions, i2v_bench_report **report);

I2V_API void i2v_bench_report_free(i2v_bench_report *report);

/* ---- texts ------------------------------------------------------------------------------------------------------ */

/* For a terminal: '?' in place of control characters (C0, DEL, C1), line separators, overrides of direction and bytes
 * that are no UTF-8. Messages of this library are printable already; names, licences and metadata of files are as they
 * stand there. */
I2V_API void i2v_make_printable(char *text);

/* Where text is an address like "file:///home/me/a%20b.png", writes the path in it over it. Any other text stays, and
 * so does an address of another machine, for which it gives 0. i2v_image_load and i2v_open do this themselves. */
I2V_API int i2v_path_from_url(char *text);

#ifdef __cplusplus
}
#endif
#endif
