/* Addresses of the hub's pages, as people copy them from a browser. */
#include "hub/page.h"

#include "base/file_url.h"
#include "hub/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What follows "endpoint/" in text; NULL if text does not begin so. */
static const char *behind(const char *text, const char *endpoint) {
    size_t length = endpoint ? strlen(endpoint) : 0;
    while (length > 0 && endpoint[length - 1] == '/') length--;
    return length > 0 && strncasecmp(text, endpoint, length) == 0 && text[length] == '/' ? text + length + 1 : NULL;
}

/* The path of an address at the hub; NULL if it is elsewhere. */
static const char *path_at_hub(const char *text, const char *endpoint) {
    static const char *const places[] = {"https://huggingface.co",
                                         "https://www.huggingface.co",
                                         "https://hf.co",
                                         "http://huggingface.co",
                                         "http://hf.co",
                                         "huggingface.co",
                                         "hf.co"};
    const char *path = behind(text, endpoint);
    if (!path) path = behind(text, getenv("HF_ENDPOINT"));
    for (size_t i = 0; !path && i < sizeof places / sizeof *places; i++) path = behind(text, places[i]);
    return path;
}

/* The next segment of a path that ends before ? and #, decoded; 0 if there is none or no room. */
static int next_segment(char *segment, size_t size, const char **path) {
    *path += strspn(*path, "/");
    size_t length = strcspn(*path, "/?#");
    if (length == 0 || length >= size || !i2v_percent_decode(segment, *path, length)) return 0;
    *path += length;
    return 1;
}

/* Adds "/segment", or at the beginning "segment". */
static int append(char *to, size_t size, const char *segment) {
    size_t used = strlen(to);
    int length = snprintf(to + used, size - used, "%s%s", used ? "/" : "", segment);
    return length >= 0 && (size_t)length < size - used;
}

/* "main", or of "refs/pr/1", whose slashes are seldom encoded, all three. */
static int read_revision(i2v_hub_page *page, const char **path) {
    if (!next_segment(page->revision, sizeof page->revision, path)) return 0;
    if (strcmp(page->revision, "refs") != 0) return 1;
    char segment[200];
    for (int i = 0; i < 2; i++)
        if (!next_segment(segment, sizeof segment, path) || !append(page->revision, sizeof page->revision, segment))
            return 0;
    return 1;
}

static int is_one_of(const char *word, const char *const *words) {
    while (*words && strcmp(word, *words) != 0) words++;
    return *words != NULL;
}

int i2v_hub_page_read(i2v_hub_page *page, const char *text, const char *endpoint) {
    static const char *const others[] = {"datasets", "spaces", "docs", "api", "collections", "settings", NULL};
    static const char *const kinds[] = {"tree", "blob", "resolve", "raw", "blame", "commit", "commits", NULL};
    char segment[200];
    memset(page, 0, sizeof *page);
    const char *path = path_at_hub(text, endpoint);
    if (!path) return 0;
    for (int i = 0; i < 2; i++) {
        if (!next_segment(segment, sizeof segment, &path) || (i == 0 && is_one_of(segment, others))) return 0;
        if (strchr(segment, '/') || !append(page->repository, sizeof page->repository, segment)) return 0;
    }
    if (!next_segment(segment, sizeof segment, &path)) return 1;
    if (!is_one_of(segment, kinds) || !read_revision(page, &path)) return 0;
    page->is_tree = strcmp(segment, "tree") == 0;
    while (next_segment(segment, sizeof segment, &path))
        if (!append(page->file, sizeof page->file, segment)) return 0;
    return 1;
}

/* Datasets' pages are built likewise, behind one segment more. */
i2v_status i2v_hub_page_direct(char **direct, const char *url, i2v_error *error) {
    static const char page[] = "/blob/";
    *direct = NULL;
    const char *path = path_at_hub(url, NULL);
    const char *found = path ? strstr(path, page) : NULL;
    if (!found || found > path + strcspn(path, "?#")) return I2V_OK;
    if (asprintf(direct, "%.*s/resolve/%s", (int)(found - url), url, found + sizeof page - 1) >= 0) return I2V_OK;
    *direct = NULL;
    return i2v_fail_memory(error, "an address", strlen(url));
}
