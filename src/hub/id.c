/* The name of a model on the hub: owner, model, revision. */
#include "hub/id.h"

#include "hub/listing.h"
#include "hub/page.h"
#include "hub/url.h"

#include <stdio.h>
#include <string.h>

/* Letters, digits, "-._", of which none of the latter at an end or twice in a row: huggingface_hub's validate_repo_id.
 */
static int is_name(const char *text, size_t length) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
    if (length == 0 || length > 96 || strspn(text, allowed) < length) return 0;
    if (strchr("-.", text[0]) || strchr("-.", text[length - 1])) return 0;
    for (size_t i = 1; i < length; i++)
        if (text[i] == text[i - 1] && strchr("-.", text[i])) return 0;
    return 1;
}

/* The length of "org/name" at the beginning of text; 0 if that is none. */
static size_t repository_length(const char *text) {
    size_t organisation = strcspn(text, "/");
    if (!text[organisation] || !is_name(text, organisation)) return 0;
    size_t name = strcspn(text + organisation + 1, "/");
    return is_name(text + organisation + 1, name) ? organisation + 1 + name : 0;
}

int i2v_hub_is_id(const char *text) {
    i2v_hub_page page;
    if (!text) return 0;
    if (i2v_hub_page_read(&page, text, NULL)) return 1;
    size_t length = repository_length(text);
    return length > 0 && (!text[length] || i2v_is_relative_name(text + length + 1));
}

static int is_revision(const char *text) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/+@";
    return strlen(text) < 200 && text[strspn(text, allowed)] == 0 && i2v_is_relative_name(text);
}

/* The same for what the address of a page tells. A folder of a model's page is no model of its own. */
static i2v_status read_page(i2v_hub_name *name, const i2v_hub_page *page, const i2v_hub_options *options,
                            i2v_error *error) {
    if (page->is_tree && page->file[0] && !(options && options->file))
        return i2v_fail(
            error, I2V_ERROR_PARAMETER,
            "the address leads to the folder %.200s of %s; give the model's own, which ends in %s, or, of a "
            "part or a LoRA, its file's: %s/FILE",
            page->file, page->repository, page->repository, page->file);
    i2v_hub_options asked = options ? *options : (i2v_hub_options){0};
    /* the list of its parts stands for the model */
    int has_file = page->file[0] && strcmp(page->file, "model_index.json") != 0;
    if (!asked.revision && page->revision[0]) asked.revision = page->revision;
    if (!asked.file && has_file) asked.file = page->file;
    return i2v_hub_name_read(name, page->repository, &asked, error);
}

i2v_status i2v_hub_name_read(i2v_hub_name *name, const char *id, const i2v_hub_options *options, i2v_error *error) {
    memset(name, 0, sizeof *name);
    i2v_hub_page page;
    if (id && i2v_hub_page_read(&page, id, options ? options->endpoint : NULL))
        return read_page(name, &page, options, error);
    if (id && i2v_url_is_web(id)) {
        char shown[I2V_URL_SHOWN_SIZE];
        i2v_url_show(shown, id);
        return i2v_fail(error, I2V_ERROR_PARAMETER,
                        "%s is no page of a model at the hub; those are like https://huggingface.co/ORG/NAME, and a "
                        "file from elsewhere is to be downloaded by other means",
                        shown);
    }
    const char *revision = options && options->revision ? options->revision : "main";
    const char *file = options ? options->file : NULL;
    if (!i2v_hub_is_id(id))
        return i2v_fail(
            error, I2V_ERROR_PARAMETER,
            "\"%.100s\" is no model of the hub; their names are like stabilityai/stable-video-diffusion-img2vid", id);
    size_t length = repository_length(id);
    if (!is_revision(revision))
        return i2v_fail(error, I2V_ERROR_PARAMETER, "\"%.100s\" is no branch, tag or commit", revision);
    if (!file && id[length]) file = id + length + 1;
    if (file && !i2v_is_relative_name(file))
        return i2v_fail(error, I2V_ERROR_PARAMETER, "\"%.100s\" is no file of a model; give its path within it", file);
    snprintf(name->repository, sizeof name->repository, "%.*s", (int)length, id);
    snprintf(name->revision, sizeof name->revision, "%s", revision);
    snprintf(name->file, sizeof name->file, "%s", file ? file : "");
    return I2V_OK;
}
