/* Metadata out of videos: the comment of MP4, QuickTime, Matroska or WebM. */
#include "media/demux.h"
#include "media/metadata.h"

#include <string.h>

static i2v_status metadata_once(char **json, const i2v_encoded *source, i2v_error *error) {
    i2v_demuxed video;
    i2v_status status = i2v_demux_open(&video, source, error);
    const AVDictionaryEntry *comment = status ? NULL : av_dict_get(video.context->metadata, "comment", NULL, 0);
    if (comment) status = i2v_metadata_copy(json, comment->value, strlen(comment->value), source->name, error);
    i2v_demux_close(&video);
    return status;
}

/* What is damaged, or without a comment, is so a second time: where memory lacks, libavformat goes on without one. */
i2v_status i2v_video_metadata(char **json, const i2v_encoded *source, i2v_error *error) {
    *json = NULL;
    i2v_status status = metadata_once(json, source, error);
    int again = status == I2V_ERROR_FORMAT || (status == I2V_OK && !*json);
    return again ? metadata_once(json, source, error) : status;
}
