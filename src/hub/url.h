/* Addresses of the web: their parts, where they lead, how they are written in messages. */
#ifndef I2V_HUB_URL_H
#define I2V_HUB_URL_H

#include "base/error.h"

#define I2V_URL_SHOWN_SIZE 300

/* What a connection is made to. Two addresses of one origin are of one server; a token goes nowhere else. */
typedef struct i2v_origin {
    char scheme[8]; /* "http" or "https" */
    char host[256]; /* in lower case, IPv6 addresses in brackets */
    char port[8];   /* always set */
} i2v_origin;

/* True for "http://..." and "https://...", in any case. */
int i2v_url_is_web(const char *text);

/* 0 if url is none of http or https with a host, and, with ENOMEM in errno, if memory is too small to tell. */
int i2v_url_origin(i2v_origin *origin, const char *url);

int i2v_origin_equal(const i2v_origin *a, const i2v_origin *b);

/* True if going from one address to the other would give up encryption. */
int i2v_url_is_downgrade(const char *from, const char *to);

/* The address for a message: without name and password, query and fragment, all of which may be secret. */
void i2v_url_show(char shown[I2V_URL_SHOWN_SIZE], const char *url);

/* text with all but letters, digits, "-._~" (and "/", if keep_slashes) as %XX; allocated, NULL without memory. */
char *i2v_url_escape(const char *text, int keep_slashes);

#endif
