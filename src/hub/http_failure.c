/* The sentences for transfers that failed. */
#include "hub/http.h"

#include <stdio.h>

static i2v_status fail_result(const i2v_transfer *transfer, const char *what, const char *shown, i2v_error *error) {
    const char *host = transfer->origin.host;
    switch (transfer->result) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return i2v_fail(error, I2V_ERROR_NETWORK, "cannot get %s: %s is not found; check the network connection", what,
                        host);
    case CURLE_COULDNT_RESOLVE_PROXY:
        return i2v_fail(error, I2V_ERROR_NETWORK,
                        "cannot get %s: the proxy is not found; check http_proxy and https_proxy", what);
    case CURLE_COULDNT_CONNECT:
        if (transfer->guard.refused)
            return i2v_fail(error, I2V_ERROR_NETWORK,
                            "%s was redirected to %s, which is in the network of this machine; not followed", what,
                            shown);
        return i2v_fail(error, I2V_ERROR_NETWORK, "cannot get %s: %s cannot be reached; check the network connection",
                        what, host);
    case CURLE_OPERATION_TIMEDOUT:
        return i2v_fail(error, I2V_ERROR_NETWORK, "cannot get %s: %s is too slow or has stopped answering; try again",
                        what, host);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return i2v_fail(error, I2V_ERROR_NETWORK,
                        "cannot get %s: the certificate of %s is not trusted here (%s); install ca-certificates, and "
                        "check the clock",
                        what, host, transfer->detail);
    case CURLE_OUT_OF_MEMORY:
        return i2v_fail_memory(error, what, 0);
    default:
        return i2v_fail(error, I2V_ERROR_NETWORK, "cannot get %s from %s: %s; try again", what, host,
                        transfer->detail[0] ? transfer->detail : curl_easy_strerror(transfer->result));
    }
}

/* newer versions of curl (8.14, not 8.5) give no more than this, whatever the server asks for */
#define LONGEST_PAUSE (6 * 60 * 60)

/* " (it asks for a pause of 20 minutes)", where it does. */
static void describe_pause(char pause[80], const i2v_transfer *transfer) {
    curl_off_t asked = 0;
    if (transfer->curl) curl_easy_getinfo(transfer->curl, CURLINFO_RETRY_AFTER, &asked);
    if (asked >= LONGEST_PAUSE)
        snprintf(pause, 80, " (it asks for a pause of 6 hours or more)");
    else if (asked > 120)
        snprintf(pause, 80, " (it asks for a pause of %.0f minutes)", (double)asked / 60);
    else if (asked > 0)
        snprintf(pause, 80, " (it asks for a pause of %.0f s)", (double)asked);
}

static i2v_status fail_status(const i2v_transfer *transfer, const char *what, const char *shown, i2v_error *error) {
    const i2v_http_reply *reply = &transfer->reply;
    char pause[80] = "", says[sizeof reply->error_message + 16] = "";
    describe_pause(pause, transfer);
    if (reply->error_message[0]) snprintf(says, sizeof says, ": \"%s\"", reply->error_message);
    if (reply->status == 429)
        return i2v_fail(error, I2V_ERROR_NETWORK,
                        "cannot get %s: %s has too many requests (HTTP 429%s); try again later%s", what,
                        transfer->origin.host, says, pause);
    if (reply->status >= 500)
        return i2v_fail(error, I2V_ERROR_NETWORK, "cannot get %s: %s is out of order (HTTP %ld%s); try again later%s",
                        what, transfer->origin.host, reply->status, says, pause);
    return i2v_fail(error, I2V_ERROR_NETWORK, "cannot get %s: %s answers HTTP %ld%s", what, shown, reply->status, says);
}

i2v_status i2v_transfer_fail(const i2v_transfer *transfer, const char *what, i2v_error *error) {
    char shown[I2V_URL_SHOWN_SIZE];
    i2v_url_show(shown, transfer->url ? transfer->url : transfer->request.url);
    if (transfer->error.message[0]) return i2v_fail(error, transfer->error.status, "%s", transfer->error.message);
    if (transfer->result != CURLE_OK) return fail_result(transfer, what, shown, error);
    return fail_status(transfer, what, shown, error);
}
