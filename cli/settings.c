/* All options of all commands. A parameter of the library that people set is one by its row there; here stand those
 * that the program alone has. */
#include "settings.h"
#include "spelling.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define MAKES_VIDEO (CLI_GENERATE | CLI_DECODE)
#define COMPUTES (MAKES_VIDEO | CLI_BENCH)

static const char files[] = "Files", motion[] = "Motion and guidance", randomness[] = "Randomness",
                  resources[] = "Memory and speed", messages[] = "Messages", previews[] = "Previews",
                  server[] = "Server";

/* The program's own options, and the field of the parameter that they come after. */
static const struct own_option {
    size_t after;
    cli_option option;
} own[] = {
#define FIRST SIZE_MAX
    /* clang-format off: one row an option */
    {FIRST,
     {MAKES_VIDEO | CLI_COMPARE, files, 'o', "output", "OUT", CLI_TEXT, CLI_AT(path), 0, 0,
      "where the video goes; the ending says what it is:\n"
      ".mp4 .mkv .webm .mov .gif .webp, .png (animated),\n"
      "DIR/%04d.png (one picture a frame; %% is a %) or .npy\n"
      "(float32). A file that is there is replaced, unless it\n"
      "is read-only or one that this run reads. {name} stands\n"
      "for the picture's name, {seed}, {index} and {video} for\n"
      "their numbers, a parameter's name for its value:\n"
      "out/{name}-{seed}.mp4. Folders that are missing are\n"
      "made. - is standard output, with --format. compare\n"
      "writes one video, a picture (.png) or a page (.html)",
      NULL}},
    {CLI_AT(output.no_replace),
     {MAKES_VIDEO, files, 0, "skip-existing", NULL, CLI_FLAG, CLI_AT(skip_existing), 0, 0,
      "what is there already stays and is not made again; an\n"
      "error where only a part of what belongs together is",
      NULL}},
    {CLI_AT(output.no_replace),
     {CLI_GENERATE, files, 0, "overwrite", NULL, CLI_FLAG, CLI_AT(overwrite), 0, 0,
      "of --jobs: also replace what was made with other\n"
      "parameters, in place of an error",
      NULL}},
    {CLI_AT(output.no_replace),
     {MAKES_VIDEO, files, 0, "format", CLI_FORMATS, CLI_CHOICE, CLI_AT(format), 0, 0,
      "what -o - writes to standard output, in place of an\n"
      "ending: ... -o - --format webm | mpv -",
      NULL}},
    {CLI_AT(output.no_replace),
     {MAKES_VIDEO, files, 0, "sheet", "FILE.png", CLI_TEXT, CLI_AT(sheet), 0, 0,
      "also a contact sheet: frames in a grid, with their times\n"
      "and the parameters, as one picture. Its name may have\n"
      "the same {fields}",
      NULL}},
    {CLI_AT(output.no_replace),
     {COMPUTES | CLI_SERVE, files, 'm', "model", "DIR|FILE|NAME", CLI_TEXT, CLI_AT(model), 0, 0,
      "model folder in diffusers' layout, the one with\n"
      "model_index.json, a single file (.safetensors, .ckpt,\n"
      ".pt, .pth, .bin) of Stability AI, or the name of a\n"
      "model on the hub that img2vid pull has downloaded\n"
      "(default: the small bundled model). serve takes several,\n"
      "each as NAME=MODEL where clients are to call it\n"
      "otherwise",
      NULL}},
    {CLI_AT(options.loras),
     {CLI_GENERATE, files, 0, "latents", "IN.npy", CLI_TEXT, CLI_AT(latents), 0, 0,
      "noise to start from, float32 [F,C,h,w] before scaling,\n"
      "in place of drawn noise ([N,F,C,h,w] for N videos)",
      NULL}},
    {CLI_AT(options.loras),
     {CLI_GENERATE, files, 0, "save-latents", "OUT.npy", CLI_TEXT, CLI_AT(save_latents), 0, 0,
      "also keep the latents, for img2vid decode", NULL}},
    {CLI_AT(hub.offline),
     {CLI_GENERATE, files, 0, "from", "VIDEO", CLI_TEXT, CLI_AT(from), 0, 0,
      "run again what made this file: takes the parameters in\n"
      "it for all that is not given, also IMAGE and --model",
      NULL}},
    {CLI_AT(hub.offline),
     {CLI_GENERATE, files, 0, "jobs", "LIST.jsonl", CLI_TEXT, CLI_AT(jobs), 0, 0,
      "make what a list says, one JSON object a line with\n"
      "image, output and parameters, whose arrays multiply;\n"
      "what is finished is not made again; pictures and options\n"
      "given here are defaults; - is standard input",
      NULL}},
    {CLI_AT(hub.offline),
     {CLI_GENERATE, files, 0, "shard", "K/N", CLI_TEXT, CLI_AT(shard), 0, 0,
      "of the jobs of --jobs, part K of N: one a machine", NULL}},
    {CLI_AT(hub.offline),
     {MAKES_VIDEO, files, 0, "no-metadata", NULL, CLI_FLAG, CLI_AT(no_metadata), 0, 0,
      "do not keep the parameters in the file (.npy never has\n"
      "them)",
      NULL}},
    {CLI_AT(params.checkpoint),
     {CLI_GENERATE, files, 0, "no-checkpoint", NULL, CLI_FLAG, CLI_AT(no_checkpoint), 0, 0,
      "keep no state while the video is made", NULL}},
    {CLI_AT(params.checkpoint),
     {CLI_GENERATE, files, 0, "resume", NULL, CLI_FLAG, CLI_AT(resume), 0, 0,
      "go on from the state that a run of this command left,\n"
      "where there is one, to the same video; and keep it,\n"
      "however short the run is",
      NULL}},
    {CLI_AT(params.sigmas),
     {CLI_GENERATE, motion, 0, "preset", "NAME", CLI_NAME, CLI_AT(preset), 0, 0,
      "another program's defaults, where no option says\n"
      "otherwise: diffusers, sgm, sgm-xt, comfyui, animatelcm\n"
      "(--preset help: with their values)",
      NULL}},
    {CLI_AT(options.max_memory),
     {CLI_GENERATE, resources, 0, "speed", "NAME", CLI_NAME, CLI_AT(speed), 0, 0,
      "less work for a loss that is measured, where no option\n"
      "says otherwise: exact, balanced, fast, draft (--speed\n"
      "help: with what they do; --plan --speed all: with their\n"
      "time and memory here; default exact)",
      NULL}},
    {CLI_AT(params.seed),
     {CLI_GENERATE, randomness, 0, "seeds", "A,B,C-D,...", CLI_SEEDS, CLI_AT(seeds), 0, 0,
      "each picture with each of these seeds", NULL}},
    {CLI_AT(options.max_memory),
     {MAKES_VIDEO, resources, 0, "plan", NULL, CLI_FLAG, CLI_AT(plan), 0, 0,
      "say what memory and time it would take, without reading\n"
      "the picture, and stop",
      NULL}},
    {CLI_AT(params.forward_chunk_size),
     {CLI_BENCH, resources, 0, "repeat", "N", CLI_INTEGER, CLI_AT(repeat), 1, INT_MAX,
      "passes of each, of which the fastest counts: the first\n"
      "also waits for fresh memory and the disk (default 2)",
      NULL}},
    {CLI_AT(params.forward_chunk_size),
     {CLI_BENCH, resources, 0, "loss", "IMAGE", CLI_TEXT, CLI_AT(loss), 0, 0,
      "in place of that, what each --speed loses with this\n"
      "model: videos of the picture are made",
      NULL}},
    {CLI_AT(params.forward_chunk_size),
     {CLI_BENCH, resources, 0, "reference-steps", "N", CLI_INTEGER, CLI_AT(reference_steps), 30, 1000,
      "steps of the video that --loss compares with (default\n"
      "100)",
      NULL}},
    {CLI_AT(params.forward_chunk_size),
     {COMPUTES | CLI_INFO | CLI_PULL | CLI_COMPARE, messages, 0, "json", NULL, CLI_FLAG, CLI_AT(json), 0, 0,
      "print one JSON object on standard output, or for\n"
      "several pictures or seeds one a line; what fails has\n"
      "\"error\" and \"status\" in it",
      NULL}},
    {CLI_AT(params.forward_chunk_size),
     {COMPUTES | CLI_PULL | CLI_COMPARE | CLI_SERVE, messages, 'q', "quiet", NULL, CLI_FLAG, CLI_AT(quiet), 0, 0,
      "say nothing but errors", NULL}},
    {CLI_AT(params.forward_chunk_size),
     {COMPUTES | CLI_PULL | CLI_COMPARE | CLI_SERVE, messages, 'v', "verbose", NULL, CLI_FLAG, CLI_AT(verbose), 0, 0,
      "also say what computes, the model, where values come\n"
      "from and what they came to, the plan, and the time of\n"
      "each phase",
      NULL}},
    {CLI_AT(params.forward_chunk_size),
     {COMPUTES | CLI_PULL | CLI_COMPARE | CLI_SERVE, messages, 0, "log-file", "FILE", CLI_TEXT, CLI_AT(log_file), 0, 0,
      "add all that --verbose says, warnings and errors to\n"
      "this file, each line with its time; with --quiet, too",
      NULL}},
    {CLI_AT(params.forward_chunk_size),
     {COMPUTES | CLI_INFO | CLI_PULL | CLI_COMPARE | CLI_SERVE, messages, 0, "no-config", NULL, CLI_FLAG,
      CLI_AT(no_config), 0, 0,
      "leave out the configuration file and the variables\n"
      "IMG2VID_...: img2vid help config",
      NULL}},
    {CLI_AT(params.forward_chunk_size),
     {CLI_GENERATE, previews, 0, "preview", "FILE", CLI_TEXT, CLI_AT(preview), 0, 0,
      "a .webp, .gif or .png that shows all frames as they\n"
      "become, written anew after each step; one for all\n"
      "videos of the run, of the one that is worked on",
      NULL}},
    {CLI_AT(params.forward_chunk_size),
     {CLI_GENERATE, previews, 0, "show", NULL, CLI_FLAG, CLI_AT(show), 0, 0,
      "show them moving on the terminal, as pictures where it\n"
      "can, else in coloured blocks; nothing elsewhere",
      NULL}},
    {CLI_AT(params.preview_every),
     {CLI_SERVE, server, 0, "listen", "ADDRESS:PORT", CLI_TEXT, CLI_AT(listen), 0, 0,
      "where clients reach it (default 127.0.0.1:7860, from\n"
      "this machine alone); port 0 is one that is free",
      NULL}},
    {CLI_AT(params.preview_every),
     {CLI_SERVE, server, 0, "data", "DIR", CLI_TEXT, CLI_AT(data), 0, 0,
      "the folder of jobs, states and videos (default:\n"
      "~/.local/share/img2vid/server)",
      NULL}},
    {CLI_AT(params.preview_every),
     {CLI_SERVE, server, 0, "api-key-file", "FILE", CLI_TEXT, CLI_AT(api_key_file), 0, 0,
      "keys of clients, a line each, as KEY or NAME KEY: who\n"
      "has none is refused, and each sees its own jobs alone\n"
      "(default: none, or for other machines a random one that\n"
      "is printed)",
      NULL}},
    {CLI_AT(params.preview_every),
     {CLI_SERVE, server, 0, "allow-host", "NAME,...", CLI_TEXT, CLI_AT(allow_host), 0, 0,
      "names by which clients may reach it, beside localhost\n"
      "and addresses in numbers: those of a reverse proxy",
      NULL}},
    {CLI_AT(params.preview_every),
     {CLI_SERVE, server, 0, "unload-after", "TIME", CLI_TEXT, CLI_AT(unload_after), 0, 0,
      "such as 90s, 10m or 2h: without work for so long, lets\n"
      "go of the model's weights (default: never)",
      NULL}},
    {CLI_AT(params.preview_every),
     {CLI_SERVE, server, 0, "max-queue", "N", CLI_INTEGER, CLI_AT(max_queue), 1, 1000000,
      "jobs that may wait (default 100)", NULL}},
    {CLI_AT(params.preview_every),
     {CLI_SERVE, server, 0, "max-upload", "SIZE", CLI_BYTES, CLI_AT(max_upload), 0, 0, "of a picture (default 32M)",
      NULL}},
    {CLI_AT(params.preview_every),
     {CLI_SERVE, server, 0, "max-pixels", "N", CLI_INTEGER, CLI_AT(max_pixels), 64, INT_MAX,
      "of a frame (default 4194304, four of 1024x1024)", NULL}},
    {CLI_AT(params.preview_every),
     {CLI_SERVE, server, 0, "max-frames", "N", CLI_INTEGER, CLI_AT(max_video_frames), 1, INT_MAX,
      "of a video (default 250)", NULL}},
    /* clang-format on */
};

