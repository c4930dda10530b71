/* --preview: a file that shows the video as it becomes. */
#include "preview.h"
#include "failure.h"
#include "message.h"
#include "signals.h"

#include <string.h>
#include <strings.h>

/* Pixels of the file's longer side, at most; a preview has no details that would need more. */
enum { MOST_SIDE = 512 };

static int ends_in(const char *path, const char *ending) {
    size_t length = strlen(path), end = strlen(ending);
    return length > end && strcasecmp(path + length - end, ending) == 0;
}

/* Of the kinds that a picture viewer or a browser shows, and takes anew when they change. */
static int is_one_file(const char *path) {
    return ends_in(path, ".webp") || ends_in(path, ".gif") || (ends_in(path, ".png") && !strchr(path, '%'));
}

int cli_preview_check(cli_settings *settings) {
    const cli_command *command = settings->command;
    const char *path = settings->preview;
    int *every = &settings->params.preview_every;
    if (path && !is_one_file(path))
        return cli_wrong_option(command, cli_option_at(command, CLI_AT(preview))->name,
                                "--preview writes one picture that moves: '%s' must end in .webp, .gif or .png, and a "
                                ".png have no %% in its name",
                                path);
    if (!path && !settings->show && *every)
        return cli_wrong_usage(command, "%s needs --preview or --show",
                               cli_flag(command, CLI_AT(params.preview_every)).text);
    if ((path || settings->show) && !*every) *every = 1;
    return CLI_PARSED;
}

/* Of the video's own settings, those that say how it plays. */
static i2v_output output_of(const cli_job *job) {
    const i2v_output *asked = &job->settings->output;
    i2v_output output;
    i2v_output_default(&output);
    output.fps = asked->fps != 0 ? asked->fps : job->params.fps;
    output.loop = asked->loop;
    output.cancelled = cli_signals_came;
    return output;
}

void cli_preview_begin(cli_job *job) {
    cli_show_begin(&job->show, job->all->show && !job->all->plan, output_of(job).fps);
}

i2v_status cli_preview_prepare(cli_job *job) {
    const char *path = job->all->preview;
    if (!path) return I2V_OK;
    i2v_output output = output_of(job);
    output.no_replace = job->settings->output.no_replace;
    i2v_status status = cli_folders_make(&job->folders, path, &job->error);
    return status == I2V_OK ? i2v_video_check_output(path, &output, &job->error) : status;
}

/* Whole pixels for each of the latents', up to the video's own. */
static int scale_of(const cli_job *job, const i2v_image *image) {
    int longer = image->width > image->height ? image->width : image->height, own = job->model.vae_scale_factor;
    int scale = MOST_SIDE / longer;
    return scale < 1 ? 1 : scale < own ? scale : own;
}

void cli_preview_save(cli_job *job, const i2v_event *event) {
    const char *path = job->all->preview;
    const i2v_image *image = event->preview;
    if (!path || !image) return;
    i2v_output output = output_of(job);
    i2v_error error = {0};
    int scale = scale_of(job, image);
    i2v_status status = i2v_images_save(image, event->preview_count, scale * image->width, scale * image->height, path,
                                        &output, &error);
    if (status == I2V_OK || status == I2V_CANCELLED || job->preview_failed) return;
    job->preview_failed = 1;
    cli_progress_end(&job->progress);
    cli_say(!job->settings->quiet, "img2vid: warning: no preview: %s", error.message);
}
