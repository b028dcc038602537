/* front_blocks: what the setters of http, server and location share among the
 * files that hold them. */

#ifndef STRATA_FRONT_BLOCKS_H
#define STRATA_FRONT_BLOCKS_H

#include "front_conf.h"

conf_set front_set_listen;
conf_set front_set_server_name;

/* `listen *:80`, or *:8000 for who may not bind below 1024. */
bool front_listen_default(struct conf *cf, struct front_conf *fc,
                          struct front_server *s);

/* A place's find_server: among those of the listen that the client came by. */
bool front_find_here(struct exchange *x);

/* When all servers are read: a specific address whose port a wildcard has too
 * needs no socket of its own; and each becomes a place of clients. */
bool front_listen_join(struct conf *cf, struct front_conf *fc);

#endif
