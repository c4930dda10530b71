/* Requests over libcurl: redirects, retries and time limits in one place, several requests at a time. */
#ifndef I2V_HUB_HTTP_H
#define I2V_HUB_HTTP_H

#include "hub/transfer.h"

void i2v_http_settings_default(i2v_http_settings *settings);

i2v_status i2v_http_open(i2v_http **http, const i2v_http_settings *settings, i2v_error *error);
void i2v_http_close(i2v_http *http); /* its transfers must have ended; NULL is allowed */

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