size_t cli_settings_place(i2v_struct of) {
    switch (of) {
    case I2V_STRUCT_OPTIONS:
        return CLI_AT(options);
    case I2V_STRUCT_PARAMS:
        return CLI_AT(params);
    case I2V_STRUCT_OUTPUT:
        return CLI_AT(output);
    case I2V_STRUCT_IMAGE_OPTIONS:
        return CLI_AT(image);
    case I2V_STRUCT_HUB_OPTIONS:
        break;
    }
    return CLI_AT(hub);
}

static void add_own(cli_all_options *table, size_t after) {
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (own[i].after == after && table->count < CLI_MOST_OPTIONS) table->options[table->count++] = own[i].option;
}

/* The text's place, from *used on, where it is spelled as the command line has it. */
static const char *take(const char *spelled, size_t *used) {
    *used += strlen(spelled) + 1;
    return spelled;
}

/* A server opens models, as bench does. */
static unsigned takers(const i2v_parameter *parameter) {
    int is_of_model = parameter->settings == I2V_STRUCT_OPTIONS || parameter->settings == I2V_STRUCT_HUB_OPTIONS;
    return parameter->calls | (is_of_model && (parameter->calls & I2V_FOR_BENCH) ? (unsigned)CLI_SERVE : 0U);
}

