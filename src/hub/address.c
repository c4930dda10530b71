/* Which network addresses a redirect may lead to. */
#include "hub/address.h"

#include "base/byte_order.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef struct ipv4_block {
    uint32_t start;
    int bits;
} ipv4_block;

/* IANA's registry of special-purpose IPv4 addresses (RFC 6890), as far as they are not global; multicast. */
static const ipv4_block private_blocks[] = {
    {0x00000000, 8},  /* this network */
    {0x0a000000, 8},  /* private */
    {0x64400000, 10}, /* shared, of carriers */
    {0x7f000000, 8},  /* loopback */
    {0xa9fe0000, 16}, /* link-local, where clouds keep credentials */
    {0xac100000, 12}, /* private */
    {0xc0000000, 24}, /* protocol assignments */
    {0xc0a80000, 16}, /* private */
    {0xc6120000, 15}, /* benchmarks */
    {0xe0000000, 3},  /* multicast, reserved, broadcast */
};

static int is_private_ipv4(uint32_t address) {
    for (size_t i = 0; i < sizeof private_blocks / sizeof private_blocks[0]; i++)
        if ((address ^ private_blocks[i].start) >> (32 - private_blocks[i].bits) == 0) return 1;
    return 0;
}

static int is_private_ipv6(const uint8_t *bytes) {
    static const uint8_t zeros[10], translated[12] = {0, 0x64, 0xff, 0x9b};
    if (memcmp(bytes, zeros, 10) == 0 && bytes[10] == 0xff && bytes[11] == 0xff)
        return is_private_ipv4(i2v_big_endian(bytes + 12, 4));
    if (memcmp(bytes, translated, 12) == 0) return is_private_ipv4(i2v_big_endian(bytes + 12, 4));  /* NAT64 */
    if (bytes[0] == 0x20 && bytes[1] == 0x02) return is_private_ipv4(i2v_big_endian(bytes + 2, 4)); /* 6to4 */
    return (bytes[0] & 0xe0) != 0x20; /* only 2000::/3 is on the internet */
}

int i2v_address_is_private(const struct sockaddr *address) {
    if (address->sa_family == AF_INET) {
        struct sockaddr_in ipv4;
        memcpy(&ipv4, address, sizeof ipv4);
        return is_private_ipv4(ntohl(ipv4.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 ipv6;
        memcpy(&ipv6, address, sizeof ipv6);
        return is_private_ipv6(ipv6.sin6_addr.s6_addr);
    }
    return 1;
}

int i2v_host_is_private(const char *host) {
    char name[256];
    size_t length = strlen(host);
    if (length >= sizeof name) return 0;
    int brackets = length > 2 && host[0] == '[' && host[length - 1] == ']';
    snprintf(name, sizeof name, "%.*s", (int)(length - 2 * (size_t)brackets), host + brackets);
    length = strlen(name);
    if (length > 0 && name[length - 1] == '.') name[length - 1] = 0;
    if (strcasecmp(name, "localhost") == 0 || strcasecmp(i2v_text_end(name, ".localhost"), ".localhost") == 0) return 1;
    /* as the resolver reads numbers: also 127.1, 0x7f000001 and 2130706433 */
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *found = NULL;
    if (getaddrinfo(name, NULL, &hints, &found) != 0) return 0;
    int is_private = found && i2v_address_is_private(found->ai_addr);
    freeaddrinfo(found);
    return is_private;
}

void i2v_guard_begin(i2v_guard *guard, const char *host, int proxied) {
    memset(guard, 0, sizeof *guard);
    guard->trusting = i2v_host_is_private(host);
    guard->proxied = proxied;
}

int i2v_guard_allows_host(i2v_guard *guard, const char *host) {
    if (guard->trusting || !i2v_host_is_private(host)) return 1;
    guard->refused = 1;
    return 0;
}

void i2v_guard_answered(i2v_guard *guard, const char *ip, int port) {
    char service[16];
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM}, *found = NULL;
    snprintf(service, sizeof service, "%d", port);
    if (getaddrinfo(ip, service, &hints, &found) != 0) return;
    if (i2v_address_is_private(found->ai_addr)) {
        guard->trusting |= !guard->proxied;
        memcpy(&guard->peer, found->ai_addr, found->ai_addrlen);
    }
    freeaddrinfo(found);
}

static int is_same(const struct sockaddr_storage *peer, const struct sockaddr *address) {
    if (peer->ss_family != address->sa_family) return 0;
    if (address->sa_family == AF_INET) {
        struct sockaddr_in a, b;
        memcpy(&a, peer, sizeof a);
        memcpy(&b, address, sizeof b);
        return a.sin_port == b.sin_port && a.sin_addr.s_addr == b.sin_addr.s_addr;
    }
    struct sockaddr_in6 a, b;
    memcpy(&a, peer, sizeof a);
    memcpy(&b, address, sizeof b);
    return a.sin6_port == b.sin6_port && memcmp(&a.sin6_addr, &b.sin6_addr, sizeof a.sin6_addr) == 0;
}

int i2v_guard_allows_address(i2v_guard *guard, int hop, const struct sockaddr *address) {
    if (hop == 0 || guard->trusting || !i2v_address_is_private(address)) return 1;
    int family = address->sa_family;
    if ((family == AF_INET || family == AF_INET6) && is_same(&guard->peer, address)) return 1;
    guard->refused = 1;
    return 0;
}
