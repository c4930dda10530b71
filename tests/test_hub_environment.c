/* Where the hub's cache and token are, by the variables that huggingface_hub reads, expanded as it does. */
#include "hub_fixture.h"

#include "hub/environment.h"
#include "hub/expand.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What Python 3.11's expandvars(expanduser(text)) gives, with HOME=/home/me A=1 LONG_2=two ref=$A empty= and no B. */
static void expands_as_python(void **state) {
    static const char *const pairs[][2] = {{"/x/y", "/x/y"},
                                           {"~", "/home/me"},
                                           {"~/", "/home/me/"},
                                           {"~/.cache", "/home/me/.cache"},
                                           {"x~/y", "x~/y"},
                                           {"$A", "1"},
                                           {"${A}", "1"},
                                           {"/x$A/$LONG_2/y", "/x1/two/y"},
                                           {"${A}x$A-${LONG_2}", "1x1-two"},
                                           {"~/$A", "/home/me/1"},
                                           {"$HOME/x", "/home/me/x"},
                                           {"$ref", "$A"},
                                           {"$empty/x", "/x"},
                                           {"$", "$"},
                                           {"a$", "a$"},
                                           {"$$A", "$1"},
                                           {"$-x", "$-x"},
                                           {"${A", "${A"},
                                           {"${}", "${}"},
                                           {"\xc3\xa4$A\xc3\xa4", "\xc3\xa4"
                                                                  "1\xc3\xa4"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char *expanded = NULL;
        i2v_error error = {0};
        if (i2v_expand_path(&expanded, pairs[i][0], "HF_HOME", &error) != I2V_OK) fail_msg("%s", error.message);
        assert_string_equal(expanded, pairs[i][1]);
        free(expanded);
    }
}

static void expands_users(void **state) {
    const struct passwd *user = getpwuid(getuid());
    if (!user) skip();
    char path[600], wanted[600], *expanded = NULL;
    snprintf(path, sizeof path, "~%s/x", user->pw_name);
    snprintf(wanted, sizeof wanted, "%s/x", strcmp(user->pw_dir, "/") == 0 ? "" : user->pw_dir);
    assert_int_equal(i2v_expand_path(&expanded, path, "HF_HOME", NULL), I2V_OK);
    assert_string_equal(expanded, wanted);
    free(expanded);
    unsetenv("HOME"); /* then the system knows */
    assert_int_equal(i2v_expand_path(&expanded, "~/x", "HF_HOME", NULL), I2V_OK);
    assert_string_equal(expanded, wanted);
    free(expanded);
    setenv("HOME", "/home/me", 1);
}

static void refused(const char *name, const char *value, const char *words) {
    i2v_error error = {0};
    i2v_hub_model *model = NULL;
    setenv(name, value, 1);
    options.cache = NULL;
    i2v_status status = i2v_hub_find(&model, "acme/model", &options, &error);
    if (status != I2V_ERROR_PARAMETER || !strstr(error.message, name) || !strstr(error.message, words))
        fail_msg("%s=%s: status %d, \"%s\"", name, value, status, error.message);
    unsetenv(name);
}

/* Python makes a folder of that name; gigabytes in it would be nobody's wish. */
static void refuses_what_is_not_set(void **state) {
    static const char *const names[] = {"HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_TOKEN_PATH",
                                        "XDG_CACHE_HOME"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        refused(names[i], "/nowhere/$B/x", "the environment variable B is not set");
        refused(names[i], "${SCRATCH}/x", "the environment variable SCRATCH is not set");
        refused(names[i], "~nobody-of-this-name/x", "no user nobody-of-this-name");
    }
}

static void takes_what_is_there(void **state) {
    i2v_hub_environment environment;
    char folder[700];
    write_text("home/$B/hub/x", "");
    snprintf(folder, sizeof folder, "%s", at("home/$B"));
    setenv("HF_HOME", folder, 1);
    write_text("home/$B/token", "hf_here");
    assert_int_equal(i2v_hub_environment_read(&environment, NULL, NULL), I2V_OK);
    assert_string_equal(environment.cache, at("home/$B/hub"));
    assert_string_equal(environment.token, "hf_here");
    i2v_hub_environment_free(&environment);
    unsetenv("HF_HOME");
}

static void places(const char *cache, const char *token_path) {
    i2v_hub_environment environment;
    i2v_error error = {0};
    if (i2v_hub_environment_read(&environment, NULL, &error) != I2V_OK) fail_msg("%s", error.message);
    assert_string_equal(environment.cache, cache);
    assert_string_equal(environment.token_path, token_path);
    i2v_hub_environment_free(&environment);
}

/* Values of huggingface_hub 2.4's constants under the same variables. */
static void finds_the_places_of_python(void **state) {
    places("/home/me/.cache/huggingface/hub", "/home/me/.cache/huggingface/token");
    setenv("XDG_CACHE_HOME", "$A/caches", 1);
    places("1/caches/huggingface/hub", "1/caches/huggingface/token");
    setenv("HF_HOME", "~/$LONG_2", 1);
    places("/home/me/two/hub", "/home/me/two/token");
    setenv("HUGGINGFACE_HUB_CACHE", "/old/$A", 1);
    places("/old/1", "/home/me/two/token");
    setenv("HF_HUB_CACHE", "/new/${A}", 1);
    setenv("HF_TOKEN_PATH", "~/$A.txt", 1);
    places("/new/1", "/home/me/1.txt");
    setenv("HF_HOME", "/x/$ref", 1); /* twice for what lies in it */
    unsetenv("HF_HUB_CACHE");
    unsetenv("HUGGINGFACE_HUB_CACHE");
    unsetenv("HF_TOKEN_PATH");
    places("/x/1/hub", "/x/1/token");
    unsetenv("HF_HOME");
    unsetenv("XDG_CACHE_HOME");
}

/* A process without a home folder, as in containers under a number that no user has, needs none where all is given. */
static void needs_no_home(void **state) {
    if (getpwuid(getuid())) skip(); /* else ask the system in vain */
    unsetenv("HOME");
    options.cache = NULL;
    i2v_error error = {0};
    i2v_hub_model *model = NULL;
    assert_int_equal(i2v_hub_find(&model, "acme/model", &options, &error), I2V_ERROR_PARAMETER);
    assert_non_null(strstr(error.message, "there is no home folder"));
    setenv("HF_HUB_CACHE", "/given", 1);
    places("/given", "~/.cache/huggingface/token");
    unsetenv("HF_HUB_CACHE");
    setenv("HOME", "/home/me", 1);
}

/* A pull goes where the variable says. */
static void pulls_to_expanded_places(void **state) {
    options.cache = NULL;
    setenv("SCRATCH", at("home"), 1);
    setenv("HF_HUB_CACHE", "$SCRATCH/hub", 1);
    pull_ok();
    assert_pulled(UNET);
    unsetenv("HF_HUB_CACHE");
    unsetenv("SCRATCH");
}

int main(void) {
    forget_environment();
    setenv("HOME", "/home/me", 1);
    setenv("A", "1", 1);
    setenv("LONG_2", "two", 1);
    setenv("ref", "$A", 1);
    setenv("empty", "", 1);
    unsetenv("B");
    unsetenv("SCRATCH");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expands_as_python), cmocka_unit_test(expands_users),  TEST(refuses_what_is_not_set),
        TEST(takes_what_is_there),           TEST(finds_the_places_of_python), TEST(needs_no_home),
        TEST(pulls_to_expanded_places),
    };
    return cmocka_run_group_tests(tests, make_model, remove_model);
}
