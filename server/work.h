/* One job, from its picture to its video. */
#ifndef SERVER_WORK_H
#define SERVER_WORK_H

#include "state.h"

/* Makes the job's video, from its state on if it has one, and saves it where its name is. I2V_CANCELLED: it is to end,
 * for the reason that the queue knows. *bytes: the video's. */
i2v_status server_work(server_state *state, const server_job *job, int64_t *bytes, i2v_error *error);

#endif
