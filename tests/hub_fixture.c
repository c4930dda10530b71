/* What tests of the hub's client share. */
#include "hub_fixture.h"

#include "base/file.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- a scratch folder with a model, a server of it, and a cache ------------------------------------------------- */

char scratch[512];
http_server *server;
i2v_hub_options options;
i2v_hub_tuning tuning;

const char *at(const char *name) {
    static char paths[4][2048];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", scratch, name);
    return path;
}

void write_file(const char *name, const void *data, size_t size) {
    char path[2048];
    snprintf(path, sizeof path, "%s", at(name));
    for (char *slash = strchr(path + strlen(scratch) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        assert_true(mkdir(path, 0777) == 0 || errno == EEXIST);
        *slash = '/';
    }
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

void write_text(const char *name, const char *text) {
    write_file(name, text, strlen(text));
}

void write_noise(const char *name, size_t size, uint64_t seed) {
    uint64_t *data = malloc(size + 8);
    assert_non_null(data);
    for (size_t i = 0; i < size / 8 + 1; i++) data[i] = seed = seed * 6364136223846793005u + 1442695040888963407u;
    write_file(name, data, size);
    free(data);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *place) {
    return remove(path);
}

void remove_tree(const char *name) {
    nftw(at(name), remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int make_model(void **state) {
    const char *parent = getenv("TMPDIR");
    snprintf(scratch, sizeof scratch, "%s/img2vid-test-XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(scratch)) return -1;
    write_text("model/model_index.json", "{\"_class_name\": \"StableVideoDiffusionPipeline\"}");
    write_text("model/unet/config.json", "{}");
    write_text("model/vae/config.json", "{\"a\": 1}");
    write_text("model/image_encoder/config.json", "{\"a\": 2}");
    write_text("model/scheduler/scheduler_config.json", "{\"a\": 3}");
    write_text("model/feature_extractor/preprocessor_config.json", "{\"a\": 4}");
    write_noise("model/" UNET, UNET_SIZE, 1);
    write_noise("model/unet/diffusion_pytorch_model.fp16.safetensors", 3000, 2);
    write_noise("model/vae/diffusion_pytorch_model.safetensors", 4000, 3);
    write_noise("model/vae/diffusion_pytorch_model.fp16.safetensors", 2000, 4);
    write_noise("model/image_encoder/model-00001-of-00002.safetensors", 1500, 5);
    write_noise("model/image_encoder/model-00002-of-00002.safetensors", 1501, 6);
    write_text(
        "model/image_encoder/model.safetensors.index.json",
        "{\"weight_map\": {\"a\": \"model-00001-of-00002.safetensors\", \"b\": \"model-00002-of-00002.safetensors\", "
        "\"c\": \"model-00001-of-00002.safetensors\"}}");
    write_noise("model/image_encoder/model.fp16.safetensors", 1000, 7);
    write_noise("model/svd.safetensors", 900, 8);
    write_text("model/unet/diffusion_pytorch_model.bin", "a pickle");
    write_text("model/README.md", "a page");
    return 0;
}

int remove_model(void **state) {
    remove_tree(".");
    return 0;
}

int begin(void **state) {
    static char endpoint[64];
    server = http_server_start(at("model"), at("log"));
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", http_server_port(server));
    static char cache[600];
    snprintf(cache, sizeof cache, "%s", at("home/hub"));
    i2v_hub_options_default(&options);
    options.endpoint = endpoint;
    options.cache = cache;
    options.token = "hf_secret";
    i2v_hub_tuning_default(&tuning);
    tuning.http.retry_seconds = 0.02;
    tuning.http.stall_seconds = 1;
    tuning.part_size = PART_SIZE;
    return 0;
}

int end(void **state) {
    http_server_stop(server);
    remove_tree("home");
    return 0;
}

/* ---- looking ---------------------------------------------------------------------------------------------------- */

int requests(const char *one, const char *two, const char *three) {
    char line[4096];
    int count = 0;
    FILE *log = fopen(at("log"), "r");
    assert_non_null(log);
    while (fgets(line, sizeof line, log))
        count += (!one || strstr(line, one)) && (!two || strstr(line, two)) && (!three || strstr(line, three));
    fclose(log);
    return count;
}

void assert_same(const char *one, const char *two) {
    uint8_t *a, *b;
    size_t a_size, b_size;
    assert_int_equal(i2v_file_read(&a, &a_size, at(one), 1 << 24, NULL), I2V_OK);
    assert_int_equal(i2v_file_read(&b, &b_size, at(two), 1 << 24, NULL), I2V_OK);
    assert_int_equal(a_size, b_size);
    assert_memory_equal(a, b, a_size);
    free(a);
    free(b);
}

void assert_pulled(const char *name) {
    char from[600], to[600];
    snprintf(from, sizeof from, "model/%s", name);
    snprintf(to, sizeof to, SNAPSHOT "/%s", name);
    assert_same(from, to);
}

void assert_not_pulled(const char *name) {
    char path[600];
    snprintf(path, sizeof path, SNAPSHOT "/%s", name);
    if (access(at(path), F_OK) == 0) fail_msg("%s was downloaded", name);
}

static int count_incomplete, count_blobs;

static int count_one(const char *path, const struct stat *info, int type, struct FTW *place) {
    if (!strstr(path, "/blobs/")) return 0;
    count_blobs++;
    if (strstr(path, ".incomplete")) count_incomplete++;
    return 0;
}

int incomplete_files(void) {
    count_incomplete = count_blobs = 0;
    nftw(at("home"), count_one, 16, FTW_PHYS);
    return count_incomplete;
}

uint64_t pull_ok(void) {
    i2v_hub_model *model;
    i2v_error error = {0};
    if (i2v_hub_pull_tuned(&model, "acme/model", &options, &tuning, &error) != I2V_OK) fail_msg("%s", error.message);
    assert_string_equal(model->path, at(SNAPSHOT));
    uint64_t received = model->received;
    i2v_hub_model_free(model);
    assert_int_equal(incomplete_files(), 0);
    return received;
}

const char *pull_fails(const char *id, i2v_status expected, const char *one, const char *two) {
    static i2v_error error;
    i2v_hub_model *model = (i2v_hub_model *)&model;
    i2v_status status = i2v_hub_pull_tuned(&model, id, &options, &tuning, &error);
    assert_null(model);
    if (status != expected || error.status != expected || !strstr(error.message, one) ||
        (two && !strstr(error.message, two)))
        fail_msg("status %d, \"%s\": expected %d, \"%s\", \"%s\"", status, error.message, expected, one,
                 two ? two : "");
    assert_null(strstr(error.message, "hf_secret"));
    return error.message;
}

void fault(const char *format, ...) {
    char words[1000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    http_server_fault(server, words);
}

void forget_environment(void) {
    static const char *const variables[] = {"HF_HOME",
                                            "HF_HUB_CACHE",
                                            "HF_ENDPOINT",
                                            "HF_TOKEN",
                                            "HUGGING_FACE_HUB_TOKEN",
                                            "HF_TOKEN_PATH",
                                            "HF_HUB_OFFLINE",
                                            "http_proxy",
                                            "https_proxy",
                                            "HTTPS_PROXY",
                                            "all_proxy",
                                            "ALL_PROXY",
                                            "HUGGINGFACE_HUB_CACHE",
                                            "TRANSFORMERS_OFFLINE",
                                            "HF_HUB_DISABLE_IMPLICIT_TOKEN",
                                            "XDG_CACHE_HOME"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) unsetenv(variables[i]);
}
