/* The address that the server listens on. */
#include "listen.h"
#include "failure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -1 where it is no port. */
static int read_port(const char *text) {
    size_t length = strspn(text, "0123456789");
    if (length == 0 || length > 5 || text[length]) return -1;
    int port = atoi(text);
    return port <= 65535 ? port : -1;
}

static int read_host(server_address *address, const char *host, int port, int is_bracketed) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address->socket;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address->socket;
    if (!is_bracketed && strcmp(host, "localhost") == 0) host = "127.0.0.1";
    if (!is_bracketed && inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        address->size = sizeof *v4;
        address->is_loopback = ntohl(v4->sin_addr.s_addr) >> 24 == 127;
        return 1;
    }
    if (!is_bracketed || inet_pton(AF_INET6, host, &v6->sin6_addr) != 1) return 0;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)port);
    address->size = sizeof *v6;
    address->is_loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    return 1;
}

i2v_status server_address_read(server_address *address, const char *text, i2v_error *error) {
    char host[64] = "";
    memset(address, 0, sizeof *address);
    const char *colon = strrchr(text, ':');
    int is_bracketed = *text == '[', port = colon ? read_port(colon + 1) : -1;
    size_t length = colon ? (size_t)(colon - text) : 0;
    if (is_bracketed && length > 0 && text[length - 1] != ']') port = -1;
    if (port >= 0 && length > (size_t)is_bracketed * 2 && length < sizeof host)
        snprintf(host, sizeof host, "%.*s", (int)length - 2 * is_bracketed, text + is_bracketed);
    if (*host && read_host(address, host, port, is_bracketed)) return I2V_OK;
    return server_fail(error, I2V_ERROR_PARAMETER,
                       "--listen takes an address and a port, such as 127.0.0.1:7860 or [::1]:7860, not '%.100s'",
                       text);
}

void server_address_text(const struct sockaddr *from, char *text, size_t size) {
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
    const void *bytes = &((const struct sockaddr_in *)from)->sin_addr;
    int family = from->sa_family;
    if (family == AF_INET6) bytes = &v6->sin6_addr;
    if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
        bytes = v6->sin6_addr.s6_addr + 12;
        family = AF_INET;
    }
    if ((family != AF_INET && family != AF_INET6) || !inet_ntop(family, bytes, text, (socklen_t)size))
        snprintf(text, size, "unknown");
}

static void write_place(int descriptor, char *text, size_t size) {
    struct sockaddr_storage place = {0};
    socklen_t length = sizeof place;
    char host[INET6_ADDRSTRLEN];
    getsockname(descriptor, (struct sockaddr *)&place, &length);
    server_address_text((struct sockaddr *)&place, host, sizeof host);
    int is_v6 = place.ss_family == AF_INET6;
    int port = ntohs(is_v6 ? ((struct sockaddr_in6 *)&place)->sin6_port : ((struct sockaddr_in *)&place)->sin_port);
    snprintf(text, size, is_v6 ? "[%s]:%d" : "%s:%d", host, port);
}

i2v_status server_listen(const server_address *address, int *descriptor, char *text, size_t size, i2v_error *error) {
    int on = 1, made = socket(address->socket.ss_family, SOCK_STREAM, 0);
    *descriptor = -1;
    if (made >= 0) setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (made < 0 || bind(made, (const struct sockaddr *)&address->socket, address->size) != 0 ||
        listen(made, 256) != 0) {
        int cause = errno;
        if (made >= 0) close(made);
        return server_fail(error, I2V_ERROR_NETWORK, "cannot listen: %s; give another address or port with --listen",
                           strerror(cause));
    }
    write_place(made, text, size);
    *descriptor = made;
    return I2V_OK;
}
