/* The address that the server listens on. */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include "img2vid/img2vid.h"

#include <sys/socket.h>

typedef struct server_address {
    struct sockaddr_storage socket;
    socklen_t size;
    int is_loopback;
} server_address;

/* Reads "127.0.0.1:7860" or "[::1]:7860"; names are not looked up, but for localhost. */
i2v_status server_address_read(server_address *address, const char *text, i2v_error *error);

/* A socket that listens there, in *descriptor; text gets "127.0.0.1:43211", with the port that it came to. */
i2v_status server_listen(const server_address *address, int *descriptor, char *text, size_t size, i2v_error *error);

/* "127.0.0.1", of a peer; an IPv4 address within IPv6 is that of IPv4. */
void server_address_text(const struct sockaddr *from, char *text, size_t size);

#endif
