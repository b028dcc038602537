/* front_worker: what one worker process owns. */

#ifndef STRATA_FRONT_WORKER_H
#define STRATA_FRONT_WORKER_H

#include "arena.h"
#include "event.h"
#include "http_date.h"

struct client;
struct error_log;
struct exchange;
struct front_chunk;
struct hooks;

struct client_list {
    struct client *first, *last;
};

struct front_worker {
    struct event_loop *loop;
    const struct hooks *hooks;   /* of the configuration's modules */
    const struct error_log *log; /* of the main level */
    int root;                    /* the directory "/", open */
    struct http_clock clock;
    struct client_list idle; /* may be closed at any time; oldest first */
    struct client_list busy;
    struct exchange *spare; /* ended ones, kept with their memory */
    unsigned spare_count;
    struct front_chunk *spare_chunks;
    unsigned spare_chunk_count;
    unsigned connections;     /* in use, those to upstreams too */
    unsigned max_connections; /* worker_connections */
    uint64_t next_serial;
    bool quitting;     /* accept nothing new; each answer is a client's last */
    int64_t last_call; /* ms that a silent client then has */
};

#endif
