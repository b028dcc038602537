/* upstream: the servers behind the proxy, and one request's dealings with
 * them.
 *
 * A group (upstream NAME { }) has peers; balance.c picks one for each try.  A
 * call is an exchange's conversation with the chosen peer: connect, send,
 * receive the head, relay the body; when a try fails before anything reached
 * the client, the next peer may be asked. */

#ifndef STRATA_UPSTREAM_H
#define STRATA_UPSTREAM_H

#include "module.h"
#include "event.h"
#include "http_reply.h"
#include "net.h"

struct exchange;
struct front_conf;
struct front_worker;

struct upstream_peer {
    struct net_addr addr;
    struct span name; /* "127.0.0.1:9090", for logs */
    int64_t weight, max_fails, fail_timeout, max_conns;
    bool down, backup;

    /* What this worker knows of it. */
    int64_t current, effective; /* of the smooth weighted round robin */
    int64_t fails, checked, failed_at;
    int64_t connections;
};

struct upstream {
    struct upstream *next;
    struct span name;
    bool implicit; /* named by a pass directive alone: it is an address */
    unsigned default_port;
    struct span file; /* where it was first named */
    unsigned line;
    struct upstream_peer *peers;
    unsigned count, room;
};

/* balance.c */

/* The next peer to try, not one of those in `tried` (a flag a peer); NULL when
 * there is none left.  `now` in ms. */
struct upstream_peer *upstream_pick(struct upstream *u, bool *tried,
                                    int64_t now);
/* The try is over; it failed, or it did not. */
void upstream_leave(struct upstream *u, struct upstream_peer *p, bool failed,
                    int64_t now);

/* upstream_conf.c */

/* The group of this name or address ("backend", "127.0.0.1:9090",
 * "unix:/path"); its block may come later in the configuration.
 * `default_port` is for an address without one.  NULL after conf_error. */
struct upstream *upstream_for(struct conf *cf, struct span address,
                              unsigned default_port);
/* At run time, for a pass directive with variables: a group, or an address
 * that needs no resolver, made in the exchange's arena; NULL when neither. */
struct upstream *upstream_resolve(struct exchange *x, struct span address,
                                  unsigned default_port);
/* After the whole configuration: groups that no block has defined are
 * addresses. */
bool upstream_check(struct conf *cf, struct front_conf *fc);

extern const struct module upstream_module, proxy_module, uwsgi_module;

/* What may be tried again on the next peer (proxy_next_upstream). */
enum upstream_next {
    NEXT_OFF = 1,
    NEXT_ERROR = 2,
    NEXT_TIMEOUT = 4,
    NEXT_INVALID_HEADER = 8,
    NEXT_HTTP_500 = 16,
    NEXT_HTTP_502 = 32,
    NEXT_HTTP_503 = 64,
    NEXT_HTTP_504 = 128,
    NEXT_HTTP_403 = 256,
    NEXT_HTTP_404 = 512,
    NEXT_HTTP_429 = 1024,
    NEXT_NON_IDEMPOTENT = 2048,
};

struct name_list {
    struct name_list *next;
    struct span name;
};

/* The settings that proxy_ and uwsgi_ share. */
struct pass_settings {
    int64_t connect_timeout, send_timeout, read_timeout;
    int64_t buffer_size;
    int64_t next_upstream, next_tries, next_timeout;
    int64_t pass_request_headers, pass_request_body;
    int64_t ignore_client_abort;
    struct name_list *hide, *pass; /* proxy_hide_header, proxy_pass_header */
};

/* A protocol towards upstreams. */
struct upstream_protocol {
    struct span scheme; /* for logs: "http://" */
    /* Appends the request's head; the body follows it as it is. */
    bool (*request)(struct exchange *x, struct buf *out);
    /* Fields of the reply that are not for the client. */
    const struct span *hidden;
    /* May change the value of Location; may be NULL. */
    struct span (*location)(struct exchange *x, struct span value);
};

/* upstream_call.c */

/* Begins: the request's body has been read.  The exchange is answered, with
 * 502 or 504 in the worst case. */
void upstream_start(struct exchange *x, struct upstream *u,
                    const struct upstream_protocol *protocol,
                    const struct pass_settings *settings);
/* Ends what the exchange may have under way. */
void upstream_forget(struct exchange *x);
/* `, upstream: "http://127.0.0.1:80"` for the error log, or nothing. */
void upstream_about(struct exchange *x, char *text, size_t size);

/* upstream_vars.c: values for the table of variables. */
struct span upstream_get_addr(struct exchange *x, struct span rest);
struct span upstream_get_status(struct exchange *x, struct span rest);
struct span upstream_get_time(struct exchange *x, struct span rest);
struct span upstream_get_http(struct exchange *x, struct span rest);
struct span upstream_get_host(struct exchange *x, struct span rest);
struct span upstream_get_port(struct exchange *x, struct span rest);

#endif
