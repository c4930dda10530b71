/* img2vid info: what a model, a video, a picture or a file of latents is. */
#include "array_info.h"
#include "commands.h"
#include "failure.h"
#include "json.h"
#include "json_print.h"
#include "message.h"
#include "metadata.h"
#include "model_path.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- models ----------------------------------------------------------------------------------------------------- */

static int print_model(const i2v_model_info *model) {
    cli_line(stdout, "model      %s", model->path);
    cli_line(stdout, "pipeline   %s", model->pipeline);
    cli_line(stdout, "scheduler  %s", model->scheduler);
    printf("video      %dx%d, %d frames\n", model->width, model->height, model->num_frames);
    printf("latents    %d channels, one for %dx%d pixels\n\n", model->latent_channels, model->vae_scale_factor,
           model->vae_scale_factor);
    printf("%-14s %-36s %10s %10s  %s\n", "part", "class", "weights", "size", "dtype");
    for (size_t i = 0; i < model->parts_count; i++) {
        const i2v_part_info *part = &model->parts[i];
        cli_line(stdout, "%-14s %-36s %8.1f M %6.1f MiB  %s", part->name, part->class_name,
                 (double)part->parameters / 1e6, (double)part->bytes / 0x1p20, part->dtype);
        cli_line(stdout, "%14s %s", "", part->sizes);
    }
    return cli_flush_output();
}

static int print_model_json(const i2v_model_info *model) {
    json_t *parts = json_array();
    for (size_t i = 0; i < model->parts_count; i++) {
        const i2v_part_info *part = &model->parts[i];
        cli_json_append(&parts, json_pack("{s:o, s:o, s:o, s:o, s:I, s:I}", "name", cli_json_text(part->name), "class",
                                          cli_json_text(part->class_name), "dtype", cli_json_text(part->dtype), "sizes",
                                          cli_json_text(part->sizes), "parameters", (json_int_t)part->parameters,
                                          "bytes", (json_int_t)part->bytes));
    }
    return cli_print_json(json_pack("{s:s, s:o, s:o, s:o, s:i, s:i, s:i, s:i, s:i, s:o}", "kind", "model", "path",
                                    cli_json_text(model->path), "pipeline", cli_json_text(model->pipeline), "scheduler",
                                    cli_json_text(model->scheduler), "width", model->width, "height", model->height,
                                    "num_frames", model->num_frames, "latent_channels", model->latent_channels,
                                    "vae_scale_factor", model->vae_scale_factor, "parts", parts));
}

static int describe_model(const cli_settings *settings, const char *path) {
    i2v_engine *engine = NULL;
    i2v_model_info model;
    i2v_error error = {.status = i2v_open(&engine, path, &settings->options)};
    int exit_status;
    if (error.status == I2V_OK) error.status = i2v_get_model_info(engine, &model);
    if (error.status != I2V_OK) {
        if (engine)
            i2v_get_error(engine, &error);
        else
            strcpy(error.message, "not enough memory to open a model");
        exit_status = cli_refuse_input(settings->command, settings->operand, &error);
    } else {
        exit_status = settings->json ? print_model_json(&model) : print_model(&model);
    }
    i2v_close(engine);
    return exit_status;
}

/* ---- pictures and videos ---------------------------------------------------------------------------------------- */

/* metadata NULL: reason says why. */
static int print_media(const char *path, const i2v_media_info *info, const json_t *metadata, const char *reason) {
    const char *kind = info->fps > 0 ? "video" : "picture";
    cli_line(stdout, "%-10s %s", kind, path);
    cli_line(stdout, "container  %s", info->container);
    cli_line(stdout, "codec      %s", info->codec);
    cli_line(stdout, "size       %dx%d", info->width, info->height);
    if (info->fps > 0) printf("frames     %" PRId64 ", %g a second\n", info->num_frames, info->fps);
    if (metadata) {
        printf("made with\n");
        cli_metadata_print(metadata);
    } else {
        cli_line(stdout, "made with  unknown: %s", reason);
    }
    return cli_flush_output();
}

static int print_media_json(const char *path, const i2v_media_info *info, json_t *metadata) {
    return cli_print_json(json_pack("{s:s, s:o, s:o, s:o, s:i, s:i, s:I, s:f, s:O?}", "kind",
                                    info->fps > 0 ? "video" : "picture", "path", cli_json_text(path), "container",
                                    cli_json_text(info->container), "codec", cli_json_text(info->codec), "width",
                                    info->width, "height", info->height, "num_frames", (json_int_t)info->num_frames,
                                    "fps", info->fps, "metadata", metadata));
}

static int describe_media(const cli_settings *settings) {
    const char *path = settings->operand;
    i2v_media_info info;
    i2v_error error;
    if (i2v_media_probe(path, &info, &error) != I2V_OK) return cli_refuse_input(settings->command, path, &error);
    if (strcmp(info.container, "npy") == 0) return cli_array_info(settings);
    json_t *metadata = cli_metadata_read(path, &error);
    if (!metadata && (error.status == I2V_ERROR_MEMORY || error.status == I2V_ERROR_IO))
        return cli_refuse_input(settings->command, settings->operand, &error);
    int status =
        settings->json ? print_media_json(path, &info, metadata) : print_media(path, &info, metadata, error.message);
    json_decref(metadata);
    return status;
}

static int describe_hub_model(const cli_settings *settings) {
    i2v_error error;
    char *path = NULL;
    if (cli_model_path(&path, settings->operand, settings, &error) != I2V_OK)
        return cli_refuse_input(settings->command, settings->operand, &error);
    int exit_status = describe_model(settings, path);
    free(path);
    return exit_status;
}

/* ---- all --------------------------------------------------------------------------------------------------------- */

static int ends_with(const char *text, const char *ending) {
    size_t length = strlen(text), count = strlen(ending);
    return length > count && strcmp(text + length - count, ending) == 0;
}

int cli_info(const cli_settings *settings) {
    struct stat status;
    if (cli_is_hub_name(settings->operand)) return describe_hub_model(settings);
    if (ends_with(settings->operand, ".latent")) return cli_array_info(settings);
    if (cli_is_weights_file(settings->operand) || cli_is_model_name(settings->operand) ||
        (stat(settings->operand, &status) == 0 && S_ISDIR(status.st_mode)))
        return describe_model(settings, settings->operand);
    return describe_media(settings);
}
