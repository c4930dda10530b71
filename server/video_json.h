/* Jobs as OpenAI's objects of videos. */
#ifndef SERVER_VIDEO_JSON_H
#define SERVER_VIDEO_JSON_H

#include "queue.h"

#include <jansson.h>

/* The object, to be released; NULL without memory. */
json_t *server_video_json(const server_job *job, const server_progress *progress);

#endif
