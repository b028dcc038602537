/* front_settings: the rows; see front_settings.h. */

#include "front_settings.h"

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
    struct front_settings *s = settings;

    if (!conf_set_msec(cf, row, settings))
        return false;
    s->keepalive_header = -1;
    if (cf->count == 3) {
        if (!conf_parse_msec(cf->words[2], &s->keepalive_header))
            return conf_error(cf, "invalid value");
        s->keepalive_header /= 1000;
    }
    return true;
}

/* large_client_header_buffers NUMBER SIZE */
static bool set_large_buffers(struct conf *cf, const struct conf_row *row,
                              void *settings)
{
    struct front_settings *s = settings;

    if (s->large_buffer_size != 0)
        return conf_error(cf, "\"%s\" directive is duplicate", row->name);
    if (!conf_parse_number(cf->words[1], &s->large_buffers) ||
        s->large_buffers == 0)
        return conf_error(cf, "invalid value \"%.*s\"",
                          SPAN_ARG(cf->words[1]));
    if (!conf_parse_size(cf->words[2], &s->large_buffer_size) ||
        s->large_buffer_size == 0)
        return conf_error(cf, "invalid value \"%.*s\"",
                          SPAN_ARG(cf->words[2]));
    if (s->large_buffers * s->large_buffer_size > INT32_MAX)
        return conf_error(cf, "the buffers of \"%s\" add up to more than 2g",
                          row->name);
    return true;
}

/* Relative to the prefix.  The numbers that may follow spread files over
 * subdirectories; ours have no names, so they need none. */
static bool set_temp_path(struct conf *cf, const struct conf_row *row,
                          void *settings)
{
    cf->words[1] = conf_path(cf, cf->words[1]);
    return conf_set_text(cf, row, settings);
}

#define AT(member) CONF_NUMBER, offsetof(struct front_settings, member)

static const struct conf_row front_settings_rows[] = {
    {"client_header_timeout", WHERE_SERVER, 1, 1, false, conf_set_msec,
     AT(client_header_timeout), 60000, NULL},
    {"client_body_timeout", WHERE_ALL, 1, 1, false, conf_set_msec,
     AT(client_body_timeout), 60000, NULL},
    {"send_timeout", WHERE_ALL, 1, 1, false, conf_set_msec, AT(send_timeout),
     60000, NULL},
    {"keepalive_timeout", WHERE_ALL, 1, 2, false, set_keepalive,
     AT(keepalive_timeout), 75000, NULL},
    {"keepalive_requests", WHERE_ALL, 1, 1, false, conf_set_number,
     AT(keepalive_requests), 1000, NULL},
    {"keepalive_time", WHERE_ALL, 1, 1, false, conf_set_msec,
     AT(keepalive_time), 3600000, NULL},
    {"lingering_time", WHERE_ALL, 1, 1, false, conf_set_msec,
     AT(lingering_time), 30000, NULL},
    {"lingering_timeout", WHERE_ALL, 1, 1, false, conf_set_msec,
     AT(lingering_timeout), 5000, NULL},
    {"client_header_buffer_size", WHERE_SERVER, 1, 1, false, conf_set_size,
     AT(client_header_buffer_size), 1024, NULL},
    {"large_client_header_buffers", WHERE_SERVER, 2, 2, false,
     set_large_buffers, AT(large_buffers), 4, NULL},
    {"client_max_body_size", WHERE_ALL, 1, 1, false, conf_set_size,
     AT(client_max_body_size), 1 << 20, NULL},
    {"client_body_buffer_size", WHERE_ALL, 1, 1, false, conf_set_size,
     AT(client_body_buffer_size), 16384, NULL},
    {"client_body_temp_path", WHERE_ALL, 1, 4, false, set_temp_path,
     CONF_POINTER, offsetof(struct front_settings, client_body_temp_path), 0,
     NULL},
    {"server_tokens", WHERE_ALL, 1, 1, false, conf_set_flag,
     AT(server_tokens), 1, NULL},
    {"tcp_nodelay", WHERE_ALL, 1, 1, false, conf_set_flag, AT(tcp_nodelay), 1,
     NULL},
    {"tcp_nopush", WHERE_ALL, 1, 1, false, conf_set_flag, AT(tcp_nopush), 0,
     NULL},
    {"sendfile", WHERE_ALL, 1, 1, false, conf_set_flag, AT(sendfile), 0, NULL},
    {"merge_slashes", WHERE_SERVER, 1, 1, false, conf_set_flag,
     AT(merge_slashes), 1, NULL},
    {"absolute_redirect", WHERE_ALL, 1, 1, false, conf_set_flag,
     AT(absolute_redirect), 1, NULL},
    {"port_in_redirect", WHERE_ALL, 1, 1, false, conf_set_flag,
     AT(port_in_redirect), 1, NULL},
    {"server_name_in_redirect", WHERE_ALL, 1, 1, false, conf_set_flag,
     AT(server_name_in_redirect), 0, NULL},
    {"chunked_transfer_encoding", WHERE_ALL, 1, 1, false, conf_set_flag,
     AT(chunked_transfer_encoding), 1, NULL},
    {NULL, 0, 0, 0, false, NULL, CONF_OTHER, 0, 0, NULL},
};

/* The second numbers of two directives have no row; 0 is unset. */
static bool front_settings_finish(struct conf *cf, void *settings,
                                  const void *parent)
{
    struct front_settings *s = settings;
    const struct front_settings *p = parent;

    if (s->large_buffer_size == 0)
        s->large_buffer_size = p ? p->large_buffer_size : 8192;
    if (s->keepalive_header == 0)
        s->keepalive_header = p ? p->keepalive_header : -1;
    if (s->client_body_temp_path == NULL) {
        struct span *path = arena_alloc(cf->arena, sizeof *path);

        if (path == NULL)
            return false;
        *path = conf_path(cf, cf->body_temp);
        s->client_body_temp_path = path;
    }
    return true;
}

bool front_make_temp_paths(const struct conf_scope *first, uid_t owner,
                           struct err *err)
{
    const char *done = "";

    for (const struct conf_scope *s = first; s != NULL; s = s->next) {
        const char *path = front_settings(s)->client_body_temp_path->ptr;

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

struct conf_module front_settings_module = {
    .name = "front_settings",
    .rows = front_settings_rows,
    .size = sizeof(struct front_settings),
    .finish = front_settings_finish,
};
