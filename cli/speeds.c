/* The rungs of --speed. */
#include "speeds.h"
#include "duration.h"
#include "json.h"
#include "message.h"
#include "named.h"
#include "variant.h"

#include <stdio.h>

int cli_speeds_list(void) {
    const i2v_speed *speed;
    printf("Speeds: less work a video, where no other option says otherwise. dB: how near each comes to a run of 200 "
           "steps,\n"
           "by an exact denoiser (docs/SPEED.md); more is nearer. img2vid generate --plan --speed all says what each "
           "takes\n"
           "here, img2vid bench --loss what it loses with a model of your own.\n\n");
    for (size_t i = 0; (speed = i2v_speed_at(i)); i++)
        printf("%-9s %8s  %s\n", speed->name, speed->nearness, speed->summary);
    return cli_flush_output();
}

/* The job's run by that rung. */
static i2v_status plan(i2v_memory_plan *plan, const cli_job *job, const i2v_speed *speed) {
    cli_variant variant = cli_variant_of(job);
    i2v_error error = {0};
    *plan = (i2v_memory_plan){0};
    i2v_status status = cli_named_set_speed(job->settings, speed->name, &variant.options, &variant.params, &error);
    return status == I2V_OK ? cli_variant_plan(plan, job, &variant) : status;
}

void cli_speeds_print(const cli_job *job) {
    const i2v_speed *speed;
    printf("\n%-9s %9s %12s %9s\n", "speed", "MiB", "time", "near to");
    for (size_t i = 0; (speed = i2v_speed_at(i)); i++) {
        i2v_memory_plan of;
        char time[CLI_DURATION_SIZE];
        if (plan(&of, job, speed) != I2V_OK) {
            printf("%-9s %9s %12s %9s  does not go with the other options, or not into the memory\n", speed->name, "-",
                   "-", "-");
            continue;
        }
        cli_duration_words(time, of.seconds);
        printf("%-9s %9.0f %12s %9s  %s\n", speed->name, (double)of.peak / 0x1p20, time, speed->nearness,
               speed->summary);
    }
}

json_t *cli_speeds_json(const cli_job *job) {
    const i2v_speed *speed;
    json_t *all = json_array();
    for (size_t i = 0; (speed = i2v_speed_at(i)); i++) {
        i2v_memory_plan of;
        json_t *entry =
            json_pack("{s:s, s:s, s:s}", "speed", speed->name, "summary", speed->summary, "nearness", speed->nearness);
        int goes = plan(&of, job, speed) == I2V_OK;
        cli_json_set(&entry, "peak", goes ? json_integer((json_int_t)of.peak) : json_null());
        cli_json_set(&entry, "seconds", goes ? json_real(of.seconds) : json_null());
        cli_json_append(&all, entry);
    }
    return all;
}
