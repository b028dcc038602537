/* command: one table row a stage would be too much for the six of them; one
 * function builds each part. */

#include "command.h"

#include <string.h>
#include <unistd.h>

struct words {
    struct mem *m;
    char **list;
    size_t count;
};

static void add(struct words *w, const char *word)
{
    w->list = mem_grow(w->m, w->list, w->count, sizeof *w->list);
    w->list[w->count++] = (char *)word;
}

static void add_all(struct words *w, char *const *words)
{
    for (; words && *words; words++)
        add(w, *words);
}

static const char *place(const struct places *at, struct span name)
{
    const struct {
        const char *name, *value;
    } table[] = {{"addr", at->addr}, {"port", at->port}, {"app", at->app},
                 {"www", at->www},   {"apps", at->apps}, {"dir", at->dir}};

    if (name.len == 2 && name.ptr[0] == 'u' && name.ptr[1] >= '1' &&
        name.ptr[1] <= '9')
        return at->up[name.ptr[1] - '1'];
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (span_eq(name, span_of(table[i].name)))
            return table[i].value;
    return NULL;
}

/* Appends text, its @words@ replaced; an @ that begins none stays. */
static void expand(struct buf *out, struct span text, const struct places *at)
{
    while (text.len) {
        struct span inner = {text.ptr + 1, text.len - 1};
        const char *end = text.ptr[0] == '@' ? span_chr(inner, '@') : NULL;
        const char *value = NULL;

        if (end)
            value =
                place(at, (struct span){inner.ptr, (size_t)(end - inner.ptr)});
        if (value) {
            buf_add_text(out, value);
            text.len -= (size_t)(end + 1 - text.ptr);
            text.ptr = end + 1;
        } else {
            buf_add_char(out, text.ptr[0]);
            text = inner;
        }
    }
}

static void add_options(struct words *w, const struct corpus_case *c, int stage,
                        const struct places *at)
{
    for (size_t i = 0; i < c->option_count; i++) {
        struct span rest = c->options[i].text;

        while ((c->options[i].stages & 1u << stage) && rest.len) {
            struct buf out;

            buf_init(&out, 65536);
            expand(&out, case_word(&rest), at);
            add(w, mem_copy(w->m, buf_span(&out)).ptr);
            buf_free(&out);
        }
    }
}

static void add_app(struct words *w, const struct corpus_case *c,
                    const struct places *at)
{
    add(w, "--chdir");
    add(w, at->apps);
    add(w, "--wsgi-file");
    add(w, c->app.len ? c->app.ptr : "hello.py");
    if (c->callable.len) {
        add(w, "--callable");
        add(w, c->callable.ptr);
    }
}

static void add_site(struct words *w, const struct corpus_case *c, int stage,
                     const struct places *at)
{
    if (stage == 2) {
        add(w, "--root");
        add(w, at->www);
    } else if (stage == 3 && c->protocol == CASE_HTTP) {
        add(w, "--to");
        add(w, at->up[0]);
    }
    add_options(w, c, stage, at);
    add(w, at->addr);
}

static void add_host(struct words *w, const struct corpus_case *c, int stage,
                     const struct places *at)
{
    add_app(w, c, at);
    if (stage == 5) {
        add(w, "--master");
        add(w, "--processes");
        add(w, "2");
    }
    add_options(w, c, stage, at);
    add(w, c->protocol == CASE_UWSGI ? "--socket" : "--http-socket");
    add(w, at->addr);
}

char **command_words(struct mem *m, const struct corpus_case *c, int stage,
                     char *const *before, char *const *program,
                     const struct places *at)
{
    struct words w = {.m = m};

    add_all(&w, before);
    add_all(&w, program);
    if (stage <= 3) {
        add_site(&w, c, stage, at);
    } else if (stage <= 5) {
        add_host(&w, c, stage, at);
    } else {
        add(&w, "-p");
        add(&w, at->prefix);
        add(&w, "-c");
        add(&w, at->conf);
    }
    add(&w, NULL);
    return w.list;
}

char **command_backend(struct mem *m, const struct corpus_case *c,
                       char *const *program, const struct places *at)
{
    struct words w = {.m = m};

    add_all(&w, program);
    add_app(&w, c, at);
    add(&w, "--socket");
    add(&w, at->app);
    add(&w, NULL);
    return w.list;
}

