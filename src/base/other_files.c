/* What a file is that should hold weights or a configuration and does not. */
#include "base/other_files.h"

#include "base/file.h"
#include "base/posix.h"
#include "base/text.h"
#include "base/weight_names.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct other_file {
    const char *magic;
    size_t length;
    const char *what;
    const char *way_out; /* NULL: get_it */
} other_file;

#define MAGIC(text) (text), sizeof(text) - 1

static const char get_it[] = "get the file itself, for instance with `img2vid pull`";
static const char convert[] = "get the model's safetensors files, or convert it with the safetensors library";
static const char no_model[] = "it is no model; check the name";
static const char give_folder[] = "give the folder that it lies in";
static const char unpack[] = "unpack it first";

/* Behind white space and a byte order mark, without regard to case. */
static const other_file texts[] = {
    {MAGIC("version https://git-lfs"), "a Git LFS pointer", "run `git lfs pull`"},
    {MAGIC("/annex/objects/"), "a git-annex pointer", "run `git annex get`"},
    {MAGIC("../../"), "a link that was copied as a text", "copy what it leads to"},
    {MAGIC("<!doctype svg"), "a picture (SVG)", no_model},
    {MAGIC("<svg"), "a picture (SVG)", no_model},
    {MAGIC("<!doctype"), "a web page", NULL},
    {MAGIC("<html"), "a web page", NULL},
    {MAGIC("<head"), "a web page", NULL},
    {MAGIC("<body"), "a web page", NULL},
    {MAGIC("<meta"), "a web page", NULL},
    {MAGIC("<title"), "a web page", NULL},
    {MAGIC("<script"), "a web page", NULL},
    {MAGIC("<!--"), "a web page", NULL},
    {MAGIC("<?xml"), "XML, such as a server's refusal", NULL},
    {MAGIC("<Error>"), "XML, such as a server's refusal", NULL},
    {MAGIC("invalid username or password"), "the hub's refusal", "log in with a token, then `img2vid pull` the model"},
    {MAGIC("invalid credentials"), "the hub's refusal", "log in with a token, then `img2vid pull` the model"},
    {MAGIC("repository not found"), "the hub's refusal", "check the name, and give a token if the model is private"},
    {MAGIC("entry not found"), "the hub's refusal", "check the file's name"},
    {MAGIC("invalid rev id"), "the hub's refusal", "check the revision"},
    {MAGIC("{\\rtf"), "a text document (RTF)", no_model},
};

static const other_file formats[] = {
    {MAGIC("GGUF"), "a GGUF file", "get the model's safetensors files"},
    {MAGIC("lmgg"), "a GGML file", "get the model's safetensors files"},
    {MAGIC("tjgg"), "a GGML file", "get the model's safetensors files"},
    {MAGIC("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"), "in the format that PyTorch had before 1.6",
     "load and save it in a newer PyTorch, or convert it to safetensors"},
    {MAGIC("\x80\x02"), "a Python pickle", convert},
    {MAGIC("\x80\x03"), "a Python pickle", convert},
    {MAGIC("\x80\x04"), "a Python pickle", convert},
    {MAGIC("\x80\x05"), "a Python pickle", convert},
    {MAGIC("\x89HDF\r\n\x1a\n"), "an HDF5 file, as Keras writes", convert},
    {MAGIC("\x93NUMPY"), "a NumPy array", convert},
    {MAGIC("PK\x05\x06"), "an empty ZIP archive", NULL},
    {MAGIC("\x1f\x8b"), "compressed with gzip", "unpack it first, with `gunzip`"},
    {MAGIC("\x28\xb5\x2f\xfd"), "compressed with zstd", "unpack it first, with `unzstd`"},
    {MAGIC("\xfd"
           "7zXZ\0"),
     "compressed with xz", "unpack it first, with `unxz`"},
    {MAGIC("BZh"), "compressed with bzip2", "unpack it first, with `bunzip2`"},
    {MAGIC("\x04\x22\x4d\x18"), "compressed with lz4", "unpack it first, with `unlz4`"},
    {MAGIC("7z\xbc\xaf\x27\x1c"), "a 7z archive", unpack},
    {MAGIC("Rar!\x1a\x07"), "a RAR archive", unpack},
    {MAGIC("\x89PNG\r\n\x1a\n"), "a picture (PNG)", no_model},
    {MAGIC("\xff\xd8\xff"), "a picture (JPEG)", no_model},
    {MAGIC("GIF8"), "a picture (GIF)", no_model},
    {MAGIC("II*\0"), "a picture (TIFF)", no_model},
    {MAGIC("MM\0*"), "a picture (TIFF)", no_model},
    {MAGIC("BM"), "a picture (BMP)", no_model},
    {MAGIC("\x1a\x45\xdf\xa3"), "a video (Matroska or WebM)", no_model},
    {MAGIC("OggS"), "a video or sound (Ogg)", no_model},
    {MAGIC("%PDF"), "a PDF document", no_model},
    {MAGIC("\x7f"
           "ELF"),
     "a program", no_model},
    {MAGIC("MZ"), "a program", no_model},
    {MAGIC("#!"), "a script", no_model},
};

