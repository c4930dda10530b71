/* What a refusal of the hub means, in a sentence. */
#ifndef I2V_HUB_REFUSAL_H
#define I2V_HUB_REFUSAL_H

#include "hub/environment.h"
#include "hub/http.h"

typedef struct i2v_hub_question {
    const i2v_hub_environment *environment;
    const char *id, *revision;
    const char *file; /* NULL: the list of files */
} i2v_hub_question;

/* Writes the sentence, if the answer is a refusal with a meaning of its own, and returns its status; else I2V_OK. */
i2v_status i2v_hub_refusal(const i2v_http_reply *reply, const i2v_hub_question *question, i2v_error *error);

#endif
