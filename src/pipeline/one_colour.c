/* Looks for videos whose frames are each of one colour. Of any other, a few pixels are looked at. */
#include "pipeline/one_colour.h"

#include <stdio.h>

/* Values are in 0..1. */
static int rounded(float value) {
    return (int)(value * 255 + 0.5f);
}

static int is_of_one_colour(const float *frame, size_t pixels) {
    int first[3] = {rounded(frame[0]), rounded(frame[1]), rounded(frame[2])};
    for (size_t i = 1; i < pixels; i++) {
        for (size_t c = 0; c < 3; c++) {
            if (rounded(frame[3 * i + c]) != first[c]) return 0;
        }
    }
    return 1;
}

static int all_are(const float *frames, int count, size_t pixels) {
    for (int i = 0; i < count; i++) {
        if (!is_of_one_colour(frames + (size_t)i * pixels * 3, pixels)) return 0;
    }
    return 1;
}

void i2v_warn_of_one_colour(i2v_video *video) {
    size_t pixels = (size_t)video->height * (size_t)video->width;
    char which[48] = "";
    if (!video->frames || pixels < 2) return;
    for (int i = 0; i < video->num_videos; i++) {
        const float *frames = video->frames + (size_t)i * (size_t)video->num_frames * pixels * 3;
        if (!all_are(frames, video->num_frames, pixels)) continue;
        if (video->num_videos > 1) snprintf(which, sizeof which, " of video %d", i + 1);
        snprintf(video->warning, sizeof video->warning,
                 "each frame%s is of one colour: the weights may be of another model, a LoRA or the guidance too "
                 "strong, or the picture is of one colour itself",
                 which);
        return;
    }
}
