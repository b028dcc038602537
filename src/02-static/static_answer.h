/* static_answer: from a request and a directory to the answer, as nginx's
 * static module gives it, without sending a byte of it.
 *
 * It decides; the caller sends.  The blocking server of stage 2 writes the
 * head and calls file_send; the event loop of stage 6 does the same in its own
 * time, with fields of its own added.
 *
 * An answer has a representation (200, 206, 304: a file) or is about one that
 * it does not have (every other status: the caller sends http_error_page). */

#ifndef STRATA_STATIC_ANSWER_H
#define STRATA_STATIC_ANSWER_H

#include "conditional.h"
#include "file.h"
#include "mime.h"
#include "net.h"

struct static_config {
    int root;                  /* an open directory */
    const char *const *index;  /* names, ended by NULL: {"index.html", NULL} */
    const struct mime_table *types;
    struct span default_type;  /* "text/plain" */
    enum file_links links;
    bool etag;                 /* send and compare entity tags */
    bool exact_times;          /* if_modified_since exact */
    int max_ranges;            /* 0 turns ranges off, HTTP_MAX_RANGES at most */
};

/* "bytes 0-4/10", with three numbers of nineteen digits */
#define STATIC_RANGE_MAX 72

struct static_answer {
    int status;         /* 200, 206, 301, 304, 400, 403, 404, 405, 412, 416,
                         * 500, 503; after 400 the connection is closed */
    struct file file;   /* fd >= 0 for 200, 206 (and their HEAD): the caller
                         * closes it */
    struct span type;   /* Content-Type, lives as long as the table */
    char etag[ETAG_MAX];
    size_t etag_len;    /* 0: no ETag field */
    time_t mtime;       /* -1: no Last-Modified field */
    bool directory;     /* 301: the path lacks its final "/" */
    bool accept_ranges; /* 200: a range could have been asked for (206 says
                         * so itself) */
    struct span index;  /* the index file taken for a path that ends in "/";
                         * lives as long as the configuration */
    int ranges;         /* 206: how many stand in `range` */
    struct http_range range[HTTP_MAX_RANGES];
    uint64_t boundary;  /* between the parts when they are several */
    char multipart[64]; /* their Content-Type, in place of `type` */
    char content_range[STATIC_RANGE_MAX]; /* of one range, or of 416; "": no
                                           * such field */
};

/* Answers r for `path`, the decoded and normalised path (begins with "/",
 * NUL-terminated, no NUL inside) below config->root.  A path that ends in "/"
 * is answered with the first index file that exists, or 403. */
void static_answer(struct static_answer *a, const struct http_request *r,
                   const char *path, const struct static_config *config);

/* The methods for which a file is looked for; all others are 405, whatever is
 * there.  POST is among them: to what is not there it is 404, else 405, in
 * nginx too. */
bool static_serves(struct span method);

/* The two halves of it.  static_open opens the file: 200 and what there is to
 * say of it, or another status, and then that is the answer.  static_select
 * makes of the 200 what the preconditions and ranges ask for.  Whoever
 * will send the file otherwise than it is, and so without ranges, comes between
 * them (config->max_ranges = 0). */
void static_open(struct static_answer *a, const struct http_request *r,
                 const char *path, const struct static_config *config);
void static_select(struct static_answer *a, const struct http_request *r,
                   const struct static_config *config);

/* Content-Length of a representation's body; for several ranges the multipart
 * framing is included. */
uint64_t static_length(const struct static_answer *a);

/* Several ranges are sent as multipart/byteranges (RFC 9110 14.6): what stands
 * before range i, then the range, for each; at last, with i == a->ranges, what
 * closes the body. */
bool static_add_part(struct buf *out, const struct static_answer *a, int i);

/* Appends the fields of the representation, nginx's in nginx's order:
 * Content-Type, Content-Length, Last-Modified, then, after what the caller
 * adds in between (Connection), static_add_validators: ETag, Accept-Ranges,
 * Content-Range.  Both add what the status calls for, maybe nothing. */
bool static_add_fields(struct buf *out, const struct static_answer *a);
bool static_add_validators(struct buf *out, const struct static_answer *a);

/* Appends "http://HOST:PORT" as nginx makes it for a redirect: the host that
 * was asked for, in lower case, without its port and last dot, or without one
 * our own address; and the port that we listen on, unless it is 80.  Appends
 * nothing when neither is known (HTTP/1.0 on a unix socket). */
bool static_add_origin(struct buf *out, struct span host,
                       const struct net_addr *local);

/* Appends the Location field of a 301: origin, path (with the index, which was
 * the directory, if that is it), "/", and the query.  An empty origin gives a
 * path alone, and never one that begins with "//" and so means a host. */
bool static_add_location(struct buf *out, struct span origin,
                         const struct static_answer *a, struct span path,
                         struct span query);

#endif
