/* Puts a model together from a folder, a single file, or parts in their places. */
#include "pipeline/parts.h"

#include "base/file.h"
#include "base/part_kinds.h"
#include "base/path_kind.h"
#include "base/posix.h"
#include "model/clip_names.h"
#include "model/file_layout.h"
#include "model/stability.h"
#include "pipeline/file_settings.h"
#include "pipeline/model_missing.h"
#include "pipeline/model_place.h"
#include "pipeline/tiny_open.h"
#include "weights/locate.h"
#include "weights/rename.h"
#include "weights/weights.h"
#include "json/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A folder, a file with its tensors, or tensors that the caller holds. */
typedef struct {
    char *path;        /* of those, what they are called in messages */
    i2v_weights *file; /* NULL: a folder */
    i2v_file_layout layout;
    const i2v_memory_part *memory; /* NULL: a file or folder */
} part_source;

static void source_close(part_source *source) {
    free(source->path);
    i2v_weights_close(source->file);
    *source = (part_source){0};
}

static i2v_status source_open(part_source *source, const i2v_opening *opening, const char *path) {
    *source = (part_source){0};
    i2v_status status = i2v_model_place(&source->path, path, opening->options->variant, opening->error);
    if (status || i2v_is_folder(source->path)) return status;
    const char *kind = i2v_path_kind(source->path);
    if (kind && !i2v_is_file(source->path))
        return i2v_fail(opening->error, I2V_ERROR_IO, "%s: it is %s, not a regular file or a folder", source->path,
                        kind);
    if (!kind) return i2v_model_missing(source->path, opening->error);
    status = i2v_weights_open_file(&source->file, source->path, opening->error);
    if (status) return status;
    i2v_weights_explain_misfit(source->file, "the file is damaged or incomplete");
    return i2v_file_layout_read(&source->layout, source->file, opening->error);
}

static i2v_status source_open_memory(part_source *source, const i2v_opening *opening, i2v_part part,
                                     const i2v_memory_part *memory) {
    char title[64];
    snprintf(title, sizeof title, "the %s given in memory", i2v_part_kinds[part].title);
    *source = (part_source){.path = strdup(title), .memory = memory};
    if (!source->path) return i2v_fail_memory(opening->error, title, 0);
    i2v_status status =
        i2v_weights_open_memory(&source->file, title, memory->tensors, memory->tensors_count, opening->error);
    if (status) return status;
    i2v_weights_explain_misfit(source->file, memory->config ? "the weights do not fit the config given with them"
                                                            : "they are not whole");
    return i2v_file_layout_read(&source->layout, source->file, opening->error);
}

/* ---- folders ---- */

static i2v_status check_pipeline(const char *path, i2v_error *error) {
    i2v_config *c = NULL;
    i2v_status status = i2v_config_open(&c, path, error);
    if (status) return status;
    char name[128];
    i2v_config_string(c, "_class_name", "", name, sizeof name);
    if (strcmp(name, "StableVideoDiffusionPipeline") != 0) {
        i2v_config_fail(c, "this is a %s; only a StableVideoDiffusionPipeline makes videos here",
                        name[0] ? name : "model without a class");
    }
    return i2v_config_close(c, error);
}

/* The part's configuration, from text where that is not NULL. */
static i2v_status read_config(const i2v_opening *opening, i2v_part part, const char *path, const char *text) {
    i2v_error *error = opening->error;
    switch (part) {
    case I2V_PART_UNET:
        return text ? i2v_unet_config_read_text(&opening->model->unet, text, path, error)
                    : i2v_unet_config_read(&opening->model->unet, path, error);
    case I2V_PART_IMAGE_ENCODER:
        return text ? i2v_clip_config_read_text(&opening->model->clip, text, path, error)
                    : i2v_clip_config_read(&opening->model->clip, path, error);
    default: {
        i2v_status status = text ? i2v_vae_config_read_text(&opening->model->decoder, text, path, error)
                                 : i2v_vae_config_read(&opening->model->decoder, path, error);
        if (!status && part == I2V_PART_VAE) opening->model->vae = opening->model->decoder;
        return status;
    }
    }
}

static i2v_status read_config_in(const i2v_opening *opening, i2v_part part, const char *folder) {
    char *path = i2v_path_join(folder, "config.json");
    if (!path) return i2v_fail_memory(opening->error, "the model's path", 0);
    i2v_status status = read_config(opening, part, path, NULL);
    free(path);
    return status;
}

