/* http_server FOLDER LOG [FAULT...]: the server of http_server.h; prints both ports and serves until it is ended. */
#include "http_server.h"

#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc < 3) return fprintf(stderr, "usage: http_server FOLDER LOG [FAULT...]\n"), 2;
    http_server *server = http_server_start(argv[1], argv[2]);
    for (int i = 3; i < argc; i++) http_server_fault(server, argv[i]);
    printf("%d %d\n", http_server_port(server), http_server_store_port(server));
    fflush(stdout);
    for (;;) pause();
}
