/* All options of all commands, and where their values go. */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "config_file.h"
#include "img2vid/img2vid.h"
#include "numbers.h"
#include "options.h"

#include <jansson.h>

/* What a parameter is for is what takes it as an option. */
enum {
    CLI_GENERATE = I2V_FOR_GENERATE,
    CLI_DECODE = I2V_FOR_DECODE,
    CLI_INFO = I2V_FOR_MODEL_INFO,
    CLI_BENCH = I2V_FOR_BENCH,
    CLI_PULL = I2V_FOR_PULL,
    CLI_COMPARE = I2V_FOR_FRAMES,
    CLI_SERVE = 64 /* which opens models as bench does, and gets parameters from its clients */
};

/* The endings of what standard output can take: patterns are several files. */
#define CLI_FORMATS "mp4|mkv|webm|mov|gif|webp|png|npy"

typedef struct cli_settings {
    const cli_command *command;
    const char *operand; /* the first IMAGE, LATENTS, what info looks at or the model to pull; NULL for bench */
    cli_operands operands;
    cli_seeds seeds;   /* --seeds */
    const char *model; /* NULL: the bundled one */
    const char *path;  /* --output */
    const char *latents, *save_latents;
    const char *preview; /* the file that shows the video as it becomes */
    int show;            /* it is shown on the terminal */
    const char *sheet; /* --sheet: a contact sheet of each video */
    int json, quiet, verbose;
    const char *log_file;
    int no_config;
    cli_config_list environment, config; /* strings of other members may be in them */
    int plan;                            /* only say what memory it would take */
    int repeat;                          /* of bench */
    const char *loss;                    /* of bench: the picture that speeds are tried on; NULL: none are */
    int reference_steps;
    int seed_drawn;                      /* no --seed: params.seed was drawn */
    int guidance_given;
    int no_metadata;
    int skip_existing; /* --no-overwrite is output.no_replace */
    int overwrite;     /* of --jobs: also what was made with other parameters */
    int resume, no_checkpoint;
    int format;        /* of -o -: the place in CLI_FORMATS */
    const char *from;  /* --from: the file whose metadata says what is not given */
    json_t *metadata;  /* of that file; strings above may be in it */
    char *found_image;
    int image_given, model_given, latents_given; /* on the command line, not in metadata */
    int decoder_given;                           /* likewise: one of frames, or a speed, which takes one or none */
    const char *preset, *speed;                  /* NULL: none */
    const char *jobs, *shard;                    /* --jobs, and its --shard */
    struct cli_list *list;                       /* of --jobs: who reads it frees it */
    cli_set given;                               /* on the command line, and by a list's job */
    i2v_options options;
    i2v_params params;
    i2v_output output;
    i2v_image_options image; /* its alpha */
    const char *listen, *data, *api_key_file, *allow_host, *unload_after; /* of serve; NULL: not given */
    int max_queue, max_pixels, max_video_frames;                          /* likewise */
    uint64_t max_upload;
    i2v_hub_options hub;     /* where --model or the model to pull is a name on the hub */
} cli_settings;

/* In their order for people; text has names and helps as the command line writes them. */
typedef struct cli_all_options {
    cli_option options[CLI_MOST_OPTIONS];
    size_t count;
    char text[1 << 14];
} cli_all_options;

void cli_all_options_make(cli_all_options *all);

/* The place of a field, which is that of an option's value. */
#define CLI_AT(field) offsetof(cli_settings, field)

/* What nobody has set. */
void cli_settings_default(cli_settings *settings, const cli_command *command);

/* Where the struct of a parameter is in the settings. */
size_t cli_settings_place(i2v_struct of);

void cli_settings_free(cli_settings *settings);

#endif
