/* A whole model in one file, in Stability AI's names, some of whose tensors the input has changed: what is opened, how
 * its sizes are read off shapes, how its tensors are named and bound. Values are zeros that take no memory. The input
 * is a list of edits: four bytes (a tensor in two, what to do, how), then for some a text up to a zero. */
#include "fuzz.h"

#include "base/file.h"
#include "base/text.h"
#include "weights/weights.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER I2V_TEST_DATA "/reference/plain_top"

enum { TENSORS = 700, EDITS = 12, MAX_BYTES = 1 << 26, MAX_HEADER = 1 << 18 };

typedef struct {
    char name[160];
    int ndim;
    int64_t shape[5];
    const char *dtype;
} tensor;

typedef struct {
    tensor tensors[TENSORS];
    int count;
    char *configs[3]; /* the parts' config.json, as the text of a JSON string; NULL: none */
} model;

static const char *const parts[3] = {"unet", "vae", "image_encoder"}, *const dtypes[4] = {"F32", "BF16", "I64",
                                                                                          "F8_E4M3"};

/* ---- the model as it should be ---------------------------------------------------------------------------------- */

/* Of three matrices in one, the first makes the tensor, the others add their rows. */
static void add(model *m, const char *name, const i2v_weight *like, const char *change) {
    int thirds = i2v_starts_with(change, "third");
    for (int i = 0; thirds && i < m->count; i++) {
        if (strcmp(m->tensors[i].name, name) != 0) continue;
        m->tensors[i].shape[0] += like->shape[0];
        return;
    }
    fuzz_require(m->count < TENSORS && like->ndim <= 5);
    tensor *t = &m->tensors[m->count++];
    *t = (tensor){.ndim = like->ndim, .dtype = "F16", .shape = {1, 1, 1, 1, 1}};
    snprintf(t->name, sizeof t->name, "%s", name);
    for (int i = 0; i < t->ndim; i++) t->shape[i] = like->shape[i];
    if (strcmp(change, "transposed") == 0) {
        t->shape[0] = like->shape[1];
        t->shape[1] = like->shape[0];
    }
    if (strcmp(change, "1x1") == 0) t->ndim = 4;
}

/* A JSON text as the inside of a string. */
static char *quoted(const char *part) {
    uint8_t *text;
    size_t size, used = 0;
    char path[1024];
    snprintf(path, sizeof path, FOLDER "/%s/config.json", part);
    fuzz_require(i2v_file_read(&text, &size, path, 1 << 20, NULL) == I2V_OK);
    char *out = malloc(2 * size + 1);
    for (size_t i = 0; out && i < size; i++) {
        if (text[i] == '"' || text[i] == '\\') out[used++] = '\\';
        out[used++] = text[i] < ' ' ? ' ' : (char)text[i];
    }
    fuzz_require(out != NULL);
    out[used] = 0;
    free(text);
    return out;
}

/* By the table that tools/make_single_file.py writes. */
static model *make_model(void) {
    model *m = calloc(1, sizeof *m);
    fuzz_require(m != NULL);
    i2v_weights *weights[3];
    for (int i = 0; i < 3; i++) {
        char folder[1024];
        snprintf(folder, sizeof folder, FOLDER "/%s", parts[i]);
        const char *stem = i == 2 ? "model" : "diffusion_pytorch_model";
        fuzz_require(i2v_weights_open(&weights[i], folder, stem, NULL, NULL) == I2V_OK);
        m->configs[i] = quoted(parts[i]);
    }
    FILE *table = fopen(I2V_TEST_DATA "/single_file/plain_top.txt", "r");
    fuzz_require(table != NULL);
    char part[32], theirs[160], ours[160], change[32];
    while (fscanf(table, "%31s %159s %159s %31s", part, theirs, ours, change) == 4) {
        int p = strcmp(part, "unet") == 0 ? 0 : strcmp(part, "vae") == 0 ? 1 : 2;
        const i2v_weight *weight = i2v_weights_find(weights[p], theirs);
        fuzz_require(weight != NULL);
        add(m, ours, weight, change);
    }
    fclose(table);
    for (int i = 0; i < 3; i++) i2v_weights_close(weights[i]);
    return m;
}

/* ---- edits ------------------------------------------------------------------------------------------------------ */