/* A whole model's folder, or the part's own. */
static i2v_status open_in_folder(const i2v_opening *opening, i2v_part part, const char *path, int is_model) {
    char *folder = NULL;
    if (is_model || i2v_is_in(path, "model_index.json", i2v_is_file))
        folder = i2v_path_join(path, i2v_part_kinds[part].folder);
    else if (i2v_is_in(path, "config.json", i2v_is_file))
        folder = strdup(path);
    else
        return i2v_fail(opening->error, I2V_ERROR_MODEL,
                        "%s: it has neither a config.json, as the folder of a %s, nor a model_index.json; give the "
                        "right folder or a file as " I2V_NAME("%s"),
                        path, i2v_part_kinds[part].title, i2v_part_name(part));
    if (!folder) return i2v_fail_memory(opening->error, "the model's path", 0);
    i2v_status status = read_config_in(opening, part, folder);
    const char *stem = i2v_part_kinds[part].stem, *variant = opening->options->variant;
    /* as in diffusers, a part that does not have the variant is taken without it */
    if (variant && !i2v_weights_have_variant(folder, stem, variant)) variant = NULL;
    if (!status) status = i2v_weights_open(&opening->model->weights[part], folder, stem, variant, opening->error);
    if (!status && part == I2V_PART_IMAGE_ENCODER)
        status = i2v_clip_names_settle(&opening->model->weights[part], opening->error);
    free(folder);
    return status;
}

/* ---- files ---- */

static const i2v_file_part *part_in(const i2v_file_layout *layout, i2v_part part) {
    switch (part) {
    case I2V_PART_UNET:
        return &layout->unet;
    case I2V_PART_VAE:
        return &layout->encoder;
    case I2V_PART_IMAGE_ENCODER:
        return &layout->image_encoder;
    default:
        return &layout->decoder;
    }
}

/* Published files do not say their number of frames, but their names do: svd, svd_xt, svd_xt_1_1. */
static int frames_of_name(const char *path) {
    const char *name = i2v_path_name(path);
    return strcasestr(name, "svd") && !strcasestr(name, "xt") ? 14 : 25;
}

/* The config.json that comes with the tensors, in the file's metadata or from the caller, if there: *found. */
static i2v_status read_own_config(const i2v_opening *opening, i2v_part part, const part_source *source, int *found) {
    const char *text =
        source->memory ? source->memory->config : i2v_weights_metadata(source->file, i2v_part_kinds[part].metadata);
    *found = text != NULL;
    if (!text) return I2V_OK;
    char origin[1024];
    if (source->memory)
        snprintf(origin, sizeof origin, "%s: its config", source->path);
    else
        snprintf(origin, sizeof origin, "%s: metadata %s", source->path, i2v_part_kinds[part].metadata);
    return read_config(opening, part, origin, text);
}

/* Shapes of a file in Stability's names. */
static i2v_status read_shapes(const i2v_opening *opening, i2v_part part, const part_source *source) {
    const i2v_file_layout *layout = &source->layout;
    const i2v_weights *file = source->file;
    i2v_status status = I2V_OK;
    switch (part) {
    case I2V_PART_UNET:
        status = i2v_stability_unet_sizes(&opening->model->unet, file, layout->unet.prefix, opening->error);
        opening->model->unet.num_frames = frames_of_name(source->path);
        return status;
    case I2V_PART_IMAGE_ENCODER:
        return i2v_stability_clip_sizes(&opening->model->clip, file, layout->image_encoder.prefix, opening->error);
    case I2V_PART_VAE:
        status = i2v_stability_encoder_sizes(&opening->model->vae, file, layout->encoder.prefix, opening->error);
        if (status || !layout->decoder.naming) return status;
        return i2v_stability_decoder_sizes(&opening->model->decoder, file, layout->decoder.prefix, opening->error);
    default:
        return i2v_stability_decoder_sizes(&opening->model->decoder, file, layout->decoder.prefix, opening->error);
    }
}

/* diffusers' configuration of a VAE in Stability's file: what is not in the configuration is as in that file, where
 * the middle of the decoder always runs. */
static void adapt_encoder(const i2v_opening *opening, const part_source *source) {
    char name[I2V_NAME_SIZE];
    i2v_name_print(name, "%squant_conv.", source->layout.encoder.prefix);
    opening->model->vae.has_quant_conv = i2v_weights_have(source->file, name);
}

