/* The state of a call on disk: a sealed safetensors file with a tensor of latents and one of frames a video, one of
 * what is remembered between steps of the video that is denoised, and in its metadata how far the call is and what
 * decides its bits. It is written whole each time, since no more than a rename puts a new one in the place of the old
 * one at once.
 */
#include "pipeline/checkpoint.h"

#include "base/clock.h"
#include "base/finite.h"

#include <errno.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char FORMAT[] = "img2vid checkpoint 1";

/* ---- what is in the file ---------------------------------------------------------------------------------------- */

/* A tensor of the state, and where its values are in the call's video. */
typedef struct {
    char name[32];
    int64_t shape[5];
    int ndim;
    float *values; /* NULL: there are none yet */
    size_t count;
} piece;

static size_t product(const int64_t *shape, int ndim) {
    size_t count = 1;
    for (int i = 0; i < ndim; i++) count *= (size_t)shape[i];
    return count;
}

static piece latents_of(const i2v_checkpoint *checkpoint, const i2v_position *position, int index) {
    const i2v_sizes *sizes = checkpoint->sizes;
    size_t video = (size_t)sizes->num_clips * i2v_sizes_latents(sizes);
    piece latents = {.ndim = 5,
                     .shape = {i2v_position_video_clips(position, sizes, index), sizes->num_frames,
                               sizes->latent_channels, sizes->latent_height, sizes->latent_width},
                     .values = checkpoint->video->latents + (size_t)index * video};
    snprintf(latents.name, sizeof latents.name, "latents.%d", index);
    latents.count = product(latents.shape, latents.ndim);
    return latents;
}

static piece frames_of(const i2v_checkpoint *checkpoint, const i2v_position *position, int index) {
    const i2v_sizes *sizes = checkpoint->sizes;
    size_t video = (size_t)i2v_sizes_frames(sizes) * i2v_sizes_frame(sizes);
    if (sizes->latents_only) return (piece){.values = NULL};
    piece frames = {.ndim = 4,
                    .shape = {i2v_position_video_frames(position, sizes, index), sizes->height, sizes->width, 3},
                    .values = checkpoint->video->frames + (size_t)index * video};
    snprintf(frames.name, sizeof frames.name, "frames.%d", index);
    frames.count = product(frames.shape, frames.ndim);
    return frames;
}

