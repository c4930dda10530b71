/* What a hub refuses, and in whose words; servers that break off, stop short or talk without end. */
#include "hub_fixture.h"

#include "base/error.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- the hub's own sentence ------------------------------------------------------------------------------------- */

#define FINE_GRAINED                                                                                                   \
    "Please+enable+access+to+public+gated+repositories+in+your+fine-grained+token+settings+to+view+this+repository."

static void tells_why_a_token_may_not(void **state) {
    fault("path=/api/ times=1 status=403 message=" FINE_GRAINED);
    const char *message = pull_fails("acme/model", I2V_ERROR_NETWORK, "the token in HF_TOKEN may not read acme/model",
                                     "the hub says \"Please enable access to public gated repositories in your");
    assert_non_null(strstr(message, "/settings/tokens"));
    fault("path=" UNET " port=hub times=1 status=403 message=" FINE_GRAINED);
    pull_fails("acme/model", I2V_ERROR_NETWORK, "may not read acme/model", "\"Please enable access");
    fault("path=/api/ times=1 status=403");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "may not read acme/model (HTTP 403); see to its permissions", NULL);
    options.token = "";
    fault("path=/api/ times=1 status=403 message=Sign+in+first");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "without a token (HTTP 403); the hub says \"Sign in first\"", NULL);
}

static void tells_what_gates_say(void **state) {
    fault("path=/api/ times=1 status=403 code=GatedRepo message=Your+request+is+awaiting+a+review");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "acme/model is gated", "\"Your request is awaiting a review\"");
}

static void tells_disabled_models(void **state) {
    fault("path=/api/ times=1 status=403 message=Access+to+this+resource+is+disabled.");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "acme/model is disabled", "\"Access to this resource is disabled.\"");
}

static void reads_messages_in_bodies(void **state) {
    static const char *const bodies[] = {"{\"error\":\"a+reason\"}", "{\"error\":[\"a+reason\",\"b\"]}",
                                         "{\"error_description\":\"a+reason\"}",
                                         "{\"errors\":[{\"message\":\"a+reason\"}]}"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        fault("path=/api/ times=1 status=403 type=application/json body=%s", bodies[i]);
        pull_fails("acme/model", I2V_ERROR_NETWORK, "may not read acme/model", "\"a reason\"");
    }
    fault("path=/api/ times=1 status=403 message=the+header type=application/json body={\"error\":\"the+body\"}");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "\"the header\"", NULL);
    static const char *const none[] = {"{\"error\":{\"error\":1}}", "[[[[[[", "{\"errors\":[7]}", "<html>no</html>",
                                       "{}"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        fault("path=/api/ times=1 status=403 body=%s", none[i]);
        pull_fails("acme/model", I2V_ERROR_NETWORK, "(HTTP 403); see to its permissions", NULL);
    }
}

static void quotes_other_statuses(void **state) {
    tuning.http.tries = 1;
    fault("path=/api/ times=1 status=451 message=Not+in+your+country");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "answers HTTP 451: \"Not in your country\"", NULL);
    fault("path=/api/ times=1 status=503 message=Maintenance retry_after=1200");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "(HTTP 503: \"Maintenance\")", "a pause of 20 minutes");
}

/* Nor does it reach a terminal as more than letters, in any length, or with what was sent to it. */
static void cleans_messages(void **state) {
    char longest[380];
    fault("path=/api/ times=1 status=403 message=red\xc2\x9b"
          "31m\x1b[2J\xff\xe2\x80\xae\xc3\xa4");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "\"red?31m?[2J??\xc3\xa4\"", NULL);
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = 0;
    fault("path=/api/ times=1 status=403 message=%s", longest);
    assert_true(strlen(pull_fails("acme/model", I2V_ERROR_NETWORK, "xxxx", "see to its permissions")) < 500);
    fault("path=/api/ times=1 status=403 message=who+is+hf_secret?");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "may not read acme/model (HTTP 403);", NULL);
    fault("path=/api/ times=1 status=403 message=hf_" I2V_NAME("sec") "ret"); /* what an error leaves out is shown */
    pull_fails("acme/model", I2V_ERROR_NETWORK, "the hub says \"hf_?sec?ret\"", NULL);
    fault("path=/api/ times=1 status=403 type=application/json body={\"error\":\"hf_\\u000esec\\u000fret\"}");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "the hub says \"hf_?sec?ret\"", NULL);
}

/* ---- logins in a browser ---------------------------------------------------------------------------------------- */

static void logs_in(const char *fields) {
    char list[1000];
    options.token = NULL;
    options.cache = NULL;
    setenv("HF_HOME", at("home"), 1);
    snprintf(list, sizeof list, "[other]\nhf_token = hf_other\n\n[mine]\nhf_token = hf_mine\n%s\n", fields);
    write_text("home/token", "hf_mine");
    write_text("home/stored_tokens", list);
}

