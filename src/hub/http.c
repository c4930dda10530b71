#include "hub/http.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROGRESS_BYTES (1 << 20)   /* a try that brought so much was none that failed */
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
    i2v_http_reply_line(&transfer->reply, line, unit * count);
    return unit * count;
}

static size_t take_body(char *data, size_t unit, size_t count, void *user) {
    i2v_transfer *transfer = user;
    size_t size = unit * count;
    long status = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    transfer->reply.status = status;
    if (status < 200 || status > 299) { /* what an error page says is in its headers too */
        transfer->ignored += size;
        return transfer->ignored > ERROR_PAGE_BYTES ? 0 : size;
    }
    transfer->received += (int64_t)size;
    if (!transfer->request.sink) return size;
    transfer->stopped = transfer->request.sink(transfer->request.user, &transfer->reply, data, size) != 0;
    return transfer->stopped ? 0 : size;
}

static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
    i2v_transfer *transfer = user;
    if (purpose == CURLSOCKTYPE_IPCXN &&
        !i2v_guard_allows_address(&transfer->guard, transfer->hop, &address->addr, (socklen_t)address->addrlen))
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
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
    transfer->ignored = 0;
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
    transfer->received = 0;
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

static int is_transient_result(const i2v_transfer *transfer) {
    switch (transfer->result) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT: /* when nothing was ever reached, waiting does not help */
        return transfer->http->answered && !transfer->guard.refused;
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SSL_CONNECT_ERROR:
        return 1;
    default:
        return 0;
    }
}

static int is_transient_status(const i2v_transfer *transfer) {
    switch (transfer->reply.status) {
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
        return 1;
    case 401:
    case 403: /* a signed address that has expired */
        return transfer->hop > 0 && transfer->tries == 0 && !transfer->reply.error_code[0];
    default:
        return 0;
    }
}

/* Seconds until the next try; < 0: none. */
static double pause_before_retry(i2v_transfer *transfer) {
    const i2v_http_settings *settings = &transfer->http->settings;
    int transient = transfer->result == CURLE_OK ? is_transient_status(transfer) : is_transient_result(transfer);
    if (!transient || transfer->stopped) return -1;
    if (transfer->received >= PROGRESS_BYTES) transfer->tries = 0;
    if (++transfer->tries >= settings->tries) return -1;
    double pause = settings->retry_seconds * (double)(1u << (transfer->tries < 6 ? transfer->tries - 1 : 5));
    curl_off_t asked = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_RETRY_AFTER, &asked);
    if ((double)asked > settings->longest_wait) return -1;
    return transfer->result == CURLE_OK && asked > 0 ? (double)asked : pause;
}

static void say_pause(const i2v_transfer *transfer, double pause) {
    const i2v_http_settings *settings = &transfer->http->settings;
    char sentence[200], cause[64];
    if (!settings->on_wait) return;
    if (transfer->result == CURLE_OK)
        snprintf(cause, sizeof cause, "answers HTTP %ld", transfer->reply.status);
    else
        snprintf(cause, sizeof cause, "broke off the connection");
    snprintf(sentence, sizeof sentence, "%.100s %s; trying again in %.0f s", transfer->origin.host, cause, pause);
    settings->on_wait(settings->user, sentence);
}

/* Looks at a hop that has ended: 1 if the transfer has too. */
static int finish_hop(i2v_transfer *transfer, CURLcode result) {
    long status = 0;
    curl_multi_remove_handle(transfer->http->multi, transfer->curl);
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    transfer->result = transfer->ignored > ERROR_PAGE_BYTES ? CURLE_OK : result;
    transfer->reply.status = status;
    if (status) transfer->http->answered = 1;
    int linked = transfer->request.stop_at_linked && transfer->reply.linked;
    if (transfer->result == CURLE_OK &&
        (status == 301 || status == 302 || status == 303 || status == 307 || status == 308) && !linked)
        return !follow(transfer);
    if (i2v_transfer_succeeded(transfer)) return 1;
    double pause = pause_before_retry(transfer);
    if (pause < 0) return 1;
    say_pause(transfer, pause);
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
