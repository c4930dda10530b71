/* img2vid serve: the command line becomes the settings of server/, which does the work. */
#include "bundled.h"
#include "commands.h"
#include "error.h"
#include "failure.h"
#include "message.h"
#include "model_path.h"
#include "signals.h"

#include "server/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct serving {
    const cli_settings *settings;
    server_model *models;
    size_t count;
    char **texts; /* names and paths of models */
    size_t texts_count;
    char *data;
} serving;

/* ---- models ----------------------------------------------------------------------------------------------------- */

/* Keeps a text, which may be NULL for lack of memory, for as long as the server runs. */
static char *keep(serving *at, char *text) {
    char **grown = text ? realloc(at->texts, (at->texts_count + 1) * sizeof *grown) : NULL;
    if (!grown) {
        free(text);
        return NULL;
    }
    at->texts = grown;
    return grown[at->texts_count++] = text;
}

/* "xt=/models/svd_xt" is a model that clients call xt; what is there by all of that name is none. */
static const char *after_name(const char *text) {
    size_t length = strcspn(text, "=/");
    return length > 0 && text[length] == '=' && access(text, F_OK) != 0 ? text + length + 1 : NULL;
}

/* A file's or folder's own name; that of a model on the hub stays whole. */
static char *name_of(const char *text) {
    const char *rest = after_name(text);
    if (rest) return strndup(text, (size_t)(rest - text) - 1);
    if (cli_is_hub_name(text)) return strdup(text);
    size_t length = strlen(text);
    while (length > 1 && text[length - 1] == '/') length--;
    size_t begin = length;
    while (begin > 0 && text[begin - 1] != '/') begin--;
    return strndup(text + begin, length - begin);
}

static i2v_status add_model(serving *at, const char *text, i2v_error *error) {
    const char *rest = after_name(text);
    char *path = NULL;
    i2v_status status = cli_model_path(&path, rest ? rest : text, at->settings, error);
    if (status != I2V_OK) return status;
    path = keep(at, path);
    char *name = keep(at, name_of(text));
    if (!path || !name) return cli_error_fail(error, I2V_ERROR_MEMORY, "not enough memory for the names of models");
    at->models[at->count++] = (server_model){name, path, -1};
    return I2V_OK;
}

/* Without the picture the bundled model makes grey: guidance only raises contrast. */
static i2v_status add_bundled(serving *at, i2v_error *error) {
    char *path = keep(at, cli_bundled_model());
    if (!path)
        return cli_error_fail(error, I2V_ERROR_PARAMETER,
                              "no model: give a folder in diffusers' layout (the one with model_index.json) with "
                              "--model DIR");
    at->models[at->count++] = (server_model){"small", path, 1};
    cli_say(!at->settings->quiet,
            "model: the small bundled one, %s, not Stable Video Diffusion: README.md says how to get that for --model",
            path);
    return I2V_OK;
}

static i2v_status add_models(serving *at, i2v_error *error) {
    const cli_settings *settings = at->settings;
    i2v_status status = I2V_OK;
    at->models = calloc(settings->operands.count + 1, sizeof *at->models);
    if (!at->models) return cli_error_fail(error, I2V_ERROR_MEMORY, "not enough memory for the names of models");
    for (size_t i = 0; status == I2V_OK && i < settings->operands.count; i++)
        status = add_model(at, settings->operands.items[i], error);
    if (status != I2V_OK || at->count) return status;
    return settings->model ? add_model(at, settings->model, error) : add_bundled(at, error);
}

/* ---- other settings --------------------------------------------------------------------------------------------- */

/* "90s", "10m", "2h"; below 0: it is none. */
static double read_time(const char *text) {
    char *end;
    double number = strtod(text, &end);
    double unit = strcmp(end, "s") == 0 ? 1 : strcmp(end, "m") == 0 ? 60 : strcmp(end, "h") == 0 ? 3600 : -1;
    return end > text && number > 0 && number < 1e6 ? number * unit : -1;
}

/* As the XDG base directory specification has it. */
static char *default_folder(void) {
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    char *path = NULL;
    int length = data && *data == '/' ? asprintf(&path, "%s/img2vid/server", data)
                 : home && *home      ? asprintf(&path, "%s/.local/share/img2vid/server", home)
                                      : -1;
    return length < 0 ? NULL : path;
}

static void say(const char *line, int is_important, void *user) {
    const cli_settings *settings = ((const serving *)user)->settings;
    cli_say(is_important ? !settings->quiet : settings->verbose, "%s", line);
}

/* A key is for the terminal alone, also with --quiet: nobody could use the server without. */
static void show(const char *line, void *user) {
    cli_line(stderr, "%s", line);
}

static int serve(serving *at, double unload_after) {
    const cli_settings *settings = at->settings;
    i2v_error error = {0};
    server_settings server = {.options = settings->options,
                              .listen = settings->listen ? settings->listen : "127.0.0.1:7860",
                              .data = at->data,
                              .api_key_file = settings->api_key_file,
                              .allowed_hosts = settings->allow_host,
                              .unload_after = unload_after,
                              .max_queue = settings->max_queue,
                              .max_upload = settings->max_upload,
                              .max_pixels = settings->max_pixels,
                              .max_frames = settings->max_video_frames,
                              .say = say,
                              .show = show,
                              .stopped = cli_signals_came,
                              .user = at};
    i2v_status status = add_models(at, &error);
    server.models = at->models;
    server.models_count = at->count;
    cli_signals_note(1);
    if (status == I2V_OK) status = server_run(&server, &error);
    cli_signals_note(0);
    return status == I2V_OK ? CLI_DONE : cli_refuse(settings->command, status, "%s", error.message);
}

static void end(serving *at) {
    for (size_t i = 0; i < at->texts_count; i++) free(at->texts[i]);
    free(at->texts);
    free(at->models);
    free(at->data);
}

int cli_serve(const cli_settings *settings) {
    serving at = {.settings = settings};
    double unload_after = settings->unload_after ? read_time(settings->unload_after) : 0;
    if (unload_after < 0)
        return cli_wrong_option(settings->command, "unload-after",
                                "--unload-after takes a time such as 90s, 10m or 2h, not '%s'", settings->unload_after);
    if (!server_is_built()) {
        i2v_error error = {0};
        server_run(NULL, &error);
        return cli_refuse(settings->command, error.status, "%s", error.message);
    }
    at.data = settings->data ? strdup(settings->data) : default_folder();
    if (!at.data)
        return cli_refuse(settings->command, I2V_ERROR_PARAMETER,
                          "there is no home folder for the server's data; give a "
                          "folder with --data");
    int status = serve(&at, unload_after);
    end(&at);
    return status;
}
