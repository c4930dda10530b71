/* The files of a model, as the hub lists them or as the cache has them. */
#ifndef I2V_HUB_LISTING_H
#define I2V_HUB_LISTING_H

#include "base/error.h"

#define I2V_COMMIT_SIZE 65
#define I2V_ETAG_SIZE 129

typedef struct i2v_hub_file {
    char *name;               /* "unet/config.json" */
    int64_t size;             /* -1: unknown */
    char etag[I2V_ETAG_SIZE]; /* its blob's name; "": unknown */
    int wanted, is_index;     /* by i2v_select: to be had; and it names further ones */
} i2v_hub_file;

typedef struct i2v_hub_listing {
    char commit[I2V_COMMIT_SIZE];
    char license[64]; /* "" if not said */
    i2v_hub_file *files;
    size_t count, room;
    const char *without_variant; /* a part that is wanted without the variant asked for; NULL: none */
} i2v_hub_listing;

/* Adds a file; a name that is none within a folder ("../x", "/x", control characters) is passed over. */
i2v_status i2v_listing_add(i2v_hub_listing *listing, const char *name, int64_t size, const char *etag,
                           i2v_error *error);
i2v_hub_file *i2v_listing_find(const i2v_hub_listing *listing, const char *name);
void i2v_listing_free(i2v_hub_listing *listing); /* all zero is allowed */

/* Reads what the hub answers to GET /api/models/ID/revision/REVISION?blobs=true. what is for messages. */
i2v_status i2v_listing_parse(i2v_hub_listing *listing, const void *json, size_t size, const char *what,
                             i2v_error *error);

int i2v_is_commit(const char *text); /* 40 hexadecimal digits */
int i2v_is_etag(const char *text);   /* fit for the name of a blob */

/* Within a folder: no empty, "." or ".." part, no backslash, no control character. */
int i2v_is_relative_name(const char *name);

#endif
