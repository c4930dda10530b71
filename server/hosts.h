/* Which Host and Origin a request may have: against pages of other sites, and names that are pointed at this machine
 * (DNS rebinding). */
#ifndef SERVER_HOSTS_H
#define SERVER_HOSTS_H

/* 1 if host, the header as it stands, is an address in numbers, localhost or one of allowed ("a.example,b.example"; may
 * be NULL). An address in numbers is no name that somebody else could point here. */
int server_host_is_allowed(const char *host, const char *allowed);

/* 1 if origin is that of a page that this very server sent: http or https, and then host. */
int server_origin_is_own(const char *origin, const char *host);

#endif
