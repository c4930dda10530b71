/* The list of tokens that huggingface_hub keeps beside the file of the one in use. */
#ifndef I2V_HUB_STORED_TOKENS_H
#define I2V_HUB_STORED_TOKENS_H

#include <stdint.h>

/* True if the token in the file token_path came by a login in a browser (OAuth), which the list tells by when it
 * expires or by what renews it. *expires: when, in seconds since 1970; -1 if that is not said. */
int i2v_stored_login(const char *token_path, const char *token, int64_t *expires);

#endif
