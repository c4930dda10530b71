/* A web server for tests of the hub. */
#include "http_server.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COMMIT "0123456789abcdef0123456789abcdef01234567"
#define MAX_FAULTS 32

typedef struct server_fault {
    char path[200], port[8], code[40], message[400], redirect[300], type[40], body[300];
    int times, status, corrupt, no_ranges, bare, headers;
    long retry_after, cut, stall, rate, size, most; /* -1: none */
    int pad, shift;
} server_fault;

struct http_server {
    char folder[1000];
    FILE *log;
    int sockets[2], ports[2]; /* hub, store */
    pthread_t listeners[2];
    pthread_mutex_t lock;
    pthread_cond_t idle;
    int busy;
    atomic_int stopping; /* looked at without the mutex */
    server_fault faults[MAX_FAULTS];
    int faults_count;
};

typedef struct server_request {
    http_server *server;
    int socket, store; /* 1: came to the store's port */
    char method[16], path[2000], host[200], range[100], authorization[400];
    server_fault fault; /* what applies to it, all -1 and 0 if nothing */
} server_request;

/* ---- faults ----------------------------------------------------------------------------------------------------- */

static const server_fault no_fault = {
    .times = -1, .retry_after = -1, .cut = -1, .stall = -1, .rate = -1, .size = -1, .most = -1};

static void set_word(server_fault *fault, const char *key, const char *value) {
    const struct {
        const char *key;
        char *text;
        size_t size;
    } texts[] = {{"path", fault->path, sizeof fault->path},
                 {"port", fault->port, sizeof fault->port},
                 {"code", fault->code, sizeof fault->code},
                 {"message", fault->message, sizeof fault->message},
                 {"redirect", fault->redirect, sizeof fault->redirect},
                 {"type", fault->type, sizeof fault->type},
                 {"body", fault->body, sizeof fault->body}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(key, texts[i].key) == 0) snprintf(texts[i].text, texts[i].size, "%s", value);
    long number = atol(value);
    if (strcmp(key, "times") == 0) fault->times = (int)number;
    if (strcmp(key, "status") == 0) fault->status = (int)number;
    if (strcmp(key, "corrupt") == 0) fault->corrupt = (int)number;
    if (strcmp(key, "no_ranges") == 0) fault->no_ranges = (int)number;
    if (strcmp(key, "bare") == 0) fault->bare = (int)number;
    if (strcmp(key, "retry_after") == 0) fault->retry_after = number;
    if (strcmp(key, "cut") == 0) fault->cut = number;
    if (strcmp(key, "stall") == 0) fault->stall = number;
    if (strcmp(key, "rate") == 0) fault->rate = number;
    if (strcmp(key, "size") == 0) fault->size = number;
    if (strcmp(key, "most") == 0) fault->most = number;
    if (strcmp(key, "pad") == 0) fault->pad = (int)number;
    if (strcmp(key, "shift") == 0) fault->shift = (int)number;
    if (strcmp(key, "headers") == 0) fault->headers = (int)number;
}

static void spaces(char *text) {
    for (; *text; text++)
        if (*text == '+') *text = ' ';
}

void http_server_fault(http_server *server, const char *words) {
    server_fault fault = no_fault;
    char copy[1000], *rest = NULL;
    snprintf(copy, sizeof copy, "%s", words);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(word, '=');
        if (!equals) continue;
        *equals = 0;
        set_word(&fault, word, equals + 1);
    }
    spaces(fault.message);
    spaces(fault.body);
    pthread_mutex_lock(&server->lock);
    if (server->faults_count < MAX_FAULTS) server->faults[server->faults_count++] = fault;
    pthread_mutex_unlock(&server->lock);
}

