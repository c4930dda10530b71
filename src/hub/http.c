/* Requests over libcurl, with their redirects, retries and time limits. */
#include "hub/http.h"

#include "base/clock.h"
#include "base/system.h"
#include "hub/http_retry.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_BYTES (1 << 18)       /* of one answer, and of those before it that are none */
#define ERROR_PAGE_BYTES (1 << 20) /* of which is read, so that the connection can be used again */

struct i2v_http {
    i2v_http_settings settings;
    CURLM *multi;
    i2v_transfer *transfers;
    int answered; /* some server has answered: there is a network */
    int proxied;
};

void i2v_http_settings_default(i2v_http_settings *settings) {
    *settings = (i2v_http_settings){
        .tries = 6, .retry_seconds = 1, .longest_wait = 300, .connect_seconds = 20, .stall_seconds = 30};
}

/* ---- the client ------------------------------------------------------------------------------------------------- */

/* libcurl counts its users itself, but before 7.84 not safely between threads. */
static pthread_mutex_t curl_lock = PTHREAD_MUTEX_INITIALIZER;

static CURLcode begin_curl(void) {
    pthread_mutex_lock(&curl_lock);
    CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
    pthread_mutex_unlock(&curl_lock);
    return result;
}

static void end_curl(void) {
    pthread_mutex_lock(&curl_lock);
    curl_global_cleanup();
    pthread_mutex_unlock(&curl_lock);
}

static int has_proxy(void) {
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value && *value) return 1;
    }
    return 0;
}

i2v_status i2v_http_open(i2v_http **http, const i2v_http_settings *settings, i2v_error *error) {
    *http = NULL;
    if (begin_curl() != CURLE_OK) return i2v_fail(error, I2V_ERROR_INTERNAL, "libcurl does not start");
    i2v_http *opened = calloc(1, sizeof *opened);
    if (opened) opened->multi = curl_multi_init();
    if (!opened || !opened->multi) {
        free(opened);
        end_curl();
        return i2v_fail_memory(error, "the connection", sizeof *opened);
    }
    opened->settings = *settings;
    opened->proxied = has_proxy();
    *http = opened;
    return I2V_OK;
}

void i2v_http_close(i2v_http *http) {
    if (!http) return;
    while (http->transfers) i2v_http_stop(http->transfers);
    curl_multi_cleanup(http->multi);
    free(http);
    end_curl();
}

/* ---- what libcurl calls ----------------------------------------------------------------------------------------- */

static size_t take_header(char *line, size_t unit, size_t count, void *user) {
    i2v_transfer *transfer = user;
    transfer->head += unit * count;
    if (transfer->head > HEAD_BYTES) {
        i2v_fail(&transfer->error, I2V_ERROR_NETWORK, "%s sends headers without end", transfer->origin.host);
        return 0;
    }
    i2v_http_reply_line(&transfer->reply, line, unit * count);
    return unit * count;
}

static size_t take_body(char *data, size_t unit, size_t count, void *user) {
    i2v_transfer *transfer = user;
    size_t size = unit * count;
    long status = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    transfer->reply.status = status;
    if (status < 200 || status > 299) {
        i2v_http_page_add(&transfer->page, data, size);
        return transfer->page.size > ERROR_PAGE_BYTES ? 0 : size;
    }
    if (!transfer->request.sink) return size;
    transfer->stopped = transfer->request.sink(transfer->request.user, &transfer->reply, data, size) != 0;
    return transfer->stopped ? 0 : size;
}

static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
    i2v_transfer *transfer = user;
    if (purpose == CURLSOCKTYPE_IPCXN && !i2v_guard_allows_address(&transfer->guard, transfer->hop, &address->addr))
        return CURL_SOCKET_BAD;
    return i2v_system_socket(address->family, address->socktype, address->protocol);
}

/* ---- one hop ---------------------------------------------------------------------------------------------------- */

static int set_protocols(CURL *curl) {
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") == CURLE_OK;
#else
    long web = CURLPROTO_HTTP | CURLPROTO_HTTPS;
    return curl_easy_setopt(curl, CURLOPT_PROTOCOLS, web) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS, web) == CURLE_OK;
#endif
}

/* Certificates of a company's own, where the environment names them as it does for other programs. */
static void set_certificates(CURL *curl) {
    const char *path = getenv("SSL_CERT_FILE");
    if (!path || !*path) path = getenv("CURL_CA_BUNDLE");
    if (path && *path) curl_easy_setopt(curl, CURLOPT_CAINFO, path);
}

