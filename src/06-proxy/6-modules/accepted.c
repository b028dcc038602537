/* accepted: the table, of which the rows, their settings and the reasons are
 * made. */

#include "accepted.h"
#include "module.h"

#define ALL (CONF_HTTP | CONF_SERVER | CONF_LOCATION)

#define HASHED   "a table here has the size that it needs"
#define NO_FILES "only a request's body is ever written to a file"
#define NOT_HERE "this protocol is not spoken here"
#define BY_CHUNK "answers are made in chunks of one size"

/* A row is FLAG, NUMBER, BUFFERS or PATH, as its value is; then where it may
 * stand, for a number its range, and the reason. */
#define DIRECTIVES                                                             \
    FLAG(accept_mutex, CONF_EVENTS, "EPOLLEXCLUSIVE wakes one worker")         \
    FLAG(pcre_jit, CONF_MAIN, "regular expressions are not compiled to code")  \
    FLAG(tcp_nopush, ALL, "a head always waits for its file")                  \
    NUMBER(types_hash_max_size, ALL, &conf_any_count, HASHED)                  \
    NUMBER(types_hash_bucket_size, ALL, &conf_any_count, HASHED)               \
    NUMBER(server_names_hash_max_size, CONF_HTTP, &conf_any_count, HASHED)     \
    NUMBER(server_names_hash_bucket_size, CONF_HTTP, &conf_any_count, HASHED)  \
    NUMBER(variables_hash_max_size, CONF_HTTP, CONF_RANGE(1, INT32_MAX),       \
           HASHED)                                                             \
    NUMBER(variables_hash_bucket_size, CONF_HTTP, CONF_RANGE(1, INT32_MAX),    \
           HASHED)                                                             \
    NUMBER(proxy_headers_hash_max_size, ALL, &conf_any_count, HASHED)          \
    NUMBER(proxy_headers_hash_bucket_size, ALL, &conf_any_count, HASHED)       \
    BUFFERS(gzip_buffers, ALL, BY_CHUNK)                                       \
    BUFFERS(output_buffers, ALL, BY_CHUNK)                                     \
    PATH(proxy_temp_path, ALL, NO_FILES)                                       \
    PATH(uwsgi_temp_path, ALL, NO_FILES)                                       \
    PATH(fastcgi_temp_path, ALL, NOT_HERE)                                     \
    PATH(scgi_temp_path, ALL, NOT_HERE)

/* What was said is kept, to refuse it a second time. */
struct accepted_settings {
#define FLAG(name, ...)    int64_t name;
#define NUMBER(name, ...)  int64_t name;
#define BUFFERS(name, ...) int64_t name;
#define PATH(name, ...)    const struct span *name;
    DIRECTIVES
#undef FLAG
#undef NUMBER
#undef BUFFERS
#undef PATH
};

#define AT(name) offsetof(struct accepted_settings, name)

static const struct conf_row accepted_rows[] = {
#define FLAG(name, where, reason) CONF_FLAG(#name, where, AT(name), 0),
#define NUMBER(name, where, range, reason)                                     \
    CONF_COUNT(#name, where, AT(name), 1, range),
#define BUFFERS(name, where, reason)                                           \
    {#name,       where,    2, 2,                       false,                 \
     conf_set_buffers, CONF_NUMBER, AT(name), 1, CONF_RANGE(1, INT32_MAX)},
#define PATH(name, where, reason)                                              \
    CONF_POINTED(#name, where, 1, 4, conf_set_temp_path, AT(name)),
    DIRECTIVES
#undef FLAG
#undef NUMBER
#undef BUFFERS
#undef PATH
    {0},
};

const struct accepted accepted_directives[] = {
#define FLAG(name, where, reason)          {#name, reason},
#define NUMBER(name, where, range, reason) {#name, reason},
#define BUFFERS(name, where, reason)       {#name, reason},
#define PATH(name, where, reason)          {#name, reason},
    DIRECTIVES
    {0},
};

const struct module accepted_module = {
    .name = "accepted",
    .index = MODULE_INDEX,
    .rows = accepted_rows,
    .settings = sizeof(struct accepted_settings),
};
