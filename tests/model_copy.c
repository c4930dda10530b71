/* A copy of a model, to be damaged. */
#include "model_copy.h"

#include "base/file.h"
#include "base/half.h"
#include "weights/weights.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* nftw takes no argument for its function. */
static const model_copy *target;
static size_t original_length;

const char *model_copy_file(const model_copy *copy, const char *name) {
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s", copy->path, name);
    return path;
}

static int copy_entry(const char *path, const struct stat *info, int type, struct FTW *at) {
    (void)info;
    (void)at;
    const char *to = model_copy_file(target, path + original_length);
    if (type == FTW_D) return mkdir(to, 0700) == 0 || path[original_length] == '\0' ? 0 : -1;
    uint8_t *data = NULL;
    size_t size = 0;
    if (i2v_file_read(&data, &size, path, (size_t)1 << 30, NULL)) return -1;
    FILE *file = fopen(to, "wb");
    int written = file && fwrite(data, 1, size, file) == size;
    if (file) written &= fclose(file) == 0;
    free(data);
    return written ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *at) {
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

void model_copy_make(model_copy *copy, const char *original) {
    const char *parent = getenv("TMPDIR");
    snprintf(copy->path, sizeof copy->path, "%s/img2vid-test-XXXXXX", parent ? parent : "/tmp");
    assert_non_null(mkdtemp(copy->path));
    target = copy;
    original_length = strlen(original);
    assert_int_equal(nftw(original, copy_entry, 16, FTW_PHYS), 0);
}

void model_copy_remove(const model_copy *copy) {
    assert_int_equal(nftw(copy->path, remove_entry, 16, FTW_PHYS | FTW_DEPTH), 0);
}

i2v_weights *model_copy_open(const model_copy *copy, const char *part) {
    i2v_weights *weights = NULL;
    i2v_error error = {0};
    const char *stem = strcmp(part, "image_encoder") == 0 ? "model" : "diffusion_pytorch_model";
    if (i2v_weights_open(&weights, model_copy_file(copy, part), stem, NULL, &error)) fail_msg("%s", error.message);
    return weights;
}

/* The value as the dtype has it; returns its size. */
static size_t encode(i2v_weight_dtype dtype, float value, void *out) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (dtype == I2V_WEIGHT_F32) {
        memcpy(out, &bits, sizeof bits);
        return sizeof bits;
    }
    uint16_t half = dtype == I2V_WEIGHT_F16 ? i2v_narrow_f16(bits) : i2v_narrow_bf16(bits);
    memcpy(out, &half, sizeof half);
    return sizeof half;
}

float model_copy_set(const i2v_weight *weight, uint64_t index, float value) {
    char bytes[4];
    float before;
    assert_true(index < weight->count);
    i2v_weight_read_f32(weight, index, 1, &before);
    size_t size = encode(weight->dtype, value, bytes);
    int file = open(weight->file, O_WRONLY | O_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(pwrite(file, bytes, size, (off_t)(weight->at.offset + index * size)), (ssize_t)size);
    assert_int_equal(close(file), 0);
    return before;
}
