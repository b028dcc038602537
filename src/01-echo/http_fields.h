/* http_fields: the field section of an HTTP/1.1 message (RFC 9112 5).
 *
 * Field lines are parsed one at a time, each once, as they become complete;
 * nothing is copied.  Names and values are kept as slices, offsets into the
 * message's head, so that the buffer which holds the head may move while the
 * rest is still on its way.  Requests, responses and trailers share this. */

#ifndef STRATA_HTTP_FIELDS_H
#define STRATA_HTTP_FIELDS_H

#include "bytes.h"

/* What a parser says of the bytes so far. */
enum http_parse {
    HTTP_MORE, /* good so far, not complete */
    HTTP_DONE, /* complete */
    HTTP_BAD,  /* refused: the status to answer and the reason are set */
};

struct http_slice {
    uint32_t at, len;
};

struct http_field {
    struct http_slice name, value; /* value without the blanks around it */
};

/* The parsed fields of one head.  `base` is the first byte of the head, and it
 * is known only while a parser runs and after http_settle: in between the bytes
 * may move, and every slice reads as an empty span with a NULL ptr. */
struct http_fields {
    const char *base;
    struct http_field *list; /* the caller's memory */
    unsigned count, max;
};

/* The head has come to rest at `head`: it stays there, whole, for as long as
 * the fields are looked at.  NULL: it is there no more. */
static inline void http_settle(struct http_fields *f, const char *head)
{
    f->base = head;
}

static inline struct span http_span(const struct http_fields *f,
                                    struct http_slice s)
{
    if (f->base == NULL)
        return (struct span){NULL, 0};
    return (struct span){f->base + s.at, s.len};
}

static inline struct span http_name(const struct http_fields *f, unsigned i)
{
    return http_span(f, f->list[i].name);
}

static inline struct span http_value(const struct http_fields *f, unsigned i)
{
    return http_span(f, f->list[i].value);
}

/* The value of the first field with this name, in any letter case; a span
 * with a NULL ptr when there is none. */
struct span http_get(const struct http_fields *f, struct span name);

/* Parses one field line, f->base[at .. at+len), which ends in its only LF,
 * with or without CR before it, and appends it to the list, which must have
 * room.  Refused are: an empty name, a name that is no token, a blank before
 * the colon, no colon, a line that begins with a blank (obs-fold), and NUL, a
 * bare CR or another control byte except tab in the value (RFC 9112 5.1, 5.2;
 * RFC 9110 5.5).  NULL when the line is good, else the reason, a constant
 * sentence. */
const char *http_field_line(struct http_fields *f, uint32_t at, uint32_t len);

/* True when the comma-separated list in `value` has the element `token`, in
 * any letter case (RFC 9110 5.6.1): Connection: keep-alive, Upgrade. */
bool http_list_has(struct span value, struct span token);

/* A walk over a field whose value is a list.  It may come in several lines,
 * which are one list (RFC 9110 5.3): whoever reads such a field reads it
 * through this.  It begins as {.fields = f, .name = name}. */
struct http_list {
    const struct http_fields *fields;
    struct span name;
    unsigned line;    /* the next to be looked at */
    struct span rest; /* of the one at hand */
};

/* The next element, without the blanks around it; empty ones are passed over
 * (RFC 9110 5.6.1.2).  False when there is no further one. */
bool http_list_next(struct http_list *list, struct span *item);

/* True when a line of the field `name` has the element `token`. */
bool http_fields_have(const struct http_fields *f, struct span name,
                      struct span token);

/* True when c may stand in a token (RFC 9110 5.6.2).  The table stands here so
 * that a loop over a name makes no call for each byte. */
extern const bool http_token_chars[256];

static inline bool http_is_token_char(unsigned char c)
{
    return http_token_chars[c];
}

bool http_is_token(struct span s); /* one such byte or more */

/* True when s holds no control byte and no blank. */
bool http_is_visible(struct span s);

/* True for what no field value may hold: control bytes, but not tab. */
bool http_is_control(unsigned char c);

#endif
