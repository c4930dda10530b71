/* Pictures that are given by an address of the web. */
#ifndef CLI_ADDRESS_H
#define CLI_ADDRESS_H

/* True for "http://..." and "https://...". */
int cli_is_address(const char *text);

/* The address without "name:password@", allocated; NULL without memory. */
char *cli_address_without_password(const char *address);

#endif
