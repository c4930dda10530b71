/* Whether a try that failed is worth another, and when. */
#ifndef I2V_HUB_HTTP_RETRY_H
#define I2V_HUB_HTTP_RETRY_H

#include "hub/transfer.h"

/* Seconds until the next try; < 0: none. Counts the try, unless what was kept shows that it brought the work on.
 * answered: some server has answered in this run, so there is a network. */
double i2v_retry_pause(i2v_transfer *transfer, const i2v_http_settings *settings, int answered);

/* Tells settings->on_wait of the pause. */
void i2v_retry_tell(const i2v_transfer *transfer, const i2v_http_settings *settings, double pause);

#endif