static void adapt_decoder(const i2v_opening *opening, const part_source *source) {
    char name[I2V_NAME_SIZE];
    i2v_name_print(name, "%spost_quant_conv.", source->layout.decoder.prefix);
    opening->model->decoder.has_post_quant_conv = i2v_weights_have(source->file, name);
    i2v_name_print(name, "%sdecoder.conv_out.time_mix_conv.", source->layout.decoder.prefix);
    opening->model->decoder.temporal_decoder = i2v_weights_have(source->file, name);
}

static i2v_status rename_part(const i2v_opening *opening, i2v_part part, const part_source *source) {
    const i2v_file_layout *layout = &source->layout;
    i2v_name_map map = {0};
    switch (part) {
    case I2V_PART_UNET:
        i2v_stability_unet_names(&map, &opening->model->unet, layout->unet.prefix);
        break;
    case I2V_PART_IMAGE_ENCODER:
        i2v_stability_clip_names(&map, &opening->model->clip, layout->image_encoder.prefix);
        break;
    case I2V_PART_VAE:
        i2v_stability_encoder_names(&map, &opening->model->vae, layout->encoder.prefix);
        if (layout->decoder.naming) i2v_stability_decoder_names(&map, &opening->model->decoder, layout->decoder.prefix);
        break;
    default:
        i2v_stability_decoder_names(&map, &opening->model->decoder, layout->decoder.prefix);
    }
    return i2v_weights_rename(&opening->model->weights[part], source->file, &map, opening->error);
}

static i2v_status open_stability(const i2v_opening *opening, i2v_part part, const part_source *source) {
    int found = 0;
    i2v_status status = read_own_config(opening, part, source, &found);
    if (!status && !found) status = read_shapes(opening, part, source);
    if (!status && found && part == I2V_PART_VAE) adapt_encoder(opening, source);
    if (!status && found && part_in(&source->layout, I2V_PART_FRAME_DECODER)->naming) adapt_decoder(opening, source);
    return status ? status : rename_part(opening, part, source);
}

/* The file's folder if its config.json is the part's, else NULL; to be freed. */
static char *folder_with_config(i2v_part part, const char *path) {
    char *folder = i2v_path_folder(path);
    char *file = folder ? i2v_path_join(folder, "config.json") : NULL;
    char name[128] = "";
    i2v_config *c = NULL;
    if (file && i2v_is_file(file) && i2v_config_open(&c, file, NULL) == I2V_OK) {
        i2v_config_string(c, i2v_part_kinds[part].class_key, "", name, sizeof name);
        i2v_config_close(c, NULL);
    }
    free(file);
    if (strcmp(name, i2v_part_kinds[part].config_class) == 0) return folder;
    if (i2v_part_kinds[part].other_class && strcmp(name, i2v_part_kinds[part].other_class) == 0) return folder;
    free(folder);
    return NULL;
}

/* The sizes of a part in diffusers' names whose weights are open. Of CLIP alone do shapes tell enough. */
static i2v_status read_open_shapes(const i2v_opening *opening, i2v_part part, const part_source *source) {
    i2v_weights *weights = opening->model->weights[part];
    if (part == I2V_PART_IMAGE_ENCODER) {
        i2v_weights_explain_misfit(weights, "the file is damaged or incomplete");
        return i2v_transformers_clip_sizes(&opening->model->clip, weights, "", opening->error);
    }
    return i2v_fail(opening->error, I2V_ERROR_MODEL, "%s: the sizes of its %s are not known: %s", source->path,
                    i2v_part_kinds[part].title, source->memory ? "give its config" : "put its config.json beside it");
}

/* The configuration of the part that is replaced, for a file that comes without one. */
static i2v_status read_replaced(const i2v_opening *opening, i2v_part part, const part_source *source,
                                const part_source *model) {
    if (model != source && !model->file) {
        char *folder = i2v_path_join(model->path, i2v_part_kinds[part].folder);
        if (!folder) return i2v_fail_memory(opening->error, "the model's path", 0);
        i2v_status status = read_config_in(opening, part, folder);
        free(folder);
        return status;
    }
    if (model != source && part_in(&model->layout, part)->naming == I2V_NAMING_STABILITY) {
        int found = 0;
        i2v_status status = read_own_config(opening, part, model, &found);
        return status || found ? status : read_shapes(opening, part, model);
    }
    return read_open_shapes(opening, part, source);
}

