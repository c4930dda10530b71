/* The program img2vid: finds the command and runs it. */
#include "commands.h"
#include "config.h"
#include "failure.h"
#include "help.h"
#include "list.h"
#include "log.h"
#include "message.h"
#include "presets.h"
#include "settings_read.h"
#include "signals.h"
#include "speeds.h"
#include "stack.h"
#include "suggest.h"

#include <stdio.h>
#include <string.h>

typedef struct command_entry {
    cli_command command;
    int (*run)(const cli_settings *settings);
} command_entry;

enum { COMMANDS = 7 };

static void list_commands(command_entry entries[COMMANDS], const cli_all_options *all) {
    static const char generate_examples[] = "  img2vid generate rocket.jpg -o rocket.mp4\n"
                                            "  img2vid generate rocket.jpg -o rocket.webm --num-frames 7 --seed 42\n"
                                            "  img2vid generate *.jpg -o 'videos/{name}-{seed}.mp4' --seeds 1-3\n"
                                            "  img2vid generate --from rocket.webm -o longer.webm --num-frames 25\n"
                                            "  img2vid generate --jobs night.jsonl --shard 1/3\n";
    static const char decode_examples[] = "  img2vid generate rocket.jpg -o rocket.mp4 --save-latents latents.npy\n"
                                          "  img2vid decode latents.npy -o again.mp4 --crf 28\n"
                                          "  img2vid decode latents.npy -o frames/%04d.png --decode-chunk-size 4\n"
                                          "  img2vid decode latents.npy -o - --format webm > again.webm\n";
    static const char info_examples[] = "  img2vid info rocket.mp4 --json\n"
                                        "  img2vid info latents.npy\n"
                                        "  img2vid info stabilityai/stable-video-diffusion-img2vid-xt\n";
    static const char bench_examples[] = "  img2vid bench\n"
                                         "  img2vid bench --width 128 --height 128 --num-frames 7\n"
                                         "  img2vid bench --loss rocket.jpg --width 256 --height 160\n";
    entries[0] = (command_entry){{CLI_GENERATE, "generate", "IMAGE",
                                  "IMAGE... -o OUT [options] or --from VIDEO [IMAGE...] -o OUT [options] "
                                  "or --jobs LIST.jsonl [IMAGE...] [-o OUT] [options]",
                                  "Makes short videos of pictures: files, web addresses or - (stdin).",
                                  generate_examples, all->options, all->count, 1, 0, NULL, NULL, 0},
                                 cli_generate};
    entries[1] = (command_entry){{CLI_DECODE, "decode", "LATENTS", "LATENTS.npy|LATENTS.latent -o OUT [options]",
                                  "Decodes latents kept by generate --save-latents or by ComfyUI.", decode_examples,
                                  all->options, all->count, 0, 0, NULL, NULL, 0},
                                 cli_decode};
    entries[2] =
        (command_entry){{CLI_INFO, "info", "MODEL, VIDEO, IMAGE or LATENTS", "MODEL|VIDEO|IMAGE|LATENTS [options]",
                         "Says what a model, a video, a picture or a file of latents is.", info_examples, all->options,
                         all->count, 0, 0, NULL, NULL, 0},
                        cli_info};
    entries[3] = (command_entry){{CLI_BENCH, "bench", NULL, "[options]",
                                  "Says how fast a model's operations are here, and could be.", bench_examples,
                                  all->options, all->count, 0, 0, NULL, NULL, 0},
                                 cli_bench};
    static const char pull_examples[] = "  img2vid pull stabilityai/stable-video-diffusion-img2vid-xt --variant fp16\n"
                                        "  img2vid generate rocket.jpg -o rocket.mp4 \\\n"
                                        "      --model stabilityai/stable-video-diffusion-img2vid-xt\n";
    entries[4] = (command_entry){{CLI_PULL, "pull", "MODEL", "ORG/NAME [options]",
                                  "Downloads a model from the Hugging Face hub, for --model.", pull_examples,
                                  all->options, all->count, 0, 0, NULL, NULL, 0},
                                 cli_pull};
    static const char compare_examples[] = "  img2vid compare a.mp4 b.mp4 c.mp4\n"
                                           "  img2vid compare a.mp4 b.mp4 -o grid.mp4\n"
                                           "  img2vid compare videos/*.webm -o sheet.png\n"
                                           "  img2vid compare videos/*.webm -o page.html --quiet\n";
    entries[5] = (command_entry){{CLI_COMPARE, "compare", "VIDEO", "VIDEO VIDEO... [-o OUT] [options]",
                                  "Sets videos side by side: what differs, PSNR, SSIM, motion.", compare_examples,
                                  all->options, all->count, 1, 0, NULL, NULL, 0},
                                 cli_compare};
    static const char serve_examples[] =
        "  img2vid serve\n"
        "  img2vid serve --model stabilityai/stable-video-diffusion-img2vid-xt\n"
        "  img2vid serve --listen 0.0.0.0:7860 --api-key-file keys --data /srv/img2vid\n";
    entries[6] =
        (command_entry){{CLI_SERVE, "serve", NULL, "[options]", "Makes videos for others: a queue behind HTTP.",
                         serve_examples, all->options, all->count, 0, 0, NULL, NULL, CLI_AT(model)},
                        cli_serve};
}

