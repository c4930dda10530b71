#include "hub/refusal.h"

#include <string.h>
#include <strings.h>

static const char *token_place(const i2v_hub_environment *environment) {
    return environment->token_from_file ? environment->token_path : "HF_TOKEN";
}

/* A licence is accepted by a person, on the model's page; the token says who downloads. */
static i2v_status fail_gated(const i2v_hub_question *question, i2v_error *error) {
    const i2v_hub_environment *environment = question->environment;
    if (environment->token)
        return i2v_fail(
            error, I2V_ERROR_NETWORK,
            "%s is gated, and the account of the token in %s has no access: accept its licence at %s/%s, and "
            "let the token read gated repositories",
            question->id, token_place(environment), environment->endpoint, question->id);
    return i2v_fail(
        error, I2V_ERROR_NETWORK,
        "%s is gated: accept its licence at %s/%s, make an access token at %s/settings/tokens, and put it in "
        "HF_TOKEN or in the file %s",
        question->id, environment->endpoint, question->id, environment->endpoint, environment->token_path);
}

static i2v_status fail_repository(const i2v_hub_question *question, i2v_error *error) {
    const i2v_hub_environment *environment = question->environment;
    if (environment->token)
        return i2v_fail(error, I2V_ERROR_NETWORK,
                        "there is no model %s at %s, or the token in %s gives no access to it; check the name",
                        question->id, environment->endpoint, token_place(environment));
    return i2v_fail(
        error, I2V_ERROR_NETWORK,
        "there is no model %s at %s; check the name, and for a private model put an access token in HF_TOKEN "
        "or in the file %s",
        question->id, environment->endpoint, environment->token_path);
}

i2v_status i2v_hub_refusal(const i2v_http_reply *reply, const i2v_hub_question *question, i2v_error *error) {
    const i2v_hub_environment *environment = question->environment;
    const char *code = reply->error_code;
    int denied = reply->status == 401 || reply->status == 403;
    if (reply->status < 400 || reply->status > 499) return I2V_OK;
    if (strcmp(code, "GatedRepo") == 0) return fail_gated(question, error);
    if (strcmp(code, "RevisionNotFound") == 0)
        return i2v_fail(error, I2V_ERROR_NETWORK, "%s has no branch, tag or commit %s; see %s/%s/tree/main",
                        question->id, question->revision, environment->endpoint, question->id);
    if (strcmp(code, "EntryNotFound") == 0 || (reply->status == 404 && question->file && !*code))
        return i2v_fail(error, I2V_ERROR_NETWORK, "%s has no file %s any more; pull again", question->id,
                        question->file ? question->file : question->revision);
    if (denied && environment->token && strcasestr(reply->error_message, "invalid"))
        return i2v_fail(error, I2V_ERROR_NETWORK,
                        "the hub does not accept the token in %s; make a new one at %s/settings/tokens",
                        token_place(environment), environment->endpoint);
    if (strcmp(code, "RepoNotFound") == 0 || reply->status == 404 || (denied && !question->file))
        return fail_repository(question, error);
    if (denied) return fail_gated(question, error);
    return I2V_OK;
}
