/* Names of outputs with fields in braces, such as "out/{name}-{seed}.mp4". */
#ifndef CLI_PATTERN_H
#define CLI_PATTERN_H

#include <stdint.h>

/* What the fields of one output stand for. */
typedef struct cli_fields {
    const char *input;    /* {name}: without folder and ending */
    const uint64_t *seed; /* {seed}; NULL: there is none */
    int index;            /* {index}: the input's place, from 1 */
    int video, videos;    /* {video}, from 1, of how many */
    const struct cli_settings *settings; /* {num_frames} and the like; NULL: all open */
} cli_fields;

/* Why pattern is none: a static sentence, or NULL if it is good. {{ and }} stand for braces. Without has_seed there are
 * no parameters either. */
const char *cli_pattern_wrong(const char *pattern, int has_seed);

/* The path, as i2v_video_save takes it (a % that comes from a name is doubled where it would be read as a frame's
 * number), to be freed; NULL without memory. Of several videos, those of a pattern without {video} get -1, -2, ...
 * before the ending. The pattern must not be wrong. */
char *cli_pattern_path(const char *pattern, const cli_fields *fields);

#endif
