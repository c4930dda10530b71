/* A web server for tests: a hub of models that serves a folder, another port in the part of the host that large files
 * are redirected to, and faults on demand. */
#ifndef TESTS_HTTP_SERVER_H
#define TESTS_HTTP_SERVER_H

#include <stddef.h>

typedef struct http_server http_server;

/* Serves the files of folder (deep or flat) as those of the model acme/model, with those that end in .safetensors in
 * Git LFS, on two free ports of 127.0.0.1, or of the address in HTTP_SERVER_ADDRESS. Requests are logged to the file
 * log, a line each: "PORT METHOD PATH host=H range=R authorization=A" with "-" for a header that is missing. */
http_server *http_server_start(const char *folder, const char *log);
void http_server_stop(http_server *server);

/* The hub's port, and that of the host that holds large files. */
int http_server_port(const http_server *server);
int http_server_store_port(const http_server *server);

/* A fault, as words: the requests whose path has path=TEXT in it (an empty one: all), the first times=N of them (or
 * all), get, in place of or on top of what they would get:
 *   port=hub|store      only on that port
 *   status=N code=X message=X retry_after=N   an error; also on its own, 404 without a path; with type and body, its
 *                       page
 *   redirect=URL        a redirect to there
 *   cut=N               the connection ends after N bytes of the body
 *   stall=N             after N bytes nothing comes any more
 *   rate=N              N bytes a second
 *   corrupt=1           the first byte of the body is another
 *   no_ranges=1         the whole file, whatever was asked for
 *   most=N              at most N bytes of what was asked for, where that is a range
 *   shift=N             a range is said to lie N bytes further than it does
 *   headers=N           N heads of 103 Early Hints first, each of a good 900 bytes
 *   pad=N               N spaces before the list
 *   size=N              the list says another size
 *   bare=1              the list has names only
 *   type=X body=X       this content, of this type
 * Words have no spaces within; in message and body "+" stands for one. */
void http_server_fault(http_server *server, const char *words);

#endif