/* The part's tensors without the prefix that they have in the file. */
static i2v_status strip_part(const i2v_opening *opening, i2v_part part, const part_source *source) {
    const char *prefix = part_in(&source->layout, part)->prefix;
    i2v_status status = i2v_weights_strip(&opening->model->weights[part], source->file, prefix, opening->error);
    if (status || part != I2V_PART_IMAGE_ENCODER) return status;
    return i2v_clip_names_settle(&opening->model->weights[part], opening->error);
}

static i2v_status open_diffusers(const i2v_opening *opening, i2v_part part, const part_source *source,
                                 const part_source *model) {
    int found = 0;
    i2v_status status = read_own_config(opening, part, source, &found);
    char *folder = found || source->memory ? NULL : folder_with_config(part, source->path);
    if (!source->memory || !found)
        i2v_weights_explain_misfit(source->file,
                                   folder ? "the weights do not fit the config.json beside them"
                                          : "the weights do not fit the configuration of the model's own part");
    if (!status) status = strip_part(opening, part, source);
    if (!status && !found)
        status = folder ? read_config_in(opening, part, folder) : read_replaced(opening, part, source, model);
    free(folder);
    if (status) return status;
    const char *prefix = part_in(&source->layout, part)->prefix;
    char name[I2V_NAME_SIZE];
    if (part == I2V_PART_FRAME_DECODER || part == I2V_PART_VAE) {
        i2v_name_print(name, "%sdecoder.time_conv_out.", prefix);
        opening->model->decoder.temporal_decoder = i2v_weights_have(source->file, name);
        i2v_name_print(name, "%spost_quant_conv.", prefix);
        opening->model->decoder.has_post_quant_conv = i2v_weights_have(source->file, name);
        if (!opening->model->decoder.temporal_decoder) opening->model->decoder.decoder_mid_attention = 1;
    }
    return I2V_OK;
}

static i2v_status open_in_file(const i2v_opening *opening, i2v_part part, const part_source *source,
                               const part_source *model) {
    i2v_naming naming = part_in(&source->layout, part)->naming;
    if (naming == I2V_NAMING_STABILITY) return open_stability(opening, part, source);
    if (naming == I2V_NAMING_DIFFUSERS) return open_diffusers(opening, part, source, model);
    if (source->memory)
        return i2v_fail(opening->error, I2V_ERROR_MODEL, "%s: its tensors are not those of a %s", source->path,
                        i2v_part_kinds[part].title);
    if (source != model)
        return i2v_fail(opening->error, I2V_ERROR_MODEL, "%s: it has no %s to replace the model's (" I2V_NAME("%s") ")",
                        source->path, i2v_part_kinds[part].title, i2v_part_name(part));
    return i2v_fail(opening->error, I2V_ERROR_MODEL, "%s: it has no %s; add one as " I2V_NAME("%s"), source->path,
                    i2v_part_kinds[part].title, i2v_part_name(part));
}

/* ---- all of them ---- */

/* To be freed; NULL without memory. */
static char *settings_path(const part_source *model, int kind) {
    char *folder = i2v_path_join(model->path, i2v_settings_kinds[kind].folder);
    char *path = folder ? i2v_path_join(folder, i2v_settings_kinds[kind].config) : NULL;
    free(folder);
    return path;
}

static i2v_status read_normalization(const i2v_opening *opening, const part_source *model) {
    if (model->file) {
        i2v_normalization_default(&opening->model->normalization);
        return I2V_OK;
    }
    char *path = settings_path(model, I2V_SETTINGS_EXTRACTOR);
    if (!path) return i2v_fail_memory(opening->error, "the model's path", 0);
    i2v_status status = i2v_normalization_read(&opening->model->normalization, path, opening->error);
    free(path);
    return status;
}

static i2v_status read_scheduler(const i2v_opening *opening, const part_source *model) {
    const char *text = opening->options->scheduler_config;
    if (text)
        return i2v_scheduler_config_read_text(&opening->model->scheduler, text, "the scheduler_config given in memory",
                                              opening->error);
    if (model->file)
        return i2v_file_settings_read(&opening->model->scheduler, model->file, opening->model->vae.scaling_factor,
                                      opening->error);
    char *path = settings_path(model, I2V_SETTINGS_SCHEDULER);
    if (!path) return i2v_fail_memory(opening->error, "the model's path", 0);
    i2v_status status = i2v_scheduler_config_read(&opening->model->scheduler, path, opening->error);
    free(path);
    return status;
}

