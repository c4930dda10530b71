/* The frames of one video, the last that was read at hand. */
#include "frames.h"
#include "signals.h"

i2v_status cli_frames_open(cli_frames *frames, const char *path, i2v_media_info *info, i2v_error *error) {
    i2v_media_info found;
    *frames = (cli_frames){0};
    i2v_status status = i2v_frame_reader_open(&frames->reader, path, &found, error);
    if (status == I2V_OK) status = i2v_image_new(&frames->image, found.width, found.height, error);
    if (info) *info = found;
    return status;
}

i2v_status cli_frames_next(cli_frames *frames, i2v_error *error) {
    if (frames->ended) return I2V_OK;
    if (cli_signals_came(NULL)) return I2V_CANCELLED;
    i2v_status status = i2v_frame_reader_next(frames->reader, frames->image, &frames->ended, error);
    frames->read += !frames->ended;
    return status;
}

i2v_status cli_frames_go_to(cli_frames *frames, int frame, i2v_error *error) {
    i2v_status status = I2V_OK;
    while (status == I2V_OK && !frames->ended && frames->read <= frame) status = cli_frames_next(frames, error);
    return status;
}

void cli_frames_close(cli_frames *frames) {
    i2v_frame_reader_close(frames->reader);
    i2v_image_free(frames->image);
    *frames = (cli_frames){0};
}
