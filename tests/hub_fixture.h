/* What tests of the hub's client share: a scratch folder with a model, a server of it, and a cache. */
#ifndef TESTS_HUB_FIXTURE_H
#define TESTS_HUB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http_server.h"
#include "hub/hub.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"
#define MODEL "home/hub/models--acme--model"
#define SNAPSHOT MODEL "/snapshots/" COMMIT
#define UNET "unet/diffusion_pytorch_model.safetensors"
#define UNET_SIZE 5000000
#define PART_SIZE 1000000

/* Set anew for each test by begin. */
extern char scratch[512];
extern http_server *server;
extern i2v_hub_options options;
extern i2v_hub_tuning tuning;

/* Of the group: make the model of model/ in the scratch folder, and remove it all. */
int make_model(void **state);
int remove_model(void **state);
/* Of a test: start a server of the model, with an empty cache in home/hub; and stop it. */
int begin(void **state);
int end(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

/* Unsets what the client reads: to be called by main. */
void forget_environment(void);

/* Names are in the scratch folder. */
const char *at(const char *name);
void write_file(const char *name, const void *data, size_t size);
void write_text(const char *name, const char *text);
void write_noise(const char *name, size_t size, uint64_t seed);
void remove_tree(const char *name);

/* A fault of the server, printf's way. */
void fault(const char *format, ...);

/* Lines of the server's log with all of these words in them, which may be NULL. */
int requests(const char *one, const char *two, const char *three);

void assert_same(const char *one, const char *two);
void assert_pulled(const char *name);
void assert_not_pulled(const char *name);
int incomplete_files(void);

/* Pulls; gives the bytes that came. */
uint64_t pull_ok(void);
/* Pulls in vain; the message has both words (the second may be NULL), and not the token. */
const char *pull_fails(const char *id, i2v_status expected, const char *one, const char *two);

#endif
