/* The interface that clients speak: OpenAI's videos. */
#ifndef SERVER_API_H
#define SERVER_API_H

#include "body.h"
#include "reply.h"
#include "state.h"

/* What a request has beside its body; NULL: it has none. */
typedef struct server_request {
    const char *method, *path;
    const char *client; /* whose jobs it is about; NULL: all, where no keys are asked for */
    const char *owner;  /* whose job a new one is */
    const char *range, *if_range;
    const char *after, *limit, *order, *variant; /* of the address */
} server_request;

/* 1 where the body of such a request is that of a new video. */
int server_api_makes_video(const server_request *request);

/* Whether a new job may come: asked before its body is taken. */
int server_api_has_place(server_state *state, server_reply *reply);

/* Answers. body: of a request that makes a video, all of which has come; else NULL. */
void server_api_answer(server_state *state, const server_request *request, server_body *body, server_reply *reply);

#endif