static i2v_status fail(const other_file *other, i2v_wanted_file wanted, const char *path, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_MODEL, "%s: it is %s, where %s should be; %s", path, other->what,
                    wanted == I2V_WANTED_JSON ? "JSON" : "weights in safetensors' format",
                    other->way_out ? other->way_out : get_it);
}

static const other_file *find(const other_file *table, size_t count, const char *begin, size_t size) {
    for (size_t i = 0; i < count; i++)
        if (size >= table[i].length && strncasecmp(begin, table[i].magic, table[i].length) == 0) return &table[i];
    return NULL;
}

#define FIND(table, begin, size) find(table, sizeof(table) / sizeof *(table), begin, size)

/* ---- texts ------------------------------------------------------------------------------------------------------ */

/* UTF-16 of Latin letters: by its mark, or every other byte is zero. */
static int is_utf16(const char *begin, size_t count) {
    if (count >= 2 && (memcmp(begin, "\xff\xfe", 2) == 0 || memcmp(begin, "\xfe\xff", 2) == 0)) return 1;
    if (count < 8 || !begin[0] == !begin[1]) return 0;
    for (size_t i = 2; i < 8; i++)
        if (!begin[i] != !begin[i % 2]) return 0;
    return 1;
}

/* How many bytes of 80 to BF follow this one in UTF-8; -1 for one that begins no character. */
static int bytes_after(unsigned char c) {
    if (c < 0x80) return 0;
    if (c < 0xc2 || c > 0xf4) return -1;
    return c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
}

/* The text in `begin`, without a byte order mark and, of UTF-16, without its zero bytes; 0 where it is no text: no
 * UTF-8, or with control characters other than white space. */
