/* The fixed parts of the page of a comparison: its style and its script. */
#ifndef CLI_PAGE_TEXT_H
#define CLI_PAGE_TEXT_H

extern const char cli_page_style[], cli_page_script[];

/* The script's SHA-256 in base64, by which the page's policy lets this one run and no other. */
#define CLI_PAGE_SCRIPT_SHA256 "QntBku5QzeMAhyatAtjaVibIfoJY+9aB6CbC6K5e7C0="

#endif
