/* The manual page img2vid(1), in the macros of man(7). */
#include "help.h"
#include "img2vid/img2vid.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINE_WIDTH = 60 }; /* columns after which a line of the source breaks; mandoc wants no more than 80 */

/* ---- roff ------------------------------------------------------------------------------------------------------- */

/* One character; what means something to roff is escaped. */
static void print_character(char c, int begins_line) {
    static const struct {
        char plain;
        const char *escaped;
    } special[] = {{'\\', "\\e"}, {'-', "\\-"}, {'\'', "\\(aq"}, {'`', "\\(ga"}, {'^', "\\(ha"}, {'~', "\\(ti"}};
    if (begins_line && c == '.') printf("\\&");
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        if (special[i].plain != c) continue;
        printf("%s", special[i].escaped);
        return;
    }
    putchar(c);
}

/* Text between macros; unless its lines are kept, they are broken anew. */
static void print_text(const char *text, int keep_lines) {
    int column = 0;
    for (; *text; text++) {
        char c = *text;
        if (!keep_lines && (c == '\n' || c == ' ')) c = column < LINE_WIDTH ? ' ' : '\n';
        print_character(c, column == 0);
        column = c == '\n' ? 0 : column + 1;
    }
}

static void print_styled(char style, const char *text) {
    printf("\\f%c", style);
    print_text(text, 0);
    printf("\\fR");
}

static void print_paragraph(const char *text) {
    print_text(text, 0);
    putchar('\n');
}

/* "YYYY-MM-DD" of SOURCE_DATE_EPOCH, so that a package built again is the same, or of today. */
static void print_date(void) {
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    time_t when = epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
    struct tm date;
    char text[32] = "";
    if (gmtime_r(&when, &date)) strftime(text, sizeof text, "%Y-%m-%d", &date);
    printf("%s", text);
}

/* ---- sections --------------------------------------------------------------------------------------------------- */

/* Capital words in a usage are what the user puts there. */
static void print_usage(const cli_command *command) {
    print_styled('B', "img2vid");
    putchar(' ');
    print_styled('B', command->name);
    putchar(' ');
    for (const char *at = command->usage; *at;) {
        size_t length = 1;
        if (isupper((unsigned char)*at)) {
            while (isupper((unsigned char)at[length])) length++;
        } else {
            while (at[length] && !isupper((unsigned char)at[length])) length++;
        }
        char word[128];
        snprintf(word, sizeof word, "%.*s", (int)length, at);
        print_styled(isupper((unsigned char)*at) ? 'I' : 'R', word);
        at += length;
    }
    putchar('\n');
}

static void print_synopsis(const cli_command_list *list) {
    printf(".SH SYNOPSIS\n");
    for (size_t i = 0; i < list->count; i++) {
        print_usage(list->commands[i]);
        printf(".br\n");
    }
    printf("\\fBimg2vid help\\fR [[\\fB\\-\\-all\\fR] \\fICOMMAND\\fR|\\fB\\-\\-man\\fR|\\fB\\-\\-bash\\fR|"
           "\\fB\\-\\-zsh\\fR|\\fB\\-\\-fish\\fR]\n"
           ".br\n\\fBimg2vid\\fR \\fB\\-\\-version\\fR\n");
}

static void print_commands(const cli_command_list *list) {
    printf(".SH COMMANDS\n");
    for (size_t i = 0; i < list->count; i++) {
        printf(".TP\n");
        print_styled('B', list->commands[i]->name);
        putchar('\n');
        print_paragraph(list->commands[i]->summary);
    }
    printf(".TP\n\\fBhelp\\fR\nLists the commands, or the options of one that people use most, with \\fB\\-\\-all\\fR "
           "all of them.\nWith \\fB\\-\\-man\\fR prints this page, with "
           "\\fB\\-\\-bash\\fR, \\fB\\-\\-zsh\\fR or \\fB\\-\\-fish\\fR what completes command lines in that shell.\n");
}

/* "(generate, decode)", where not all commands take the option. */
static void print_takers(const cli_command_list *list, const cli_option *option) {
    size_t takers = 0, printed = 0;
    for (size_t i = 0; i < list->count; i++) takers += (size_t)cli_takes(list->commands[i], option);
    if (takers == list->count) return;
    printf("Of ");
    for (size_t i = 0; i < list->count; i++) {
        if (!cli_takes(list->commands[i], option)) continue;
        if (printed) printf(printed + 1 == takers ? " and " : ", ");
        print_styled('B', list->commands[i]->name);
        printed++;
    }
    printf(".\n");
}

static void print_option(const cli_command_list *list, const cli_option *option) {
    printf(".TP\n");
    if (option->letter) printf("\\fB\\-%c\\fR, ", option->letter);
    printf("\\fB\\-\\-");
    print_text(option->name, 0);
    printf("\\fR");
    if (option->argument) {
        putchar(' ');
        print_styled('I', option->argument);
    }
    putchar('\n');
    print_text(option->help, 0);
    printf(".\n");
    print_takers(list, option);
}