/* Within the steps of a video: before the first and after the last there is nothing to remember. */
static piece memory_of(const i2v_checkpoint *checkpoint, const i2v_position *position) {
    const i2v_sizes *sizes = checkpoint->sizes;
    int is_within = !position->decodes && position->done > 0 && position->done < sizes->steps;
    piece memory = {.name = "memory",
                    .ndim = 5,
                    .shape = {sizes->remembered, sizes->num_frames, sizes->latent_channels, sizes->latent_height,
                              sizes->latent_width},
                    .values = is_within ? checkpoint->memory : NULL};
    memory.count = product(memory.shape, memory.ndim);
    return memory;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

/* The header's metadata; NULL without memory. */
static json_t *metadata_of(const i2v_checkpoint *checkpoint, const i2v_position *position) {
    json_t *metadata = json_pack("{s:s, s:s}", "format", FORMAT, "noise", checkpoint->noise);
    const struct {
        const char *name;
        int value;
    } numbers[] = {
        {"clip", position->clip}, {"video", position->video}, {"decodes", position->decodes}, {"done", position->done}};
    int whole = metadata && json_object_update(metadata, checkpoint->identity) == 0;
    for (size_t i = 0; whole && i < sizeof numbers / sizeof *numbers; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", numbers[i].value);
        whole = json_object_set_new(metadata, numbers[i].name, json_string(text)) == 0;
    }
    if (whole) return metadata;
    json_decref(metadata);
    return NULL;
}

static void add(i2v_memory_tensor *tensors, size_t *count, const piece *next) {
    if (next->values && next->count)
        tensors[(*count)++] = (i2v_memory_tensor){next->name, "F32", next->ndim, next->shape, next->values};
}

static i2v_status write_pieces(i2v_checkpoint *checkpoint, const i2v_position *position, FILE *stream, piece *pieces,
                               i2v_memory_tensor *tensors) {
    size_t count = 0;
    for (int i = 0; i < checkpoint->sizes->num_videos; i++) {
        for (int frames = 0; frames < 2; frames++) {
            pieces[count] = (frames ? frames_of : latents_of)(checkpoint, position, i);
            add(tensors, &count, &pieces[count]);
        }
    }
    pieces[count] = memory_of(checkpoint, position);
    add(tensors, &count, &pieces[count]);
    json_t *metadata = metadata_of(checkpoint, position);
    if (!metadata) return i2v_fail_memory(&checkpoint->error, checkpoint->path, 0);
    i2v_status status = i2v_sealed_file_write(stream, checkpoint->path, metadata, tensors, count, &checkpoint->error);
    json_decref(metadata);
    return status;
}

static i2v_status write_stream(i2v_checkpoint *checkpoint, const i2v_position *position, FILE *stream) {
    size_t most = 2 * (size_t)checkpoint->sizes->num_videos + 1;
    piece *pieces = malloc(most * sizeof *pieces);
    i2v_memory_tensor *tensors = malloc(most * sizeof *tensors);
    i2v_status status = pieces && tensors
                            ? write_pieces(checkpoint, position, stream, pieces, tensors)
                            : i2v_fail_memory(&checkpoint->error, checkpoint->path, most * sizeof *pieces);
    free(pieces);
    free(tensors);
    return status;
}

static i2v_status write_file(i2v_checkpoint *checkpoint, const i2v_position *position) {
    i2v_output_file file;
    i2v_error *error = &checkpoint->error;
    i2v_status begun = i2v_output_file_begin(&file, checkpoint->path, error);
    if (begun) return begun;
    FILE *stream = fopen(file.temporary, "wbe");
    i2v_status status =
        stream ? write_stream(checkpoint, position, stream) : i2v_fail_system(error, "write", checkpoint->path, errno);
    if (!status) {
        i2v_flush_begin(&checkpoint->flush, &file, stream);
        return I2V_OK;
    }
    if (stream) fclose(stream);
    i2v_output_file_abort(&file);
    return status;
}

/* A state of latents is small beside the step that made them. The frames of finished clips may not be. */
static int is_due(const i2v_checkpoint *checkpoint, const i2v_position *position) {
    enum { LARGE = 64 << 20, SHARE = 100 };
    size_t bytes = 0;
    for (int i = 0; i < checkpoint->sizes->num_videos; i++)
        bytes += frames_of(checkpoint, position, i).count * sizeof(float);
    return bytes < LARGE || i2v_position_is_end(position, checkpoint->sizes) ||
           i2v_now() - checkpoint->wrote >= SHARE * checkpoint->took;
}

void i2v_checkpoint_write_at(i2v_call *call, i2v_position position) {
    i2v_checkpoint *checkpoint = call->checkpoint;
    if (!checkpoint || !checkpoint->path || !i2v_position_is_state(&position, checkpoint->sizes)) return;
    if (!is_due(checkpoint, &position)) return;
    double began = i2v_now();
    i2v_status before = i2v_flush_end(&checkpoint->flush, &checkpoint->error);
    i2v_status status = write_file(checkpoint, &position);
    call->event.checkpoint_error = before || status ? checkpoint->error.message : NULL;
    checkpoint->wrote = i2v_now();
    checkpoint->took = checkpoint->wrote - began;
}

/* ---- going on --------------------------------------------------------------------------------------------------- */

static i2v_status fail_foreign(const i2v_checkpoint *checkpoint, const char *what, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s %s; remove it and begin anew", checkpoint->file.path, what);
}

static const char *text_of(const i2v_checkpoint *checkpoint, const char *name) {
    const char *text = json_string_value(json_object_get(checkpoint->file.metadata, name));
    return text ? text : "";
}

/* -1: it is none. */
static int number_of(const i2v_checkpoint *checkpoint, const char *name) {
    const char *text = text_of(checkpoint, name);
    size_t length = strlen(text);
    return length > 0 && length < 9 && strspn(text, "0123456789") == length ? atoi(text) : -1;
}

static i2v_status read_position(i2v_checkpoint *checkpoint, i2v_error *error) {
    int decodes = number_of(checkpoint, "decodes");
    i2v_position position = {.clip = number_of(checkpoint, "clip"),
                             .video = number_of(checkpoint, "video"),
                             .decodes = decodes,
                             .done = number_of(checkpoint, "done")};
    if (decodes < 0 || decodes > 1 || !i2v_position_fits(&position, checkpoint->sizes))
        return fail_foreign(checkpoint, "says that more is done than there is", error);
    checkpoint->begin = position;
    return I2V_OK;
}

/* NULL: there is none of that name and shape. */
static const i2v_weight *find(const i2v_checkpoint *checkpoint, const piece *wanted) {
    for (size_t i = 0; i < checkpoint->file.count; i++) {
        const i2v_weight *tensor = &checkpoint->file.tensors[i];
        int is_it = strcmp(tensor->name, wanted->name) == 0 && tensor->dtype == I2V_WEIGHT_F32;
        if (is_it && tensor->ndim == wanted->ndim &&
            memcmp(tensor->shape, wanted->shape, (size_t)wanted->ndim * sizeof *wanted->shape) == 0)
            return tensor;
    }
    return NULL;
}

/* Reads its values to where they belong. */
static i2v_status take(const i2v_checkpoint *checkpoint, const piece *wanted, i2v_error *error) {
    if (!wanted->values || !wanted->count) return I2V_OK;
    const i2v_weight *tensor = find(checkpoint, wanted);
    if (!tensor) return fail_foreign(checkpoint, "lacks what it says is done", error);
    if (i2v_weight_read_f32(tensor, 0, wanted->count, wanted->values)) return i2v_bytes_fail(&tensor->at, error);
    if (i2v_first_beyond(wanted->values, wanted->count, FLT_MAX) < wanted->count)
        return fail_foreign(checkpoint, "holds what is no finite number", error);
    return I2V_OK;
}

static i2v_status take_frames(const i2v_checkpoint *checkpoint, i2v_error *error) {
    i2v_status status = I2V_OK;
    for (int i = 0; !status && i < checkpoint->sizes->num_videos; i++) {
        piece frames = frames_of(checkpoint, &checkpoint->begin, i);
        status = take(checkpoint, &frames, error);
    }
    return status;
}

static void close_file(i2v_checkpoint *checkpoint) {
    if (checkpoint->resumes) i2v_tensor_file_close(&checkpoint->file);
    checkpoint->resumes = 0;
}

i2v_status i2v_checkpoint_take_latents(i2v_checkpoint *checkpoint, float *memory, i2v_error *error) {
    i2v_status status = I2V_OK;
    if (checkpoint) checkpoint->memory = memory;
    if (!checkpoint || !checkpoint->resumes) return I2V_OK;
    for (int i = 0; !status && i < checkpoint->sizes->num_videos; i++) {
        piece latents = latents_of(checkpoint, &checkpoint->begin, i);
        status = take(checkpoint, &latents, error);
    }
    piece remembered = memory_of(checkpoint, &checkpoint->begin);
    if (!status) status = take(checkpoint, &remembered, error);
    if (!status) status = i2v_input_file_check(&checkpoint->file.file, error);
    close_file(checkpoint);
    return status;
}

void i2v_checkpoint_forget(i2v_checkpoint *checkpoint) {
    if (checkpoint) checkpoint->memory = NULL;
}

static i2v_status open_file(i2v_checkpoint *checkpoint, const char *path, i2v_error *error) {
    i2v_status status = i2v_sealed_file_open(&checkpoint->file, path, error);
    if (status) return status;
    checkpoint->resumes = 1;
    if (strcmp(text_of(checkpoint, "format"), FORMAT) == 0) return I2V_OK;
    return fail_foreign(checkpoint, "is no checkpoint, or one of another version", error);
}

static i2v_status resume(i2v_checkpoint *checkpoint, const char *path, i2v_error *error) {
    i2v_status status = open_file(checkpoint, path, error);
    if (!status) status = i2v_identity_check(checkpoint->identity, checkpoint->file.metadata, path, error);
    if (!status) status = read_position(checkpoint, error);
    return status ? status : take_frames(checkpoint, error);
}

i2v_status i2v_checkpoint_begin(i2v_checkpoint *checkpoint, i2v_engine *engine, const i2v_image *image,
                                const i2v_params *params, const i2v_request *request, i2v_video *video) {
    i2v_error *error = &engine->error;
    *checkpoint = (i2v_checkpoint){.path = params->checkpoint, .video = video, .sizes = &request->sizes};
    if (!params->checkpoint && !params->resume_from) return I2V_OK;
    i2v_status status = params->checkpoint ? i2v_output_file_check(params->checkpoint, 0, error) : I2V_OK;
    if (!status) status = i2v_identity_make(&checkpoint->identity, engine, image, params, request);
    if (!status && params->resume_from) status = resume(checkpoint, params->resume_from, error);
    if (!status && params->checkpoint) i2v_output_file_sweep(params->checkpoint);
    return status;
}

void i2v_checkpoint_end(i2v_checkpoint *checkpoint) {
    i2v_flush_end(&checkpoint->flush, &checkpoint->error);
    close_file(checkpoint);
    json_decref(checkpoint->identity);
    *checkpoint = (i2v_checkpoint){0};
}

/* ---- in the call ------------------------------------------------------------------------------------------------ */

int i2v_checkpoint_steps(const i2v_checkpoint *checkpoint, int clip, int video) {
    return checkpoint && checkpoint->sizes ? i2v_position_steps(&checkpoint->begin, checkpoint->sizes, clip, video) : 0;
}

int i2v_checkpoint_frames(const i2v_checkpoint *checkpoint, int clip, int video) {
    return checkpoint && checkpoint->sizes ? i2v_position_frames(&checkpoint->begin, checkpoint->sizes, clip, video)
                                           : 0;
}

int i2v_checkpoint_is_past(const i2v_checkpoint *checkpoint, int clip, int video) {
    return checkpoint && checkpoint->sizes && i2v_position_is_past(&checkpoint->begin, checkpoint->sizes, clip, video);
}

/* The hash of the hash so far and the values. */
i2v_status i2v_checkpoint_add_noise(i2v_checkpoint *checkpoint, const float *values, size_t count, i2v_error *error) {
    i2v_sha256 hash;
    if (!checkpoint || !checkpoint->identity) return I2V_OK;
    i2v_sha256_begin(&hash);
    i2v_sha256_update(&hash, checkpoint->noise, strlen(checkpoint->noise));
    i2v_sha256_update(&hash, values, count * sizeof *values);
    return i2v_sha256_end(&hash, checkpoint->noise, error);
}

i2v_status i2v_checkpoint_check_noise(const i2v_checkpoint *checkpoint, int clip, int video, i2v_error *error) {
    if (!checkpoint || !checkpoint->resumes) return I2V_OK;
    int is_there = clip == checkpoint->begin.clip && (clip == 0 || video == checkpoint->begin.video);
    if (!is_there || strcmp(checkpoint->noise, text_of(checkpoint, "noise")) == 0) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_PARAMETER,
                    "cannot go on from %.400s: the caller's source of random numbers gives others than it gave there; "
                    "set it to where that run began, or remove the file to begin anew",
                    checkpoint->file.path);
}

/* ---- for others ------------------------------------------------------------------------------------------------- */

i2v_status i2v_checkpoint_read(const char *path, char **json, i2v_error *error) {
    i2v_checkpoint checkpoint = {0};
    if (json) *json = NULL;
    i2v_status status = i2v_require(error, "path", path, "json", json, NULL);
    if (!status) status = open_file(&checkpoint, path, error);
    if (!status) *json = json_dumps(checkpoint.file.metadata, JSON_COMPACT | JSON_ENSURE_ASCII);
    if (!status && !*json) status = i2v_fail_memory(error, path, 0);
    i2v_checkpoint_end(&checkpoint);
    return status;
}
