/* Pictures from the web: the bytes by the hub's client, the rest as from memory. */
#include "hub/fetch.h"

#include <stdlib.h>
#include <string.h>

#define MAX_BYTES ((size_t)100 << 20)
#define MAX_SECONDS 120

i2v_status i2v_image_load_url(i2v_image **image, const char *url, i2v_alpha alpha, int (*cancelled)(void *user),
                              void *user, i2v_error *error) {
    *image = NULL;
    i2v_fetched fetched;
    i2v_error cause = {I2V_OK, ""};
    char shown[I2V_URL_SHOWN_SIZE];
    i2v_url_show(shown, url);
    i2v_status status = i2v_fetch_url(&fetched, url, MAX_BYTES, MAX_SECONDS, cancelled, user, error);
    if (status != I2V_OK) return status;
    status = i2v_image_load_memory(image, fetched.data, fetched.size, alpha, &cause);
    if (status == I2V_ERROR_FORMAT && strncmp(fetched.reply.type, "text/html", 9) == 0)
        i2v_fail(error, status, "%s is a web page, not a picture; give the address of the picture itself", shown);
    else if (status != I2V_OK)
        i2v_fail(error, status, "%s: %s", shown, cause.message);
    free(fetched.data);
    return status;
}
