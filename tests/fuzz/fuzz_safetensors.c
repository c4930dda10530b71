/* A safetensors file, and the questions that a model asks of one: names, shapes, values, other names. */
#include "weight_values.h"

#include "model/clip_names.h"
#include "model/file_layout.h"
#include "weights/binder.h"
#include "weights/rename.h"

#include <stdlib.h>

/* Half of the names are asked for, with the shape they have or another. */
static void bind(const i2v_weights *weights) {
    i2v_binder binder;
    i2v_error error = {0};
    if (i2v_binder_begin(&binder, weights, &error)) return;
    for (size_t i = 0; i < i2v_weights_count(weights); i += 2) {
        const i2v_weight *weight = i2v_weights_at(weights, i);
        int64_t shape[I2V_WEIGHT_MAX_DIMS];
        for (int d = 0; d < weight->ndim; d++) shape[d] = weight->shape[d] ? weight->shape[d] : 1;
        i2v_bind(&binder, shape, weight->ndim, "%s", weight->name);
        i2v_binder_has(&binder, "%s.bias", weight->name);
    }
    i2v_binder_ignore(&binder, "conditioner.");
    i2v_status status = i2v_binder_finish(&binder);
    fuzz_require_told(status, &error);
}

static void rename_all(i2v_weights *weights) {
    i2v_weights *part = NULL;
    i2v_error error = {0};
    i2v_name_map map = {0};
    for (size_t i = 0; i < i2v_weights_count(weights) && i < 12; i++) {
        char name[I2V_NAME_SIZE];
        i2v_name_print(name, "%zu.%s", i % 5, i2v_weights_at(weights, i)->name);
        i2v_name_map_tensor(&map, (i2v_name_change)(i % 6), i2v_weights_at(weights, i)->name, name);
    }
    i2v_name_map_root(&map, "a");
    i2v_status status = i2v_weights_rename(&part, weights, &map, &error);
    fuzz_require_told(status, &error);
    if (!status) fuzz_read_values(part);
    if (!status) i2v_weights_close(part);
    part = NULL;
    if (i2v_weights_strip(&part, weights, "a.", &error) == I2V_OK) i2v_weights_close(part);
}

static void settle_names(i2v_weights *weights) {
    i2v_error error = {0};
    i2v_weights *settled = i2v_weights_hold(weights);
    fuzz_require_told(i2v_clip_names_settle(&settled, &error), &error);
    fuzz_read_values(settled);
    i2v_weights_close(settled);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    i2v_error error = {0};
    i2v_weights *weights = NULL;
    i2v_status status = i2v_weights_open_file(&weights, fuzz_file(data, size, 0), &error);
    fuzz_require_told(status, &error);
    if (status) return 0;
    fuzz_fingerprint(weights);
    i2v_weights_metadata(weights, "format");
    i2v_weights_dtype_name(weights);
    i2v_file_layout layout;
    i2v_file_layout_read(&layout, weights, &error);
    fuzz_read_values(weights);
    bind(weights);
    rename_all(weights);
    settle_names(weights);
    i2v_weights_close(weights);
    return 0;
}
