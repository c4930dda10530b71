/* Errors of the server's own, as the library has them, and problems as clients are told of them. */
#ifndef SERVER_FAILURE_H
#define SERVER_FAILURE_H

#include "img2vid/img2vid.h"

/* Fills error, which may be NULL. Returns status. */
__attribute__((format(printf, 3, 4))) i2v_status server_fail(i2v_error *error, i2v_status status, const char *format,
                                                             ...);

/* What a client is told: OpenAI's error object, with the status of HTTP. */
typedef struct server_problem {
    unsigned http;  /* 0: none */
    char code[40];  /* "invalid_value" */
    char param[64]; /* the parameter that is wrong; "": none */
    char message[I2V_ERROR_MESSAGE_SIZE];
} server_problem;

/* The first problem stays. param may be NULL. Returns 0, for callers that return whether all is well. */
__attribute__((format(printf, 5, 6))) int server_refuse(server_problem *problem, unsigned http, const char *code,
                                                        const char *param, const char *format, ...);

/* The same of a library's failure: its first parameter is named. Where it has none, param, which may be NULL. */
int server_refuse_error(server_problem *problem, const i2v_error *error, const char *param);

/* 1 where a call failed with that for lack of room on a disk, or in a quota: it may succeed later. */
int server_is_disk_full(i2v_status status, const i2v_error *error);

#endif
