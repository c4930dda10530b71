/* The cache of huggingface_hub, so that what it downloaded is found here and the other way round:
 *
 *   models--org--name/blobs/ETAG                       the content of a file, named by its digest
 *   models--org--name/snapshots/COMMIT/unet/x.json     a relative link to its blob
 *   models--org--name/refs/main                        the commit that a branch or tag stands at
 *   .locks/models--org--name/ETAG.lock                 locked by whoever downloads that blob */
#ifndef I2V_HUB_CACHE_H
#define I2V_HUB_CACHE_H

#include "hub/listing.h"

typedef struct i2v_cache {
    char *folder;   /* the cache's */
    char *model;    /* folder/models--org--name */
    char *snapshot; /* model/snapshots/COMMIT, once the commit is known; else NULL */
    char commit[I2V_COMMIT_SIZE];
} i2v_cache;

i2v_status i2v_cache_open(i2v_cache *cache, const char *folder, const char *id, i2v_error *error);
void i2v_cache_close(i2v_cache *cache); /* all zero is allowed */

i2v_status i2v_cache_set_commit(i2v_cache *cache, const char *commit, i2v_error *error);

/* Sets the commit by refs/REVISION, or by revision itself if that is a commit. 0 if the cache knows none. */
int i2v_cache_find_commit(i2v_cache *cache, const char *revision);

/* Writes refs/REVISION, unless revision is the commit. */
i2v_status i2v_cache_write_ref(const i2v_cache *cache, const char *revision, i2v_error *error);

/* The files of the snapshot, as far as their content is there. */
i2v_status i2v_cache_list(const i2v_cache *cache, i2v_hub_listing *listing, i2v_error *error);

/* "snapshot/name", allocated. */
char *i2v_cache_file_path(const i2v_cache *cache, const char *name);
/* "model/blobs/ETAG" and an ending, allocated. */
char *i2v_cache_blob_path(const i2v_cache *cache, const char *etag, const char *ending);

/* True if the snapshot has name with size bytes (-1: any). */
int i2v_cache_has_file(const i2v_cache *cache, const char *name, int64_t size);

/* Makes the folders for a file, and its link in the snapshot (or, where the file system has no links, its file). */
i2v_status i2v_cache_make_folders(const i2v_cache *cache, const char *name, i2v_error *error);
i2v_status i2v_cache_link(const i2v_cache *cache, const char *name, const char *etag, i2v_error *error);

/* Bytes that the disk of the cache has free for this user; UINT64_MAX if the system does not say. */
uint64_t i2v_cache_free_bytes(const i2v_cache *cache);

/* The lock on a blob, that of huggingface_hub (flock). *descriptor is -1 while somebody else has it. */
i2v_status i2v_cache_try_lock(const i2v_cache *cache, const char *etag, int *descriptor, i2v_error *error);
void i2v_cache_unlock(int descriptor);

#endif