/* What is the same in every hop of every try. */
static int prepare_curl(i2v_transfer *transfer) {
    const i2v_http_settings *settings = &transfer->http->settings;
    CURL *curl = transfer->curl;
    curl_easy_setopt(curl, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L); /* each hop is looked at in follow() */
    /* one connection a transfer: several share no bandwidth then */
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "img2vid/" I2V_VERSION);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, settings->connect_seconds);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1024L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, settings->stall_seconds);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->detail);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_NOBODY, transfer->request.head ? 1L : 0L);
    set_certificates(curl);
    return set_protocols(curl);
}

/* The token goes to the origin that it is for, whatever was redirected where. */
static int set_token(i2v_transfer *transfer, const i2v_origin *origin) {
    curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
    const char *token = transfer->request.token;
    if (!token || !i2v_origin_equal(origin, &transfer->origin)) return 1;
    char *header;
    if (asprintf(&header, "Authorization: Bearer %s", token) < 0) return 0;
    transfer->headers = curl_slist_append(NULL, header);
    free(header);
    return transfer->headers && curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK;
}

/* Sends the request to transfer->url. 0 without memory. */
static int send_hop(i2v_transfer *transfer, const i2v_origin *origin) {
    char range[64];
    const i2v_http_request *request = &transfer->request;
    snprintf(range, sizeof range, "%" PRId64 "-%" PRId64, request->first, request->last);
    i2v_http_reply_begin(&transfer->reply);
    transfer->stopped = 0;
    transfer->head = 0;
    transfer->page.size = 0;
    transfer->detail[0] = 0;
    transfer->error.message[0] = 0;
    return set_token(transfer, origin) && curl_easy_setopt(transfer->curl, CURLOPT_URL, transfer->url) == CURLE_OK &&
           curl_easy_setopt(transfer->curl, CURLOPT_RANGE, request->first >= 0 ? range : NULL) == CURLE_OK &&
           curl_multi_add_handle(transfer->http->multi, transfer->curl) == CURLM_OK;
}

/* A try from the beginning: addresses that a redirect led to may have expired. */
static int send_try(i2v_transfer *transfer) {
    if (transfer->request.prepare) transfer->request.prepare(transfer->request.user, &transfer->request);
    char *url = strdup(transfer->request.url);
    if (!url) return 0;
    free(transfer->url);
    transfer->url = url;
    transfer->hop = 0;
    transfer->waiting = 0;
    i2v_guard_begin(&transfer->guard, transfer->origin.host, transfer->http->proxied);
    return send_hop(transfer, &transfer->origin);
}

/* ---- after a hop ------------------------------------------------------------------------------------------------ */

/* Goes where a redirect leads. 0: it must not, or cannot; transfer->error says why. */
static int follow(i2v_transfer *transfer) {
    const char *location = NULL;
    char from[I2V_URL_SHOWN_SIZE], to[I2V_URL_SHOWN_SIZE];
    curl_easy_getinfo(transfer->curl, CURLINFO_REDIRECT_URL, &location);
    i2v_url_show(from, transfer->url);
    i2v_url_show(to, location ? location : "");
    i2v_origin origin;
    int is_web = location && i2v_url_origin(&origin, location);
    if (location && !is_web && errno == ENOMEM) {
        i2v_fail_memory(&transfer->error, to, 0);
    } else if (!is_web) {
        i2v_fail(&transfer->error, I2V_ERROR_NETWORK, "%s redirects to %s, which is no http or https address", from,
                 to);
    } else if (++transfer->hop > transfer->request.max_redirects) {
        i2v_fail(&transfer->error, I2V_ERROR_NETWORK, "%s: more than %d redirects", from,
                 transfer->request.max_redirects);
    } else if (i2v_url_is_downgrade(transfer->url, location)) {
        i2v_fail(&transfer->error, I2V_ERROR_NETWORK,
                 "%s redirects to %s, which is not encrypted any more; not followed", from, to);
    } else if (!i2v_guard_allows_host(&transfer->guard, origin.host)) {
        i2v_fail(&transfer->error, I2V_ERROR_NETWORK,
                 "%s redirects to %s, which is in the network of this machine; not followed", from, to);
    } else {
        char *url = strdup(location);
        free(transfer->url);
        transfer->url = url;
        if (url && send_hop(transfer, &origin)) return 1;
        i2v_fail_memory(&transfer->error, "a redirect", 0);
    }
    return 0;
}

/* Takes what libcurl knows of the answer, and what the server says of an error. */
static void read_answer(i2v_transfer *transfer) {
    const char *ip = NULL;
    i2v_http_reply *reply = &transfer->reply;
    long port = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &reply->status);
    curl_easy_getinfo(transfer->curl, CURLINFO_PRIMARY_IP, &ip);
    curl_easy_getinfo(transfer->curl, CURLINFO_PRIMARY_PORT, &port);
    if (!reply->status) return;
    transfer->http->answered = 1;
    if (transfer->hop == 0 && ip && *ip) i2v_guard_answered(&transfer->guard, ip, (int)port);
    if (reply->status >= 400) i2v_http_reply_page(reply, &transfer->page);
    i2v_http_reply_hide(reply, transfer->request.token);
}

