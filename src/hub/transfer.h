/* A request on its way, and what holds for all of them. */
#ifndef I2V_HUB_TRANSFER_H
#define I2V_HUB_TRANSFER_H

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

typedef struct i2v_http i2v_http;

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

#endif