/* All tensors whose names begin so. */
static void drop(model *m, const char *prefix) {
    int kept = 0;
    for (int i = 0; i < m->count; i++)
        if (!i2v_starts_with(m->tensors[i].name, prefix)) m->tensors[kept++] = m->tensors[i];
    m->count = kept;
}

/* The text that the input goes on with, which must be fit to stand in JSON as it is. */
static const char *take_text(const uint8_t **at, const uint8_t *end, char *text, size_t size) {
    size_t used = 0;
    for (; *at < end && **at; ++*at)
        if (used + 1 < size && **at >= ' ' && **at < 0x7f && **at != '"' && **at != '\\') text[used++] = (char)**at;
    if (*at < end) ++*at;
    text[used] = 0;
    return text;
}

static void edit(model *m, const uint8_t **at, const uint8_t *end) {
    static const int sizes[] = {1, 2, 3, 4, 8, 16, 32, 64, 128, 320, 640, 0};
    char text[160];
    tensor *t = &m->tensors[((*at)[0] << 8 | (*at)[1]) % m->count];
    int what = (*at)[2] % 7, how = (*at)[3];
    *at += 4;
    if (what == 0) drop(m, t->name);
    if (what == 1) t->shape[how % 5] = sizes[how / 5 % 12];
    if (what == 2) t->ndim = how % 6;
    if (what == 3) t->dtype = dtypes[how % 4];
    if (what == 4) m->configs[how % 3] = NULL;
    if (what == 5) snprintf(t->name, sizeof t->name, "%s", take_text(at, end, text, sizeof text));
    if (what == 6) drop(m, take_text(at, end, text, sizeof text));
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

static uint64_t bytes_of(const tensor *t) {
    uint64_t bytes = t->dtype == dtypes[0] ? 4 : t->dtype == dtypes[2] ? 8 : t->dtype == dtypes[3] ? 1 : 2;
    for (int i = 0; i < t->ndim; i++) bytes *= (uint64_t)t->shape[i];
    return bytes;
}

/* Returns the length of header, and in *values how many bytes are behind it. */
static size_t print(const model *m, char *header, uint64_t *values) {
    FILE *out = fmemopen(header, MAX_HEADER, "w");
    fuzz_require(out != NULL);
    fputs("{\"__metadata__\":{\"format\":\"pt\"", out);
    for (int i = 0; i < 3; i++)
        if (m->configs[i]) fprintf(out, ",\"img2vid.%s_config\":\"%s\"", parts[i], m->configs[i]);
    putc('}', out);
    *values = 0;
    for (int i = 0; i < m->count; i++) {
        const tensor *t = &m->tensors[i];
        fprintf(out, ",\"%s\":{\"dtype\":\"%s\",\"shape\":[", t->name, t->dtype);
        for (int d = 0; d < t->ndim; d++) fprintf(out, d ? ",%" PRId64 : "%" PRId64, t->shape[d]);
        fprintf(out, "],\"data_offsets\":[%" PRIu64, *values);
        *values += bytes_of(t);
        fprintf(out, ",%" PRIu64 "]}", *values);
    }
    putc('}', out);
    long length = ftell(out);
    fuzz_require(fclose(out) == 0 && length > 0 && length < MAX_HEADER);
    return (size_t)length;
}

static void open_file(const model *m) {
    static uint8_t file[8 + MAX_HEADER];
    uint64_t values;
    uint64_t length = print(m, (char *)file + 8, &values);
    memcpy(file, &length, 8);
    if (values > MAX_BYTES) return;
    i2v_options options;
    i2v_options_default(&options);
    options.threads = 1;
    i2v_engine *engine = NULL;
    i2v_status status = i2v_open(&engine, fuzz_file(file, 8 + length, 8 + length + values), &options);
    fuzz_require(status == I2V_OK || (engine && *i2v_error_message(engine)));
    i2v_close(engine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const model *whole;
    if (!whole) whole = make_model();
    model *m = malloc(sizeof *m);
    fuzz_require(m != NULL);
    *m = *whole;
    const uint8_t *at = data, *end = data + size;
    for (int i = 0; i < EDITS && end - at >= 4 && m->count > 0; i++) edit(m, &at, end);
    open_file(m);
    free(m);
    return 0;
}
