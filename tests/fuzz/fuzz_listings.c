/* The hub's list of a model's files, and which of them are chosen. */
#include "fuzz.h"

#include "hub/select.h"

static void choose(const uint8_t *data, size_t size, const char *variant, const char *file) {
    i2v_hub_listing listing = {0};
    i2v_error error = {0};
    const char *opened = NULL;
    i2v_status status = i2v_listing_parse(&listing, data, size, "the list", &error);
    if (!status) status = i2v_select(&listing, variant, file, "org/name", &opened, &error);
    fuzz_require_told(status, &error);
    for (size_t i = 0; i < listing.count; i++) {
        fuzz_require(i2v_is_relative_name(listing.files[i].name));
        fuzz_require(!*listing.files[i].etag || i2v_is_etag(listing.files[i].etag));
        if (status || !listing.files[i].is_index) continue;
        /* of no shards, as a rule, and hostile */
        i2v_error other = {0};
        fuzz_require_told(i2v_select_shards(&listing, listing.files[i].name, fuzz_file(data, size, 0), &other), &other);
    }
    i2v_listing_free(&listing);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    choose(data, size, NULL, NULL);
    choose(data, size, "fp16", NULL);
    choose(data, size, NULL, "svd.safetensors");
    return 0;
}
