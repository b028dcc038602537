/* wsgi_options: a row for each option, with uWSGI's name, and who takes it.
 *
 * First stand the takers, then the table, then who looks in it: the command
 * line here, and files in the next stage.  A taker has the parameters of all of
 * them. */

#include "wsgi_options.h"
#include "http_options.h"
#include "wsgi_mount.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool wsgi_apply_text(const struct wsgi_option *o, struct wsgi_config *c,
                     const char *value, struct err *err)
{
    return wsgi_set_text(wsgi_option_field(o, c), value, err);
}

bool wsgi_apply_list(const struct wsgi_option *o, struct wsgi_config *c,
                     const char *value, struct err *err)
{
    return wsgi_add_text(wsgi_option_field(o, c), value, err);
}

bool wsgi_apply_flag(const struct wsgi_option *o, struct wsgi_config *c,
                     const char *value, struct err *err)
{
    *(bool *)wsgi_option_field(o, c) = strcmp(value, "true") == 0;
    return true;
}

bool wsgi_apply_number(const struct wsgi_option *o, struct wsgi_config *c,
                       const char *value, struct err *err)
{
    uint64_t n;

    if (!span_decimal(span_of(value), &n) || n < o->least || n > o->most)
        return err_set(err, "\"%s\": expected a whole number from %llu to %llu",
                       value, (unsigned long long)o->least,
                       (unsigned long long)o->most);
    *(uint64_t *)wsgi_option_field(o, c) = n;
    return true;
}

static bool apply_seconds(const struct wsgi_option *o, struct wsgi_config *c,
                          const char *value, struct err *err)
{
    return wsgi_read_seconds(value, wsgi_option_field(o, c), err);
}

/* One number for all three waits inside a request, as uWSGI has it. */
static bool apply_socket_timeout(const struct wsgi_option *o,
                                 struct wsgi_config *c, const char *value,
                                 struct err *err)
{
    if (!wsgi_read_seconds(value, &c->body_timeout, err))
        return false;
    c->head_timeout = c->send_timeout = c->body_timeout;
    return true;
}

static bool apply_need_app(const struct wsgi_option *o, struct wsgi_config *c,
                           const char *value, struct err *err)
{
    c->without_app =
        strcmp(value, "true") == 0 ? WSGI_ENDS_AS_UWSGI : WSGI_SERVES_500;
    return true;
}

static bool apply_mount(const struct wsgi_option *o, struct wsgi_config *c,
                        const char *value, struct err *err)
{
    return wsgi_mount_add(c, value, err);
}

static bool apply_http_socket(const struct wsgi_option *o,
                              struct wsgi_config *c, const char *value,
                              struct err *err)
{
    return wsgi_add_socket(c, value, WSGI_HTTP, false, err);
}

static bool apply_uwsgi_socket(const struct wsgi_option *o,
                               struct wsgi_config *c, const char *value,
                               struct err *err)
{
    return wsgi_add_socket(c, value, WSGI_UWSGI, false, err);
}

static bool apply_socket(const struct wsgi_option *o, struct wsgi_config *c,
                         const char *value, struct err *err)
{
    return wsgi_add_socket(c, value, WSGI_UWSGI, true, err);
}

static bool apply_protocol(const struct wsgi_option *o, struct wsgi_config *c,
                           const char *value, struct err *err)
{
    if (strcasecmp(value, "http") == 0)
        c->protocol = WSGI_HTTP;
    else if (strcasecmp(value, "uwsgi") == 0)
        c->protocol = WSGI_UWSGI;
    else
        return err_set(err, "\"%s\": expected uwsgi or http", value);
    return true;
}

static bool apply_limit_post(const struct wsgi_option *o, struct wsgi_config *c,
                             const char *value, struct err *err)
{
    if (!wsgi_apply_number(o, c, value, err))
        return false;
    if (c->limit_post == 0)
        c->limit_post = UINT64_MAX;
    return true;
}

