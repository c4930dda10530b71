/* The files of a model, as the hub lists them or as the cache has them. */
#include "hub/listing.h"

#include "json/bounds.h"
#include "json/load.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILES 20000

int i2v_is_commit(const char *text) {
    return strlen(text) == 40 && strspn(text, "0123456789abcdef") == 40;
}

int i2v_is_etag(const char *text) {
    static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
    size_t length = strlen(text);
    return length > 0 && length < I2V_ETAG_SIZE && strspn(text, allowed) == length;
}

int i2v_is_relative_name(const char *name) {
    if (strlen(name) > 512) return 0;
    for (const char *part = name;; part++) {
        size_t length = strcspn(part, "/");
        if (length == 0 || length > 255 || (part[0] == '.' && (length == 1 || (length == 2 && part[1] == '.'))))
            return 0;
        for (size_t i = 0; i < length; i++)
            if ((unsigned char)part[i] < 0x20 || part[i] == 0x7f || part[i] == '\\') return 0;
        part += length;
        if (!*part) return 1;
    }
}

i2v_status i2v_listing_add(i2v_hub_listing *listing, const char *name, int64_t size, const char *etag,
                           i2v_error *error) {
    if (!i2v_is_relative_name(name) || listing->count == MAX_FILES || i2v_listing_find(listing, name)) return I2V_OK;
    if (listing->count == listing->room) {
        size_t room = 2 * listing->room + 64;
        i2v_hub_file *grown = realloc(listing->files, room * sizeof *grown);
        if (!grown) return i2v_fail_memory(error, "the list of files", room * sizeof *grown);
        listing->files = grown;
        listing->room = room;
    }
    i2v_hub_file *file = &listing->files[listing->count];
    memset(file, 0, sizeof *file);
    file->name = strdup(name);
    if (!file->name) return i2v_fail_memory(error, "the list of files", strlen(name));
    file->size = size < 0 ? -1 : size;
    if (etag && i2v_is_etag(etag)) snprintf(file->etag, sizeof file->etag, "%s", etag);
    listing->count++;
    return I2V_OK;
}

i2v_hub_file *i2v_listing_find(const i2v_hub_listing *listing, const char *name) {
    for (size_t i = 0; i < listing->count; i++)
        if (strcmp(listing->files[i].name, name) == 0) return &listing->files[i];
    return NULL;
}

void i2v_listing_free(i2v_hub_listing *listing) {
    for (size_t i = 0; i < listing->count; i++) free(listing->files[i].name);
    free(listing->files);
    memset(listing, 0, sizeof *listing);
}

/* ---- the hub's answer ------------------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

static int64_t size_of(const json_t *object) {
    const json_t *size = json_object_get(object, "size");
    return json_is_integer(size) ? (int64_t)json_integer_value(size) : -1;
}

/* {"rfilename", "size", "blobId", "lfs": {"sha256", "size"}}; all but the name is there with blobs=true only. */
static i2v_status add_sibling(i2v_hub_listing *listing, const json_t *sibling, i2v_error *error) {
    const char *name = text_of(sibling, "rfilename"), *etag = text_of(sibling, "blobId");
    int64_t size = size_of(sibling);
    const json_t *lfs = json_object_get(sibling, "lfs");
    if (json_is_object(lfs)) {
        etag = text_of(lfs, "sha256");
        if (size_of(lfs) >= 0) size = size_of(lfs);
    }
    return name ? i2v_listing_add(listing, name, size, etag, error) : I2V_OK;
}

static void read_license(i2v_hub_listing *listing, const json_t *root) {
    const json_t *card = json_object_get(root, "cardData");
    const char *license = text_of(card, "license_name");
    if (!license) license = text_of(card, "license");
    if (!license) return;
    snprintf(listing->license, sizeof listing->license, "%s", license);
    i2v_make_printable(listing->license);
}

i2v_status i2v_listing_parse(i2v_hub_listing *listing, const void *json, size_t size, const char *what,
                             i2v_error *error) {
    memset(listing, 0, sizeof *listing);
    json_error_t problem;
    i2v_status status = i2v_json_check(json, size, what, I2V_ERROR_NETWORK, error);
    if (status != I2V_OK) return status;
    json_t *root = size ? i2v_json_load(json, size, 0, &problem) : NULL;
    const char *commit = text_of(root, "sha");
    const json_t *siblings = json_object_get(root, "siblings");
    if (size && !root && json_error_code(&problem) == json_error_out_of_memory) {
        status = i2v_fail_memory(error, what, size);
    } else if (!commit || !i2v_is_commit(commit) || !json_is_array(siblings)) {
        status =
            i2v_fail(error, I2V_ERROR_NETWORK,
                     "%s is no list of a model's files; check HF_ENDPOINT, and what a proxy or a login page of the "
                     "network may put in its place",
                     what);
    } else {
        snprintf(listing->commit, sizeof listing->commit, "%s", commit);
        read_license(listing, root);
        for (size_t i = 0; status == I2V_OK && i < json_array_size(siblings); i++)
            status = add_sibling(listing, json_array_get(siblings, i), error);
    }
    json_decref(root);
    if (status != I2V_OK) i2v_listing_free(listing);
    return status;
}
