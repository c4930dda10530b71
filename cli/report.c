/* What was made, for a person. */
#include "report.h"
#include "detail.h"
#include "message.h"
#include "report_json.h"
#include "standard_output.h"
#include "system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double playback_fps(const cli_job *job) {
    return job->settings->output.fps != 0 ? job->settings->output.fps : job->video->fps;
}

/* --loop goes back without the last frame and the first. */
static int frames_in_file(const cli_job *job) {
    int frames = job->video->num_frames;
    return job->settings->output.loop && frames > 2 ? 2 * frames - 2 : frames;
}

/* Of the task's first video; NULL without memory. */
static char *shown_name(const cli_job *job, int videos) {
    const char *path = job->settings->path;
    return cli_is_standard_output(path) ? strdup("standard output") : cli_job_shown_path(job, path, 0, videos);
}

static void say_made(const cli_job *job) {
    const i2v_video *video = job->video;
    char *first = shown_name(job, video->num_videos);
    cli_detail_made(job);
    cli_say(!job->settings->quiet,
            "wrote %s%s: %d frames of %dx%d, %g frames a second, in %.1f s, peak memory %.0f MiB",
            first ? first : job->settings->path, video->num_videos > 1 ? " and so on" : "", frames_in_file(job),
            video->width, video->height, playback_fps(job), cli_now() - job->began,
            (double)cli_system_peak_memory() / 0x1p20);
    free(first);
}

static void say_skipped(const cli_job *job) {
    int videos = cli_videos_count(job->settings);
    char *first = shown_name(job, videos);
    if (!job->settings->quiet)
        cli_line(stderr, "skipped %s%s: %s there already", first ? first : job->settings->path,
                 videos > 1 ? " and so on" : "", videos > 1 ? "they are" : "it is");
    free(first);
}

int cli_report(const cli_job *job) {
    if (job->skipped)
        say_skipped(job);
    else
        say_made(job);
    if (!job->settings->json) return CLI_DONE;
    return job->skipped ? cli_report_skipped_json(job) : cli_report_made_json(job);
}