static bool apply_chmod(const struct wsgi_option *o, struct wsgi_config *c,
                        const char *value, struct err *err)
{
    unsigned mode = 0;
    const char *p = value;

    while (*p >= '0' && *p <= '7' && mode <= 0777)
        mode = mode * 8 + (unsigned)(*p++ - '0');
    if (p == value || *p != 0)
        return err_set(err,
                       "\"%s\": expected an octal mode from 0 to 7777, such as "
                       "660",
                       value);
    c->chmod_socket = (int)mode;
    return true;
}

/* Python is built in, so there is nothing to load; another language is not
 * there, and silence would hide that. */
static bool apply_plugin(const struct wsgi_option *o, struct wsgi_config *c,
                         const char *value, struct err *err)
{
    struct span rest = span_of(value), item;

    while (span_next(&rest, ',', &item))
        if (!span_starts(item, SPAN("python")) && !span_eq(item, SPAN("http")))
            return err_set(err,
                           "\"%.*s\": there are no plugins; Python is built "
                           "in, other languages are not served",
                           SPAN_ARG(item));
    return true;
}

#define AT(member) offsetof(struct wsgi_config, member)

const struct wsgi_option wsgi_options[] = {
    {"http-socket", 0, WSGI_VALUE, "ADDR",
     "serve HTTP on host:port, :port, /path or fd://N", apply_http_socket, 0},
    {"http", 0, WSGI_VALUE, NULL, NULL, apply_http_socket, 0},
    {"socket", 's', WSGI_VALUE, "ADDR",
     "serve the uwsgi protocol there (see --protocol)", apply_socket, 0},
    {"uwsgi-socket", 0, WSGI_VALUE, "ADDR",
     "serve the uwsgi protocol there, whatever --protocol says",
     apply_uwsgi_socket, 0},
    {"protocol", 0, WSGI_VALUE, "NAME",
     "what --socket speaks: uwsgi (default) or http", apply_protocol, 0},
    {"chmod-socket", 0, WSGI_VALUE, "MODE",
     "permissions of unix sockets, in octal: 660", apply_chmod, 0},
    {"listen", 'l', WSGI_VALUE, "N",
     "how many connections may wait to be accepted (100)", wsgi_apply_number,
     AT(listen), 1, 65535},
    {"module", 'w', WSGI_VALUE, "MODULE[:CALLABLE]",
     "the application, by the name that `import` takes", wsgi_apply_text,
     AT(module)},
    {"wsgi", 0, WSGI_VALUE, NULL, NULL, wsgi_apply_text, AT(module)},
    {"wsgi-file", 0, WSGI_VALUE, "FILE", "the application, by its file",
     wsgi_apply_text, AT(wsgi_file)},
    {"file", 0, WSGI_VALUE, NULL, NULL, wsgi_apply_text, AT(wsgi_file)},
    {"callable", 0, WSGI_VALUE, "NAME",
     "its name there (application); a.b and make_app() too", wsgi_apply_text,
     AT(callable)},
    {"mount", 0, WSGI_VALUE, "PATH=APP",
     "the application at PATH: file.py or module:callable; may be repeated",
     apply_mount, 0},
    {"manage-script-name", 0, WSGI_FLAG, NULL,
     "find the mount in the path; else the front's SCRIPT_NAME names it",
     wsgi_apply_flag, AT(manage_script_name)},
    {"chdir", 0, WSGI_VALUE, "DIR", "work in this directory", wsgi_apply_text,
     AT(chdir)},
    {"pythonpath", 0, WSGI_VALUE, "DIR",
     "look for modules there too; may be repeated", wsgi_apply_list,
     AT(pythonpath)},
    {"python-path", 0, WSGI_VALUE, NULL, NULL, wsgi_apply_list, AT(pythonpath)},
    {"pp", 0, WSGI_VALUE, NULL, NULL, wsgi_apply_list, AT(pythonpath)},
    {"virtualenv", 'H', WSGI_VALUE, "DIR",
     "use this virtual environment's packages", wsgi_apply_text,
     AT(virtualenv)},
    {"home", 0, WSGI_VALUE, NULL, NULL, wsgi_apply_text, AT(virtualenv)},
    {"venv", 0, WSGI_VALUE, NULL, NULL, wsgi_apply_text, AT(virtualenv)},
    {"env", 0, WSGI_VALUE, "NAME=VALUE",
     "set an environment variable; may be repeated", wsgi_apply_list, AT(env)},
    {"need-app", 0, WSGI_FLAG, NULL,
     "end with 22, not 1, without an application; =false: serve 500",
     apply_need_app, 0},
    {"buffer-size", 'b', WSGI_VALUE, "BYTES",
     "largest head or uwsgi packet (65535)", wsgi_apply_number, AT(buffer_size),
     512, 1 << 20},
    {"limit-post", 0, WSGI_VALUE, "BYTES", "largest request body (0: no limit)",
     apply_limit_post, AT(limit_post), 0, UINT64_MAX},
    {"socket-timeout", 0, WSGI_VALUE, "SECONDS",
     "longest wait for a client inside a request (body 4, else 60)",
     apply_socket_timeout, 0},
    {"http-timeout", 0, WSGI_VALUE, NULL, NULL, apply_socket_timeout, 0},
    {"http-keepalive-timeout", 0, WSGI_VALUE, "SECONDS",
     "longest wait for the next request of an HTTP connection (75)",
     apply_seconds, AT(idle_timeout)},
    {"disable-logging", 'L', WSGI_FLAG, NULL, "no line for each request",
     wsgi_apply_flag, AT(disable_logging)},
    {"plugin", 0, WSGI_VALUE, "NAME",
     "accepted for uWSGI's sake: Python is built in", apply_plugin, 0},
    {"plugins", 0, WSGI_VALUE, NULL, NULL, apply_plugin, 0},
    {0},
};

