/* Whether a failed try is repeated, and when. */
#include "hub/http_retry.h"

#include <stdint.h>
#include <stdio.h>

static int is_transient_result(const i2v_transfer *transfer, int answered) {
    switch (transfer->result) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT: /* when nothing was ever reached, waiting does not help */
        return answered && !transfer->guard.refused;
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

/* Tries count until the next MiB has been kept: a server that breaks off and begins anew each time gives bytes, but
 * nothing comes of them. */
static void count_try(i2v_transfer *transfer) {
    const i2v_http_request *request = &transfer->request;
    uint64_t kept = request->kept ? request->kept(request->user) : 0;
    if (kept >= transfer->kept + I2V_PROGRESS_BYTES) {
        transfer->kept = kept;
        transfer->tries = 0;
    }
    transfer->tries++;
}

double i2v_retry_pause(i2v_transfer *transfer, const i2v_http_settings *settings, int answered) {
    int transient =
        transfer->result == CURLE_OK ? is_transient_status(transfer) : is_transient_result(transfer, answered);
    if (!transient || transfer->stopped) return -1;
    count_try(transfer);
    if (transfer->tries >= settings->tries) return -1;
    double pause = settings->retry_seconds * (double)(1u << (transfer->tries < 6 ? transfer->tries - 1 : 5));
    curl_off_t asked = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_RETRY_AFTER, &asked);
    if ((double)asked > settings->longest_wait) return -1;
    return transfer->result == CURLE_OK && asked > 0 ? (double)asked : pause;
}

void i2v_retry_tell(const i2v_transfer *transfer, const i2v_http_settings *settings, double pause) {
    char sentence[200], cause[64];
    if (!settings->on_wait) return;
    if (transfer->result == CURLE_OK)
        snprintf(cause, sizeof cause, "answers HTTP %ld", transfer->reply.status);
    else
        snprintf(cause, sizeof cause, "broke off the connection");
    snprintf(sentence, sizeof sentence, "%.100s %s; trying again in %.0f s", transfer->origin.host, cause, pause);
    settings->on_wait(settings->user, sentence);
}
