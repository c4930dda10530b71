/* Requests that no client should send, from a generator with a fixed seed: server_hostile PORT COUNT PICTURE. Fails
 * where the server stops to answer, or answers with an error of its own. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 1 << 18, HELD = 24, PATIENCE = 20000 };

typedef struct generator {
    uint64_t state;
    int port;
    char *text; /* the request that is being made */
    size_t size;
    unsigned char picture[4096];
    size_t picture_size;
    int held[HELD]; /* connections that say nothing more */
    size_t held_next;
    long answers, closed;
} generator;

/* Knuth's MMIX. */
static unsigned draw(generator *at, unsigned below) {
    at->state = at->state * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(at->state >> 33) % below;
}

static void add_bytes(generator *at, const void *bytes, size_t size) {
    if (size > MOST - at->size) size = MOST - at->size;
    memcpy(at->text + at->size, bytes, size);
    at->size += size;
}

__attribute__((format(printf, 2, 3))) static void add(generator *at, const char *format, ...) {
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    add_bytes(at, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

static void add_noise(generator *at, size_t size) {
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)draw(at, 256);
        add_bytes(at, &byte, 1);
    }
}

static const char *choose(generator *at, const char *const *list, unsigned count) {
    return list[draw(at, count)];
}
#define CHOOSE(at, list) choose(at, list, sizeof(list) / sizeof *(list))

static const char *const methods[] = {"GET",     "POST", "PUT", "DELETE",           "HEAD", "OPTIONS", "PATCH", "TRACE",
                                      "CONNECT", "X",    "get", "POSTPOSTPOSTPOST", ""};
static const char *const paths[] = {"/v1/videos",
                                    "/v1/videos/",
                                    "/v1/videos/video_00000000000000000000000000000000",
                                    "/v1/videos/video_00000000000000000000000000000000/content",
                                    "/v1/videos/video_00000000000000000000000000000000/cancel",
                                    "/v1/videos/../../../../etc/passwd",
                                    "/v1/videos/%2e%2e%2f%2e%2e%2fjobs.sqlite",
                                    "/v1/videos/video_%00",
                                    "/v1/videos/video_0000000000000000000000000000000/content",
                                    "/v1/videos/video_00000000000000000000000000000000%00/content",
                                    "/v1/videos?limit=-1",
                                    "/v1/videos?limit=99999999999999999999&after=%27%3B--",
                                    "/v1/videos?after=video_00000000000000000000000000000000&order=asc",
                                    "/v1/videos?%%%",
                                    "/v1/models",
                                    "/metrics",
                                    "/healthz",
                                    "*",
                                    "http://a/v1/models",
                                    "//",
                                    "/\x1b[31m"};
static const char *const values[] = {"1",
                                     "-1",
                                     "0",
                                     "null",
                                     "true",
                                     "[]",
                                     "{}",
                                     "\"\"",
                                     "1e999",
                                     "-0.0",
                                     "\"\\u0000\"",
                                     "\"data:\"",
                                     "\"data:,\"",
                                     "\"data:;base64,\"",
                                     "\"data:;base64,A\"",
                                     "[1,2,[3]]",
                                     "99999999999999999999",
                                     "\"\\ud800\"",
                                     "\"nan\"",
                                     "[9,3,0]",
                                     "\"%n%s\""};
static const char *const names[] = {"seed",
                                    "size",
                                    "width",
                                    "height",
                                    "num_frames",
                                    "seconds",
                                    "prompt",
                                    "model",
                                    "sigmas",
                                    "input_reference",
                                    "image_url",
                                    "fps",
                                    "guidance_interval",
                                    "extend",
                                    "codec",
                                    "num_videos",
                                    "",
                                    "checkpoint",
                                    "lora",
                                    "__proto__",
                                    "sigmas[]",
                                    "cond_aug"};

static void add_host(generator *at) {
    static const char *const hosts[] = {
        "Host: 127.0.0.1\r\n", "Host: localhost\r\n",          "",          "Host: evil.example\r\n",
        "Host: [::1\r\n",      "Host: 127.0.0.1:99999999\r\n", "Host: \r\n"};
    /* most are let in, so that the rest is looked at */
    add(at, "%s", draw(at, 4) ? hosts[0] : CHOOSE(at, hosts));
    if (draw(at, 8) == 0) add(at, "Origin: %s\r\n", draw(at, 2) ? "null" : "http://127.0.0.1");
}

