/* wsgi_environ: the dictionary that describes a request (PEP 3333, "environ
 * Variables").
 *
 * What is the same for every request stands in one dictionary, made once; each
 * request begins with a copy of it.  Names of variables come again and again,
 * and so do most of their values (Host, User-Agent, Accept): both are kept in
 * a memo, so that a request makes new strings for what is new in it alone.
 * Many requests have the same names, all of them, as one before: then its
 * dictionary is copied, and only the values that differ are put in.
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

#define SHAPES      32   /* sets of names that are remembered */
#define SHAPE_BYTES 8192 /* a larger request's is not */

struct memo_entry {
    PyObject *name;  /* interned; NULL: the slot is free */
    PyObject *value; /* the last one, or NULL */
};

/* An environ as it was before an application saw it. */
struct shape {
    PyObject *environ; /* owned; NULL: there is none */
    unsigned count;
    PyObject *names[WSGI_DRAFT];  /* the memo's */
    PyObject *values[WSGI_DRAFT]; /* owned */
};

struct wsgi_memo {
    unsigned count;
    struct memo_entry slots[MEMO_SLOTS];
    struct shape shapes[SHAPES];
};

/* True when the str object holds exactly these bytes. */
static bool same_text(PyObject *text, struct span s)
{
    return PyUnicode_IS_COMPACT_ASCII(text) &&
           span_eq((struct span){(const char *)PyUnicode_1BYTE_DATA(text),
                                 (size_t)PyUnicode_GET_LENGTH(text)},
                   s);
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

static void drop(struct wsgi_draft *d)
{
    for (unsigned i = 0; i < d->count; i++) {
        Py_DECREF(d->names[i]);
        Py_DECREF(d->values[i]);
    }
    d->count = 0;
}

/* Puts the draft into environ, which begins as a copy of `model`. */
static bool write_draft(struct wsgi_exchange *x, PyObject *model)
{
    struct wsgi_draft *d = x->draft;
    bool ok = true;

    if (x->environ == NULL)
        ok = (x->environ = PyDict_Copy(model)) != NULL;
    for (unsigned i = 0; ok && i < d->count; i++)
        ok = PyDict_SetItem(x->environ, d->names[i], d->values[i]) == 0;
    return ok;
}

/* environ[name] = value, when the draft is written. */
static bool put(struct wsgi_exchange *x, struct span name, struct span value)
{
    struct memo_entry *entry = remember(x->host->memo, name);
    struct wsgi_draft *d = x->draft;
    PyObject *key, *text;

    if (entry == NULL && PyErr_Occurred())
        return false;
    if (entry == NULL || d->count == WSGI_DRAFT)
        d->ordinary = false;
    if (d->count == WSGI_DRAFT) {
        if (!write_draft(x, x->host->base))
            return false;
        drop(d);
    }
    key = entry != NULL ? Py_NewRef(entry->name) : latin1(name);
    text = entry != NULL ? recall(entry, value) : latin1(value);
    if (key == NULL || text == NULL) {
        Py_XDECREF(key);
        Py_XDECREF(text);
        return false;
    }
    d->names[d->count] = key;
    d->values[d->count++] = text;
    return true;
}

/* Variables that a front may send and an application must not believe: the
 * host's own names, fields that have been used up in decoding the body, and
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
    for (size_t i = 0; i < COUNT(names); i++)
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
    if (is_https(name, value) && !x->draft->https) {
        x->draft->https = true;
        if (!put(x, SPAN("wsgi.url_scheme"), SPAN("https")))
            return false;
    }
    return put(x, name, value);
}

/* The place for a draft's names. */
static struct shape *shape_of(struct wsgi_memo *memo,
                              const struct wsgi_draft *d)
{
    uintptr_t h = d->count;

    for (unsigned i = 0; i < d->count; i++)
        h = h * 31 + ((uintptr_t)d->names[i] >> 4);
    return &memo->shapes[(h ^ h >> 16) % SHAPES];
}

static bool fits(const struct shape *s, const struct wsgi_draft *d)
{
    return s->environ != NULL && s->count == d->count &&
           memcmp(s->names, d->names, d->count * sizeof *d->names) == 0;
}

/* Leaves in the draft what is not in the shape's environ already. */
static void leave_new(struct wsgi_draft *d, const struct shape *s)
{
    unsigned n = 0;

    for (unsigned i = 0; i < d->count; i++) {
        if (d->values[i] == s->values[i]) {
            Py_DECREF(d->names[i]);
            Py_DECREF(d->values[i]);
            continue;
        }
        d->names[n] = d->names[i];
        d->values[n++] = d->values[i];
    }
    d->count = n;
}

/* Of two variables with one name the last counts, and which one differs says
 * nothing: such a request has no shape. */
static bool has_repeats(const struct wsgi_draft *d)
{
    for (unsigned i = 0; i < d->count; i++)
        for (unsigned j = 0; j < i; j++)
            if (d->names[i] == d->names[j])
                return true;
    return false;
}

static void forget(struct shape *s)
{
    Py_CLEAR(s->environ);
    for (unsigned i = 0; i < s->count; i++)
        Py_DECREF(s->values[i]);
    s->count = 0;
}

/* Remembers x's environ in the place of another shape's.  What cannot be
 * remembered is made anew next time. */
static void keep(const struct wsgi_exchange *x, struct shape *s)
{
    const struct wsgi_draft *d = x->draft;
    PyObject *copy = PyDict_Copy(x->environ);

    if (copy == NULL) {
        PyErr_Clear();
        return;
    }
    forget(s);
    s->environ = copy;
    s->count = d->count;
    for (unsigned i = 0; i < d->count; i++) {
        s->names[i] = d->names[i];
        s->values[i] = Py_NewRef(d->values[i]);
    }
}

/* Moves x->cut bytes from PATH_INFO into SCRIPT_NAME. */
static bool mount(struct wsgi_exchange *x)
{
    struct span name = {x->path.ptr, x->cut};

    if (x->cut == 0)
        return true;
    return put(x, SPAN("SCRIPT_NAME"), name) &&
           put(x, SPAN("PATH_INFO"), span_from(x->path, x->cut)) &&
           write_draft(x, x->host->base);
}

void wsgi_environ_begin(struct wsgi_exchange *x)
{
    x->vars = x->vars_bytes = 0;
    drop(x->draft); /* of a request that failed half-way */
    x->draft->ordinary = true;
    x->draft->https = false;
}

/* Making a dictionary may start Python's garbage collector, which runs what it
 * likes: meanwhile another thread may put another shape into the place, so
 * this one's dictionary is held. */
bool wsgi_environ_end(struct wsgi_exchange *x)
{
    struct wsgi_draft *d = x->draft;
    struct shape *s = shape_of(x->host->memo, d);
    bool known = d->ordinary && fits(s, d), ok;
    PyObject *model = Py_NewRef(known ? s->environ : x->host->base);

    if (known)
        leave_new(d, s);
    ok = write_draft(x, model);
    Py_DECREF(model);
    if (ok && !known && d->ordinary && x->vars_bytes <= SHAPE_BYTES &&
        !has_repeats(d))
        keep(x, s);
    drop(d);
    ok = ok && mount(x);
    drop(d);
    return ok;
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
    for (unsigned i = 0; i < SHAPES; i++)
        forget(&host->memo->shapes[i]);
    free(host->memo);
    host->memo = NULL;
}