static int read_text(char text[I2V_OTHER_FILE_BEGIN + 1], const char *begin, size_t count) {
    int is_wide = is_utf16(begin, count), after = 0;
    size_t used = 0, mark = count >= 3 && memcmp(begin, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    for (size_t i = mark; i < count; i++) {
        unsigned char c = (unsigned char)begin[i];
        if (is_wide && (c == 0 || (i < 2 && c >= 0xfe))) continue;
        if ((c < 0x20 && !strchr("\t\n\r\f", c)) || c == 0 || c == 0x7f) return 0;
        if (after > 0 && (c & 0xc0) != 0x80) return 0;
        after = after > 0 ? after - 1 : bytes_after(c);
        if (after < 0) return 0;
        text[used++] = (char)c;
    }
    text[used] = '\0';
    return used > 0;
}

/* "Access to model ORG/NAME is restricted. ...": what the hub sends for a file of a gated model, with status 401 or
 * 403, as a text, in JSON or in a page, and what a program that does not look at the status keeps. */
static i2v_status check_gated(const char *text, const char *path, i2v_error *error) {
    static const char begin[] = "Access to model ";
    const char *found = strcasestr(text, begin);
    if (!found) return I2V_OK;
    const char *id = found + sizeof begin - 1;
    size_t length = strcspn(id, " \n<\"'");
    if (!memchr(id, '/', length)) return I2V_OK; /* no name of a model */
    return i2v_fail(error, I2V_ERROR_MODEL,
                    "%s: it is the hub's refusal, as the model is gated; accept the licence on the page of %.*s, put "
                    "an access token in HF_TOKEN, and run `img2vid pull %.*s`",
                    path, (int)length, id, (int)length, id);
}

/* JSON where weights should be: an index of shards is near to them. */
static i2v_status check_json(const char *word, const char *path, i2v_error *error) {
    const char *inside = word + 1 + strspn(word + 1, " \t\r\n");
    if (*word != '{' || !strchr("\"}", *inside)) return I2V_OK;
    other_file json = {.what = "JSON"};
    if (strstr(word, "\"weight_map\"") || i2v_ends_with(path, ".index.json"))
        json = (other_file){.what = "the index of a part's shards (JSON)", .way_out = give_folder};
    else if (i2v_ends_with(path, "/model_index.json") || strcmp(path, "model_index.json") == 0)
        json = (other_file){.what = "the list of a model's parts (JSON)", .way_out = give_folder};
    else if (strncasecmp(inside, "\"error\"", 7) == 0)
        json = (other_file){.what = "JSON with a server's refusal"};
    return fail(&json, I2V_WANTED_WEIGHTS, path, error);
}

/* Any other text, by its first line. */
static i2v_status fail_text(const char *word, i2v_wanted_file wanted, const char *path, i2v_error *error) {
    char what[100];
    size_t length = strcspn(word, "\t\r\n\f");
    snprintf(what, sizeof what, "a text that begins with \"%.*s\"", length < 60 ? (int)length : 60, word);
    return fail(&(other_file){.what = what}, wanted, path, error);
}

static i2v_status check_text(const char *text, i2v_wanted_file wanted, const char *path, i2v_error *error) {
    const char *word = text + strspn(text, " \t\r\n\f");
    i2v_status status = check_gated(word, path, error);
    if (status) return status;
    const other_file *other = FIND(texts, word, strlen(word));
    if (other && i2v_starts_with(other->what, "XML") && strcasestr(word, "<html")) other = FIND(texts, "<html", 5);
    if (other) return fail(other, wanted, path, error);
    if (wanted == I2V_WANTED_WEIGHTS) status = check_json(word, path, error);
    if (status || *word == '\0' || (wanted == I2V_WANTED_JSON && strchr("{[\"", *word))) return status;
    return fail_text(word, wanted, path, error);
}

/* ---- formats ---------------------------------------------------------------------------------------------------- */

static i2v_status fail_zip(const char *begin, size_t count, i2v_wanted_file wanted, const char *path,
                           i2v_error *error) {
    char name[65] = ""; /* of the first file in it: its length is at byte 26, the name at byte 30 */
    size_t length = count > 30 ? (unsigned char)begin[26] : 0;
    if (length < sizeof name && length <= count - 30) memcpy(name, begin + 30, length);
    other_file zip = {.what = "a ZIP archive without PyTorch's data.pkl", .way_out = convert};
    if (wanted == I2V_WANTED_JSON) zip = (other_file){.what = "a ZIP archive, as PyTorch's .pt, .bin and .ckpt are"};
    if (i2v_ends_with(name, ".npy")) zip.what = "an archive of NumPy arrays (.npz)";
    if (i2v_is_safetensors_name(name) || i2v_ends_with(name, "/"))
        zip = (other_file){.what = "a ZIP archive", .way_out = "unpack it first, with `unzip`"};
    return fail(&zip, wanted, path, error);
}

/* What has no mark at its very beginning. */
static const char *name_format(const char *begin, size_t count, const char **way_out) {
    const unsigned char *bytes = (const unsigned char *)begin;
    *way_out = no_model;
    if (count >= 12 && memcmp(begin + 4, "ftyp", 4) == 0) return "a video or picture (MP4, AVIF or HEIC)";
    if (count >= 12 && memcmp(begin, "RIFF", 4) == 0) return "a picture, video or sound (RIFF)";
    *way_out = unpack;
    if (count >= 262 && memcmp(begin + 257, "ustar", 5) == 0) return "a tar archive";
    *way_out = convert;
    if (count >= 8 && memcmp(begin + 4, "TFL3", 4) == 0) return "a TensorFlow Lite file";
    /* ONNX, in protobuf: ir_version (field 1), then the producer's name (field 2) */
    if (count >= 4 && bytes[0] == 0x08 && bytes[1] < 0x20 && bytes[2] == 0x12) return "an ONNX or TensorFlow file";
    /* msgpack, as Flax writes: a map whose first key is a short text */
    size_t key = (bytes[0] & 0xf0) == 0x80 ? 1 : bytes[0] == 0xde ? 3 : bytes[0] == 0xdf ? 5 : 0;
    if (key && count > key && ((bytes[key] & 0xe0) == 0xa0 || bytes[key] == 0xd9)) return "a Flax file (msgpack)";
    return NULL;
}

/* A file whose blocks were reserved and never written, as those of downloads that were cut off. */
static int is_zero(const char *begin, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (begin[i]) return 0;
    return 1;
}

i2v_status i2v_other_file_check(const char *begin, size_t count, i2v_wanted_file wanted, const char *path,
                                i2v_error *error) {
    char text[I2V_OTHER_FILE_BEGIN + 1];
    if (count == 0) return i2v_fail(error, I2V_ERROR_MODEL, "%s: it is empty; download it again", path);
    if (is_zero(begin, count))
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: it begins with zeros, as a file does whose download was cut off; download it again", path);
    if (count >= 30 && memcmp(begin, "PK\x03\x04", 4) == 0) return fail_zip(begin, count, wanted, path, error);
    other_file named = {0};
    const other_file *other = FIND(formats, begin, count);
    if (!other && (named.what = name_format(begin, count, &named.way_out))) other = &named;
    /* a text may begin with the letters of a short mark */
    int is_text = read_text(text, begin, count);
    if (is_text && (!other || other->length < 4)) return check_text(text, wanted, path, error);
    return other ? fail(other, wanted, path, error) : I2V_OK;
}

/* ---- downloads that have not ended ------------------------------------------------------------------------------ */

i2v_status i2v_other_file_check_download(const char *path, i2v_error *error) {
    static const char *const endings[] = {".crdownload", ".part",       ".partial", ".incomplete", ".aria2",
                                          ".download",   ".opdownload", ".!qB",     ".!ut",        ".xltd"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (i2v_ends_with(path, endings[i]))
            return i2v_fail(error, I2V_ERROR_MODEL,
                            "%s: its name says that its download has not ended; let it end, or rename the file if it "
                            "is whole",
                            path);
    char *beside = NULL;
    if (asprintf(&beside, "%s.aria2", path) < 0) return i2v_fail_memory(error, path, 0);
    int unfinished = i2v_is_file(beside);
    free(beside);
    if (!unfinished) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_MODEL,
                    "%s: the file %s.aria2 beside it says that aria2 has not ended its download; let it end", path,
                    path);
}