static void make_head(generator *at) {
    static const char *const ranges[] = {"bytes=0-",
                                         "bytes=-",
                                         "bytes=--1",
                                         "bytes=5-1",
                                         "bytes=0-0,1-1",
                                         "bytes=99999999999999999999-",
                                         "bytes",
                                         "=",
                                         "bytes=-99999999999999999999",
                                         "lines=1"};
    add(at, "%s %s HTTP/1.%u\r\n", CHOOSE(at, methods), CHOOSE(at, paths), draw(at, 3));
    add_host(at);
    if (draw(at, 2)) add(at, "Range: %s\r\n", CHOOSE(at, ranges));
    if (draw(at, 4) == 0) add(at, "Authorization: Bearer \x1b]0;x\x07\r\n");
    if (draw(at, 6) == 0) {
        add(at, "X-Long: ");
        add_noise(at, draw(at, 100000));
        add(at, "\r\n");
    }
    for (unsigned i = draw(at, 6) ? 0 : draw(at, 2000); i > 0; i--) add(at, "X-%u: a\r\n", i);
    if (draw(at, 8)) add(at, "\r\n");
}

/* The head of a body of that size, or of another. */
static void begin_body(generator *at, const char *type, size_t size) {
    static const char *const lengths[] = {"-1", "0", "99999999999999999999", "10x", "", "1"};
    add(at, "POST /v1/videos HTTP/1.1\r\n");
    add_host(at);
    add(at, "Content-Type: %s\r\n", type);
    if (draw(at, 8) == 0)
        add(at, "Content-Length: %s\r\n\r\n", CHOOSE(at, lengths));
    else if (draw(at, 8) == 0)
        add(at, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", size);
    else
        add(at, "Content-Length: %zu\r\n\r\n", size);
}

/* Puts what was made from begin on behind the head of a body. */
static void wrap(generator *at, size_t begin, const char *type) {
    size_t size = at->size - begin;
    char *body = malloc(size + 1);
    if (!body) abort();
    memcpy(body, at->text + begin, size);
    at->size = begin;
    begin_body(at, type, size);
    add_bytes(at, body, size);
    free(body);
}

static void make_json(generator *at) {
    size_t begin = at->size;
    unsigned depth = draw(at, 10) ? 0 : draw(at, 100000);
    add(at, "{");
    for (unsigned i = draw(at, 8); i > 0; i--) add(at, "\"%s\": %s, ", CHOOSE(at, names), CHOOSE(at, values));
    add(at, "\"%s\": ", CHOOSE(at, names));
    for (unsigned i = 0; i < depth; i++) add(at, "[");
    if (draw(at, 3) == 0) add_noise(at, draw(at, 60));
    add(at, "%s}", CHOOSE(at, values));
    wrap(at, begin, "application/json");
}

static void make_form(generator *at) {
    static const char *const types[] = {"multipart/form-data; boundary=b", "multipart/form-data",
                                        "multipart/form-data; boundary=", "multipart/form-data; boundary=\"b",
                                        "multipart/mixed; boundary=b"};
    size_t begin = at->size;
    for (unsigned i = draw(at, 20) ? 1 + draw(at, 5) : 3000; i > 0; i--) {
        add(at, "--b\r\n");
        if (draw(at, 6)) add(at, "Content-Disposition: form-data; name=\"%s\"", CHOOSE(at, names));
        if (draw(at, 3) == 0) add(at, "; filename=\"../../%s\"", draw(at, 2) ? "x.png" : "");
        add(at, "\r\n%s", draw(at, 8) ? "\r\n" : "");
        if (draw(at, 3) == 0)
            add_bytes(at, at->picture, draw(at, (unsigned)at->picture_size + 1));
        else if (draw(at, 4) == 0)
            add_noise(at, draw(at, 200));
        else
            add(at, "%s", CHOOSE(at, values));
        add(at, "\r\n");
    }
    if (draw(at, 4)) add(at, "--b--\r\n");
    wrap(at, begin, draw(at, 5) ? types[0] : CHOOSE(at, types));
}

/* A good one, of which a byte is another. */
static void make_changed(generator *at) {
    size_t begin = at->size;
    add(at,
        "--b\r\nContent-Disposition: form-data; name=\"size\"\r\n\r\n16x16\r\n--b\r\nContent-Disposition: form-data; "
        "name=\"num_inference_steps\"\r\n\r\n1\r\n--b\r\nContent-Disposition: form-data; name=\"input_reference\"; "
        "filename=\"a\"\r\n\r\n");
    add_bytes(at, at->picture, at->picture_size);
    add(at, "\r\n--b--\r\n");
    wrap(at, begin, "multipart/form-data; boundary=b");
    for (unsigned i = 1 + draw(at, 3); i > 0; i--) at->text[draw(at, (unsigned)at->size)] = (char)draw(at, 256);
}

static void make(generator *at) {
    at->size = 0;
    switch (draw(at, 6)) {
    case 0:
        add_noise(at, 1 + draw(at, 300));
        break;
    case 1:
        make_head(at);
        make_head(at);
        break;
    case 2:
        make_head(at);
        break;
    case 3:
        make_json(at);
        break;
    case 4:
        make_form(at);
        break;
    default:
        make_changed(at);
    }
    if (draw(at, 4) == 0) at->size = draw(at, (unsigned)at->size + 1); /* cut */
}

static int dial(const generator *at) {
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons((uint16_t)at->port)};
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int made = socket(AF_INET, SOCK_STREAM, 0);
    if (made >= 0 && connect(made, (struct sockaddr *)&place, sizeof place) == 0) return made;
    perror("the server takes no connection");
    exit(1);
}

