/* A form that comes in pieces.
 *
 * libmicrohttpd's reader of forms does not tell where a part begins: it may say a part's first bytes, none of them,
 * several times, and how often depends on how the body is cut. It also takes no text before the first boundary and no
 * boundary of one letter, which RFC 2046 allows. */
#include "form_stream.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- parameters of a header ------------------------------------------------------------------------------------- */

static int refuse(server_problem *problem, const char *message) {
    return server_refuse(problem, 400, "invalid_form", NULL, "%s", message);
}

/* A value, quoted or not, as far as there is room. Returns what follows it; NULL where a quote is not closed. */
static const char *read_value(const char *at, char *value, size_t room) {
    size_t size = 0;
    int is_quoted = *at == '"';
    at += is_quoted;
    while (is_quoted ? *at != '"' : !strchr("; \t", *at)) { /* strchr finds the end, too */
        if (is_quoted && *at == '\\' && (at[1] == '"' || at[1] == '\\')) at++;
        if (!*at) return NULL;
        if (size + 1 < room) value[size++] = *at;
        at++;
    }
    value[size] = 0;
    return at + is_quoted;
}

/* The parameter of a header after its first value: "form-data; name=x". 1: it is there. */
static int find_parameter(const char *header, const char *name, char *value, size_t room) {
    size_t length = strlen(name);
    for (const char *at = strchr(header, ';'); at; at = strchr(at, ';')) {
        char other[8];
        at += 1 + strspn(at + 1, " \t");
        size_t size = strcspn(at, "=;");
        if (at[size] != '=') continue;
        int is_it = size == length && strncasecmp(at, name, length) == 0;
        at = read_value(at + size + 1, is_it ? value : other, is_it ? room : sizeof other);
        if (is_it) return at != NULL;
        if (!at) return 0;
    }
    return 0;
}

int server_form_begin(server_form_stream *form, const char *type, const server_form_taker *taker,
                      server_problem *problem) {
    char boundary[SERVER_BOUNDARY_MOST + 2];
    memset(form, 0, sizeof *form);
    form->taker = *taker;
    if (!find_parameter(type, "boundary", boundary, sizeof boundary) || !*boundary)
        return refuse(problem, "the content type of the form says no boundary of its parts");
    if (strlen(boundary) > SERVER_BOUNDARY_MOST)
        return refuse(problem, "the boundary of the form's parts has more than 70 characters");
    form->boundary_size = (size_t)snprintf(form->boundary, sizeof form->boundary, "\r\n--%s", boundary);
    form->matched = form->imagined = 2;
    return 1;
}

/* ---- the head of a part ----------------------------------------------------------------------------------------- */

static int begin_content(server_form_stream *form, server_problem *problem) {
    if (!*form->name) return refuse(problem, "a part of the form has no name, or a long one");
    form->place = SERVER_FORM_CONTENT;
    form->matched = form->imagined = 2;
    return form->taker.begin(form->taker.user, form->name, form->has_file ? form->file : NULL);
}

/* Of its lines only one says something here. */
static int take_line(server_form_stream *form, server_problem *problem) {
    static const char wanted[] = "Content-Disposition:";
    char *line = form->line, name[sizeof form->name + 1] = "";
    if (form->line_size > 0 && line[form->line_size - 1] == '\r') form->line_size--;
    line[form->line_size] = 0;
    if (form->line_size == 0) return begin_content(form, problem);
    if (strlen(line) != form->line_size || *line == ' ' || *line == '\t')
        return refuse(problem, "the head of a part of the form is damaged, or has a line in two");
    form->line_size = 0;
    if (strncasecmp(line, wanted, sizeof wanted - 1) != 0) return 1;
    if (find_parameter(line, "name", name, sizeof name) && strlen(name) < sizeof form->name) strcpy(form->name, name);
    form->has_file = find_parameter(line, "filename", form->file, sizeof form->file) ||
                     find_parameter(line, "filename*", form->file, sizeof form->file);
    return 1;
}

static int take_head(server_form_stream *form, char c, server_problem *problem) {
    if (c == '\n') return take_line(form, problem);
    if (form->line_size == sizeof form->line - 1) return refuse(problem, "a line of a part's head is too long");
    form->line[form->line_size++] = c;
    return 1;
}

/* After a boundary: the end of the line, or "--" where it is the last; blanks may be between. */
static int take_tail(server_form_stream *form, char c, server_problem *problem) {
    form->line[form->line_size++] = c;
    if (form->line_size == 2 && memcmp(form->line, "--", 2) == 0) {
        form->place = SERVER_FORM_AFTER;
        return 1;
    }
    char before = form->line_size > 1 ? form->line[form->line_size - 2] : ' ';
    if (form->line_size == 1 && c == '-') return 1;
    if (c == '\n' && before == '\r') {
        form->place = SERVER_FORM_HEAD;
        form->line_size = 0;
        *form->name = *form->file = 0;
        form->has_file = 0;
        return 1;
    }
    int is_blank = before == ' ' || before == '\t';
    if (!is_blank || !strchr(" \t\r", c) || !c || form->line_size == 80)
        return refuse(problem, "a boundary of the form's parts is followed by something else in its line");
    return 1;
}

/* ---- contents --------------------------------------------------------------------------------------------------- */

static int hand_on(server_form_stream *form, const char *bytes, size_t size) {
    return size == 0 || form->place == SERVER_FORM_BEFORE || form->taker.take(form->taker.user, bytes, size);
}

/* What looked like a boundary is content. */
static int release(server_form_stream *form) {
    size_t from = form->imagined, size = form->matched - from;
    form->matched = form->imagined = 0;
    return hand_on(form, form->boundary + from, size);
}

static int end_content(server_form_stream *form) {
    int is_part = form->place == SERVER_FORM_CONTENT;
    form->place = SERVER_FORM_TAIL;
    form->matched = form->imagined = form->line_size = 0;
    return !is_part || form->taker.end(form->taker.user);
}

/* A boundary has a carriage return in its first place alone, so that one that breaks off begins nowhere but here. */
static int take_content(server_form_stream *form, const char *bytes, size_t size, size_t *taken) {
    if (form->matched == 0) {
        const char *next = memchr(bytes, '\r', size);
        *taken = next ? (size_t)(next - bytes) + 1 : size;
        form->matched = next != NULL;
        return hand_on(form, bytes, *taken - form->matched);
    }
    if (*bytes != form->boundary[form->matched]) {
        *taken = 0;
        return release(form);
    }
    *taken = 1;
    return ++form->matched < form->boundary_size || end_content(form);
}

int server_form_feed(server_form_stream *form, const char *bytes, size_t size, server_problem *problem) {
    int good = 1;
    form->has_bytes |= size > 0;
    for (size_t taken = 1; good && size > 0 && form->place != SERVER_FORM_AFTER; bytes += taken, size -= taken) {
        taken = 1;
        if (form->place == SERVER_FORM_TAIL)
            good = take_tail(form, *bytes, problem);
        else if (form->place == SERVER_FORM_HEAD)
            good = take_head(form, *bytes, problem);
        else
            good = take_content(form, bytes, size, &taken);
    }
    return good;
}

int server_form_finish(const server_form_stream *form, server_problem *problem) {
    if (form->place == SERVER_FORM_AFTER) return 1;
    if (!form->has_bytes) return refuse(problem, "the body is empty: it is to be a form");
    if (form->place != SERVER_FORM_BEFORE) return refuse(problem, "the form ends before its last boundary");
    return server_refuse(problem, 400, "invalid_form", NULL,
                         "the boundary that the content type names, %s, is nowhere in the body", form->boundary + 4);
}
