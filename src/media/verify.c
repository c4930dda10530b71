/* What was written is read again before it gets its name: libraries do not tell of every write and every allocation
 * that failed, and a file that does not play must not take the place of one that does. */
#include "media/verify.h"

#include <inttypes.h>
#include <math.h>

i2v_status i2v_verify_fail(const i2v_video_task *task, int64_t frames, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_IO,
                    "cannot write %s: of %d frames, %" PRId64
                    " can be read back; the disk or the memory may be full, or FFmpeg damaged",
                    task->path, task->num_frames, frames);
}

i2v_status i2v_verify_pictures(const i2v_output_file *file, const i2v_video_task *task, int joins_equal,
                               i2v_error *error) {
    i2v_media_info info;
    i2v_error reason;
    i2v_status status = i2v_media_probe(file->temporary, &info, &reason);
    if (status == I2V_ERROR_MEMORY || status == I2V_ERROR_IO) { /* it names the temporary file */
        return i2v_fail(error, status, "cannot write %s: %s", task->path, reason.message);
    }
    if (status) return i2v_verify_fail(task, 0, error);
    if (info.width != task->width || info.height != task->height) return i2v_verify_fail(task, 0, error);
    int64_t frames = info.num_frames;
    if (frames == task->num_frames || (joins_equal && frames == 1)) return I2V_OK;
    /* one long frame for equal ones: the time is that of all */
    double wanted = task->num_frames / i2v_rate_value(task->fps), is = info.fps > 0 ? (double)frames / info.fps : 0;
    if (joins_equal && frames < task->num_frames && fabs(is - wanted) < 0.002) return I2V_OK;
    return i2v_verify_fail(task, frames, error);
}