static void find_fault(server_request *request) {
    http_server *server = request->server;
    request->fault = no_fault;
    pthread_mutex_lock(&server->lock);
    for (int i = 0; i < server->faults_count; i++) {
        server_fault *fault = &server->faults[i];
        if (fault->times == 0 || !strstr(request->path, fault->path)) continue;
        if (fault->port[0] && (strcmp(fault->port, "store") == 0) != request->store) continue;
        if (fault->times > 0) fault->times--;
        request->fault = *fault;
        break;
    }
    pthread_mutex_unlock(&server->lock);
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

static int send_all(int socket, const void *data, size_t size) {
    const char *from = data;
    while (size > 0) {
        ssize_t sent = send(socket, from, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return 0;
        from += sent;
        size -= (size_t)sent;
    }
    return 1;
}

__attribute__((format(printf, 2, 3))) static void send_text(int socket, const char *format, ...) {
    char text[4000];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    send_all(socket, text, (size_t)length);
}

static void nap(double seconds) {
    struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&time, NULL);
}

/* The body, with the faults that concern it. */
static void send_body(const server_request *request, const char *data, size_t size) {
    const server_fault *fault = &request->fault;
    size_t end = size, chunk = 1 << 16;
    if (fault->cut >= 0 && (size_t)fault->cut < end) end = (size_t)fault->cut;
    if (fault->stall >= 0 && (size_t)fault->stall < end) end = (size_t)fault->stall;
    if (fault->rate >= 0) chunk = (size_t)fault->rate / 20 + 1;
    for (size_t at = 0; at < end && !request->server->stopping; at += chunk) {
        size_t part = end - at < chunk ? end - at : chunk;
        char first = (char)(data[at] ^ (fault->corrupt && at == 0 ? 1 : 0));
        if (!send_all(request->socket, &first, 1) || !send_all(request->socket, data + at + 1, part - 1)) return;
        if (fault->rate >= 0) nap(0.05);
    }
    char byte;
    while (fault->stall >= 0 && !request->server->stopping &&
           recv(request->socket, &byte, 1, MSG_DONTWAIT) < 0) /* 0: the other side gave up */
        nap(0.02);
}

static void answer_error(const server_request *request, int status, const char *code, const char *message) {
    const char *body = request->fault.body[0] ? request->fault.body : "error";
    send_text(request->socket, "HTTP/1.1 %d Error\r\nConnection: close\r\nContent-Length: %zu\r\n", status,
              strlen(body));
    if (request->fault.type[0]) send_text(request->socket, "Content-Type: %s\r\n", request->fault.type);
    if (*code) send_text(request->socket, "X-Error-Code: %s\r\n", code);
    if (*message) send_text(request->socket, "X-Error-Message: %s\r\n", message);
    if (request->fault.retry_after >= 0) send_text(request->socket, "Retry-After: %ld\r\n", request->fault.retry_after);
    send_text(request->socket, "\r\n%s", body);
}

/* data with or without the asked range. */
static void answer_data(const server_request *request, const char *data, size_t size, const char *headers) {
    long long first = 0, last = (long long)size - 1;
    int ranged = !request->fault.no_ranges && sscanf(request->range, "bytes=%lld-%lld", &first, &last) >= 1;
    if (!ranged) first = 0;
    if (!ranged || last >= (long long)size) last = (long long)size - 1;
    if (ranged && first >= (long long)size) {
        send_text(request->socket,
                  "HTTP/1.1 416 Range\r\nConnection: close\r\nContent-Range: bytes */%zu\r\nContent-Length: 0\r\n\r\n",
                  size);
        return;
    }
    if (ranged && request->fault.most >= 0 && last - first >= request->fault.most)
        last = first + request->fault.most - 1;
    size_t length = (size_t)(last - first + 1);
    send_text(request->socket, "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n%s",
              ranged ? "206 Partial Content" : "200 OK", length, headers);
    int shift = request->fault.shift;
    if (ranged) send_text(request->socket, "Content-Range: bytes %lld-%lld/%zu\r\n", first + shift, last + shift, size);
    send_text(request->socket, "\r\n");
    if (strcmp(request->method, "HEAD") != 0) send_body(request, data + first, length);
}

/* ---- the model -------------------------------------------------------------------------------------------------- */

static char *read_whole(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    struct stat info;
    if (!file) return NULL;
    char *data = fstat(fileno(file), &info) == 0 && S_ISREG(info.st_mode) ? malloc((size_t)info.st_size + 1) : NULL;
    *size = data ? fread(data, 1, (size_t)info.st_size, file) : 0;
    fclose(file);
    return data;
}

static int is_large(const char *path) {
    size_t length = strlen(path);
    return length > 12 && strcmp(path + length - 12, ".safetensors") == 0;
}

/* SHA-256 of a large file, git's name of another. */
static void digest(char text[65], const char *path, const char *data, size_t size) {
    unsigned char value[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    char header[40];
    EVP_DigestInit_ex(context, is_large(path) ? EVP_sha256() : EVP_sha1(), NULL);
    if (!is_large(path))
        EVP_DigestUpdate(context, header, (size_t)snprintf(header, sizeof header, "blob %zu", size) + 1);
    EVP_DigestUpdate(context, data, size);
    EVP_DigestFinal_ex(context, value, &length);
    EVP_MD_CTX_free(context);
    for (unsigned i = 0; i < length; i++) snprintf(text + 2 * i, 3, "%02x", value[i]);
}

static void list_file(FILE *out, const server_request *request, const char *name, const char *path, int *count) {
    size_t size;
    char *data = read_whole(path, &size), text[65];
    if (!data) return;
    digest(text, name, data, size);
    long listed = request->fault.size >= 0 && is_large(name) ? request->fault.size : (long)size;
    fprintf(out, "%s{\"rfilename\":\"%s\"", (*count)++ ? "," : "", name);
    if (!request->fault.bare) {
        fprintf(out, ",\"size\":%ld,\"blobId\":\"%s\"", listed,
                is_large(name) ? "ffffffffffffffffffffffffffffffffffffffff" : text);
        if (is_large(name)) fprintf(out, ",\"lfs\":{\"sha256\":\"%s\",\"size\":%ld,\"pointerSize\":134}", text, listed);
    }
    fprintf(out, "}");
    free(data);
}

static void list_folder(FILE *out, const server_request *request, const char *prefix, int *count) {
    char path[3000], name[2000];
    snprintf(path, sizeof path, "%s/%s", request->server->folder, prefix);
    DIR *directory = opendir(path);
    struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        if (entry->d_name[0] == '.') continue;
        snprintf(name, sizeof name, "%.900s%s%.255s", prefix, *prefix ? "/" : "", entry->d_name);
        snprintf(path, sizeof path, "%s/%s", request->server->folder, name);
        struct stat info;
        if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
            list_folder(out, request, name, count);
        else
            list_file(out, request, name, path, count);
    }
    if (directory) closedir(directory);
}

static void answer_list(const server_request *request) {
    char *text = NULL;
    size_t size = 0;
    int count = 0;
    FILE *out = open_memstream(&text, &size);
    fprintf(out, "%*s", request->fault.pad, "");
    fprintf(out, "{\"id\":\"acme/model\",\"sha\":\"" COMMIT "\",\"cardData\":{\"license\":\"other\",\"license_name\":"
                 "\"acme-community\"},\"tags\":[],\"siblings\":[");
    list_folder(out, request, "", &count);
    fprintf(out, "]}");
    fclose(out);
    answer_data(request, text, size, "Content-Type: application/json\r\n");
    free(text);
}

/* GET /acme/model/resolve/COMMIT/NAME: small files are here, large ones in the store, under another name and port. */
static void answer_file(const server_request *request, const char *name) {
    char path[3000], headers[600], text[65];
    size_t size;
    snprintf(path, sizeof path, "%s/%s", request->server->folder, name);
    char *data = strstr(name, "..") ? NULL : read_whole(path, &size);
    if (!data) {
        answer_error(request, 404, "EntryNotFound", "Entry not found");
        return;
    }
    digest(text, name, data, size);
    if (is_large(name)) {
        send_text(request->socket,
                  "HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nX-Repo-Commit: " COMMIT
                  "\r\nX-Linked-Etag: \"%s\"\r\nX-Linked-Size: %zu\r\nETag: \"other\"\r\n"
                  "Location: http://localhost:%d/store/%s?X-Signature=secret\r\n\r\n",
                  text, size, request->server->ports[1], name);
    } else {
        snprintf(headers, sizeof headers, "ETag: \"%s\"\r\nX-Repo-Commit: " COMMIT "\r\nContent-Type: text/plain\r\n",
                 text);
        answer_data(request, data, size, headers);
    }
    free(data);
}

static void answer_stored(const server_request *request, const char *name) {
    char path[3000];
    size_t size;
    snprintf(path, sizeof path, "%s/%.*s", request->server->folder, (int)strcspn(name, "?"), name);
    char *data = strstr(name, "..") ? NULL : read_whole(path, &size);
    if (data)
        answer_data(request, data, size, "Content-Type: application/octet-stream\r\n");
    else
        answer_error(request, 404, "", "");
    free(data);
}

/* ---- requests --------------------------------------------------------------------------------------------------- */

static void answer(const server_request *request) {
    static const char resolve[] = "/acme/model/resolve/", store[] = "/store/";
    const server_fault *fault = &request->fault;
    const char *path = request->path, *slash;
    char headers[200];
    for (int i = 0; i < fault->headers; i++) /* before the head itself, as what a server says in between */
        send_text(request->socket, "HTTP/1.1 103 Early Hints\r\nX-Hint: %0900d\r\n\r\n", i);
    if (fault->status) {
        answer_error(request, fault->status, fault->code, fault->message);
    } else if (fault->redirect[0]) {
        send_text(request->socket,
                  "HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n",
                  fault->redirect);
    } else if (fault->type[0]) {
        snprintf(headers, sizeof headers, "Content-Type: %s\r\n", fault->type);
        answer_data(request, fault->body, strlen(fault->body), headers);
    } else if (strncmp(path, store, sizeof store - 1) == 0) {
        answer_stored(request, path + sizeof store - 1);
    } else if (strncmp(path, "/api/models/acme/model/", 23) == 0 || strcmp(path, "/api/models/acme/model") == 0) {
        answer_list(request);
    } else if (strncmp(path, resolve, sizeof resolve - 1) == 0 && (slash = strchr(path + sizeof resolve - 1, '/'))) {
        answer_file(request, slash + 1);
    } else {
        answer_error(request, 404, "RepoNotFound", "Repository not found");
    }
}

static void take_header(const char *head, const char *name, char *value, size_t size) {
    snprintf(value, size, "-");
    size_t length = strlen(name);
    for (const char *line = strchr(head, '\n'); line && line[1] != '\r'; line = strchr(line + 1, '\n')) {
        if (strncasecmp(line + 1, name, length) != 0 || line[1 + length] != ':') continue;
        const char *from = line + 2 + length + strspn(line + 2 + length, " ");
        snprintf(value, size, "%.*s", (int)strcspn(from, "\r\n"), from);
    }
}

/* Reads the head of a request; 0 if there is none. */
static int read_request(server_request *request) {
    char head[8000];
    size_t used = 0;
    while (used < sizeof head - 1) {
        ssize_t got = recv(request->socket, head + used, sizeof head - 1 - used, 0);
        if (got <= 0) return 0;
        used += (size_t)got;
        head[used] = 0;
        if (strstr(head, "\r\n\r\n")) break;
    }
    if (sscanf(head, "%15s %1999s", request->method, request->path) != 2) return 0;
    if (strncmp(request->path, "http://", 7) == 0) { /* asked as a proxy: what matters is the path */
        char *slash = strchr(request->path + 7, '/');
        if (slash) memmove(request->path, slash, strlen(slash) + 1);
    }
    take_header(head, "Host", request->host, sizeof request->host);
    take_header(head, "Range", request->range, sizeof request->range);
    take_header(head, "Authorization", request->authorization, sizeof request->authorization);
    return 1;
}

static void *serve(void *user) {
    server_request *request = user;
    http_server *server = request->server;
    if (read_request(request)) {
        pthread_mutex_lock(&server->lock);
        fprintf(server->log, "%s %s %s host=%s range=%s authorization=%s\n", request->store ? "store" : "hub",
                request->method, request->path, request->host, request->range, request->authorization);
        fflush(server->log);
        pthread_mutex_unlock(&server->lock);
        find_fault(request);
        answer(request);
    }
    shutdown(request->socket, SHUT_WR);
    close(request->socket);
    free(request);
    pthread_mutex_lock(&server->lock);
    server->busy--;
    pthread_cond_signal(&server->idle);
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

static void accept_all(http_server *server, int store) {
    for (;;) {
        int socket = accept4(server->sockets[store], NULL, NULL, SOCK_CLOEXEC);
        if (socket < 0 && errno == EINTR) continue;
        if (socket < 0) return;
        server_request *request = calloc(1, sizeof *request);
        pthread_t thread;
        request->server = server;
        request->socket = socket;
        request->store = store;
        pthread_mutex_lock(&server->lock);
        server->busy++;
        pthread_mutex_unlock(&server->lock);
        if (pthread_create(&thread, NULL, serve, request) != 0) abort();
        pthread_detach(thread);
    }
}

static void *accept_hub(void *server) {
    accept_all(server, 0);
    return NULL;
}

static void *accept_store(void *server) {
    accept_all(server, 1);
    return NULL;
}

/* ---- starting and stopping -------------------------------------------------------------------------------------- */

static int listen_somewhere(int *port) {
    const char *given = getenv("HTTP_SERVER_ADDRESS");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (given && inet_pton(AF_INET, given, &address.sin_addr) != 1) return -1;
    int socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0 || bind(socket_, (struct sockaddr *)&address, size) < 0 || listen(socket_, 64) < 0 ||
        getsockname(socket_, (struct sockaddr *)&address, &size) < 0)
        return -1;
    *port = ntohs(address.sin_port);
    return socket_;
}

http_server *http_server_start(const char *folder, const char *log) {
    http_server *server = calloc(1, sizeof *server);
    if (!server) abort();
    snprintf(server->folder, sizeof server->folder, "%s", folder);
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->idle, NULL);
    server->log = fopen(log, "we");
    for (int i = 0; i < 2; i++) server->sockets[i] = listen_somewhere(&server->ports[i]);
    if (!server->log || server->sockets[0] < 0 || server->sockets[1] < 0 ||
        pthread_create(&server->listeners[0], NULL, accept_hub, server) != 0 ||
        pthread_create(&server->listeners[1], NULL, accept_store, server) != 0) {
        perror("http_server");
        abort();
    }
    return server;
}

void http_server_stop(http_server *server) {
    server->stopping = 1;
    for (int i = 0; i < 2; i++) {
        shutdown(server->sockets[i], SHUT_RDWR);
        pthread_join(server->listeners[i], NULL);
        close(server->sockets[i]);
    }
    pthread_mutex_lock(&server->lock);
    while (server->busy > 0) pthread_cond_wait(&server->idle, &server->lock);
    pthread_mutex_unlock(&server->lock);
    fclose(server->log);
    free(server);
}

int http_server_port(const http_server *server) {
    return server->ports[0];
}

int http_server_store_port(const http_server *server) {
    return server->ports[1];
}