static void print_options(const cli_command_list *list) {
    const cli_command *first = list->commands[0];
    const char *group = "";
    printf(".SH OPTIONS\nA value follows its option as \\fB\\-\\-name\\fR \\fIvalue\\fR or\n"
           "\\fB\\-\\-name\\fR=\\fIvalue\\fR. What stands after \\fB\\-\\-\\fR is no option.\n");
    for (size_t i = 0; i < first->options_count; i++) {
        const cli_option *option = &first->options[i];
        if (strcmp(group, option->group) != 0) {
            printf(".SS ");
            print_paragraph(option->group);
        }
        group = option->group;
        print_option(list, option);
    }
    printf(".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nPrint the options of a command that people use most.\n"
           ".TP\n\\fB\\-\\-help\\-all\\fR\nPrint all options of a command.\n"
           ".TP\n\\fB\\-V\\fR, \\fB\\-\\-version\\fR\nPrint the version.\n");
}

static void print_examples(const cli_command_list *list) {
    printf(".SH EXAMPLES\n");
    for (size_t i = 0; i < list->count; i++) {
        printf("%s.nf\n", i ? ".PP\n" : "");
        print_text(list->commands[i]->examples, 1);
        printf(".fi\n");
    }
}

/* introduction: NULL for none. */
static void print_entries(const char *title, const char *introduction, const cli_entry *entries) {
    printf(".SH %s\n", title);
    if (introduction) print_paragraph(introduction);
    for (const cli_entry *entry = entries; entry->term; entry++) {
        printf(".TP\n");
        print_styled('B', entry->term);
        putchar('\n');
        print_paragraph(entry->text);
    }
}

static const cli_entry file_entries[] = {
    {"PREFIX/share/img2vid/models/small", "The bundled model, used without --model. PREFIX is the folder above the one "
                                          "that the program lies in, so an installation may be moved."},
    {"~/.config/img2vid/config", "Values of options: see CONFIGURATION."},
    {"~/.cache/huggingface/hub", "Models that img2vid pull has downloaded, and those of the Python library "
                                 "huggingface_hub: the same folder in the same layout."},
    {"~/.local/share/img2vid/server", "What img2vid serve keeps: jobs, states and videos; with XDG_DATA_HOME in its "
                                      "img2vid/server, with --data elsewhere."},
    {NULL, NULL}};

static const cli_entry environment_entries[] = {
    {"IMG2VID_CONFIG, XDG_CONFIG_HOME, IMG2VID_MODEL, ...", "See CONFIGURATION."},
    {"HF_HOME, HF_HUB_CACHE, XDG_CACHE_HOME", "Where that folder is: HF_HUB_CACHE, else HF_HOME/hub, else "
                                              "XDG_CACHE_HOME/huggingface/hub."},
    {"HF_TOKEN, HF_TOKEN_PATH", "The access token for gated and private models, or the file that it is in (else "
                                "HF_HOME/token). It is sent to the hub alone, not to where that redirects."},
    {"HF_ENDPOINT", "Another hub than https://huggingface.co, such as a mirror."},
    {"HF_HUB_OFFLINE", "1: as img2vid pull --offline."},
    {"http_proxy, https_proxy, no_proxy, SSL_CERT_FILE", "Proxies, and certificates in place of the system's."},
    {"TMPDIR", "Where a video lies before -o - sends it on, in place of /tmp."},
    {"SOURCE_DATE_EPOCH", "Seconds since 1970 that date the page of img2vid help --man, in place of today."},
    {NULL, NULL}};

static const cli_entry metadata_entries[] = {{".mp4, .mov", "The comment of the container."},
                                             {".mkv, .webm", "The tag COMMENT."},
                                             {".png", "An iTXt chunk named img2vid; of every frame in DIR/%04d.png."},
                                             {".gif", "A comment extension."},
                                             {".webp", "XMP, img2vid:parameters."},
                                             {NULL, NULL}};

static const cli_entry status_entries[] = {{"0", "Done."},
                                           {"1", "Failed; one line on standard error says why, and the way out."},
                                           {"2", "Wrong usage: an unknown option, or a value of the wrong kind."},
                                           {"130",
                                            "Interrupted, by Ctrl-C, SIGTERM or SIGHUP. To img2vid serve these are the "
                                            "way to end it, with 0."},
                                           {NULL, NULL}};

void cli_print_manual(const cli_command_list *list) {
    printf(".\\\" Made by img2vid help --man.\n.TH IMG2VID 1 ");
    print_date();
    printf(" \"img2vid %s\" \"User Commands\"\n.SH NAME\nimg2vid \\- make a short video out of one picture\n",
           i2v_version());
    print_synopsis(list);
    printf(".SH DESCRIPTION\n");
    print_paragraph("Turns one picture into a short video with Stable Video Diffusion, on the CPU. The same seed and "
                    "parameters give the same frames, those of diffusers' StableVideoDiffusionPipeline in float32. A "
                    "small model comes with the program; the real weights are named with --model.");
    printf(".PP\n");
    print_paragraph("Standard output carries only what was asked for; progress, warnings and errors go to standard "
                    "error. Files appear whole or not at all.");
    print_commands(list);
    print_options(list);
    print_examples(list);
    print_entries("TIME", cli_shorter_introduction, cli_shorter_entries);
    print_entries("CONFIGURATION", cli_config_introduction, cli_config_entries);
    print_entries(
        "METADATA",
        "A video carries the parameters it was made with, as JSON, unless --no-metadata is given: img2vid info "
        "shows them, and img2vid generate --from makes the video again.",
        metadata_entries);
    print_entries("FILES", NULL, file_entries);
    print_entries("ENVIRONMENT", NULL, environment_entries);
    print_entries("EXIT STATUS", NULL, status_entries);
    printf(".SH SEE ALSO\n.BR ffmpeg (1),\n.BR ffprobe (1)\n");
}
