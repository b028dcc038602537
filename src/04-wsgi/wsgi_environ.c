/* wsgi_environ: the dictionary that describes a request (PEP 3333, "environ
 * Variables").
 *
 * What is the same for every request stands in one dictionary, made once; each
 * request begins with a copy of it.  Names of variables come again and again,
 * and so do most of their values (Host, User-Agent, Accept): both are kept in
 * a memo, so that a request makes new strings for what is new in it alone.
 *
 * Strings are "native": bytes decoded as Latin-1, so that the application can
 * get the bytes back. */

#include "wsgi_exchange.h"

#include <stdlib.h>
#include <string.h>

#define MEMO_SLOTS 512 /* a power of two */
#define MEMO_MAX   192 /* names remembered: a stranger can send any number */
#define MEMO_NAME  64  /* longer ones are not */
#define MEMO_VALUE 256

struct memo_entry {
    PyObject *name;  /* interned; NULL: the slot is free */
    PyObject *value; /* the last one, or NULL */
};

struct wsgi_memo {
    unsigned count;
    struct memo_entry slots[MEMO_SLOTS];
};

/* True when the str object holds exactly these bytes. */
static bool same_text(PyObject *text, struct span s)
{
    return PyUnicode_IS_COMPACT_ASCII(text) &&
           (size_t)PyUnicode_GET_LENGTH(text) == s.len &&
           memcmp(PyUnicode_1BYTE_DATA(text), s.ptr, s.len) == 0;
}

static PyObject *latin1(struct span s)
{
    return PyUnicode_DecodeLatin1(s.ptr, (Py_ssize_t)s.len, NULL);
}

static uint64_t word(const char *bytes, size_t n)
{
    uint64_t w = 0;
    memcpy(&w, bytes, n);
    return w;
}

/* Eight bytes at a time, the last of them perhaps twice. */
static uint32_t hash(struct span s)
{
    const uint64_t mix = 0x9e3779b97f4a7c15u; /* 2^64 / the golden ratio */
    uint64_t h = s.len;

    for (size_t i = 0; i + 8 < s.len; i += 8) {
        h = (h ^ word(s.ptr + i, 8)) * mix;
        h ^= h >> 32; /* a product mixes upwards alone */
    }
    h ^= s.len >= 8 ? word(s.ptr + s.len - 8, 8) : word(s.ptr, s.len);
    return (uint32_t)(h * mix >> 32);
}

/* The entry for a name: found, or made while there is room; NULL when there is
 * none, with an exception if one occurred. */
static struct memo_entry *remember(struct wsgi_memo *memo, struct span name)
{
    uint32_t at = hash(name) & (MEMO_SLOTS - 1);
    PyObject *text;

    while (memo->slots[at].name != NULL) {
        if (same_text(memo->slots[at].name, name))
            return &memo->slots[at];
        at = (at + 1) & (MEMO_SLOTS - 1);
    }
    if (memo->count == MEMO_MAX || name.len > MEMO_NAME)
        return NULL;
    text = latin1(name);
    if (text == NULL)
        return NULL;
    if (!PyUnicode_IS_COMPACT_ASCII(text)) {
        Py_DECREF(text);
        return NULL;
    }
    PyUnicode_InternInPlace(&text);
    memo->slots[at].name = text;
    memo->count++;
    return &memo->slots[at];
}

/* The value as a str: the remembered one if it is the same; new reference. */
static PyObject *recall(struct memo_entry *entry, struct span value)
{
    PyObject *text;

    if (entry->value != NULL && same_text(entry->value, value)) {
        Py_INCREF(entry->value);
        return entry->value;
    }
    text = latin1(value);
    if (text != NULL && value.len <= MEMO_VALUE &&
        PyUnicode_IS_COMPACT_ASCII(text)) {
        Py_INCREF(text);
        Py_XSETREF(entry->value, text);
    }
    return text;
}

/* environ[name] = value. */
static bool put(struct wsgi_exchange *x, struct span name, struct span value)
{
    struct memo_entry *entry = remember(x->host->memo, name);
    PyObject *key, *text;
    bool ok;

    if (entry != NULL) {
        key = entry->name;
        Py_INCREF(key);
        text = recall(entry, value);
    } else {
        if (PyErr_Occurred() || (key = latin1(name)) == NULL)
            return false;
        text = latin1(value);
    }
    ok = text != NULL && PyDict_SetItem(x->environ, key, text) == 0;
    Py_DECREF(key);
    Py_XDECREF(text);
    return ok;
}

