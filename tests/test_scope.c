/* Names of tensors by the modules that a loader has entered, model/scope.h. */
#include "backend/plain/plain.h"
#include "model/loader.h"
#include "weights/weights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { LONGEST = I2V_NAME_SIZE - 1 };

/* `length` characters. */
static const char *word(int length) {
    static char text[2 * I2V_NAME_SIZE];
    assert_in_range(length, 0, sizeof text - 1);
    memset(text, 'm', (size_t)length);
    text[length] = 0;
    return text;
}

/* ---- a loader over one tensor in memory ---- */

typedef struct fixture {
    i2v_store store;
    i2v_weights *weights;
    i2v_error error;
    i2v_loader loader;
} fixture;

static void begin(fixture *f, const char *name) {
    static const float values[] = {3, 4};
    const i2v_memory_tensor tensor = {.name = name, .dtype = "F32", .ndim = 1, .shape = (int64_t[]){2}, .data = values};
    memset(f, 0, sizeof *f);
    assert_int_equal(i2v_weights_open_memory(&f->weights, "the part", &tensor, 1, NULL), I2V_OK);
    f->loader = (i2v_loader){.store = &f->store, .backend = i2v_backend_plain(), .error = &f->error};
    i2v_loader_begin(&f->loader, f->weights);
}

static i2v_status end(fixture *f) {
    i2v_status status = i2v_loader_end(&f->loader);
    i2v_store_free(&f->store);
    i2v_weights_close(f->weights);
    return status;
}

static void expect_found(fixture *f, const char *tensor) {
    i2v_tensor table = i2v_load_table(&f->loader, 2, 0, tensor);
    const float *values = i2v_tensor_floats(&table);
    if (!values) fail_msg("%s", f->error.message);
    assert_true(values[0] == 3 && values[1] == 4);
}

static void joins_what_was_entered(void **state) {
    (void)state;
    fixture f;
    begin(&f, "up_blocks.3.resnets.1.conv1.bias");
    assert_false(i2v_loader_has(&f.loader, "conv1.bias"));
    i2v_loader_enter(&f.loader, "up_blocks.%d", 3);
    i2v_loader_enter(&f.loader, "resnets.%d", 0);
    assert_false(i2v_loader_has(&f.loader, "conv1.bias"));
    i2v_loader_leave(&f.loader);
    i2v_loader_enter(&f.loader, "resnets.%d", 1);
    assert_true(i2v_loader_has(&f.loader, "conv1.bias"));
    expect_found(&f, "conv1.bias");
    i2v_loader_leave(&f.loader);
    i2v_loader_leave(&f.loader);
    assert_true(i2v_loader_has(&f.loader, "up_blocks.3.resnets.1.conv1.bias"));
    assert_int_equal(end(&f), I2V_OK);
}

static void names_the_whole_tensor_that_is_missing(void **state) {
    (void)state;
    fixture f;
    begin(&f, "a");
    i2v_loader_enter(&f.loader, "mid_block");
    i2v_loader_enter(&f.loader, "attentions.%d", 0);
    i2v_norm norm;
    i2v_load_norm(&f.loader, &norm, 2, 1, 1e-5, "norm");
    i2v_loader_leave(&f.loader);
    i2v_loader_leave(&f.loader);
    assert_int_equal(end(&f), I2V_ERROR_MODEL);
    assert_non_null(strstr(f.error.message, "the part: tensor mid_block.attentions.0.norm.weight is missing"));
}

static void ignores_a_module_or_a_tensor(void **state) {
    (void)state;
    fixture f;
    begin(&f, "encoder.norm2.weight");
    i2v_loader_enter(&f.loader, "encoder");
    i2v_load_ignore(&f.loader, "norm"); /* another module */
    i2v_loader_leave(&f.loader);
    assert_int_equal(end(&f), I2V_ERROR_MODEL);
    assert_non_null(strstr(f.error.message, "encoder.norm2.weight has no place"));
    begin(&f, "encoder.norm2.weight");
    i2v_loader_enter(&f.loader, "encoder");
    i2v_load_ignore(&f.loader, "norm2");
    i2v_loader_leave(&f.loader);
    assert_int_equal(end(&f), I2V_OK);
    begin(&f, "encoder.norm2.weight");
    i2v_loader_enter(&f.loader, "encoder.%s", "norm2");
    i2v_load_ignore(&f.loader, "");
    i2v_loader_leave(&f.loader);
    assert_int_equal(end(&f), I2V_OK);
    begin(&f, "embeddings.position_ids");
    i2v_load_ignore_tensor(&f.loader, "embeddings.position_ids");
    assert_int_equal(end(&f), I2V_OK);
}

