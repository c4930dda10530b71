/* The parts of an address, as libcurl takes it to pieces. */
#include "hub/url.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <string.h>

/* Copies a part in lower case; 0 if it is missing or too long. */
static int copy_part(char *to, size_t size, CURLU *url, CURLUPart part, unsigned flags) {
    char *text = NULL;
    CURLUcode code = curl_url_get(url, part, &text, flags);
    if (code == CURLUE_OUT_OF_MEMORY) errno = ENOMEM;
    if (code != CURLUE_OK) return 0;
    size_t length = strlen(text);
    int fits = length > 0 && length < size;
    for (size_t i = 0; fits && i <= length; i++) to[i] = (char)tolower((unsigned char)text[i]);
    curl_free(text);
    return fits;
}

int i2v_url_origin(i2v_origin *origin, const char *url) {
    memset(origin, 0, sizeof *origin);
    if (!i2v_url_is_web(url)) return 0;
    errno = 0;
    CURLU *parsed = curl_url();
    CURLUcode code = parsed ? curl_url_set(parsed, CURLUPART_URL, url, 0) : CURLUE_OUT_OF_MEMORY;
    if (code == CURLUE_OUT_OF_MEMORY) errno = ENOMEM;
    int found = code == CURLUE_OK &&
                copy_part(origin->scheme, sizeof origin->scheme, parsed, CURLUPART_SCHEME, 0) &&
                copy_part(origin->host, sizeof origin->host, parsed, CURLUPART_HOST, 0) &&
                copy_part(origin->port, sizeof origin->port, parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    curl_url_cleanup(parsed);
    return found;
}