static const struct {
    const char *option, *directive, *unit;
} directives[] = {
    {"--idle-timeout", "keepalive_timeout", "ms"},
    {"--head-timeout", "client_header_timeout", "ms"},
    {"--body-timeout", "client_body_timeout", "ms"},
    {"--send-timeout", "send_timeout", "ms"},
    {"--connect-timeout", "uwsgi_connect_timeout", "ms"},
    {"--reply-timeout", "uwsgi_read_timeout", "ms"},
    {"--max-body", "client_max_body_size", ""},
    {"--max-line", "large_client_header_buffers 4", ""},
};

/* "0.3" seconds to "300". */
static void add_value(struct buf *out, struct span value, const char *unit)
{
    struct mem m = {0};
    int64_t ms;

    if (*unit &&
        case_time(span_of(mem_printf(&m, "%.*ss", SPAN_ARG(value))), &ms))
        buf_printf(out, "%lld%s", (long long)ms, unit);
    else
        buf_add_span(out, value);
    mem_free(&m);
}

static void add_directives(struct buf *out, const struct corpus_case *c)
{
    for (size_t i = 0; i < c->option_count; i++) {
        struct span rest = c->options[i].text, word, value;
        uint64_t n;

        if (!(c->options[i].stages & 1u << 6))
            continue;
        word = case_word(&rest);
        value = case_word(&rest);
        for (size_t k = 0; k < sizeof directives / sizeof directives[0]; k++) {
            if (!span_eq(word, span_of(directives[k].option)))
                continue;
            buf_printf(out, "        %s ", directives[k].directive);
            add_value(out, value, directives[k].unit);
            buf_add_text(out, ";\n");
        }
        if (span_eq(word, SPAN("--max-line")) && span_decimal(value, &n) &&
            n < 1024)
            buf_printf(out, "        client_header_buffer_size %.*s;\n",
                       SPAN_ARG(value));
    }
}

/* The case's lines for a context; true when there is one that begins with
 * `prefix`. */
static bool add_lines(struct buf *out, const struct corpus_case *c,
                      enum case_context context, const char *indent,
                      const struct places *at)
{
    bool server = false;

    for (size_t i = 0; i < c->config_count; i++) {
        struct span text = c->configs[i].text;

        if (c->configs[i].at != (int)context)
            continue;
        buf_add_text(out, indent);
        expand(out, text, at);
        buf_add_char(out, '\n');
        server |= span_eq(case_word(&text), SPAN("server")) &&
                  span_starts(text, SPAN("{"));
    }
    return server;
}

static bool has_server_lines(const struct corpus_case *c)
{
    for (size_t i = 0; i < c->config_count; i++)
        if (c->configs[i].at == CONTEXT_SERVER)
            return true;
    return false;
}

static void add_server(struct buf *out, const struct corpus_case *c,
                       const struct places *at)
{
    const char *pass = c->app.len            ? at->app
                       : (c->upstreams & 1u) ? at->up[0]
                                             : NULL;

    buf_printf(out, "    server {\n        listen %s;\n        root %s;\n",
               at->addr, at->www);
    add_directives(out, c);
    add_lines(out, c, CONTEXT_SERVER, "        ", at);
    if (pass && !has_server_lines(c))
        buf_printf(out,
                   "        location / {\n            include uwsgi_params;\n"
                   "            uwsgi_pass %s;\n        }\n",
                   pass);
    buf_add_text(out, "    }\n");
}

void command_conf(struct buf *out, const struct corpus_case *c,
                  const struct places *at)
{
    /* nginx's workers give up root for "nobody", who could not read the
     * grader's folders. */
    if (geteuid() == 0)
        buf_add_text(out, "user root root;\n");
    buf_printf(out,
               "daemon off;\nworker_processes 1;\npid %s/nginx.pid;\n"
               "error_log stderr info;\n",
               at->prefix);
    add_lines(out, c, CONTEXT_MAIN, "", at);
    buf_add_text(out, "events {\n");
    add_lines(out, c, CONTEXT_EVENTS, "    ", at);
    buf_printf(out,
               "}\nhttp {\n    include mime.types;\n"
               "    default_type text/plain;\n    access_log %s;\n"
               "    client_body_temp_path %s/body;\n",
               at->access_log, at->prefix);
    if (!add_lines(out, c, CONTEXT_HTTP, "    ", at))
        add_server(out, c, at);
    buf_add_text(out, "}\n");
}

static bool is_plain(const char *word)
{
    return *word && strspn(word, "abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789-_./:=,+@%") == strlen(word);
}

void command_show(struct buf *out, char *const *words)
{
    for (size_t i = 0; words[i]; i++) {
        if (i)
            buf_add_char(out, ' ');
        if (is_plain(words[i]))
            buf_add_text(out, words[i]);
        else
            buf_printf(out, "'%s'", words[i]);
    }
}