/* ---- long and deep names ---- */

/* As long as there is room for, in modules one within another: none of it is cut. */
static void takes_the_longest_name(void **state) {
    (void)state;
    fixture f;
    char name[I2V_NAME_SIZE];
    memset(name, 'm', LONGEST);
    name[LONGEST] = 0;
    for (int i = 1; i < 8; i++) name[i * 60] = '.';
    begin(&f, name);
    i2v_loader_enter(&f.loader, "%s", word(60));
    for (int i = 1; i < 7; i++) i2v_loader_enter(&f.loader, "%s", word(59));
    i2v_loader_enter(&f.loader, "%s", word(40));
    i2v_loader_leave(&f.loader);
    assert_true(i2v_loader_has(&f.loader, word(LONGEST - 7 * 60 - 1)));
    assert_false(i2v_loader_has(&f.loader, word(LONGEST - 7 * 60)));
    expect_found(&f, word(LONGEST - 7 * 60 - 1));
    for (int i = 0; i < 7; i++) i2v_loader_leave(&f.loader);
    expect_found(&f, name);
    assert_int_equal(end(&f), I2V_OK);
}

static void expect_too_long(fixture *f, const char *beginning) {
    assert_int_equal(f->loader.status, I2V_ERROR_MODEL);
    assert_null(i2v_load_table(&f->loader, 2, 0, "a").data);
    assert_int_equal(end(f), I2V_ERROR_MODEL);
    assert_non_null(strstr(f->error.message, "the part: the model asks for a tensor whose name is too long, "));
    assert_non_null(strstr(f->error.message, beginning));
}

/* A cut name would be another tensor's: here that of the only one that there is. */
static void refuses_names_without_room(void **state) {
    (void)state;
    fixture f;
    char name[I2V_NAME_SIZE];
    strcpy(name, word(LONGEST));
    begin(&f, name);
    assert_false(i2v_loader_has(&f.loader, word(LONGEST + 1)));
    assert_null(i2v_load_table(&f.loader, 2, 0, word(LONGEST + 1)).data);
    expect_too_long(&f, "mmmm...");
    begin(&f, "a");
    i2v_load_ignore(&f.loader, word(LONGEST));
    expect_too_long(&f, "mmmm...");
    for (int room = 0; room < 4; room++) {
        begin(&f, "a");
        i2v_loader_enter(&f.loader, "first.%s", word(LONGEST - 6 - room));
        assert_int_equal(f.loader.status, I2V_OK);
        i2v_loader_enter(&f.loader, "%s", word(room)); /* needs a dot more */
        assert_int_equal(f.loader.status, I2V_ERROR_MODEL);
        i2v_loader_leave(&f.loader);
        i2v_loader_leave(&f.loader);
        assert_string_equal(f.loader.scope.path, "");
        expect_too_long(&f, "first.mmm");
    }
}

static void refuses_more_modules_than_there_is_room_for(void **state) {
    (void)state;
    fixture f;
    begin(&f, "a");
    for (int i = 0; i < I2V_SCOPE_DEPTH; i++) i2v_loader_enter(&f.loader, "%d", i);
    assert_int_equal(f.loader.status, I2V_OK);
    for (int i = 0; i < 3; i++) i2v_loader_enter(&f.loader, "deep");
    assert_int_equal(f.loader.status, I2V_ERROR_MODEL);
    for (int i = 0; i < I2V_SCOPE_DEPTH + 2; i++) i2v_loader_leave(&f.loader);
    assert_string_equal(f.loader.scope.path, "0");
    i2v_loader_leave(&f.loader);
    assert_string_equal(f.loader.scope.path, "");
    expect_too_long(&f, "0.1.2.3");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins_what_was_entered),       cmocka_unit_test(names_the_whole_tensor_that_is_missing),
        cmocka_unit_test(ignores_a_module_or_a_tensor), cmocka_unit_test(takes_the_longest_name),
        cmocka_unit_test(refuses_names_without_room),   cmocka_unit_test(refuses_more_modules_than_there_is_room_for)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
