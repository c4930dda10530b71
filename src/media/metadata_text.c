/* The text that metadata is, wherever it was found. */
#include "media/metadata.h"
#include "json/bounds.h"

#include <stdlib.h>
#include <string.h>

i2v_status i2v_metadata_fail_too_large(const char *name, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_FORMAT, "the metadata in %s is larger than %zu MiB", name,
                    I2V_METADATA_READ_MAX >> 20);
}

i2v_status i2v_metadata_copy(char **json, const void *bytes, size_t size, const char *name, i2v_error *error) {
    if (size == 0 || *(const char *)bytes != '{') return I2V_OK;
    if (size > I2V_METADATA_READ_MAX) return i2v_metadata_fail_too_large(name, error);
    if (memchr(bytes, 0, size)) return I2V_OK;
    i2v_status status = i2v_json_check(bytes, size, name, I2V_ERROR_FORMAT, error);
    if (status) return status;
    *json = malloc(size + 1);
    if (!*json) return i2v_fail_memory(error, name, size);
    memcpy(*json, bytes, size);
    (*json)[size] = '\0';
    return I2V_OK;
}
