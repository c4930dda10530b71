/* Addresses of the hub's pages, as people copy them from a browser. */
#ifndef I2V_HUB_PAGE_H
#define I2V_HUB_PAGE_H

#include "base/error.h"

/* https://huggingface.co/ORG/NAME, .../tree/REVISION, .../blob/REVISION/FILE, .../resolve/REVISION/FILE?x=y */
typedef struct i2v_hub_page {
    char repository[200]; /* "org/name" */
    char revision[256];   /* "": the address has none */
    char file[520];       /* "": none; of a tree, the folder */
    int is_tree;
} i2v_hub_page;

/* 0 if text is no address of a model at the hub: at huggingface.co, hf.co, or what HF_ENDPOINT or endpoint (which may
 * be NULL) names. What is in it is not checked yet. */
int i2v_hub_page_read(i2v_hub_page *page, const char *text, const char *endpoint);

/* Where url is the page of a file at the hub, *direct (allocated) is the address of the file itself; else NULL. */
i2v_status i2v_hub_page_direct(char **direct, const char *url, i2v_error *error);

#endif
