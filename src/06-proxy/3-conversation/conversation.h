/* conversation: the directives that tune how clients are served: times,
 * sizes, redirects, what the server calls itself. */

#ifndef STRATA_CONVERSATION_H
#define STRATA_CONVERSATION_H

#include "module.h"

#include <sys/types.h>

struct conversation_settings {
    int64_t client_header_timeout, client_body_timeout, send_timeout;
    int64_t keepalive_timeout; /* 0: no keep-alive */
    int64_t keepalive_header;  /* seconds of the Keep-Alive field; -1: none */
    int64_t keepalive_requests, keepalive_time;
    int64_t lingering_time, lingering_timeout;
    int64_t client_header_buffer_size;
    int64_t large_buffers, large_buffer_size; /* large_client_header_buffers */
    int64_t client_max_body_size;             /* 0: not checked */
    int64_t client_body_buffer_size;
    int64_t server_tokens;
    int64_t tcp_nodelay, sendfile;
    int64_t reset_timedout_connection;
    int64_t ignore_invalid_headers, underscores_in_headers;
    int64_t merge_slashes;
    const struct span *client_body_temp_path;
};

extern const struct module conversation_module;

/* Makes the directories for temporary files that the scopes from `first` (NULL:
 * none) on name, for workers that run as `owner` (-1: as we do).  False with
 * *err set in nginx's words. */
bool conversation_make_temp_paths(const struct conf_scope *first, uid_t owner,
                                  struct err *err);

static inline const struct conversation_settings *
conversation(const struct conf_scope *scope)
{
    return CONF_OF(scope, &conversation_module);
}

#endif