static void send_all(int connection, const char *text, size_t size) {
    for (ssize_t sent; size > 0; text += sent, size -= (size_t)sent)
        if ((sent = send(connection, text, size, MSG_NOSIGNAL)) <= 0) return;
}

/* The status of the answer; 0: the connection was closed without one, -1: nothing came in time. */
static int receive(int connection, int milliseconds) {
    char text[64] = "";
    size_t size = 0;
    struct pollfd poll_for = {.fd = connection, .events = POLLIN};
    while (size < sizeof text - 1) {
        if (poll(&poll_for, 1, milliseconds) <= 0) return -1;
        ssize_t got = recv(connection, text + size, sizeof text - 1 - size, 0);
        if (got <= 0) break;
        size += (size_t)got;
    }
    return strncmp(text, "HTTP/1.", 7) == 0 ? atoi(text + 9) : 0;
}

static void check_alive(const generator *at, long number) {
    static const char health[] = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    int connection = dial(at);
    send_all(connection, health, sizeof health - 1);
    int status = receive(connection, PATIENCE);
    close(connection);
    if (status == 200) return;
    fprintf(stderr, "after request %ld the server's health is HTTP %d\n", number, status);
    exit(1);
}

/* One of 16 stays open, whatever has come. */
static void ask(generator *at, long number) {
    int connection = dial(at);
    make(at);
    send_all(connection, at->text, at->size);
    if (draw(at, 16) == 0) {
        int *place = &at->held[at->held_next++ % HELD];
        if (*place >= 0) close(*place);
        *place = connection;
        return;
    }
    shutdown(connection, SHUT_WR);
    int status = receive(connection, PATIENCE);
    close(connection);
    at->answers += status > 0;
    at->closed += status == 0;
    if (status >= 0 && (status < 500 || status == 501 || status == 505)) return;
    fprintf(stderr, "request %ld gets HTTP %d:\n%.*s\n", number, status, (int)(at->size < 2000 ? at->size : 2000),
            at->text);
    exit(1);
}

int main(int argc, char **argv) {
    generator at = {.state = 22, .text = malloc(MOST)};
    FILE *file = argc == 4 ? fopen(argv[3], "rb") : NULL;
    if (!file || !at.text) return fprintf(stderr, "usage: server_hostile PORT COUNT PICTURE\n"), 2;
    at.picture_size = fread(at.picture, 1, sizeof at.picture, file);
    fclose(file);
    at.port = atoi(argv[1]);
    for (int i = 0; i < HELD; i++) at.held[i] = -1;
    long count = atol(argv[2]);
    for (long i = 0; i < count; i++) {
        ask(&at, i);
        if (i % 50 == 49) check_alive(&at, i);
    }
    printf("%ld requests: %ld answered, %ld closed\n", count, at.answers, at.closed);
    free(at.text);
    return 0;
}
