/* The frames of one video, the last that was read at hand. */
#ifndef CLI_FRAMES_H
#define CLI_FRAMES_H

#include "img2vid/img2vid.h"

typedef struct cli_frames {
    i2v_frame_reader *reader;
    i2v_image *image; /* the last frame that was read; undefined before the first */
    int read, ended;  /* how many were; there are no more */
} cli_frames;

/* To be closed in every case. info may be NULL. */
i2v_status cli_frames_open(cli_frames *frames, const char *path, i2v_media_info *info, i2v_error *error);

/* Reads the next one. At the end the image stays as it is. */
i2v_status cli_frames_next(cli_frames *frames, i2v_error *error);

/* Reads until frame number `frame`, from 0, is at hand, or the last. */
i2v_status cli_frames_go_to(cli_frames *frames, int frame, i2v_error *error);

void cli_frames_close(cli_frames *frames);

#endif
