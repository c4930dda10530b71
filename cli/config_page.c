/* The pages of img2vid help config and help time; and what is said of configuration, also in the manual and in
 * docs/OPTIONS.md. */
#include "help.h"

#include <stdio.h>

const char cli_config_introduction[] = "Values of options that are not on the command line are taken from the\n"
                                       "environment and from a file. --no-config leaves out both, and --verbose\n"
                                       "says what took effect. The library and the Python package read neither.";

const cli_entry cli_config_entries[] = {
    {"IMG2VID_CONFIG, XDG_CONFIG_HOME/img2vid/config, ~/.config/img2vid/config",
     "The file: the first of these whose variable is set. It need not be there,\n"
     "unless IMG2VID_CONFIG names it."},
    {"name = value", "A line of it, where name is that of an option without dashes before it,\n"
                     "such as model, max-memory or seed: threads = 2. An option without argument\n"
                     "is true or false. Lines that begin with # and empty ones do not count. A\n"
                     "value may stand in \"quotation marks\". ~/ at its beginning is the home\n"
                     "folder; other paths start from the folder that the program runs in. lora\n"
                     "may have several lines. Options of other commands are passed over."},
    {"IMG2VID_NAME", "The same from the environment: IMG2VID_MODEL, IMG2VID_MAX_MEMORY and so\n"
                     "on. An empty one is as none."},
    {"what counts more", "The command line, then the environment, then the file, then defaults. A\n"
                         "preset or a speed counts right after the options that are given in the same\n"
                         "place, so that --preset silences num-inference-steps in the file. So does\n"
                         "an option the one that it excludes (--crf a quality), and --model a\n"
                         "revision. scheduler = animatelcm is of weights that know no other: no speed\n"
                         "silences it, and all but exact are refused beside it, as on the command\n"
                         "line."},
    {"with --from", "What decides the frames comes from the command line and from that file's\n"
                    "metadata alone, so that it is made again to the byte."},
    {"what cannot be set", "Pictures and other operands, and from, latents, file, format, plan,\n"
                           "checkpoint, resume, video-index and no-config, which are of one run.\n"
                           "seed can: every video then has it."},
    {NULL, NULL}};

static void print_entries(const char *introduction, const cli_entry *entries) {
    printf("%s\n", introduction);
    for (const cli_entry *entry = entries; entry->term; entry++) {
        printf("\n%s\n  ", entry->term);
        for (const char *c = entry->text; *c; c++) printf(*c == '\n' ? "\n  " : "%c", *c);
        putchar('\n');
    }
}

void cli_print_config_page(void) {
    print_entries(cli_config_introduction, cli_config_entries);
    printf("\nExample:\n  # ~/.config/img2vid/config\n  model = stabilityai/stable-video-diffusion-img2vid-xt\n"
           "  max-memory = 12G\n  output = ~/videos/{name}-{seed}.mp4\n");
}

void cli_print_time_page(void) {
    print_entries(cli_shorter_introduction, cli_shorter_entries);
}
