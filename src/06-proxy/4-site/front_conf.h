/* front_conf: the http block, its servers, their addresses and locations.
 *
 * Built while the configuration is read, then only read. */

#ifndef STRATA_FRONT_CONF_H
#define STRATA_FRONT_CONF_H

#include "connection.h"
#include "module.h"
#include "net.h"
#include "regex.h"

struct front_location {
    struct front_location *next;
    enum {
        LOCATION_PREFIX,    /* location /path */
        LOCATION_NO_REGEX,  /* location ^~ /path */
        LOCATION_EXACT,     /* location = /path */
        LOCATION_REGEX,     /* location ~ or ~* */
        LOCATION_NAMED,     /* location @name */
    } kind;
    struct span name;
    struct regex *regex;
    bool slash_added; /* /dir/ is passed on, and /dir sent there by 301 */
    struct conf_scope *scope;
    struct front_location *inner; /* nested, in the order of the file */
};

struct front_name {
    struct front_name *next;
    enum { NAME_EXACT, NAME_HEAD, NAME_TAIL, NAME_REGEX } kind;
    struct span text; /* NAME_HEAD ".example.com", NAME_TAIL "www.example." */
    bool bare;        /* NAME_HEAD from ".example.com": also example.com */
    struct regex *regex;
};

struct front_server {
    struct front_server *next;
    struct front_name *names, **last_name;
    struct span name; /* the first, $server_name; may be empty */
    struct conf_scope *scope;
    struct front_location *locations;
    bool listens; /* has a listen directive */
};

/* One address and the servers that answer there. */
struct front_listen {
    struct place place;       /* for the clients that come by it */
    struct front_listen *next;
    struct net_addr addr;
    char text[NET_ADDR_TEXT]; /* as it was written, port and all */
    struct front_listen *wildcard; /* not bound: its socket is this one's */
    bool has_specific;        /* some others' wildcard is this one */
    int backlog;
    bool reuseport, ipv6only, deferred, default_given, set;
    struct front_server **servers; /* in order; the first is the default */
    unsigned count, room;
    int *sockets;             /* once the cycle has opened them, */
    unsigned socket_count;    /* with reuseport one a worker */
};

struct front_conf {
    struct conf_scope *scope;
    struct front_server *servers, **last_server;
    struct front_listen *listens, **last_listen;
    const struct hooks *hooks; /* of the modules, for its exchanges */
};

/* Where a client has come to whose connection a listen has accepted: behind a
 * wildcard socket the address may have servers of its own. */
const struct place *front_listen_place(const struct front_conf *fc,
                                       const struct front_listen *l, int fd);

/* The server for a host name (lower case, without port) at this address.  NULL
 * with err set when a regular expression gave up: nobody knows then. */
struct front_server *front_find_server(const struct front_listen *l,
                                       struct span host, struct span *captures,
                                       struct regex **regex, struct err *err);

/* The location for a URI: exact, then the longest prefix, then the regular
 * expressions in order unless the prefix forbids them (^~); inside the nested
 * ones likewise.  *found is NULL where the server's own scope serves.  False
 * with err set when a regular expression gave up: it may stand for a location
 * that keeps the request out. */
bool front_find_location(struct front_location *list, struct span uri,
                         struct span *captures, struct regex **regex,
                         struct front_location **found, struct err *err);

/* The block directives: http, server, location, listen, server_name. */
extern const struct module front_module;

#endif
