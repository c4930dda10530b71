/* The bytes behind one address. */
#include "hub/fetch.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

/* What has come so far, growing. */
typedef struct buffer {
    uint8_t *data;
    size_t size, room, limit;
    int too_large, no_memory;
} buffer;

static int append(void *user, const i2v_http_reply *reply, const void *data, size_t size) {
    buffer *to = user;
    if (size > to->limit - to->size || reply->length > (int64_t)to->limit) return to->too_large = 1;
    if (to->size + size > to->room) {
        size_t room = 2 * (to->size + size);
        if (room > to->limit) room = to->limit;
        uint8_t *grown = realloc(to->data, room);
        if (!grown) return to->no_memory = 1;
        to->data = grown;
        to->room = room;
    }
    memcpy(to->data + to->size, data, size);
    to->size += size;
    return 0;
}

static void forget(void *user, i2v_http_request *request) {
    (void)request;
    ((buffer *)user)->size = 0;
}

i2v_status i2v_fetch(i2v_fetched *fetched, i2v_http *http, const i2v_http_request *request, size_t limit,
                     const char *what, i2v_error *error) {
    memset(fetched, 0, sizeof *fetched);
    buffer got = {.limit = limit};
    i2v_transfer transfer = {.request = *request};
    transfer.request.sink = append;
    transfer.request.prepare = forget;
    transfer.request.user = &got;
    transfer.request.first = -1;
    i2v_status status = i2v_http_start(http, &transfer, error);
    if (status == I2V_OK && !i2v_http_wait(http))
        status = i2v_fail(error, I2V_CANCELLED, "cancelled");
    else if (status == I2V_OK && got.too_large)
        status = i2v_fail(error, I2V_ERROR_FORMAT, "%s is larger than %zu MiB", what, limit >> 20);
    else if (status == I2V_OK && got.no_memory)
        status = i2v_fail_memory(error, what, 2 * got.size);
    else if (status == I2V_OK && !i2v_transfer_succeeded(&transfer))
        status = i2v_transfer_fail(&transfer, what, error);
    fetched->reply = transfer.reply;
    i2v_http_stop(&transfer);
    if (status == I2V_OK) {
        fetched->data = got.data;
        fetched->size = got.size;
    } else {
        free(got.data);
    }
    return status;
}

/* ---- for a person ----------------------------------------------------------------------------------------------- */

typedef struct patience {
    double deadline;
    int (*cancelled)(void *user);
    void *user;
    int over;
} patience;

static int is_over(void *user) {
    patience *left = user;
    if (left->cancelled && left->cancelled(left->user)) return 1;
    return left->over = i2v_now() > left->deadline;
}

i2v_status i2v_fetch_url(i2v_fetched *fetched, const char *url, size_t limit, double seconds,
                         int (*cancelled)(void *user), void *user, i2v_error *error) {
    memset(fetched, 0, sizeof *fetched);
    patience left = {i2v_now() + seconds, cancelled, user, 0};
    i2v_http_settings settings;
    i2v_http_settings_default(&settings);
    settings.tries = 3;
    settings.longest_wait = 10;
    settings.cancelled = is_over;
    settings.user = &left;
    char shown[I2V_URL_SHOWN_SIZE];
    i2v_url_show(shown, url);
    i2v_http *http = NULL;
    i2v_status status = i2v_http_open(&http, &settings, error);
    if (status != I2V_OK) return status;
    i2v_http_request request = {.url = url, .max_redirects = 5};
    status = i2v_fetch(fetched, http, &request, limit, shown, error);
    if (status == I2V_CANCELLED && left.over)
        status = i2v_fail(error, I2V_ERROR_NETWORK,
                          "cannot get %s: not there after %.0f seconds; download it by other means", shown, seconds);
    i2v_http_close(http);
    return status;
}