static void add_parameter(cli_all_options *table, const i2v_parameter *parameter, size_t offset, size_t *used) {
    if (table->count == CLI_MOST_OPTIONS) return;
    char *free_text = table->text + *used;
    const char *name = take(cli_spell_name(free_text, sizeof table->text - *used, parameter->name), used);
    free_text = table->text + *used;
    const char *help = take(cli_spell_help(free_text, sizeof table->text - *used, parameter->help), used);
    table->options[table->count++] = (cli_option){.commands = takers(parameter),
                                                  .group = parameter->group,
                                                  .name = name,
                                                  .argument = parameter->argument,
                                                  .type = (cli_type)parameter->type,
                                                  .offset = offset,
                                                  .minimum = parameter->minimum,
                                                  .maximum = parameter->maximum,
                                                  .help = help,
                                                  .parameter = parameter};
}

void cli_all_options_make(cli_all_options *table) {
    const i2v_parameter *parameter;
    size_t used = 0;
    table->count = 0;
    add_own(table, FIRST);
    for (size_t i = 0; (parameter = i2v_parameter_at(i)); i++) {
        size_t offset = cli_settings_place(parameter->settings) + parameter->offset;
        if (parameter->group) add_parameter(table, parameter, offset, &used);
        add_own(table, offset);
    }
}

