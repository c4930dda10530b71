/* Who may be reached by a redirect: a page on the internet must not make this machine ask its own network. */
#ifndef I2V_HUB_ADDRESS_H
#define I2V_HUB_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>

/* True for an address that is not on the public internet: loopback, private, link-local, shared, multicast, reserved,
 * IPv4 within IPv6 likewise, and what is neither IPv4 nor IPv6. */
int i2v_address_is_private(const struct sockaddr *address);

/* The same for a host as it stands in a URL: a numeric address, or a name that is always this machine. Other names are
 * known only when they are looked up: 0. */
int i2v_host_is_private(const char *host);

/* Watches the connections of one request and its redirects. All zero before the first. */
typedef struct i2v_guard {
    int trusting;                 /* what the caller gave is private already, so that redirects may be */
    int proxied;                  /* a proxy may stand between: a private address may then be the proxy's */
    struct sockaddr_storage peer; /* whose it is: who answered to the caller's own address */
    int refused;
} i2v_guard;

/* Before the caller's own address is asked: host as in i2v_origin. */
void i2v_guard_begin(i2v_guard *guard, const char *host, int proxied);

/* 0, and guard->refused, if a redirect must not lead to this host. */
int i2v_guard_allows_host(i2v_guard *guard, const char *host);

/* The same for the address that a connection is about to be made to, in the given hop: 0 for the caller's own. */
int i2v_guard_allows_address(i2v_guard *guard, int hop, const struct sockaddr *address);

/* Who answered to the caller's own address. Only this makes the guard trusting: a name may lead to several addresses,
 * of which a private one was tried in vain. ip is numeric. */
void i2v_guard_answered(i2v_guard *guard, const char *ip, int port);

#endif
