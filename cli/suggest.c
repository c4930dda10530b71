/* What was probably meant by an option or a command that there is not. */
#include "suggest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST = I2V_UNLIKE }; /* a name to be looked for; no option's is longer */

/* ---- other programs' names -------------------------------------------------------------------------------------- */

/* With '-' for '_', in small letters. Those of diffusers that only differ in that are found without a row. */
static const struct alias {
    const char *name;
    const char *option;   /* what it is called here, or NULL */
    const char *sentence; /* in its place */
} aliases[] = {
    /* lengths and sizes: ComfyUI, generative-models, mindone, FFmpeg */
    {"frames", "num-frames", NULL},
    {"frame", "num-frames", NULL},
    {"video-frames", "num-frames", NULL},
    {"num-video-frames", "num-frames", NULL},
    {"length", "num-frames", NULL},
    {"batch-size", "num-videos", NULL},
    {"num-videos-per-prompt", "num-videos", NULL},
    {"num-samples", "num-videos", NULL},
    {"n-samples", "num-videos", NULL},
    {"size", NULL, "; did you mean --width and --height?"},
    {"resolution", NULL, "; did you mean --width and --height?"},
    {"w", "width", NULL},
    {"s", NULL, "; did you mean --seed, or --width and --height?"},
    {"resize", "fit", NULL},
    {"resize-mode", "fit", NULL},
    {"crop", "fit", NULL},
    /* motion and guidance */
    {"steps", "num-inference-steps", NULL},
    {"num-steps", "num-inference-steps", NULL},
    {"sampling-steps", "num-inference-steps", NULL},
    {"inference-steps", "num-inference-steps", NULL},
    {"cfg", "max-guidance-scale", NULL},
    {"cfg-scale", "max-guidance-scale", NULL},
    {"max-cfg", "max-guidance-scale", NULL},
    {"min-cfg", "min-guidance-scale", NULL},
    {"guidance", "max-guidance-scale", NULL},
    {"guidance-scale", "max-guidance-scale", NULL},
    {"motion", "motion-bucket-id", NULL},
    {"motion-bucket", "motion-bucket-id", NULL},
    {"augmentation-level", "noise-aug-strength", NULL},
    {"augmentation", "noise-aug-strength", NULL},
    {"cond-aug", "noise-aug-strength", NULL},
    {"aug", "noise-aug-strength", NULL},
    {"strength", "noise-aug-strength", NULL},
    {"fps-id", "fps", NULL},
    {"frame-rate", "fps", NULL},
    {"framerate", "fps", NULL},
    {"r", "fps", NULL},
    {"sampler", "scheduler", NULL},
    {"sampler-name", "scheduler", NULL},
    {"generator", "seed", NULL},
    {"noise-seed", "seed", NULL},
    {"random-seed", "seed", NULL},
    /* files */
    {"out", "output", NULL},
    {"outfile", "output", NULL},
    {"output-path", "output", NULL},
    {"output-file", "output", NULL},
    {"output-folder", "output", NULL},
    {"output-dir", "output", NULL},
    {"filename-prefix", "output", NULL},
    {"input", NULL, ": pictures are given without an option"},
    {"input-path", NULL, ": pictures are given without an option"},
    {"image", NULL, ": pictures are given without an option"},
    {"image-path", NULL, ": pictures are given without an option"},
    {"init-image", NULL, ": pictures are given without an option"},
    {"i", NULL, ": pictures are given without an option"},
    {"checkpoint", "model", NULL},
    {"ckpt", "model", NULL},
    {"ckpt-name", "model", NULL},
    {"model-path", "model", NULL},
    {"model-id", "model", NULL},
    {"repo-id", "model", NULL},
    {"pretrained-model-name-or-path", "model", NULL},
    {"lora-path", "lora", NULL},
    {"loras", "lora", NULL},
    {"f", "format", NULL},
    {"container", "format", NULL},
    {"c", "codec", NULL},
    {"vcodec", "codec", NULL},
    {"format", NULL, ": the ending of OUT says what the video is"},
    {"batch", "jobs", NULL},
    {"batch-file", "jobs", NULL},
    {"job-list", "jobs", NULL},
    {"queue", "jobs", NULL},
    {"n", "no-overwrite", NULL},
    {"no-clobber", "no-overwrite", NULL},
    {"skip", "skip-existing", NULL},
    {"continue", "skip-existing", NULL},
    {"y", NULL, ": a file that is there is replaced without it"},
    {"force", NULL, ": a file that is there is replaced without it"},
    /* the machine */
    {"decoding-t", "decode-chunk-size", NULL},
    {"chunk-size", "decode-chunk-size", NULL},
    {"torch-dtype", "dtype", NULL},
    {"precision", "dtype", NULL},
    {"fp16", NULL, "; did you mean --variant fp16?"},
    {"bf16", NULL, "; did you mean --dtype bf16?"},
    {"num-threads", "threads", NULL},
    {"j", "threads", NULL},
    {"t", "threads", NULL},
    {"memory", "max-memory", NULL},
    {"lowvram", "max-memory", NULL},
    {"medvram", "max-memory", NULL},
    {"dry-run", "plan", NULL},
    {"device", NULL, ": all is computed on the CPU"},
    {"prompt", NULL, ": Stable Video Diffusion takes a picture, and no text"},
    {"negative-prompt", NULL, ": Stable Video Diffusion takes a picture, and no text"},
    {"host", "listen", NULL},
    {"port", "listen", NULL},
    {"api-key", "api-key-file", NULL},
    {"silent", "quiet", NULL},
    {"version", NULL, "; did you mean img2vid --version?"},
};

