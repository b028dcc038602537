/* exchange: one request and its answer.
 *
 * It goes through the phases (phases.c) until one of them answers: it is given
 * its server and its location, and comes to the location's content handler.  A
 * handler describes the answer in x->out, calls answer_begin, and hands over
 * the body by answer_bytes and answer_file, then answer_end; the filters stand
 * between those calls and the socket.  A handler that has to wait returns, and
 * what it waits for calls it again.  An exchange ends by itself when its answer
 * has been written; exchange_abort ends it early. */

#ifndef STRATA_EXCHANGE_H
#define STRATA_EXCHANGE_H

#include "arena.h"
#include "event.h"
#include "http_body.h"
#include "http_request.h"
#include "spool.h"

#include <time.h>

struct client;
struct conf_scope;
struct filter;
struct exchange;
struct front_chunk;
struct front_worker;
struct regex;

/* A piece of an answer on its way out. */
struct piece {
    struct piece *next;
    struct span bytes;         /* memory: file is -1 */
    struct front_chunk *chunk; /* that holds the bytes, or NULL */
    int file;                  /* a part of a file, or -1 */
    uint64_t offset, left;
    bool end;      /* that was the body; nothing else is in this piece */
    unsigned at;   /* the filter that it waits for */
    char size[20]; /* the line before a chunk of the body */
};

/* A field of the answer beside those that answer has members for; a filter
 * that removes one sets its name's len to 0. */
struct out_field {
    struct out_field *next;
    struct span name, value;
};

struct answer {
    int status;
    struct span reason; /* an upstream's; empty: the registry's */
    struct span type;   /* Content-Type; empty: none */
    int64_t length;     /* Content-Length; -1: not known */
    time_t mtime;       /* Last-Modified; -1: none */
    struct span etag;
    struct span location;
    struct span date, server; /* an upstream's, passed on; else our own */
    bool relayed;             /* an upstream's: its words pass */
    bool anonymous;           /* no Server field: the upstream has none */
    struct out_field *fields, **last_field;
    bool accept_ranges;
    bool chosen;  /* the handler has asked answer_choose */
    bool vary;    /* Vary: Accept-Encoding */
    bool coded;   /* this client gets the body compressed */
    bool no_body; /* to HEAD, or 1xx, 204, 304 */
    bool chunked;
    bool begun, ended;           /* the head is queued; the last piece is */
    const struct filter **chain; /* those that take the body */
    unsigned chained, at;        /* how many they are; the one that is next */
    struct piece *held; /* a filter was full: it is offered them again */
    struct piece *first, *last; /* not yet written */
    struct piece *spare;
    uint64_t queued; /* bytes of them */
    unsigned pieces; /* and how many they are */
    uint64_t head_len;
    uint64_t sent; /* written to the socket: $bytes_sent */
    bool failed;   /* the client takes nothing more */
};

/* The request's body, as far as it has been read. */
struct request_body {
    bool started, done, discard;
    bool invited; /* 100 Continue is on its way */
    struct http_body decoder;
    struct spool content;
    uint64_t length; /* so far, with what was dropped */
    void (*ready)(struct exchange *x);
};

#define FRONT_CAPTURES 10

struct exchange {
    struct client *client;
    struct front_worker *worker;
    struct arena arena; /* kept when it has ended, for the next one */
    struct exchange *next_spare;
    void *state; /* of the modules; see exchange_state */

    struct http_request request;
    struct span head; /* its bytes, in the arena; see exchange_settle */
    int64_t began;

    struct conf_scope *server; /* the place's default one until it is found */
    struct span server_name;   /* $server_name */
    struct conf_scope *scope;  /* of the location, or of the server */
    void *handler_data;        /* the content handler's own */

    struct span method; /* "" when there is no good request line */
    struct span uri;    /* $uri: decoded, normalised, NUL after it */
    struct span args;   /* $args */
    struct span host;   /* $host: lower case, without a port */
    bool keep_alive;
    bool head_only;     /* HEAD */
    unsigned redirects; /* internal ones */
    unsigned at;        /* the handler whose turn it is */
    bool internal;

    struct span captures[FRONT_CAPTURES]; /* of the last regex that matched */
    struct regex *regex;                  /* that one, for its named captures */
    struct span server_captures[FRONT_CAPTURES]; /* of server_name */
    struct regex *server_regex;

    struct request_body body;
    struct answer out;
    void (*more)(struct exchange *x); /* goes on with the body: there is room */
    void (*aborted)(struct exchange *x); /* the client left */
    bool half_closed; /* the client had said all before this began */
    bool ended;
    struct event_later later;

    /* What lies below must say to who began it, which lies above: the answer's
     * last byte is written; the exchange ends now. */
    void (*done)(struct exchange *x);
    void (*abort)(struct exchange *x);

    struct http_field list[HTTP_MAX_FIELDS]; /* last: it is not zeroed */
};

/* Ends the exchange now: the connection is closed if the answer is not
 * complete. */
static inline void exchange_abort(struct exchange *x)
{
    x->abort(x);
}

/* A line of the error log, and of which client, server and request it speaks.
 */
void exchange_log(struct exchange *x, int level, int errnum, const char *format,
                  ...) __attribute__((format(printf, 4, 5)));

#endif