/* The pipeline's settings, from the model's folder, or Stable Video Diffusion's for a single file. */
static i2v_status read_settings(const i2v_opening *opening, const part_source *model) {
    i2v_status status = read_normalization(opening, model);
    return status ? status : read_scheduler(opening, model);
}

static i2v_status check_index(const i2v_opening *opening, const part_source *model) {
    if (model->file) return I2V_OK;
    char *index = i2v_path_join(model->path, "model_index.json");
    if (index && !i2v_path_kind(index)) {
        free(index);
        return i2v_folder_explain(model->path, opening->error);
    }
    i2v_status status =
        index ? check_pipeline(index, opening->error) : i2v_fail_memory(opening->error, "the model's path", 0);
    free(index);
    return status;
}

/* Refuses a variant that no part of the model has. */
static i2v_status check_variant(const i2v_opening *opening, const part_source *model) {
    const char *variant = opening->options->variant;
    if (!variant || model->file) return I2V_OK;
    int found = 0;
    for (i2v_part part = 0; !found && part < I2V_PART_TINY_DECODER; part++) {
        char *folder = i2v_path_join(model->path, i2v_part_kinds[part].folder);
        if (!folder) return i2v_fail_memory(opening->error, "the model's path", 0);
        found = i2v_weights_have_variant(folder, i2v_part_kinds[part].stem, variant);
        free(folder);
    }
    if (found) return I2V_OK;
    i2v_weights *none = NULL; /* opening says what there is */
    char *folder = i2v_path_join(model->path, i2v_part_kinds[I2V_PART_UNET].folder);
    if (!folder) return i2v_fail_memory(opening->error, "the model's path", 0);
    i2v_status status = i2v_weights_open(&none, folder, i2v_part_kinds[I2V_PART_UNET].stem, variant, opening->error);
    i2v_weights_close(none);
    free(folder);
    return status;
}

/* What stands in the place of a model's own part. */
typedef struct {
    const char *path;
    const i2v_memory_part *memory;
} replacement;

static replacement replacement_of(const i2v_options *options, i2v_part part) {
    const char *fields = (const char *)options;
    return (replacement){*(const char *const *)(fields + i2v_part_kinds[part].path),
                         *(const i2v_memory_part *const *)(fields + i2v_part_kinds[part].memory)};
}

/* The part from elsewhere, or from the model where that is empty. */
static i2v_status open_part(const i2v_opening *opening, i2v_part part, const part_source *model) {
    replacement elsewhere = replacement_of(opening->options, part);
    if (elsewhere.path && elsewhere.memory) {
        return i2v_fail(opening->error, I2V_ERROR_PARAMETER, "the %s is given twice, as a path and in memory",
                        i2v_part_kinds[part].title);
    }
    part_source other = {0};
    const part_source *source = elsewhere.path || elsewhere.memory ? &other : model;
    i2v_status status = I2V_OK;
    if (elsewhere.path) status = source_open(&other, opening, elsewhere.path);
    if (elsewhere.memory) status = source_open_memory(&other, opening, part, elsewhere.memory);
    if (!status && source == model && part == I2V_PART_FRAME_DECODER) return I2V_OK;
    if (!status)
        status = source->file ? open_in_file(opening, part, source, model)
                              : open_in_folder(opening, part, source->path, source == model);
    source_close(&other);
    return status;
}

i2v_status i2v_parts_open(const i2v_opening *opening) {
    const i2v_options *options = opening->options;
    part_source model = {0};
    i2v_status status = source_open(&model, opening, opening->model->path);
    if (!status) status = check_index(opening, &model);
    if (!status) status = check_variant(opening, &model);
    for (i2v_part part = 0; !status && part < I2V_PART_TINY_DECODER; part++) status = open_part(opening, part, &model);
    if (!status) status = i2v_tiny_open(opening->model, options, opening->error);
    if (!status && opening->model->decoder.levels == 0 && !opening->model->tiny.channels) {
        status = i2v_fail(opening->error, I2V_ERROR_MODEL, "%s: it has no VAE decoder; add a VAE as " I2V_NAME("vae"),
                          options->vae_memory ? i2v_weights_path(opening->model->weights[I2V_PART_VAE])
                          : options->vae      ? options->vae
                                              : opening->model->path);
    }
    if (!status) status = read_settings(opening, &model);
    source_close(&model);
    return status;
}
