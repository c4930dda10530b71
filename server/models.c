/* The models that clients may ask for. */
#include "models.h"

#include <stdlib.h>
#include <string.h>

/* What planning may count on is what was free before anything was loaded: while another job runs, less is. */
static i2v_status open_engines(server_opened *opened, const i2v_options *options, i2v_error *error) {
    i2v_options planning = *options;
    i2v_status status = i2v_open_model(&opened->worker, opened->weights, options);
    if (status != I2V_OK) {
        i2v_get_error(opened->worker, error);
        return status;
    }
    planning.max_memory = options->max_memory ? options->max_memory : i2v_memory_left(opened->worker);
    status = i2v_open_model(&opened->planner, opened->weights, &planning);
    if (status == I2V_OK) status = i2v_get_model_info(opened->planner, &opened->info);
    if (status != I2V_OK) i2v_get_error(opened->planner, error);
    return status;
}

static i2v_status open_one(server_opened *opened, const i2v_options *options, server_voice *voice, i2v_error *error) {
    i2v_status status = i2v_model_open(&opened->weights, opened->model->path, options, error);
    if (status == I2V_OK) status = open_engines(opened, options, error);
    for (size_t i = 0; status == I2V_OK && i < opened->info.warnings_count; i++)
        server_say(voice, "warning: %s", opened->info.warnings[i]);
    return status;
}

i2v_status server_models_begin(server_models *models, const server_settings *settings, server_voice *voice,
                               i2v_error *error) {
    i2v_options options = settings->options;
    i2v_status status = I2V_OK;
    options.keep_loaded = 1;
    models->count = 0;
    models->items = calloc(settings->models_count ? settings->models_count : 1, sizeof *models->items);
    if (!models->items) return server_fail(error, I2V_ERROR_MEMORY, "not enough memory for the models");
    for (size_t i = 0; status == I2V_OK && i < settings->models_count; i++) {
        const server_model *model = &settings->models[i];
        if (server_models_find(models, model->name) && i > 0)
            return server_fail(error, I2V_ERROR_PARAMETER, "two models are called %s; call one otherwise: NAME=%s",
                               model->name, model->path);
        server_opened *opened = &models->items[models->count++];
        opened->model = model;
        pthread_mutex_init(&opened->planning, NULL);
        status = open_one(opened, &options, voice, error);
    }
    return status;
}

void server_models_end(server_models *models) {
    for (size_t i = 0; i < models->count; i++) {
        server_opened *opened = &models->items[i];
        i2v_close(opened->planner);
        i2v_close(opened->worker);
        i2v_model_close(opened->weights);
        pthread_mutex_destroy(&opened->planning);
    }
    free(models->items);
    *models = (server_models){0};
}

server_opened *server_models_find(const server_models *models, const char *name) {
    for (size_t i = 0; i < models->count; i++)
        if (!name || strcmp(models->items[i].model->name, name) == 0) return &models->items[i];
    return NULL;
}

int server_models_refuse(const char *name, server_problem *problem) {
    return server_refuse(problem, 404, "model_not_found", "model",
                         "there is no model %.100s here; GET /v1/models lists those that there are", name);
}

void server_models_fill(const server_opened *opened, server_values *values, int given_guidance) {
    i2v_params *params = &values->params;
    if (!params->width) params->width = opened->info.width;
    if (!params->height) params->height = opened->info.height;
    if (!params->num_frames) params->num_frames = opened->info.num_frames;
    if (!given_guidance && opened->model->max_guidance_scale >= 0)
        params->max_guidance_scale = opened->model->max_guidance_scale;
}

int server_models_plan(server_opened *opened, const server_values *values, double *seconds, server_problem *problem) {
    i2v_memory_plan plan = {0};
    i2v_error error = {0};
    pthread_mutex_lock(&opened->planning);
    i2v_status status = i2v_plan_generate(opened->planner, &values->params, &plan);
    if (status != I2V_OK) i2v_get_error(opened->planner, &error);
    pthread_mutex_unlock(&opened->planning);
    *seconds = plan.seconds;
    return status == I2V_OK || server_refuse_error(problem, &error, NULL);
}

void server_models_unload(server_models *models, const server_opened *but) {
    for (size_t i = 0; i < models->count; i++)
        if (&models->items[i] != but) i2v_unload(models->items[i].worker);
}
