/* img2vid serve: a queue of videos behind HTTP, on the library's public header alone. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "img2vid/img2vid.h"

/* A model that clients may ask for. */
typedef struct server_model {
    const char *name; /* what clients call it */
    const char *path;
    double max_guidance_scale; /* where a client gives none; below 0: the library's default */
} server_model;

typedef struct server_settings {
    const server_model *models; /* the first is used where a client names none */
    size_t models_count;
    i2v_options options;        /* of all models */
    const char *listen;         /* "127.0.0.1:7860", "[::1]:0"; port 0: one that is free */
    const char *data;           /* the folder of jobs, pictures, states and videos; is made */
    const char *api_key_file;   /* NULL: none */
    const char *allowed_hosts;  /* names by which clients may reach the server, with commas between; NULL: none */
    double unload_after;        /* seconds without work after which weights are let go of; 0: never */
    int max_queue;              /* jobs that wait */
    uint64_t max_upload;        /* bytes of a picture */
    int max_pixels, max_frames; /* of a frame; of a video */
    /* A line for a person and the log; is_important: whatever --verbose says. Calls come one at a time. */
    void (*say)(const char *line, int is_important, void *user);
    /* A line for the person who started the server, and no log: the random key. */
    void (*show)(const char *line, void *user);
    int (*stopped)(void *user); /* asked some times a second; not 0 ends the server */
    void *user;
} server_settings;

/* 1 where the server is part of this build. */
int server_is_built(void);

/* Serves until it is stopped, which is I2V_OK. Jobs that were not done go on at the next start with the same folder. */
i2v_status server_run(const server_settings *settings, i2v_error *error);

#endif
