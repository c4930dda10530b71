/* --save-latents: latents are whole work, which img2vid decode goes on from. So they are written when their steps are
 * done, before they are decoded: what happens then takes none of them away. */
#ifndef CLI_LATENTS_H
#define CLI_LATENTS_H

#include "job.h"

/* The noise that a run needs, and the latents that it makes: [videos, frames, channels, height, width]. */
void cli_latents_shape(int64_t shape[5], const cli_job *job);

/* Of an event after a video's last step, writes the latents of its clips so far, if they are asked for. Else does
 * nothing. The error is in job->error, too. */
i2v_status cli_latents_save(cli_job *job, const i2v_event *event);

/* Of a task that went on from another run's state, whose events did not have all latents: writes those of all videos,
 * likewise. */
i2v_status cli_latents_save_all(cli_job *job);

/* Adds to the message of a task that failed where its latents are. */
void cli_latents_tell(cli_job *job);

#endif
