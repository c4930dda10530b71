/* Addresses and the names of models: two lines, the second a revision, an address to go on to, a licence's host. */
#include "fuzz.h"

#include "hub/id.h"
#include "hub/listing.h"
#include "hub/page.h"
#include "hub/url.h"

#include <stdlib.h>
#include <string.h>

static void read_address(const char *text, const char *other) {
    i2v_origin a = {0}, b = {0};
    char shown[I2V_URL_SHOWN_SIZE];
    int is_web = i2v_url_is_web(text), good = i2v_url_origin(&a, text);
    fuzz_require(!good || is_web);
    if (good) fuzz_require(*a.host && *a.port && i2v_origin_equal(&a, &a));
    if (good && i2v_url_origin(&b, other)) i2v_origin_equal(&a, &b);
    i2v_url_is_downgrade(text, other);
    i2v_url_show(shown, text);
    fuzz_require(memchr(shown, 0, sizeof shown) != NULL);
}

static void escape(const char *text) {
    for (int keep = 0; keep < 2; keep++) {
        char *escaped = i2v_url_escape(text, keep);
        fuzz_require(escaped && (keep || !strchr(escaped, '/')) && !strpbrk(escaped, " ?#@:\n"));
        free(escaped);
    }
}

/* Pages of a hub, and paths as addresses. */
static void read_page(const char *text, const char *endpoint) {
    i2v_hub_page page;
    if (i2v_hub_page_read(&page, text, endpoint)) fuzz_require(strchr(page.repository, '/') != NULL);
    char *direct = NULL, *path = strdup(text);
    fuzz_require(path && i2v_hub_page_direct(&direct, text, NULL) == I2V_OK);
    size_t length = strlen(path);
    if (!i2v_path_from_url(path)) fuzz_require(strcmp(path, text) == 0);
    fuzz_require(strlen(path) <= length);
    free(path);
    free(direct);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = fuzz_text(data, size), *rest = text;
    char *first = fuzz_line(&rest), *second = fuzz_line(&rest);
    i2v_error error = {0};
    read_address(first, second);
    read_page(first, second);
    escape(first);
    i2v_hub_options options;
    i2v_hub_options_default(&options);
    if (*second) options.revision = second;
    i2v_hub_name name;
    i2v_status status = i2v_hub_name_read(&name, first, &options, &error);
    fuzz_require_told(status, &error);
    if (!status) fuzz_require(strchr(name.repository, '/') && (!*name.file || i2v_is_relative_name(name.file)));
    free(text);
    return 0;
}
