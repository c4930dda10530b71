/* What a refusal of the hub means, in a sentence. */
#include "hub/refusal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* Room for what the hub says, with the words around it. */
#define SAYS_SIZE 300

static const char *token_place(const i2v_hub_environment *environment) {
    return environment->token_from_file ? environment->token_path : "HF_TOKEN";
}

/* "; the hub says "..."", or "". */
static const char *quote(char says[SAYS_SIZE], const i2v_http_reply *reply) {
    snprintf(says, SAYS_SIZE, "; the hub says \"%s\"", reply->error_message);
    return reply->error_message[0] ? says : "";
}

/* A licence is accepted by a person, on the model's page; the token says who downloads. What the hub says is more where
 * access was asked for: that the request waits, or was rejected. */
static i2v_status fail_gated(const i2v_http_reply *reply, const i2v_hub_question *question, i2v_error *error) {
    const i2v_hub_environment *environment = question->environment;
    char says[SAYS_SIZE];
    if (environment->token)
        return i2v_fail(
            error, I2V_ERROR_NETWORK,
            "%s is gated, and the account of the token in %s has no access: accept its licence at %s/%s, and "
            "let the token read gated repositories%s",
            question->id, token_place(environment), environment->endpoint, question->id, quote(says, reply));
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

/* The hub knows the model and the token, and lets the one not read the other. */
static i2v_status fail_forbidden(const i2v_http_reply *reply, const i2v_hub_question *question, i2v_error *error) {
    const i2v_hub_environment *environment = question->environment;
    char says[SAYS_SIZE];
    if (environment->token)
        return i2v_fail(error, I2V_ERROR_NETWORK,
                        "the token in %s may not read %s (HTTP 403)%s; see to its permissions at %s/settings/tokens",
                        token_place(environment), question->id, quote(says, reply), environment->endpoint);
    return i2v_fail(
        error, I2V_ERROR_NETWORK,
        "%s may not be read without a token (HTTP 403)%s; put an access token in HF_TOKEN or in the file %s",
        question->id, quote(says, reply), environment->token_path);
}

/* Making a new token is no way out of an expired login. --force, as without it the command stops where a token is, be
 * it expired. */
static i2v_status fail_token(const i2v_hub_environment *environment, i2v_error *error) {
    char when[40] = "";
    time_t expires = (time_t)environment->token_expires;
    struct tm date;
    if (!environment->token_from_login)
        return i2v_fail(error, I2V_ERROR_NETWORK,
                        "the hub does not accept the token in %s; make a new one at %s/settings/tokens",
                        token_place(environment), environment->endpoint);
    if (expires >= 0 && expires < time(NULL) && gmtime_r(&expires, &date))
        strftime(when, sizeof when, " and expired on %Y-%m-%d", &date);
    return i2v_fail(error, I2V_ERROR_NETWORK,
                    "the hub does not accept the token in %s, which is of a login in a browser%s; only the Python "
                    "library renews such tokens: run hf auth login --force",
                    token_place(environment), when);
}

static int is_bad_token(const i2v_http_reply *reply, const i2v_hub_environment *environment) {
    if (reply->status != 401 || !environment->token) return 0;
    if (strcasestr(reply->error_message, "invalid") || strcasestr(reply->error_message, "expired")) return 1;
    return environment->token_from_login && environment->token_expires >= 0 &&
           environment->token_expires < (int64_t)time(NULL);
}

i2v_status i2v_hub_refusal(const i2v_http_reply *reply, const i2v_hub_question *question, i2v_error *error) {
    const i2v_hub_environment *environment = question->environment;
    const char *code = reply->error_code;
    char says[SAYS_SIZE];
    if (reply->status < 400 || reply->status > 499) return I2V_OK;
    if (strcmp(code, "GatedRepo") == 0) return fail_gated(reply, question, error);
    if (strcmp(code, "RevisionNotFound") == 0)
        return i2v_fail(error, I2V_ERROR_NETWORK, "%s has no branch, tag or commit %s; see %s/%s/tree/main",
                        question->id, question->revision, environment->endpoint, question->id);
    if (strcmp(code, "EntryNotFound") == 0 || (reply->status == 404 && question->file && !*code))
        return i2v_fail(error, I2V_ERROR_NETWORK, "%s has no file %s any more; pull again", question->id,
                        question->file ? question->file : question->revision);
    if (strcasestr(reply->error_message, "access to this resource is disabled"))
        return i2v_fail(error, I2V_ERROR_NETWORK, "%s is disabled, and cannot be downloaded by anybody%s", question->id,
                        quote(says, reply));
    if (is_bad_token(reply, environment)) return fail_token(environment, error);
    if (strcmp(code, "RepoNotFound") == 0 || reply->status == 404 || (reply->status == 401 && !question->file))
        return fail_repository(question, error);
    if (reply->status == 401) return fail_gated(reply, question, error);
    return reply->status == 403 ? fail_forbidden(reply, question, error) : I2V_OK;
}
