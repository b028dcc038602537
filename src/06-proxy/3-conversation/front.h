/* front: the shared nouns of the running proxy: a worker, a client, an
 * exchange, an answer.
 *
 * An exchange is one request and its response.  It goes through the phases
 * (phases.c) until one of them answers: it is given its server and its
 * location, and comes to the location's content handler.  A handler describes
 * the answer in x->out, calls answer_begin, and hands over the body by
 * answer_bytes and answer_file, then answer_end; the filters stand between
 * those calls and the socket.  A handler that has to wait returns, and what it
 * waits for calls it again.  An exchange ends by itself when its answer has
 * been written; exchange_abort ends it early. */

#ifndef STRATA_FRONT_H
#define STRATA_FRONT_H

#include "arena.h"
#include "conf.h"
#include "event.h"
#include "http_body.h"
#include "http_date.h"
#include "net.h"

struct error_log;
struct cycle;
struct front_conf;
struct front_listen;
struct front_server;
struct front_location;
struct gzip_stream;
struct upstream_call;

struct client_list {
    struct client *first, *last;
};

/* What one worker process owns. */
struct front_worker {
    struct event_loop *loop;
    struct front_conf *conf;
    const struct error_log *log; /* of the main level */
    int root;                    /* the directory "/", open */
    struct http_clock clock;
    struct client_list idle;     /* may be closed at any time; oldest first */
    struct client_list busy;
    struct exchange *spare;      /* ended ones, kept with their memory */
    unsigned spare_count;
    struct front_chunk *spare_chunks;
    unsigned spare_chunk_count;
    unsigned connections;        /* in use, those to upstreams too */
    unsigned max_connections;    /* worker_connections */
    uint64_t next_serial;
    bool quitting; /* accept nothing new; each answer is a client's last */
    int64_t last_call; /* ms that a silent client then has */
};

/* One accepted connection. */
struct client {
    struct event event;
    struct timer timer;
    struct front_worker *worker;
    struct front_listen *listen; /* the socket it came by */
    struct net_addr peer;
    struct net_addr local; /* client_local's */
    bool have_local;
    char peer_host[NET_ADDR_TEXT]; /* $remote_addr */
    uint64_t serial;               /* $connection, *N of the error log */
    int64_t since;
    unsigned requests; /* begun on this connection */
    struct buf in;     /* received, not yet consumed */
    enum {
        CLIENT_WAITS,   /* for the first byte of a request */
        CLIENT_HEAD,    /* for the rest of a head */
        CLIENT_BUSY,    /* its exchange is at work */
        CLIENT_LINGERS, /* answered; what still comes is dropped */
        CLIENT_GONE,
    } state;
    int64_t linger_until;
    bool linger; /* at the end the client may still be sending */
    bool again_due;
    struct exchange *exchange;
    struct client_list *list; /* where it stands */
    struct client *prev, *next;
    struct event_later again, later;
};

/* A block of memory that body pieces share; it goes back to the worker when
 * the last piece in it has been written. */
#define FRONT_CHUNK 32768

/* A handler that paused because too much was queued is asked for more
 * (drained) when fewer bytes than this wait. */
#define FRONT_LOW_WATER 65536

struct front_chunk {
    unsigned users;
    struct front_chunk *next;
    char bytes[FRONT_CHUNK];
};

