/* What info says of arrays. */
#include "array_info.h"
#include "failure.h"
#include "json.h"
#include "json_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Channels of Stable Video Diffusion's latents and of the bundled model's, the most that a model here may have, and the
 * pixels that a latent of those two stands for on each side: of others, the file does not say. */
enum { CHANNELS = 4, BUNDLED_CHANNELS = 16, MOST_CHANNELS = 64, SCALE = 8 };

typedef struct stored_array {
    const char *path, *container;
    int64_t shape[8];
    int ndim;
} stored_array;

/* The size `places` from the last. */
static int64_t size_at(const stored_array *array, int places) {
    return array->shape[array->ndim - 1 - places];
}

/* [frames, height, width, 3]; no video has 4 rows, while latents may be 3 wide. */
static int is_frames(const stored_array *array) {
    if (array->ndim != 4 || size_at(array, 0) != 3 || size_at(array, 2) == CHANNELS) return 0;
    return size_at(array, 1) > 0 && size_at(array, 2) > 0 && size_at(array, 3) > 0;
}

/* [frames, channels, height, width], of clips or several videos with their number before. */
static int is_latents(const stored_array *array) {
    if ((array->ndim != 4 && array->ndim != 5) || is_frames(array)) return 0;
    for (int i = 0; i < array->ndim; i++)
        if (array->shape[i] == 0) return 0;
    return size_at(array, 2) <= MOST_CHANNELS;
}

static uint64_t pixels(int64_t latents) {
    return SCALE * (uint64_t)latents;
}

/* Each clip but the first begins with the frame that the one before ends with. */
static int64_t frames_in_all(const stored_array *array) {
    int64_t frames = size_at(array, 3), clips = array->ndim == 5 ? array->shape[0] : 1;
    return frames > 0 && clips > 0 ? frames + (clips - 1) * (frames - 1) : 0;
}

/* ---- for a person ----------------------------------------------------------------------------------------------- */

static void print_head(const stored_array *array, const char *kind) {
    cli_line(stdout, "%-10s %s", kind, array->path);
    cli_line(stdout, "container  %s", array->container);
    printf("shape      [");
    for (int i = 0; i < array->ndim; i++) printf("%s%" PRId64, i ? "," : "", array->shape[i]);
    printf("]\n");
}

static void print_latents(const stored_array *array) {
    print_head(array, "latents");
    printf("latent     %" PRId64 "x%" PRId64 ", %" PRId64 " channels\n", size_at(array, 0), size_at(array, 1),
           size_at(array, 2));
    printf("video      %" PRIu64 "x%" PRIu64 ", %" PRId64 " frames", pixels(size_at(array, 0)),
           pixels(size_at(array, 1)), frames_in_all(array));
    if (array->ndim == 5 && array->shape[0] > 1)
        printf(" in %" PRId64 " clips of %" PRId64, array->shape[0], size_at(array, 3));
    printf(", if a latent stands for %dx%d pixels, as in Stable Video Diffusion\n", SCALE, SCALE);
    cli_line(stdout, "to decode  img2vid decode %s -o video.mp4%s", array->path,
             size_at(array, 2) == BUNDLED_CHANNELS ? ", with --model if another than the bundled model made them"
                                                   : " --model MODEL, the model that made them");
}

static void print_frames(const stored_array *array) {
    print_head(array, "frames");
    printf("size       %" PRId64 "x%" PRId64 "\nframes     %" PRId64 ", RGB from 0 to 1\n", size_at(array, 1),
           size_at(array, 2), size_at(array, 3));
    printf("made with  unknown: NumPy's format has no place for it\n");
}

static void print_other(const stored_array *array) {
    print_head(array, "array");
    printf("           neither frames, [frames,height,width,3], nor latents, [frames,channels,height,width]\n");
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static json_t *head_json(const stored_array *array, const char *kind) {
    json_t *shape = json_array();
    for (int i = 0; i < array->ndim; i++) cli_json_append(&shape, json_integer((json_int_t)array->shape[i]));
    return json_pack("{s:s, s:o, s:s, s:o}", "kind", kind, "path", cli_json_text(array->path), "container",
                     array->container, "shape", shape);
}

static void set_integer(json_t **object, const char *key, int64_t value) {
    cli_json_set(object, key, json_integer((json_int_t)value));
}

static json_t *latents_json(const stored_array *array) {
    json_t *object = head_json(array, "latents");
    set_integer(&object, "num_frames", frames_in_all(array));
    if (array->ndim == 5) {
        set_integer(&object, "num_clips", array->shape[0]);
        set_integer(&object, "clip_frames", size_at(array, 3));
    }
    set_integer(&object, "channels", size_at(array, 2));
    set_integer(&object, "height", size_at(array, 1));
    set_integer(&object, "width", size_at(array, 0));
    set_integer(&object, "vae_scale_factor", SCALE);
    set_integer(&object, "video_height", (int64_t)pixels(size_at(array, 1)));
    set_integer(&object, "video_width", (int64_t)pixels(size_at(array, 0)));
    return object;
}

static json_t *frames_json(const stored_array *array) {
    json_t *object = head_json(array, "frames");
    set_integer(&object, "num_frames", size_at(array, 3));
    set_integer(&object, "height", size_at(array, 2));
    set_integer(&object, "width", size_at(array, 1));
    return object;
}

/* ---- both ------------------------------------------------------------------------------------------------------- */

static int is_comfyuis(const char *path) {
    size_t length = strlen(path);
    return length > 7 && strcmp(path + length - 7, ".latent") == 0;
}

int cli_array_info(const cli_settings *settings) {
    const char *path = settings->operand;
    stored_array array = {.path = path, .container = is_comfyuis(path) ? "safetensors" : "npy"};
    i2v_error error = {0};
    if (i2v_latents_shape(path, array.shape, &array.ndim, &error) != I2V_OK)
        return cli_refuse_input(settings->command, path, &error);
    int latents = is_latents(&array), frames = is_frames(&array);
    if (settings->json)
        return cli_print_json(latents  ? latents_json(&array)
                              : frames ? frames_json(&array)
                                       : head_json(&array, "array"));
    if (latents)
        print_latents(&array);
    else if (frames)
        print_frames(&array);
    else
        print_other(&array);
    return cli_flush_output();
}