static void tells_expired_logins(void **state) {
    logs_in("refresh_token = hf_refresh\nexpires_at = 1700000000\n\n[last]\nhf_token = hf_last");
    fault("path=/api/ times=1 status=401 message=Invalid+credentials+in+Authorization+header");
    const char *message = pull_fails("acme/model", I2V_ERROR_NETWORK, "hf auth login", "expired on 2023-11-14");
    assert_null(strstr(message, "settings/tokens"));
    assert_null(strstr(message, "hf_mine"));
    fault("path=/api/ times=1 status=401"); /* in whatever words */
    pull_fails("acme/model", I2V_ERROR_NETWORK, "hf auth login --force", "home/token");
    logs_in("refresh_token = hf_refresh\nexpires_at = 4000000000");
    fault("path=/api/ times=1 status=401 message=Access+token+has+expired");
    message = pull_fails("acme/model", I2V_ERROR_NETWORK, "hf auth login --force", "of a login in a browser;");
    assert_null(strstr(message, "expired on"));
    pull_ok();
    unsetenv("HF_HOME");
}

static void other_tokens_are_made_anew(void **state) {
    static const char *const fields[] = {"", "refresh_token =", "expires_at = soon",
                                         "\n[last]\nhf_token = hf_last\nrefresh_token = x\nexpires_at = 1700000000"};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        logs_in(fields[i]);
        fault("path=/api/ times=1 status=401 message=Invalid+credentials+in+Authorization+header");
        const char *message = pull_fails("acme/model", I2V_ERROR_NETWORK, "make a new one at", "home/token");
        assert_null(strstr(message, "hf auth login"));
    }
    unsetenv("HF_HOME");
}

/* ---- tries ------------------------------------------------------------------------------------------------------ */

/* Bytes come with each try, and nothing comes of them. */
static void breaking_off_anew_is_no_progress(void **state) {
    tuning.http.tries = 4;
    tuning.part_size = (uint64_t)1 << 30;
    fault("path=/store/unet no_ranges=1 cut=2000000");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "cannot get " UNET, "try again");
    int asked = requests("store GET", UNET, NULL);
    if (asked > 2 * 4 + 1) fail_msg("%d requests", asked);
}

static void a_list_that_breaks_off_ends(void **state) {
    tuning.http.tries = 4;
    fault("path=/api/ pad=3000000 cut=2500000");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "the list of files of acme/model", "try again");
    assert_int_equal(requests("/api/", NULL, NULL), 4);
}

static void going_on_is_progress(void **state) {
    tuning.http.tries = 5;
    tuning.part_size = (uint64_t)1 << 30;
    fault("path=/store/unet cut=300000");
    pull_ok();
    assert_pulled(UNET);
    assert_true(requests("store GET", UNET, NULL) >= UNET_SIZE / 300000);
}

static void little_progress_is_none(void **state) {
    tuning.http.tries = 5;
    tuning.part_size = (uint64_t)1 << 30;
    fault("path=/store/unet cut=1000");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "cannot get " UNET, NULL);
    assert_int_equal(requests("store GET", UNET, NULL), 5);
}

/* A proxy may give less of a range than was asked for. */
static void short_answers_go_on(void **state) {
    tuning.part_size = 4000000;
    write_text("home/x", "");
    fault("path=/store/unet times=1 cut=0"); /* the next request is for a range */
    fault("path=/store/unet most=400000");
    pull_ok();
    assert_pulled(UNET);
    assert_true(requests("store GET", UNET, "range=bytes=") >= UNET_SIZE / 400000);
    remove_tree("home");
}

static void short_answers_end(void **state) {
    tuning.part_size = 4000000;
    fault("path=/store/unet most=1000");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "sends less of " UNET, NULL);
    assert_true(requests("store GET", UNET, NULL) <= 12);
}

/* Then all is asked for at once, and what is there already is not lost for it. */
static void other_ranges_are_not_taken(void **state) {
    fault("path=/store/unet shift=1");
    pull_ok();
    assert_pulled(UNET);
    assert_true(requests("store GET", UNET, "range=bytes=") > 0);
    assert_int_equal(requests("store GET", UNET, "range=-"), 1);
}

/* ---- talk ------------------------------------------------------------------------------------------------------- */

static void headers_have_an_end(void **state) {
    fault("path=/api/ times=1 headers=20");
    pull_ok();
    fault("path=/api/ times=1 headers=2000");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "headers without end", NULL);
    assert_int_equal(requests("/api/", NULL, NULL), 2);
}

static void compressed_lists_stay_packed(void **state) {
    fault("path=/api/ times=1 type=application/json\r\nContent-Encoding:gzip body=\x1f\x8bpacked");
    pull_fails("acme/model", I2V_ERROR_NETWORK, "no list of a model's files", NULL);
}

int main(void) {
    forget_environment();
    const struct CMUnitTest tests[] = {
        TEST(tells_why_a_token_may_not),
        TEST(tells_what_gates_say),
        TEST(tells_disabled_models),
        TEST(reads_messages_in_bodies),
        TEST(quotes_other_statuses),
        TEST(cleans_messages),
        TEST(tells_expired_logins),
        TEST(other_tokens_are_made_anew),
        TEST(breaking_off_anew_is_no_progress),
        TEST(a_list_that_breaks_off_ends),
        TEST(going_on_is_progress),
        TEST(little_progress_is_none),
        TEST(short_answers_go_on),
        TEST(short_answers_end),
        TEST(other_ranges_are_not_taken),
        TEST(headers_have_an_end),
        TEST(compressed_lists_stay_packed),
    };
    return cmocka_run_group_tests(tests, make_model, remove_model);
}