/* A piece of an answer on its way out. */
struct piece {
    struct piece *next;
    struct span bytes;        /* memory: file is -1 */
    struct front_chunk *chunk; /* that holds the bytes, or NULL */
    int file;                 /* a part of a file, or -1 */
    uint64_t offset, left;
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
    struct span reason;      /* an upstream's; empty: the registry's */
    struct span type;        /* Content-Type; empty: none */
    int64_t length;          /* Content-Length; -1: not known */
    time_t mtime;            /* Last-Modified; -1: none */
    struct span etag;
    struct span location;
    struct span date, server; /* an upstream's, passed on; else our own */
    bool anonymous;          /* no Server field: the upstream has none */
    struct out_field *fields, **last_field;
    bool accept_ranges;
    bool chosen;             /* the handler has asked answer_choose */
    bool vary;               /* Vary: Accept-Encoding */
    bool coded;              /* this client gets the body compressed */
    bool no_body;            /* to HEAD, or 1xx, 204, 304 */
    bool chunked;
    bool begun, ended;       /* the head is queued; the last piece is */
    struct gzip_stream *gzip;
    struct piece *first, *last, *spare; /* not yet written */
    uint64_t queued;         /* bytes of them */
    unsigned pieces;         /* and how many they are */
    uint64_t head_len;
    uint64_t sent;           /* written to the socket: $bytes_sent */
    bool failed;             /* the client takes nothing more */
};

/* The request's body, as far as it has been read. */
struct request_body {
    bool started, done, discard;
    bool invited; /* 100 Continue is on its way */
    struct http_body decoder;
    struct buf memory; /* its beginning */
    int file;          /* what did not fit: an unlinked file, or -1 */
    uint64_t length;   /* of the content so far */
    void (*ready)(struct exchange *x);
};

#define FRONT_CAPTURES 10

struct exchange {
    struct client *client;
    struct front_worker *worker;
    struct arena arena;
    struct exchange *next_spare;

    struct http_request request;
    struct http_field list[HTTP_MAX_FIELDS];
    struct span head; /* its bytes, in the arena; see exchange_settle */
    int64_t began;
    struct timespec began_wall;

    struct front_server *server;
    struct conf_scope *scope; /* of the location, or of the server */
    struct front_location *location; /* or NULL */
    void (*handler)(struct exchange *x);
    void *handler_data;

    struct span method;   /* "" when there is no good request line */
    struct span uri;      /* $uri: decoded, normalised, NUL after it */
    struct span args;     /* $args */
    struct span host;     /* $host: lower case, without a port */
    bool keep_alive;
    bool head_only;       /* HEAD */
    unsigned redirects;   /* internal ones */
    unsigned phase;
    bool internal;

    struct span captures[FRONT_CAPTURES]; /* of the last regex that matched */
    struct regex *regex;  /* that one, for its named captures */
    struct span server_captures[FRONT_CAPTURES]; /* of server_name */
    struct regex *server_regex;

    struct request_body body;
    struct answer out;
    struct upstream_call *upstream;
    struct span pass_host; /* $proxy_host: as proxy_pass names it */
    struct span pass_uri;  /* what is asked of the upstream */
    void (*drained)(struct exchange *x); /* the queue has room again */
    void (*aborted)(struct exchange *x); /* the client left */
    bool half_closed; /* the client had said all before this began */
    bool ended;
    struct event_later later;
};

/* client.c */

/* Takes over an accepted socket. */
void client_open(struct front_worker *w, struct front_listen *listen, int fd,
                 const struct net_addr *peer);
/* The exchange is over and its answer written: read the next request, close
 * lingering, or close. */
void client_next(struct client *c, bool keep_alive);
void client_close(struct client *c);
/* The address that the client connected to.  Asked for once, and only
 * when it is wanted: it costs a system call. */
const struct net_addr *client_local(struct client *c);
/* Looks after the client once the loop has served the others. */
void client_soon(struct client *c);
/* Reads once into c->in: 1 when bytes came, 0 at the end of the stream, -1
 * when nothing is there now, -2 when the connection is broken. */
int client_read(struct client *c, size_t room);
/* Closes the connection that has been idle longest, and is still, because its
 * place is needed; false when there is none. */
bool client_close_oldest(struct front_worker *w);
/* The worker quits: those who may send a request have w->last_call to do so. */
void client_hasten(struct front_worker *w);

/* exchange.c */

/* A new exchange for the client, with an empty answer; NULL without memory. */
struct exchange *exchange_new(struct client *c);
/* Gives what has come of the request's head its home in the exchange's arena:
 * until then it lies in c->in, which moves, and nothing of it can be read.
 * False without memory. */
