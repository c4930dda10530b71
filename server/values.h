/* The parameters of a job: the library's structs, filled from JSON and written as JSON by the library's table. */
#ifndef SERVER_VALUES_H
#define SERVER_VALUES_H

#include "failure.h"

#include <jansson.h>

typedef struct server_values {
    i2v_params params;
    i2v_output output;
    i2v_image_options image; /* its alpha */
    json_t *texts;           /* what params points into */
} server_values;

/* values are to be ended in any case. */
void server_values_begin(server_values *values);
void server_values_end(server_values *values);

/* The parameter of that name that a client may set: one that decides what is made, and belongs to the job, not to the
 * model. NULL if there is none. */
const i2v_parameter *server_parameter_find(const char *name);

/* Sets it: a number, true, false, an array of numbers, or any of them as text. Returns 1; or 0, and problem says what
 * is wrong. */
int server_values_set(server_values *values, const i2v_parameter *parameter, const json_t *value,
                      server_problem *problem);

/* An object of all that are set, each by its type; NULL without memory. */
json_t *server_values_json(const server_values *values);

/* All of such an object. */
int server_values_read(server_values *values, const json_t *object, server_problem *problem);

/* How the job's picture is read: as the original, where the fit needs that; else at the video's size. max_memory as in
 * i2v_image_options. */
i2v_image_options server_values_image(const server_values *values, uint64_t max_memory);

/* Frames of the video: of all clips, and there and back. */
int64_t server_values_frames(const server_values *values);
/* Frames a second that it is played with. */
double server_values_rate(const server_values *values);

#endif
