/* Pictures from the web: the bytes by the hub's client, the rest as from memory. */
#include "hub/fetch.h"
#include "hub/page.h"
#include "media/media.h"

#include <stdlib.h>
#include <string.h>

#define MAX_BYTES ((size_t)100 << 20)
#define MAX_SECONDS 120

static i2v_status fail_too_large(const char *shown, size_t limit, i2v_error *error) {
    return i2v_fail(
        error, I2V_ERROR_MEMORY,
        "%s is larger than the %zu MiB that " I2V_NAME("max_memory") " leaves: scale it down first, or allow more",
        shown, limit >> 20);
}

/* Of the hub's page about a picture, the picture. */
static i2v_status fetch(i2v_fetched *fetched, const char *url, size_t limit, const i2v_image_options *options,
                        i2v_error *error) {
    char *direct = NULL;
    i2v_status status = i2v_hub_page_direct(&direct, url, error);
    if (!status)
        status =
            i2v_fetch_url(fetched, direct ? direct : url, limit, MAX_SECONDS, options->cancelled, options->user, error);
    free(direct);
    return status;
}

i2v_status i2v_image_load_url_with(i2v_image **image, const char *url, const i2v_image_options *options,
                                   i2v_error *error) {
    if (image) *image = NULL;
    i2v_status status = i2v_require(error, "image", image, "url", url, NULL);
    if (status != I2V_OK) return status;
    i2v_image_options defaults;
    i2v_image_options_default(&defaults);
    if (!options) options = &defaults;
    i2v_fetched fetched;
    i2v_error cause = {0};
    char shown[I2V_URL_SHOWN_SIZE];
    i2v_url_show(shown, url);
    int bounded = options->max_memory && options->max_memory < MAX_BYTES;
    size_t limit = bounded ? (size_t)options->max_memory : MAX_BYTES;
    status = fetch(&fetched, url, limit, options, error);
    if (status == I2V_ERROR_FORMAT && bounded) return fail_too_large(shown, limit, error);
    if (status != I2V_OK) return status;
    status = i2v_image_take_memory(image, fetched.data, fetched.size, options, &cause);
    if (status == I2V_ERROR_FORMAT && strncmp(fetched.reply.type, "text/html", 9) == 0)
        i2v_fail(error, status, "%s is a web page, not a picture; give the address of the picture itself", shown);
    else if (status != I2V_OK)
        i2v_fail(error, status, "%s: %s", shown, cause.message);
    return status;
}

i2v_status i2v_image_load_url(i2v_image **image, const char *url, i2v_alpha alpha, int (*cancelled)(void *user),
                              void *user, i2v_error *error) {
    i2v_image_options options = {.alpha = alpha, .cancelled = cancelled, .user = user};
    return i2v_image_load_url_with(image, url, &options, error);
}