bool exchange_settle(struct exchange *x);
/* x->request is complete and settled, c->in begins with what follows it. */
void exchange_start(struct exchange *x);
/* Answers with the page of a status; the first bytes of the answer must not be
 * out yet, else the connection is broken off. */
void exchange_error(struct exchange *x, int status);
/* Runs the phases from the start with another URI: false when there have been
 * too many (500 was answered). */
bool exchange_redirect(struct exchange *x, struct span uri, struct span args);
/* Ends the exchange now: the connection is closed if the answer is not
 * complete. */
void exchange_abort(struct exchange *x);
/* Called when the answer's last byte is written. */
void exchange_done(struct exchange *x);

/* request_body.c */

/* Reads the whole body into memory and, beyond client_body_buffer_size, a
 * temporary file, then calls ready(x), maybe at once.  An error is answered
 * and ready never called. */
void body_read(struct exchange *x, void (*ready)(struct exchange *x));
/* The client has said Expect: 100-continue and has not been answered.
 * body_invite queues the answer, before any other. */
bool body_awaits_word(const struct exchange *x);
void body_invite(struct exchange *x);
/* Reads and drops what is left of it, then calls ready(x), maybe at once. */
void body_discard(struct exchange *x, void (*ready)(struct exchange *x));
/* The client's socket has more of the body, while it is read. */
void body_continue(struct exchange *x);
void body_free(struct exchange *x);

/* answer.c, output.c */

/* A further field of the answer; the spans must outlive the exchange's
 * arena's contents.  False without memory. */
bool answer_field(struct exchange *x, struct span name, struct span value);
struct span answer_get(const struct exchange *x, struct span name);
/* A field of the answer that is a list, in however many lines, has the element
 * `token`, in any letter case. */
bool answer_list_has(const struct exchange *x, struct span name,
                     struct span token);
/* x->out describes the whole, a 200: which of its variants does this client
 * get?  Sets out->vary and out->coded, and what comes of the 200 abides by
 * them: a 206, 304 or 416 says of the variants what it would say (RFC 9110
 * 15.3.7, 15.4.5).  A handler that makes one of those itself asks this first;
 * when the whole will be coded, there are no parts of it.  For all others
 * answer_begin does. */
void answer_choose(struct exchange *x);
/* Queues the head, after the filters have seen it. */
void answer_begin(struct exchange *x);
/* Queue parts of the body, through the filters.  `bytes` must live until they
 * are sent: in the arena, the configuration, or `chunk`, which gets one more
 * user.  The file stays open until the exchange's end. */
void answer_bytes(struct exchange *x, struct span bytes,
                  struct front_chunk *chunk);
void answer_file(struct exchange *x, int fd, uint64_t offset, uint64_t n);
/* That was the body. */
void answer_end(struct exchange *x);
/* A body of a few bytes with its head: everything in one. */
void answer_whole(struct exchange *x, int status, struct span type,
                  struct span body);

/* output.c: the queue to the socket. */
bool output_bytes(struct exchange *x, struct span bytes,
                  struct front_chunk *chunk);
bool output_file(struct exchange *x, int fd, uint64_t offset, uint64_t n);
/* The size line of a chunk of n bytes. */
bool output_size(struct exchange *x, size_t n);
/* So much waits that a handler should pause until it is drained: bytes, or
 * pieces of a few bytes each. */
bool output_full(const struct exchange *x, uint64_t bytes);
/* Writes what the socket takes. */
void output_flush(struct exchange *x);
void output_clear(struct exchange *x);
struct front_chunk *chunk_new(struct front_worker *w); /* with no user */
void chunk_use(struct front_chunk *chunk);
void chunk_drop(struct front_worker *w, struct front_chunk *chunk);

/* phases.c */
void phases_run(struct exchange *x);

/* log lines with the client, server, request and host of the exchange */
void exchange_log(struct exchange *x, int level, int errnum,
                  const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