static int print_help(const command_entry entries[COMMANDS]) {
    printf("Usage: img2vid COMMAND ...\n\nTurns one picture into a short video with Stable Video Diffusion.\n\n");
    printf("Commands:\n");
    for (int i = 0; i < COMMANDS; i++) printf("  %-10s %s\n", entries[i].command.name, entries[i].command.summary);
    printf("\nOptions:\n  -h, --help     this text; img2vid COMMAND --help tells of a command\n"
           "  -V, --version  the version\n\n"
           "Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.\n\n"
           "Examples:\n%s",
           entries[0].command.examples);
    return cli_flush_output();
}

static int print_version(void) {
    printf("img2vid %s\n", i2v_version());
    return cli_flush_output();
}

static int open_log(const cli_settings *settings) {
    const char *path = settings->log_file, *why;
    if (!path || cli_log_open(path, &why)) return CLI_DONE;
    return cli_refuse(settings->command, I2V_ERROR_IO, "cannot write the log %s: %s; give another file with --log-file",
                      path, why);
}

static int work(const command_entry *entry, const cli_settings *settings) {
    if (open_log(settings) != CLI_DONE) return CLI_FAILED;
    cli_say(settings->verbose, "img2vid %s %s", i2v_version(), entry->command.name);
    cli_config_say(settings);
    return entry->run(settings);
}

static int run(const command_entry *entry, const cli_command_list *all, int argc, char **argv) {
    cli_settings settings;
    cli_command command = entry->command;
    command.json = cli_asks_for_json(argc, argv);
    command.all = all;
    int status = cli_settings_read(&settings, &command, argc, argv);
    command.json |= settings.json; /* by configuration */
    switch (status) {
    case CLI_HELP:
    case CLI_HELP_ALL:
        cli_print_help(&command, status == CLI_HELP_ALL);
        status = cli_flush_output();
        break;
    case CLI_VERSION:
        status = print_version();
        break;
    case CLI_LIST:
        status = settings.speed && strcmp(settings.speed, "help") == 0 ? cli_speeds_list() : cli_presets_list(&command);
        break;
    case CLI_PARSED:
        status = work(entry, &settings);
        break;
    }
    if (status == CLI_FAILED || status == CLI_USAGE) cli_config_remind(&settings);
    cli_say(0, "exit status %d", status);
    cli_log_close();
    cli_list_free(settings.list);
    cli_settings_free(&settings);
    return status;
}

/* Whatever takes a path takes it as "file:///...", too. What leads to another machine is refused where it is opened. */
static void take_file_addresses(int argc, char **argv) {
    for (int i = 2; i < argc; i++) {
        char *value = strncmp(argv[i], "--", 2) == 0 ? strchr(argv[i], '=') : NULL;
        i2v_path_from_url(value ? value + 1 : argv[i]);
    }
}

static int refuse_unknown(const cli_command_list *list, const char *name, int json) {
    const cli_command none = {.name = name, .json = json};
    char meant[300];
    cli_suggest_command(meant, sizeof meant, list, name);
    const char *kind = *name == '-' ? "option" : "command";
    if (*meant) return cli_wrong_usage(&none, "unknown %s '%s'%s", kind, name, meant);
    return cli_wrong_usage(&none, "unknown %s '%s'; there are generate, decode, info, bench, pull, compare and serve",
                           kind, name);
}

int main(int argc, char **argv) {
    command_entry entries[COMMANDS];
    const cli_command *commands[COMMANDS];
    const cli_command_list list = {commands, COMMANDS};
    cli_all_options all;
    cli_all_options_make(&all);
    list_commands(entries, &all);
    for (int i = 0; i < COMMANDS; i++) commands[i] = &entries[i].command;
    cli_signals_install();
    if (cli_stack_check() != CLI_DONE) return CLI_FAILED;
    if (argc < 2) return cli_wrong_usage(NULL, "no command: generate, decode, info, bench, pull, compare or serve");
    take_file_addresses(argc, argv);
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) return print_help(entries);
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) return print_version();
    if (strcmp(name, "help") == 0) return argc == 2 ? print_help(entries) : cli_help(&list, argc - 2, argv + 2);
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(name, entries[i].command.name) == 0) return run(&entries[i], &list, argc - 2, argv + 2);
    return refuse_unknown(&list, name, cli_asks_for_json(argc - 1, argv + 1));
}
