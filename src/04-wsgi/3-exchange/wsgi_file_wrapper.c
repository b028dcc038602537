/* wsgi_file_wrapper: wsgi.file_wrapper (PEP 3333, "Optional Platform-Specific
 * File Handling").
 *
 * An application wraps a file and returns the wrapper; middleware may iterate
 * it as any other body.  If it comes back as it is and stands for a plain file,
 * the file is sent by sendfile(2), from its position and no further than
 * Content-Length.  What only looks like a file (a gzip reader has a fileno(),
 * too, and it is the compressed file's) is read. */

#include "wsgi_exchange.h"

#include "file.h"

#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>

#if PY_VERSION_HEX < 0x030c0000
#include <structmember.h>
#define Py_T_OBJECT_EX T_OBJECT_EX
#define Py_T_PYSSIZET  T_PYSSIZET
#define Py_READONLY    READONLY
#endif

struct wrapper {
    PyObject_HEAD PyObject *file;
    Py_ssize_t block;
};

static PyObject *wrapper_new(PyTypeObject *type, PyObject *args, PyObject *kw)
{
    static char *names[] = {"filelike", "block_size", NULL};
    struct wrapper *self;
    PyObject *file;
    Py_ssize_t block = 8192;

    if (!PyArg_ParseTupleAndKeywords(args, kw, "O|n:file_wrapper", names, &file,
                                     &block))
        return NULL;
    if (block <= 0) {
        PyErr_SetString(PyExc_ValueError,
                        "file_wrapper: the block size must be above 0");
        return NULL;
    }
    self = (struct wrapper *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    Py_INCREF(file);
    self->file = file;
    self->block = block;
    return (PyObject *)self;
}

/* A method of the file.  The name is interned, so it is the same object each
 * time: CPython has a cache of what was looked up last, and would keep a new
 * string of each call alive in it. */
static PyObject *method(struct wrapper *self, const char *name)
{
    PyObject *text = PyUnicode_InternFromString(name);
    PyObject *found = text == NULL ? NULL : PyObject_GetAttr(self->file, text);

    Py_XDECREF(text);
    return found;
}

static PyObject *wrapper_next(PyObject *object)
{
    struct wrapper *self = (struct wrapper *)object;
    PyObject *bytes = NULL, *read = method(self, "read");

    if (read != NULL)
        bytes = PyObject_CallFunction(read, "n", self->block);
    Py_XDECREF(read);
    /* Nothing, as well as an error, ends the iteration. */
    if (bytes != NULL && PyObject_IsTrue(bytes) <= 0)
        Py_CLEAR(bytes);
    return bytes;
}

static PyObject *wrapper_close(PyObject *object, PyObject *unused)
{
    struct wrapper *self = (struct wrapper *)object;
    PyObject *close, *result;

    if ((close = method(self, "close")) == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_AttributeError))
            return NULL;
        PyErr_Clear();
        Py_RETURN_NONE;
    }
    result = PyObject_CallNoArgs(close);
    Py_DECREF(close);
    return result;
}

static int wrapper_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((struct wrapper *)object)->file);
    return 0;
}

static int wrapper_clear(PyObject *object)
{
    Py_CLEAR(((struct wrapper *)object)->file);
    return 0;
}

static void wrapper_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);

    PyObject_GC_UnTrack(object);
    wrapper_clear(object);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyMethodDef wrapper_methods[] = {
    {"close", wrapper_close, METH_NOARGS, "Close the file."},
    {0},
};

PyTypeObject *wsgi_wrapper_make_type(void)
{
    static PyMemberDef members[] = {
        {"filelike", Py_T_OBJECT_EX, offsetof(struct wrapper, file),
         Py_READONLY, "the file"},
        {"block_size", Py_T_PYSSIZET, offsetof(struct wrapper, block),
         Py_READONLY, "how much is read at once"},
        {0},
    };
    PyType_Slot slots[] = {
        {Py_tp_new, wrapper_new},
        {Py_tp_dealloc, wrapper_dealloc},
        {Py_tp_traverse, wrapper_traverse},
        {Py_tp_clear, wrapper_clear},
        {Py_tp_iter, PyObject_SelfIter},
        {Py_tp_iternext, wrapper_next},
        {Py_tp_methods, wrapper_methods},
        {Py_tp_members, members},
        {Py_tp_doc, "file_wrapper(filelike, block_size=8192): a file as a "
                    "response's body"},
        {0, NULL},
    };
    PyType_Spec spec = {"strata.FileWrapper", sizeof(struct wrapper), 0,
                        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, slots};
    return (PyTypeObject *)PyType_FromSpec(&spec);
}