/* Variables that a front may send and an application must not believe: the
 * host's own names, fields that have been used up by who decoded the body, and
 * the field that would turn into the variable in which HTTP clients look for
 * their proxy. */
static bool unwanted(struct span name)
{
    static const struct span names[] = {
        SPAN_INIT("HTTP_CONTENT_LENGTH"),
        SPAN_INIT("HTTP_CONTENT_TYPE"),
        SPAN_INIT("HTTP_TRANSFER_ENCODING"),
        SPAN_INIT("HTTP_PROXY"),
    };
    if (name.ptr[0] == 'w' || name.ptr[0] == 'u')
        return span_starts(name, SPAN("wsgi.")) ||
               span_starts(name, SPAN("uwsgi."));
    if (!span_starts(name, SPAN("HTTP_")))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (span_eq(name, names[i]))
            return true;
    return false;
}

static bool is_https(struct span name, struct span value)
{
    if (name.len == 5 && span_eq(name, SPAN("HTTPS")))
        return span_eq_nocase(value, SPAN("on")) || span_eq(value, SPAN("1"));
    return value.len == 5 && span_eq(name, SPAN("REQUEST_SCHEME")) &&
           span_eq_nocase(value, SPAN("https"));
}

bool wsgi_environ_add(void *exchange, struct span name, struct span value)
{
    struct wsgi_exchange *x = exchange;

    x->vars += 2;
    x->vars_bytes += (unsigned)(4 + name.len + value.len);
    if (unwanted(name))
        return true;
    /* SERVER_NAME is never empty (PEP 3333), whatever the front says: the
     * base has one. */
    if (value.len == 0 && span_eq(name, SPAN("SERVER_NAME")))
        return true;
    if (is_https(name, value) &&
        !put(x, SPAN("wsgi.url_scheme"), SPAN("https")))
        return false;
    return put(x, name, value);
}

bool wsgi_environ_mount(struct wsgi_exchange *x)
{
    struct span name = {x->path.ptr, x->cut};
    struct span rest = {x->path.ptr + x->cut, x->path.len - x->cut};

    return x->cut == 0 || (put(x, SPAN("SCRIPT_NAME"), name) &&
                           put(x, SPAN("PATH_INFO"), rest));
}

bool wsgi_environ_begin(struct wsgi_exchange *x)
{
    x->vars = x->vars_bytes = 0;
    x->environ = PyDict_Copy(x->host->base);
    return x->environ != NULL;
}

bool wsgi_environ_start(struct wsgi_host *host)
{
    const struct wsgi_config *c = host->config;

    if ((host->memo = calloc(1, sizeof *host->memo)) == NULL) {
        PyErr_NoMemory();
        return false;
    }
    /* clang-format off */
    host->base = Py_BuildValue(
        "{s:s,s:s,s:s,s:s,s:s,s:s,s:(ii),s:s,s:O,s:O,s:N,s:N,s:N,s:N,"
        "s:y,s:y}",
        "SCRIPT_NAME", "",
        "PATH_INFO", "",
        "QUERY_STRING", "",
        "SERVER_NAME", host->server_name,
        "SERVER_PORT", "80",
        "SERVER_PROTOCOL", "HTTP/1.1",
        "wsgi.version", 1, 0,
        "wsgi.url_scheme", "http",
        "wsgi.errors", host->errors,
        "wsgi.file_wrapper", (PyObject *)host->wrapper_type,
        "wsgi.multithread", PyBool_FromLong(c->multithread),
        "wsgi.multiprocess", PyBool_FromLong(c->multiprocess),
        "wsgi.run_once", PyBool_FromLong(false),
        "wsgi.input_terminated", PyBool_FromLong(true),
        "uwsgi.version", STRATA_VERSION,
        "uwsgi.node", host->server_name);
    /* clang-format on */
    host->input_key = PyUnicode_InternFromString("wsgi.input");
    return host->base != NULL && host->input_key != NULL;
}

void wsgi_environ_stop(struct wsgi_host *host)
{
    if (host->memo == NULL)
        return;
    for (unsigned i = 0; i < MEMO_SLOTS; i++) {
        Py_CLEAR(host->memo->slots[i].name);
        Py_CLEAR(host->memo->slots[i].value);
    }
    free(host->memo);
    host->memo = NULL;
}
