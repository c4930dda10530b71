/* img2vid pull: a model from the hub into the cache. */
#include "address.h"
#include "commands.h"
#include "failure.h"
#include "json_print.h"
#include "message.h"
#include "progress.h"
#include "signals.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct pull_view {
    cli_progress progress;
    int verbose;
    char note[200];         /* said last */
    char file[200];         /* likewise */
    double rate;            /* bytes a second, of late; 0: not known yet */
    double rate_seconds;    /* when it was taken */
    uint64_t rate_received; /* and what had come then */
    double shown_seconds;   /* of the last plain line */
    uint64_t received;
} pull_view;

/* "1.23 GiB" */
static void describe_bytes(char *text, size_t size, double bytes) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    int unit = 0;
    while (bytes >= 999.5 && unit < 4) {
        bytes /= 1024;
        unit++;
    }
    snprintf(text, size, unit == 0 ? "%.0f %s" : "%.3g %s", bytes, units[unit]);
}

/* The speed of the last seconds, smoothed: the mean since the beginning would tell too much of the past. */
static void measure(pull_view *view, const i2v_hub_event *event) {
    double seconds = event->seconds - view->rate_seconds;
    if (seconds < 0.5) return;
    double now = (double)(event->received - view->rate_received) / seconds;
    view->rate = view->rate > 0 ? 0.8 * view->rate + 0.2 * now : now;
    view->rate_seconds = event->seconds;
    view->rate_received = event->received;
}

/* "unet/x.safetensors, 1.2 GiB of 4.27 GiB, 35 MiB/s, 1:28 left" */
static void describe(char *text, size_t size, const pull_view *view, const i2v_hub_event *event) {
    char done[32], total[32], rate[32], left[100] = "";
    describe_bytes(done, sizeof done, (double)event->done);
    describe_bytes(total, sizeof total, (double)event->total);
    describe_bytes(rate, sizeof rate, view->rate);
    if (event->phase == I2V_HUB_DOWNLOAD && view->rate >= 1 && event->total > event->done) {
        double seconds = (double)(event->total - event->done) / view->rate;
        if (seconds < 1e6)
            snprintf(left, sizeof left, ", %s/s, %ld:%02ld left", rate, (long)seconds / 60, (long)seconds % 60);
    }
    const char *verb = event->phase == I2V_HUB_CHECK ? "checking " : "";
    if (event->phase == I2V_HUB_LIST)
        snprintf(text, size, "asking the hub");
    else
        snprintf(text, size, "%s of %s%s, %s%.100s", done, total, left, verb, event->file);
}

static void show(pull_view *view, const i2v_hub_event *event) {
    char text[300];
    if (event->phase == I2V_HUB_WAIT && strcmp(view->note, event->note) != 0) {
        cli_progress_end(&view->progress);
        snprintf(view->note, sizeof view->note, "%s", event->note);
        cli_say(!view->progress.quiet, "%s", view->note);
        return;
    }
    if (event->phase != I2V_HUB_WAIT) view->note[0] = 0;
    if (strcmp(view->file, event->file) != 0 && event->phase == I2V_HUB_DOWNLOAD) {
        snprintf(view->file, sizeof view->file, "%s", event->file);
        if (view->verbose) cli_progress_end(&view->progress);
        cli_say(view->verbose, "downloading %s", event->file);
    }
    double pause = view->progress.terminal ? 0.1 : 10;
    if (view->progress.quiet || event->seconds - view->shown_seconds < pause) return;
    describe(text, sizeof text, view, event);
    if (view->progress.terminal)
        cli_progress_bar(&view->progress, event->total ? (double)event->done / (double)event->total : 0, text);
    else if (event->phase == I2V_HUB_DOWNLOAD)
        cli_line(stderr, "%s", text);
    view->shown_seconds = event->seconds;
}

static int on_event(const i2v_hub_event *event, void *user) {
    pull_view *view = user;
    view->received = event->received;
    measure(view, event);
    show(view, event);
    return cli_signals_came(NULL);
}

/* null where it is in the address that was given. */
static json_t *revision_of(const cli_settings *settings) {
    if (!settings->hub.revision && cli_is_address(settings->operand)) return json_null();
    return cli_json_text(settings->hub.revision ? settings->hub.revision : "main");
}

static void say(const cli_settings *settings, const i2v_hub_model *model, double seconds) {
    char bytes[32], received[32];
    int shown = !settings->quiet && !settings->json;
    describe_bytes(bytes, sizeof bytes, (double)model->bytes);
    describe_bytes(received, sizeof received, (double)model->received);
    cli_say(settings->verbose, "commit: %s", model->commit);
    cli_say(settings->verbose, "time: %.1f s", seconds);
    cli_say(shown, "%s: %d file%s, %s, of which %s came now, in %s", settings->operand, model->files,
            model->files == 1 ? "" : "s", bytes, received, model->path);
    if (model->license[0])
        cli_say(shown, "its licence is called %s; read it on the model's page before you use what it makes",
                model->license);
}

static int report(const cli_settings *settings, const i2v_hub_model *model, double seconds) {
    say(settings, model, seconds);
    if (settings->json)
        return cli_print_json(json_pack("{s:s, s:o, s:o, s:o, s:s, s:o, s:i, s:I, s:I, s:f}", "kind", "model", "id",
                                        cli_json_text(settings->operand), "revision", revision_of(settings), "license",
                                        cli_json_text(model->license), "commit", model->commit, "path",
                                        cli_json_text(model->path), "files", model->files, "bytes",
                                        (json_int_t)model->bytes, "received", (json_int_t)model->received, "seconds",
                                        seconds));
    return CLI_DONE;
}

int cli_pull(const cli_settings *settings) {
    pull_view view = {.verbose = settings->verbose, .shown_seconds = -1};
    i2v_hub_options options = settings->hub;
    i2v_hub_model *model = NULL;
    i2v_error error = {0};
    double began = cli_now();
    int exit_status;
    options.on_event = on_event;
    options.user = &view;
    cli_progress_begin(&view.progress, settings->quiet, NULL);
    cli_signals_note(1);
    i2v_status status = i2v_hub_pull(&model, settings->operand, &options, &error);
    cli_signals_note(0);
    cli_progress_end(&view.progress);
    if (status == I2V_CANCELLED) {
        error = (i2v_error){.status = I2V_CANCELLED,
                            .message = "interrupted; what has arrived is kept, the same command goes on from there"};
        cli_refuse_input(settings->command, settings->operand, &error);
        exit_status = CLI_INTERRUPTED;
    } else if (status != I2V_OK) {
        exit_status = cli_refuse_input(settings->command, settings->operand, &error);
    } else {
        exit_status = report(settings, model, cli_now() - began);
    }
    i2v_hub_model_free(model);
    return exit_status;
}