/* 1 when `file` is one of io's own types over a plain descriptor, so that what
 * it would read is what stands in the file; 0 when not, -1 on error. */
static int is_plain(struct wsgi_host *host, PyObject *file)
{
    PyObject *raw, *type = (PyObject *)Py_TYPE(file);
    int plain;

    if (type == host->io_exact[0])
        return 1;
    if (type != host->io_exact[1] && type != host->io_exact[2])
        return 0;
    raw = PyObject_GetAttr(file, host->names[WSGI_N_raw]);
    if (raw == NULL)
        return -1;
    plain = (PyObject *)Py_TYPE(raw) == host->io_exact[0];
    Py_DECREF(raw);
    return plain;
}

/* A method's integer result; -1 on error. */
static long long ask(PyObject *file, PyObject *method)
{
    PyObject *result = PyObject_CallMethodNoArgs(file, method);
    long long value = result == NULL ? -1 : PyLong_AsLongLong(result);

    Py_XDECREF(result);
    return value;
}

/* Where the file's bytes are: 1, 0 when it cannot be sent as it is, -1 on
 * error. */
static int locate(struct wsgi_host *host, PyObject *file, int *fd,
                  uint64_t *offset, uint64_t *size)
{
    struct stat st;
    PyObject *none;
    long long at;
    int plain = is_plain(host, file);

    if (plain <= 0)
        return plain;
    *fd = (int)ask(file, host->names[WSGI_N_fileno]);
    if (*fd < 0)
        return -1;
    if (fstat(*fd, &st) < 0 || !S_ISREG(st.st_mode))
        return 0;
    /* What was written to a file that is open for both is still in its
     * buffer. */
    if ((PyObject *)Py_TYPE(file) == host->io_exact[2]) {
        none = PyObject_CallMethodNoArgs(file, host->names[WSGI_N_flush]);
        if (none == NULL)
            return -1;
        Py_DECREF(none);
        if (fstat(*fd, &st) < 0)
            return 0;
    }
    at = ask(file, host->names[WSGI_N_tell]);
    if (at < 0)
        return -1;
    *offset = (uint64_t)at;
    *size = (uint64_t)st.st_size > *offset ? (uint64_t)st.st_size - *offset : 0;
    /* What says that it is empty (/proc is full of such files) may not be. */
    return *size > 0;
}

/* The head goes out alone: sendfile is a system call of its own.  Chunks never
 * arise, since the length is known; a Content-Length that is shorter than the
 * file is how an application sends a range of it. */
static bool send_file(struct wsgi_exchange *x, int fd, uint64_t offset,
                      uint64_t size)
{
    uint64_t n, sent;
    int error;

    if (!wsgi_send_head(x, size))
        return false;
    if (x->ending == WSGI_END_NOTHING)
        return true;
    n = size < x->length ? size : x->length;
    x->sending = true;
    Py_BEGIN_ALLOW_THREADS
    sent = file_send(x->conn->fd, fd, offset, n, x->conn->timeouts.send);
    error = errno;
    Py_END_ALLOW_THREADS
    x->sending = false;
    x->sent += sent;
    if (sent < n && error != 0)
        wsgi_client_gone(x, error);
    return !x->gone;
}

bool wsgi_wrapper_send(struct wsgi_exchange *x, PyObject *body, bool *handled)
{
    uint64_t offset, size;
    int fd, found;

    *handled = false;
    /* After write() chunks may be under way. */
    if (Py_TYPE(body) != x->host->wrapper_type || x->head_out)
        return true;
    found =
        locate(x->host, ((struct wrapper *)body)->file, &fd, &offset, &size);
    if (found < 0)
        return false;
    *handled = found == 1;
    x->switches += (unsigned)found;
    return found == 0 || send_file(x, fd, offset, size);
}
