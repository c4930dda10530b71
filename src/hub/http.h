/* Requests over libcurl: redirects, retries and time limits in one place, several requests at a time. */
#ifndef I2V_HUB_HTTP_H
#define I2V_HUB_HTTP_H

#include "base/error.h"
#include "hub/address.h"
#include "hub/http_reply.h"
#include "hub/url.h"

#include <curl/curl.h>

enum { I2V_PROGRESS_BYTES = 1 << 20 }; /* so many kept bytes show that the work goes on */

typedef struct i2v_http_settings {
    int tries;            /* of one request, with nothing kept between them */
    double retry_seconds; /* pause after the first failure; doubled after each that follows */
    double longest_wait;  /* a server that asks for a longer pause is not waited for */
    long connect_seconds;
    long stall_seconds;           /* with less than 1 KiB a second for so long, a connection counts as broken */
    int (*cancelled)(void *user); /* polled some ten times a second; non-zero ends i2v_http_wait. May be NULL */
    void (*on_wait)(void *user, const char *sentence); /* told before a pause; may be NULL */
    void *user;
} i2v_http_settings;

void i2v_http_settings_default(i2v_http_settings *settings);

typedef struct i2v_http i2v_http;

i2v_status i2v_http_open(i2v_http **http, const i2v_http_settings *settings, i2v_error *error);
void i2v_http_close(i2v_http *http); /* its transfers must have ended; NULL is allowed */

typedef struct i2v_http_request {
    const char *url;     /* http or https; must live as long as the transfer */
    const char *token;   /* sent to the origin of url only; NULL: none */
    int head;            /* 1: no body is asked for */
    int64_t first, last; /* bytes to ask for, last included; first == -1: all, without a Range */
    int max_redirects;
    int stop_at_linked; /* 1: a redirect with X-Linked-Etag is the answer */
    /* Takes the body of a success, as it comes. Non-zero stops the transfer, which then has `stopped`. */
    int (*sink)(void *user, const i2v_http_reply *reply, const void *data, size_t size);
    /* Called before each try: may change first and last, must forget what an earlier try gave. May be NULL. */
    void (*prepare)(void *user, struct i2v_http_request *request);
    /* Bytes that the next try need not bring again; NULL: none, each try begins anew. */
    uint64_t (*kept)(void *user);
    void *user;
} i2v_http_request;

/* One request on its way. Zero it, set request, and start it; may be started again once it has ended. */
typedef struct i2v_transfer {
    i2v_http_request request;
    i2v_http_reply reply;
    int stopped; /* by the sink */
    /* the rest is http.c's own */
    i2v_http *http;
    struct i2v_transfer *next; /* of those under way */
    CURL *curl;
    struct curl_slist *headers;
    char *url; /* of this hop */
    i2v_origin origin;
    i2v_guard guard;
    int hop, tries, waiting;
    double due;
    uint64_t kept;      /* when tries were last counted from the beginning */
    size_t head;        /* bytes of headers in this hop */
    i2v_http_page page; /* the body of an error */
    CURLcode result;
    i2v_error error; /* set where the cause is none of libcurl's */
    char detail[CURL_ERROR_SIZE];
} i2v_transfer;

i2v_status i2v_http_start(i2v_http *http, i2v_transfer *transfer, i2v_error *error);

/* Works until a transfer has ended, and gives that; NULL: cancelled, or none is under way. */
i2v_transfer *i2v_http_wait(i2v_http *http);

/* Ends a transfer, under way or not, and frees what it holds. */
void i2v_http_stop(i2v_transfer *transfer);

/* True if it ended with a success (2xx; also a redirect with stop_at_linked). */
int i2v_transfer_succeeded(const i2v_transfer *transfer);

/* The sentence for one that failed: `what` is asked for ("the model's list of files"). */
i2v_status i2v_transfer_fail(const i2v_transfer *transfer, const char *what, i2v_error *error);

#endif