static const struct alias command_aliases[] = {
    {"run", "generate", NULL},      {"create", "generate", NULL},  {"make", "generate", NULL},
    {"animate", "generate", NULL},  {"convert", "generate", NULL}, {"gen", "generate", NULL},
    {"download", "pull", NULL},     {"fetch", "pull", NULL},       {"get", "pull", NULL},
    {"install", "pull", NULL},      {"show", "info", NULL},        {"inspect", "info", NULL},
    {"probe", "info", NULL},        {"describe", "info", NULL},    {"benchmark", "bench", NULL},
    {"version", "--version", NULL}, {"-v", "--version", NULL},
};

static const struct alias *find_alias(const struct alias *rows, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0) return &rows[i];
    return NULL;
}

/* ---- likeness --------------------------------------------------------------------------------------------------- */

/* The best candidates so far, "--a or --b". */
typedef struct best {
    int unlikeness;
    int count;
    char names[200];
} best;

static void consider(best *so_far, const char *name, const char *candidate, const char *dashes) {
    int unlike = i2v_unlikeness(name, candidate);
    if (unlike >= LONGEST || unlike > so_far->unlikeness) return;
    if (unlike < so_far->unlikeness) *so_far = (best){unlike, 0, ""};
    size_t used = strlen(so_far->names);
    snprintf(so_far->names + used, sizeof so_far->names - used, "%s%s%s", so_far->count ? " or " : "", dashes,
             candidate);
    so_far->count++;
}

/* ---- options ---------------------------------------------------------------------------------------------------- */

/* "num-frames" of "--Num_Frames=3". */
static void normalise(char name[LONGEST + 1], const char *argument) {
    size_t length = 0;
    argument += strspn(argument, "-");
    for (; *argument && *argument != '=' && length < LONGEST; argument++)
        name[length++] = *argument == '_' ? '-' : (char)tolower((unsigned char)*argument);
    name[length] = 0;
}

/* "generate and decode take it": of the commands that do. */
static void say_takers(char *text, size_t size, const cli_command *command, const cli_option *option) {
    const cli_command_list *all = command->all;
    size_t takers = 0, said = 0, used = (size_t)snprintf(text, size, "; ");
    for (size_t i = 0; i < all->count; i++) takers += (size_t)cli_takes(all->commands[i], option);
    for (size_t i = 0; i < all->count && used < size; i++) {
        if (!cli_takes(all->commands[i], option)) continue;
        const char *before = said == 0 ? "" : said + 1 == takers ? " and " : ", ";
        used += (size_t)snprintf(text + used, size - used, "%s%s", before, all->commands[i]->name);
        said++;
    }
    if (used < size)
        snprintf(text + used, size - used, " take%s --%s, %s does not", takers == 1 ? "s" : "", option->name,
                 command->name);
}

static void say_option(char *text, size_t size, const cli_command *command, const cli_option *option) {
    if (cli_takes(command, option))
        snprintf(text, size, "; did you mean --%s?", option->name);
    else
        say_takers(text, size, command, option);
}

void cli_suggest_option(char *text, size_t size, const cli_command *command, const char *argument) {
    char name[LONGEST + 1];
    best found = {LONGEST, 0, ""};
    *text = 0;
    normalise(name, argument);
    const cli_option *same = cli_option_named(command, name);
    if (same) {
        say_option(text, size, command, same);
        return;
    }
    const struct alias *alias = find_alias(aliases, sizeof aliases / sizeof *aliases, name);
    same = alias && alias->option ? cli_option_named(command, alias->option) : NULL;
    if (same) {
        say_option(text, size, command, same);
    } else if (alias && alias->sentence) {
        snprintf(text, size, "%s", alias->sentence);
    } else {
        for (size_t i = 0; i < command->options_count; i++)
            if (cli_takes(command, &command->options[i])) consider(&found, name, command->options[i].name, "--");
        consider(&found, name, "help", "--");
        if (found.count > 0 && found.count <= 4) snprintf(text, size, "; did you mean %s?", found.names);
    }
}

/* ---- commands --------------------------------------------------------------------------------------------------- */

void cli_suggest_command(char *text, size_t size, const cli_command_list *list, const char *name) {
    char plain[LONGEST + 1];
    best found = {LONGEST, 0, ""};
    *text = 0;
    const struct alias *alias = find_alias(command_aliases, sizeof command_aliases / sizeof *command_aliases, name);
    if (alias) {
        snprintf(text, size, "; did you mean img2vid %s?", alias->option);
        return;
    }
    if (*name == '-') {
        normalise(plain, name);
        consider(&found, plain, "help", "--");
        consider(&found, plain, "version", "--");
        if (found.count == 0 && cli_option_named(list->commands[0], plain))
            snprintf(text, size, ": the command comes first, as in img2vid generate IMAGE %s", name);
    } else {
        normalise(plain, name);
        for (size_t i = 0; i < list->count; i++) consider(&found, plain, list->commands[i]->name, "img2vid ");
        consider(&found, plain, "help", "img2vid ");
    }
    if (found.count == 1) snprintf(text, size, "; did you mean %s?", found.names);
    if (found.count == 0 && !*text && access(name, F_OK) == 0)
        snprintf(text, size, ", but a file: img2vid generate %s makes a video of a picture", name);
}