const struct wsgi_option *wsgi_option_named(const struct wsgi_option *table,
                                            struct span name)
{
    for (const struct wsgi_option *o = table; o->name != NULL; o++)
        if (span_eq(span_of(o->name), name))
            return o;
    return NULL;
}

const struct wsgi_option *wsgi_option_lettered(const struct wsgi_option *table,
                                               int letter)
{
    for (const struct wsgi_option *o = table; o->name != NULL; o++)
        if (o->letter == letter)
            return o;
    return NULL;
}

static bool is_off(const char *value)
{
    static const char *const words[] = {"false", "off", "no", "0"};
    for (size_t i = 0; i < COUNT(words); i++)
        if (strcasecmp(value, words[i]) == 0)
            return true;
    return false;
}

bool wsgi_option_apply(struct wsgi_config *c, const struct wsgi_option *o,
                       const char *value, struct err *err)
{
    struct err why;

    if (o->arg == WSGI_FLAG)
        value = value != NULL && is_off(value) ? "false" : "true";
    else if (value == NULL)
        return err_set(err, "option --%s wants a value: %s", o->name,
                       o->value_name != NULL ? o->value_name : "VALUE");
    if (!o->apply(o, c, value, &why))
        return err_set(err, "option --%s: %s", o->name, why.text);
    return true;
}

void wsgi_options_help(const struct wsgi_option *table)
{
    for (const struct wsgi_option *o = table; o->name != NULL;) {
        char names[160];
        int n = 0;
        const struct wsgi_option *first = o;

        if (o->letter != 0)
            n += snprintf(names + n, sizeof names - (size_t)n, "-%c, ",
                          o->letter);
        do {
            n += snprintf(names + n, sizeof names - (size_t)n, "%s--%s",
                          o == first ? "" : ", ", o->name);
            o++;
        } while (o->name != NULL && o->help == NULL);
        printf("  %s%s%s\n        %s\n", names,
               first->value_name != NULL ? " " : "",
               first->value_name != NULL ? first->value_name : "", first->help);
    }
}

bool wsgi_read_seconds(const char *value, int64_t *ms, struct err *err)
{
    return http_read_seconds(span_of(value), ms) ||
           err_set(err, "\"%s\": expected a number of " HTTP_SECONDS, value);
}
