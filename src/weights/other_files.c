#include "weights/other_files.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

typedef struct other_file {
    const char *magic;
    size_t length;
    const char *what, *way_out;
} other_file;

#define MAGIC(text) (text), sizeof(text) - 1

static const char download[] = "download the file itself, for instance with `img2vid pull`";
static const char convert[] = "get its safetensors files, or convert it with the safetensors library";

/* Texts are compared without regard to case. */
static const other_file table[] = {
    {MAGIC("version https://git-lfs"), "a Git LFS pointer in place of the weights", "run `git lfs pull`"},
    {MAGIC("<!doctype html"), "a web page in place of the weights", download},
    {MAGIC("<html"), "a web page in place of the weights", download},
    {MAGIC("<?xml"), "XML in place of the weights, such as a server's refusal", download},
    {MAGIC("{\""), "JSON in place of the weights", download},
    {MAGIC("invalid username or password"), "the hub's refusal in place of the weights",
     "log in with a token, then `img2vid pull` the model"},
    {MAGIC("repository not found"), "the hub's refusal in place of the weights",
     "check the name, and give a token if the model is private"},
    {MAGIC("entry not found"), "the hub's refusal in place of the weights", "check the file's name"},
    {MAGIC("GGUF"), "a GGUF file, and weights are read from safetensors", "get the model's safetensors files"},
    {MAGIC("PK\x03\x04"), "a ZIP archive, as PyTorch's .pt and .ckpt are, and weights are read from safetensors",
     convert},
    {MAGIC("\x80\x02"), "a Python pickle, and weights are read from safetensors", convert},
    {MAGIC("\x89HDF\r\n\x1a\n"), "an HDF5 file, and weights are read from safetensors", convert},
    {MAGIC("\x1f\x8b"), "compressed with gzip", "unpack it first, with `gunzip`"},
    {MAGIC("\x28\xb5\x2f\xfd"), "compressed with zstd", "unpack it first, with `unzstd`"},
};

/* "Access to model ORG/NAME is restricted. ...": what the hub sends for a file of a gated model, with status 401 or
 * 403, and what a program that does not look at the status keeps. */
static i2v_status check_gated(const char *text, const char *path, i2v_error *error) {
    static const char begin[] = "Access to model ";
    if (!i2v_starts_with(text, begin)) return I2V_OK;
    const char *id = text + sizeof begin - 1;
    return i2v_fail(error, I2V_ERROR_MODEL,
                    "%s: the hub's refusal in place of the weights, as the model is gated; accept the licence on the "
                    "page of %.*s, put an access token in HF_TOKEN, and run `img2vid pull`",
                    path, (int)strcspn(id, " \n"), id);
}

i2v_status i2v_other_file_check(const char *begin, size_t count, const char *path, i2v_error *error) {
    char text[I2V_OTHER_FILE_BEGIN + 1] = "";
    memcpy(text, begin, count);
    const char *word = i2v_starts_with(text, "\xef\xbb\xbf") ? text + 3 : text; /* behind a byte order mark */
    word += strspn(word, " \t\r\n");
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const other_file *other = &table[i];
        if ((size_t)(text + count - word) < other->length) continue;
        if (strncasecmp(word, other->magic, other->length) != 0) continue;
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: %s; %s", path, other->what, other->way_out);
    }
    return check_gated(word, path, error);
}
