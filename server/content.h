/* The bytes of a video, all of them or a range. */
#ifndef SERVER_CONTENT_H
#define SERVER_CONTENT_H

#include "folder.h"
#include "reply.h"

/* 0 where its file cannot be opened. range, if_range: headers, which may be NULL. */
int server_content_open(const server_folder *folder, const char *id, const char *range, const char *if_range,
                        server_reply *reply);

#endif