/* Looks at a hop that has ended: 1 if the transfer has too. */
static int finish_hop(i2v_transfer *transfer, CURLcode result) {
    curl_multi_remove_handle(transfer->http->multi, transfer->curl);
    read_answer(transfer);
    long status = transfer->reply.status;
    transfer->result = transfer->page.size > ERROR_PAGE_BYTES ? CURLE_OK : result;
    int linked = transfer->request.stop_at_linked && transfer->reply.linked;
    if (transfer->result == CURLE_OK &&
        (status == 301 || status == 302 || status == 303 || status == 307 || status == 308) && !linked)
        return !follow(transfer);
    if (i2v_transfer_succeeded(transfer)) return 1;
    const i2v_http_settings *settings = &transfer->http->settings;
    double pause = i2v_retry_pause(transfer, settings, transfer->http->answered);
    if (pause < 0) return 1;
    i2v_retry_tell(transfer, settings, pause);
    transfer->waiting = 1;
    transfer->due = i2v_now() + pause;
    return 0;
}

/* ---- many of them ----------------------------------------------------------------------------------------------- */

static void unlist(i2v_transfer *transfer) {
    i2v_transfer **place = &transfer->http->transfers;
    while (*place && *place != transfer) place = &(*place)->next;
    if (*place) *place = transfer->next;
    transfer->next = NULL;
}

i2v_status i2v_http_start(i2v_http *http, i2v_transfer *transfer, i2v_error *error) {
    char shown[I2V_URL_SHOWN_SIZE];
    i2v_url_show(shown, transfer->request.url);
    transfer->http = http;
    transfer->tries = 0;
    transfer->kept = transfer->request.kept ? transfer->request.kept(transfer->request.user) : 0;
    if (!i2v_url_origin(&transfer->origin, transfer->request.url)) {
        if (errno == ENOMEM) return i2v_fail_memory(error, shown, 0);
        return i2v_fail(error, I2V_ERROR_PARAMETER, "%s is no http or https address", shown);
    }
    if (!transfer->curl) transfer->curl = curl_easy_init();
    if (!transfer->curl || !prepare_curl(transfer) || !send_try(transfer)) return i2v_fail_memory(error, shown, 0);
    transfer->next = http->transfers;
    http->transfers = transfer;
    return I2V_OK;
}

void i2v_http_stop(i2v_transfer *transfer) {
    if (!transfer->http) return;
    unlist(transfer);
    if (transfer->curl) {
        curl_multi_remove_handle(transfer->http->multi, transfer->curl);
        curl_easy_cleanup(transfer->curl);
    }
    curl_slist_free_all(transfer->headers);
    free(transfer->url);
    transfer->curl = NULL;
    transfer->headers = NULL;
    transfer->url = NULL;
    transfer->http = NULL;
}

/* Starts the tries whose pause is over; gives one that cannot be started. */
static i2v_transfer *start_due(i2v_http *http) {
    double now = i2v_now();
    for (i2v_transfer *transfer = http->transfers; transfer; transfer = transfer->next) {
        if (!transfer->waiting || now < transfer->due || send_try(transfer)) continue;
        i2v_fail_memory(&transfer->error, "a connection", 0);
        return transfer;
    }
    return NULL;
}

static i2v_transfer *take_finished(i2v_http *http) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(http->multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        CURLcode result = message->data.result;
        void *transfer = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        if (finish_hop(transfer, result)) return transfer;
    }
    return NULL;
}

i2v_transfer *i2v_http_wait(i2v_http *http) {
    while (http->transfers) {
        int running;
        i2v_transfer *ended = start_due(http);
        if (!ended) {
            curl_multi_perform(http->multi, &running);
            ended = take_finished(http);
        }
        if (ended) {
            unlist(ended);
            return ended;
        }
        if (http->settings.cancelled && http->settings.cancelled(http->settings.user)) return NULL;
        curl_multi_poll(http->multi, NULL, 0, 100, NULL);
    }
    return NULL;
}

int i2v_transfer_succeeded(const i2v_transfer *transfer) {
    long status = transfer->reply.status;
    if (transfer->result != CURLE_OK || transfer->error.message[0]) return 0;
    return (status >= 200 && status <= 299) ||
           (status >= 300 && status <= 399 && transfer->request.stop_at_linked && transfer->reply.linked);
}
