/* wsgi_input: wsgi.input, the request's body as a file (PEP 3333, "Input and
 * Error Streams").
 *
 * Nothing is read before the application reads, so that 100 Continue goes to
 * the client only when the body is wanted.  The end of the body is the end of
 * the file, with Content-Length and with chunks alike (wsgi.input_terminated).
 * Memory grows with what has come, never with what a client has announced. */

#include "wsgi_exchange.h"

#include <string.h>

#define FIRST_ROOM 65536

struct input {
    PyObject_HEAD struct wsgi_exchange *x; /* NULL: the request is over */
    struct span rest; /* received, decoded and not yet given out */
};

static bool usable(struct input *self)
{
    if (self->x == NULL)
        PyErr_SetString(PyExc_ValueError,
                        "wsgi.input: the request is over, its body is gone");
    else if (self->x->reading)
        PyErr_SetString(PyExc_RuntimeError,
                        "wsgi.input: another thread is reading it");
    else
        return true;
    return false;
}

/* Why the body cannot be read on, as an OSError. */
static void raise_failure(struct http_conn *conn)
{
    if (conn->body.status == 408)
        PyErr_Format(PyExc_TimeoutError,
                     "timeout on wsgi.input after %llu bytes of the body: the "
                     "client sends nothing more",
                     (unsigned long long)conn->body.total);
    else if (conn->body.status != 0)
        PyErr_Format(PyExc_OSError,
                     "error on wsgi.input after %llu bytes of the body: %s",
                     (unsigned long long)conn->body.total, conn->body.reason);
    else
        PyErr_Format(PyExc_ConnectionError,
                     "error on wsgi.input after %llu bytes of the body: the "
                     "client has left",
                     (unsigned long long)conn->body.total);
}

/* Receives the next piece into self->rest: 1, 0 at the end, -1 with an
 * exception. */
static int fetch(struct input *self)
{
    struct wsgi_exchange *x = self->x;
    struct http_conn *conn = x->conn;
    int n;

    /* A head that is out says that no 100 Continue comes any more. */
    if (x->head_out)
        conn->continue_due = false;
    x->reading = true;
    Py_BEGIN_ALLOW_THREADS
    n = http_conn_read_body(conn, &self->rest);
    Py_END_ALLOW_THREADS
    x->reading = false;
    if (n < 0)
        raise_failure(conn);
    return n;
}

/* A bytes object that is being filled. */
struct filling {
    PyObject *bytes;
    size_t len, room;
};

static bool fill(struct filling *f, struct span s, size_t limit)
{
    if (s.len > f->room - f->len) {
        size_t room =
            f->room * 2 > f->len + s.len ? f->room * 2 : f->len + s.len;
        f->room = room < limit ? room : limit;
        if (_PyBytes_Resize(&f->bytes, (Py_ssize_t)f->room) < 0)
            return false;
    }
    memcpy(PyBytes_AS_STRING(f->bytes) + f->len, s.ptr, s.len);
    f->len += s.len;
    return true;
}

/* At most `limit` bytes from self->rest; as far as a newline when `line`. */
static struct span take(struct input *self, size_t limit, bool line, bool *end)
{
    struct span s = self->rest;
    const char *newline;

    if (s.len > limit)
        s.len = limit;
    newline = line ? span_chr(s, '\n') : NULL;
    if (newline != NULL)
        s.len = (size_t)(newline + 1 - s.ptr);
    *end = newline != NULL || s.len == limit;
    span_skip(&self->rest, s.len);
    return s;
}

/* The next `limit` bytes of the body, or as far as the end of the line. */
static PyObject *gather(struct input *self, size_t limit, bool line)
{
    struct filling f = {.room = limit < FIRST_ROOM ? limit : FIRST_ROOM};
    struct span s;
    bool end = limit == 0;
    int n;

    if (!usable(self))
        return NULL;
    if (!end && self->rest.len == 0 && fetch(self) < 0)
        return NULL;
    s = take(self, limit, line, &end);
    if (end || s.len == 0)
        return PyBytes_FromStringAndSize(s.ptr, (Py_ssize_t)s.len);

    /* It takes more than one piece. */
    f.bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)f.room);
    while (f.bytes != NULL) {
        if (!fill(&f, s, limit))
            break;
        n = end ? 0 : fetch(self);
        if (n < 0)
            Py_CLEAR(f.bytes);
        else if (n == 0)
            _PyBytes_Resize(&f.bytes, (Py_ssize_t)f.len);
        if (n <= 0)
            break;
        s = take(self, limit - f.len, line, &end);
    }
    return f.bytes;
}

