/* Where models and their parts are looked for: folders that are no model's, addresses, variants of some parts only,
 * what is no regular file. */
#include "model_copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SMALL I2V_TEST_DATA "/reference/plain_top"
#define CLIP "image_encoder/model.safetensors"
#define COMMIT "0123456789abcdef0123456789abcdef01234567"

static model_copy copy;

static int begin(void **state) {
    model_copy_make(&copy, SMALL);
    return 0;
}

static int end(void **state) {
    model_copy_remove(&copy);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

/* A path in the copy that stays. */
static char *in(const char *name) {
    char *path = strdup(model_copy_file(&copy, name));
    assert_non_null(path);
    return path;
}

static void move(const char *from, const char *to) {
    char *one = in(from), *other = in(to);
    assert_int_equal(rename(one, other), 0);
    free(one);
    free(other);
}

static void make_folder(const char *name) {
    assert_int_equal(mkdir(model_copy_file(&copy, name), 0700), 0);
}

static void write_text(const char *name, const char *text) {
    FILE *file = fopen(model_copy_file(&copy, name), "wb");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void opens(const char *model, const i2v_options *options) {
    i2v_engine *engine;
    if (i2v_open(&engine, model, options)) fail_msg("%s", i2v_error_message(engine));
    i2v_close(engine);
}

static void refuses(const char *model, const i2v_options *options, const char *words, const char *more) {
    i2v_engine *engine;
    assert_int_not_equal(i2v_open(&engine, model, options), I2V_OK);
    const char *message = i2v_error_message(engine);
    if (!strstr(message, words) || !strstr(message, more)) fail_msg("'%s' lacks '%s' or '%s'", message, words, more);
    i2v_close(engine);
}

static void refuses_in(const char *name, const char *words, const char *more) {
    char *path = in(name);
    refuses(path, NULL, words, more);
    free(path);
}

/* ---- folders ---------------------------------------------------------------------------------------------------- */

static void folders_are_told(void **state) {
    refuses_in("unet", "the folder of a UNet", "this as unet");
    refuses_in("vae", "the folder of a VAE", "this as vae");
    refuses_in("image_encoder", "the folder of an image encoder", "this as image_encoder");
    refuses_in("scheduler", "settings of a model", "model_index.json");
    make_folder("empty");
    refuses_in("empty", "the folder is empty", "empty");
    make_folder("other");
    write_text("other/config.json", "{\"_class_name\": \"FluxTransformer2DModel\"}");
    refuses_in("other", "FluxTransformer2DModel", "no part");
    make_folder("lora");
    write_text("lora/adapter_config.json", "{}");
    refuses_in("lora", "the folder of a LoRA", "this as lora");
    make_folder("singles");
    write_text("singles/svd.gguf", "");
    refuses_in("singles", "svd.gguf is not read here", "safetensors");
    write_text("singles/svd.ckpt", "");
    refuses_in("singles", "single files (svd.ckpt)", "give that file");
    write_text("singles/svd_xt.safetensors", "");
    refuses_in("singles", "svd_xt.safetensors", "give one of them");
    make_folder("models");
    make_folder("models/mine");
    write_text("models/mine/model_index.json", "{}");
    refuses_in("models", "(mine)", "give that folder");
    make_folder("text");
    write_text("text/readme", "");
    refuses_in("text", "no model's folder", "safetensors");
    unlink(model_copy_file(&copy, "model_index.json"));
    refuses(copy.path, NULL, "it has parts of a model", "model_index.json");
}

static void models_are_found_near_by(void **state) {
    char path[1024];
    snprintf(path, sizeof path, "%s/model_index.json", copy.path);
    opens(path, NULL);
    /* as the hub's cache keeps it */
    model_copy model = copy;
    snprintf(path, sizeof path, "%s-cache", copy.path);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(copy.path, sizeof copy.path, "%.500s", path);
    make_folder("snapshots");
    char *snapshot = in("snapshots/" COMMIT), *snapshots = in("snapshots");
    assert_int_equal(rename(model.path, snapshot), 0);
    opens(copy.path, NULL);
    opens(snapshots, NULL);
    make_folder("snapshots/another");
    refuses(snapshots, NULL, "holds one (" COMMIT ")", "that folder");
    make_folder("refs");
    write_text("refs/main", COMMIT "\n");
    opens(copy.path, NULL);
    opens(snapshots, NULL);
    i2v_options options = {.unet = copy.path};
    opens(snapshot, &options);
    free(snapshot);
    free(snapshots);
}

/* ---- addresses -------------------------------------------------------------------------------------------------- */

static void file_addresses_are_paths(void **state) {
    char address[1200];
    move("unet", "a unet");
    snprintf(address, sizeof address, "file://localhost%s/a%%20unet/", copy.path);
    i2v_options options = {.unet = address};
    opens(SMALL, &options);
    move("a unet", "unet");
    snprintf(address, sizeof address, "FILE://%s", copy.path);
    opens(address, NULL);
    refuses("file://elsewhere/model", NULL, "no file of this machine", "file:///");
    refuses("file:///a%00b", NULL, "no file of this machine", "file:///");
    refuses("https://example.com/svd.safetensors?key=secret", NULL, "https://example.com/svd.safetensors is an address",
            "download it first");
    i2v_lora lora = {"file:///no%20such/lora.safetensors", 1};
    options = (i2v_options){.loras = &lora, .loras_count = 1};
    refuses(SMALL, &options, "/no such/lora.safetensors", "No such file");
    static const char *const cases[][2] = {{"file:///a%20b%25.png", "/a b%.png"},
                                           {"file:/a", "/a"},
                                           {"file://LOCALHOST/a%zz%4", "/a%zz%4"},
                                           {"file:a", "file:a"},
                                           {"/a%20b", "/a%20b"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        strcpy(text, cases[i][0]);
        assert_int_equal(i2v_path_from_url(text), 1);
        assert_string_equal(text, cases[i][1]);
    }
    i2v_image *image;
    i2v_error error;
    assert_int_not_equal(i2v_image_load(&image, "file:///no%20such.png", I2V_ALPHA_WHITE, &error), I2V_OK);
    assert_non_null(strstr(error.message, "/no such.png"));
}

/* A page of the hub means its model in the cache; nothing is downloaded. */
static void pages_are_models_of_the_cache(void **state) {
    model_copy model = copy;
    snprintf(copy.path, sizeof copy.path, "%.400s-hub", model.path);
    assert_int_equal(mkdir(copy.path, 0700), 0);
    setenv("HF_HUB_CACHE", copy.path, 1);
    make_folder("models--acme--svd");
    make_folder("models--acme--svd/snapshots");
    make_folder("models--acme--svd/refs");
    write_text("models--acme--svd/refs/main", COMMIT);
    assert_int_equal(rename(model.path, model_copy_file(&copy, "models--acme--svd/snapshots/" COMMIT)), 0);
    opens("https://huggingface.co/acme/svd", NULL);
    opens("https://hf.co/acme/svd/tree/main/", NULL);
    opens("https://huggingface.co/acme/svd/blob/main/model_index.json", NULL);
    opens("https://huggingface.co/acme/svd/tree/" COMMIT, NULL);
    i2v_options options = {.unet = "https://huggingface.co/acme/svd/"};
    opens(SMALL, &options);
    opens("acme/svd", NULL);
    options.unet = "acme/svd";
    opens(SMALL, &options);
    refuses("acme/other", NULL, "acme/other is neither a path nor a model in the cache", "img2vid pull acme/other");
    refuses("acme/other.safetensors", NULL, "no such folder or file", "");
    refuses("https://hf.co/acme/svd/tree/v2", NULL, "img2vid pull https://hf.co/acme/svd/tree/v2", "");
    refuses("https://huggingface.co/acme/svd/tree/main/unet", NULL, "the folder unet of acme/svd", "give the model's");
    refuses("https://huggingface.co/datasets/acme/svd", NULL, "is an address", "download it first");
    unsetenv("HF_HUB_CACHE");
}

/* ---- LoRAs ------------------------------------------------------------------------------------------------------ */

static void loras_are_no_models(void **state) {
    static const char *const files[] = {"layers-kohya.safetensors", "layers/adapter_model.safetensors"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[1024];
        snprintf(path, sizeof path, I2V_TEST_DATA "/lora/%s", files[i]);
        i2v_options options = {.unet = path};
        refuses(path, NULL, "it is a LoRA", "this as lora");
        refuses(SMALL, &options, "it is a LoRA", "this as lora");
    }
}

/* ---- variants --------------------------------------------------------------------------------------------------- */

static void parts_without_the_variant_are_taken_without_it(void **state) {
    i2v_options options = {.variant = "non_ema"};
    refuses(copy.path, &options, "choose another variant", "non_ema");
    move(CLIP, "image_encoder/model.non_ema.safetensors");
    opens(copy.path, &options);
    refuses(copy.path, NULL, "model.non_ema.safetensors", "choose another variant");
    /* what is damaged is not passed over */
    write_text("vae/diffusion_pytorch_model.non_ema.safetensors", "<html>");
    refuses(copy.path, &options, "diffusion_pytorch_model.non_ema.safetensors", "a web page");
}

/* ---- what is no regular file ------------------------------------------------------------------------------------ */

static void replace_by_pipe(const char *name) {
    unlink(model_copy_file(&copy, name));
    assert_int_equal(mkfifo(model_copy_file(&copy, name), 0600), 0);
}

static void pipes_are_told(void **state) {
    replace_by_pipe("pipe");
    refuses_in("pipe", "it is a named pipe", "not a regular file");
    char *pipe = in("pipe");
    i2v_options options = {.vae = pipe};
    refuses(SMALL, &options, "it is a named pipe", "not a regular file");
    refuses("/dev/null", NULL, "/dev/null: it is a device", "not a regular file");
    free(pipe);
    replace_by_pipe(CLIP);
    refuses(copy.path, NULL, CLIP, "it is a named pipe");
    unlink(model_copy_file(&copy, CLIP));
    assert_int_equal(symlink("nowhere", model_copy_file(&copy, CLIP)), 0);
    refuses(copy.path, NULL, CLIP, "a link that leads nowhere");
    replace_by_pipe("vae/diffusion_pytorch_model-00002-of-00003.safetensors");
    refuses(copy.path, NULL, "00002-of-00003.safetensors", "it is a named pipe");
    replace_by_pipe("vae/diffusion_pytorch_model.safetensors.index.json");
    refuses(copy.path, NULL, "index.json", "it is a named pipe");
    replace_by_pipe("unet/config.json");
    refuses(copy.path, NULL, "unet/config.json", "not a regular file");
    replace_by_pipe("model_index.json");
    refuses(copy.path, NULL, "model_index.json", "not a regular file");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(folders_are_told),         TEST(models_are_found_near_by),
        TEST(file_addresses_are_paths), TEST(pages_are_models_of_the_cache),
        TEST(loras_are_no_models),
        TEST(pipes_are_told),           TEST(parts_without_the_variant_are_taken_without_it),
    };
    return cmocka_run_group_tests_name("model places", tests, NULL, NULL);
}
