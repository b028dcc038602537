/* static_answer: from a request and a directory to the answer, as nginx's
 * static module gives it, without sending a byte of it.
 *
 * It decides; the caller sends.  The blocking server of stage 2 writes the
 * head and calls file_send; the event loop of stage 6 does the same in its own
 * time, with fields of its own added. */

#ifndef STRATA_STATIC_ANSWER_H
#define STRATA_STATIC_ANSWER_H

#include "conditional.h"
#include "file.h"
#include "mime.h"

struct static_config {
    int root;                     /* an open directory */
    const char *const *index;     /* names, ended by NULL: {"index.html", NULL} */
    const struct mime_table *types;
    struct span default_type;     /* "text/plain" */
    enum file_links links;
    bool etag;                    /* send and compare entity tags */
    bool exact_times;             /* if_modified_since exact */
    int max_ranges;               /* 0 turns ranges off */
};

struct static_answer {
    int status;          /* 200, 206, 301, 304, 400, 403, 404, 405, 412, 416, ... */
    struct file file;    /* fd >= 0 for 200, 206 (and their HEAD): the caller closes it */
    struct span type;    /* Content-Type, lives as long as the table */
    char etag[ETAG_MAX];
    size_t etag_len;     /* 0: no ETag field */
    time_t mtime;        /* -1: no Last-Modified field */
    bool directory;      /* 301: the path lacks its final "/" */
    int ranges;          /* 206: how many stand in `range` */
    struct http_range range[HTTP_MAX_RANGES];
};

/* Answers r for `path`, the decoded and normalised path (begins with "/",
 * NUL-terminated, no NUL inside) below config->root.  A path that ends in "/"
 * is answered with the first index file that exists, or 403. */
void static_answer(struct static_answer *a, const struct http_request *r,
                   const char *path, const struct static_config *config);

/* Content-Length of the answer's body; for several ranges the multipart
 * framing is included. */
uint64_t static_length(const struct static_answer *a);

/* Appends the fields of the representation, nginx's in nginx's order:
 * Content-Type, Content-Length, Last-Modified, then, after what the caller
 * adds in between (Connection), static_add_validators: ETag, Accept-Ranges,
 * Content-Range. */
bool static_add_fields(struct buf *out, const struct static_answer *a);
bool static_add_validators(struct buf *out, const struct static_answer *a);

#endif