/* The optional size of read and its kin: absent, None and below 0 mean all. */
static bool read_size(const char *method, PyObject *const *args, Py_ssize_t n,
                      size_t *size)
{
    Py_ssize_t value;

    *size = PY_SSIZE_T_MAX;
    if (n > 1) {
        PyErr_Format(PyExc_TypeError,
                     "wsgi.input.%s() takes at most 1 argument (%zd given)",
                     method, n);
        return false;
    }
    if (n == 0 || args[0] == Py_None)
        return true;
    value = PyNumber_AsSsize_t(args[0], PyExc_OverflowError);
    if (value == -1 && PyErr_Occurred())
        return false;
    if (value >= 0)
        *size = (size_t)value;
    return true;
}

static PyObject *input_read(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    size_t size;

    if (!read_size("read", args, n, &size))
        return NULL;
    return gather((struct input *)self, size, false);
}

static PyObject *input_readline(PyObject *self, PyObject *const *args,
                                Py_ssize_t n)
{
    size_t size;

    if (!read_size("readline", args, n, &size))
        return NULL;
    return gather((struct input *)self, size, true);
}

/* The hint is a number of bytes: no further line is begun once the lines have
 * that many (io.IOBase.readlines); 0 means all, as there. */
static PyObject *input_readlines(PyObject *self, PyObject *const *args,
                                 Py_ssize_t n)
{
    size_t hint, total = 0;
    PyObject *lines;

    if (!read_size("readlines", args, n, &hint))
        return NULL;
    lines = PyList_New(0);
    while (lines != NULL && (hint == 0 || total < hint)) {
        PyObject *line = gather((struct input *)self, PY_SSIZE_T_MAX, true);
        Py_ssize_t len = line == NULL ? -1 : PyBytes_GET_SIZE(line);
        if (len < 0 || (len > 0 && PyList_Append(lines, line) < 0))
            Py_CLEAR(lines);
        Py_XDECREF(line);
        if (len <= 0)
            break;
        total += (size_t)len;
    }
    return lines;
}

/* The next line; NULL without an exception ends a `for`. */
static PyObject *input_next(PyObject *self)
{
    PyObject *line = gather((struct input *)self, PY_SSIZE_T_MAX, true);

    if (line != NULL && PyBytes_GET_SIZE(line) == 0)
        Py_CLEAR(line);
    return line;
}

#define FAST(function) (PyCFunction)(void (*)(void))(function)

static PyMethodDef input_methods[] = {
    {"read", FAST(input_read), METH_FASTCALL,
     "read([size]): the body, or at most size bytes of it."},
    {"readline", FAST(input_readline), METH_FASTCALL,
     "readline([size]): the next line, or at most size bytes of it."},
    {"readlines", FAST(input_readlines), METH_FASTCALL,
     "readlines([hint]): the lines, until they have hint bytes."},
    {0},
};

PyTypeObject *wsgi_input_make_type(void)
{
    PyType_Slot slots[] = {
        {Py_tp_iter, PyObject_SelfIter},
        {Py_tp_iternext, input_next},
        {Py_tp_methods, input_methods},
        {Py_tp_doc, "wsgi.input: the body of a request"},
        {0, NULL},
    };
    PyType_Spec spec = {"strata.Input", sizeof(struct input), 0,
                        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                        slots};
    return (PyTypeObject *)PyType_FromSpec(&spec);
}

PyObject *wsgi_input_make(PyTypeObject *type, struct wsgi_exchange *x)
{
    struct input *self = PyObject_New(struct input, type);

    if (self == NULL)
        return NULL;
    self->x = x;
    self->rest = (struct span){NULL, 0};
    return (PyObject *)self;
}

void wsgi_input_cut(PyObject *input)
{
    ((struct input *)input)->x = NULL;
    ((struct input *)input)->rest = (struct span){NULL, 0};
}