void cli_settings_default(cli_settings *settings, const cli_command *command) {
    memset(settings, 0, sizeof *settings);
    settings->command = command;
    settings->repeat = 2;
    settings->reference_steps = 100;
    settings->max_queue = 100;
    settings->max_upload = 32 << 20;
    settings->max_pixels = 4 << 20;
    settings->max_video_frames = 250;
    i2v_options_default(&settings->options);
    i2v_params_default(&settings->params);
    i2v_output_default(&settings->output);
    i2v_image_options_default(&settings->image);
    i2v_hub_options_default(&settings->hub);
}

static int is_list(const i2v_parameter *parameter) {
    return parameter->type == I2V_PARAMETER_NUMBERS || parameter->type == I2V_PARAMETER_LORAS;
}

/* Lists that options made. */
static void free_lists(cli_settings *settings) {
    const i2v_parameter *parameter;
    for (size_t i = 0; (parameter = i2v_parameter_at(i)); i++)
        if (is_list(parameter))
            i2v_parameter_set(parameter, (char *)settings + cli_settings_place(parameter->settings), NULL, NULL);
}

void cli_settings_free(cli_settings *settings) {
    free_lists(settings);
    free(settings->seeds.values);
    free(settings->found_image);
    json_decref(settings->metadata);
    cli_config_free(&settings->environment);
    cli_config_free(&settings->config);
    memset(settings, 0, sizeof *settings);
}
