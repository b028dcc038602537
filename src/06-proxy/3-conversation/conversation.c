/* conversation: the directives about clients, and the folders for what they
 * send. */

#include "conversation.h"
#include "module.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WHERE_ALL    (CONF_HTTP | CONF_SERVER | CONF_LOCATION)
#define WHERE_SERVER (CONF_HTTP | CONF_SERVER)

/* keepalive_timeout TIME [HEADER-TIME] */
static bool set_keepalive(struct conf *cf, const struct conf_row *row,
                          void *settings)
{
    struct conversation_settings *s = settings;

    if (!conf_set_msec(cf, row, settings))
        return false;
    s->keepalive_header = -1;
    if (cf->count == 3) {
        if (!conf_parse_msec(cf, cf->words[2], row->allowed,
                             &s->keepalive_header))
            return conf_error(cf, "\"%s\" directive invalid value", row->name);
        s->keepalive_header /= 1000;
    }
    return true;
}

/* large_client_header_buffers NUMBER SIZE; their product is the largest head,
 * which the parser counts in 32 bits. */
static bool set_large_buffers(struct conf *cf, const struct conf_row *row,
                              void *settings)
{
    struct conversation_settings *s = settings;

    if (!conf_set_buffers(cf, row, settings) ||
        !conf_parse_size(cf, cf->words[2], &conf_any_size,
                         &s->large_buffer_size))
        return false;
    return s->large_buffers * s->large_buffer_size <= INT32_MAX ||
           conf_error(cf,
                      "the buffers of \"%s\" add up to more than %d "
                      "bytes",
                      row->name, INT32_MAX);
}

#define AT(member) offsetof(struct conversation_settings, member)

static const struct conf_row conversation_rows[] = {
    CONF_MSEC("client_header_timeout", WHERE_SERVER, AT(client_header_timeout),
              60000),
    CONF_MSEC("client_body_timeout", WHERE_ALL, AT(client_body_timeout), 60000),
    CONF_MSEC("send_timeout", WHERE_ALL, AT(send_timeout), 60000),
    {"keepalive_timeout", WHERE_ALL, 1, 2, false, set_keepalive, CONF_NUMBER,
     AT(keepalive_timeout), 75000, &conf_any_time},
    CONF_COUNT("keepalive_requests", WHERE_ALL, AT(keepalive_requests), 1000,
               &conf_any_count),
    CONF_MSEC("keepalive_time", WHERE_ALL, AT(keepalive_time), 3600000),
    CONF_MSEC("lingering_time", WHERE_ALL, AT(lingering_time), 30000),
    CONF_MSEC("lingering_timeout", WHERE_ALL, AT(lingering_timeout), 5000),
    CONF_SIZE("client_header_buffer_size", WHERE_SERVER,
              AT(client_header_buffer_size), 1024, &conf_any_size),
    {"large_client_header_buffers", WHERE_SERVER, 2, 2, false,
     set_large_buffers, CONF_NUMBER, AT(large_buffers), 4,
     CONF_RANGE(1, INT32_MAX)},
    CONF_SIZE("client_max_body_size", WHERE_ALL, AT(client_max_body_size),
              1 << 20, &conf_any_offset),
    CONF_SIZE("client_body_buffer_size", WHERE_ALL, AT(client_body_buffer_size),
              16384, &conf_any_size),
    CONF_POINTED("client_body_temp_path", WHERE_ALL, 1, 4, conf_set_temp_path,
                 AT(client_body_temp_path)),
    CONF_FLAG("server_tokens", WHERE_ALL, AT(server_tokens), 1),
    CONF_FLAG("tcp_nodelay", WHERE_ALL, AT(tcp_nodelay), 1),
    CONF_FLAG("reset_timedout_connection", WHERE_ALL,
              AT(reset_timedout_connection), 0),
    CONF_FLAG("ignore_invalid_headers", WHERE_SERVER,
              AT(ignore_invalid_headers), 1),
    CONF_FLAG("underscores_in_headers", WHERE_SERVER,
              AT(underscores_in_headers), 0),
    CONF_FLAG("sendfile", WHERE_ALL, AT(sendfile), 0),
    CONF_FLAG("merge_slashes", WHERE_SERVER, AT(merge_slashes), 1),
    {0},
};

/* The second numbers of two directives have no row; 0 is unset. */
static bool conversation_finish(struct conf *cf, void *settings,
                                const void *parent)
{
    struct conversation_settings *s = settings;
    const struct conversation_settings *p = parent;

    if (s->large_buffer_size == 0)
        s->large_buffer_size = p != NULL ? p->large_buffer_size : 8192;
    if (s->keepalive_header == 0)
        s->keepalive_header = p != NULL ? p->keepalive_header : -1;
    if (s->client_body_temp_path == NULL) {
        struct span *path = arena_alloc(cf->arena, sizeof *path);

        if (path == NULL)
            return false;
        *path = conf_path(cf, cf->body_temp);
        s->client_body_temp_path = path;
    }
    return true;
}

bool conversation_make_temp_paths(const struct conf_scope *first, uid_t owner,
                                  struct err *err)
{
    const char *done = "";

    for (const struct conf_scope *s = first; s != NULL; s = s->next) {
        const char *path = conversation(s)->client_body_temp_path->ptr;

        if (strcmp(path, done) == 0)
            continue;
        done = path;
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return err_set(err, "mkdir() \"%s\" failed (%d: %s)", path, errno,
                           strerror(errno));
        if (owner != (uid_t)-1 && chown(path, owner, (gid_t)-1) != 0)
            return err_set(err, "chown() \"%s\" failed (%d: %s)", path, errno,
                           strerror(errno));
    }
    return true;
}

const struct module conversation_module = {
    .name = "conversation",
    .index = MODULE_INDEX,
    .rows = conversation_rows,
    .settings = sizeof(struct conversation_settings),
    .finish = conversation_finish,
};
