/* wsgi_errors: wsgi.errors, a text stream that ends in the log.
 *
 * Complete lines are written at once, in one write(2) each call; a line that
 * was begun waits for its end, for flush(), or for the end of the request,
 * which ends it: what is logged next stands in a line of its own.
 * Text is UTF-8 whatever the locale, and what UTF-8 cannot say (lone
 * surrogates) is written as \udcNN: a log must take every text. */

#include "wsgi_python.h"

#include "wsgi_log.h"

#include <string.h>

#define MAX_PART 65536 /* a begun line longer than this is written as it is */

struct errors {
    PyObject_HEAD struct buf part; /* of a line that was begun */
    bool open; /* what was written last has not ended its line */
};

static void drain(struct errors *self, size_t n)
{
    if (n == 0)
        return;
    wsgi_log_write((struct span){self->part.ptr, n});
    self->open = self->part.ptr[n - 1] != '\n';
    buf_consume(&self->part, n);
}

static void finish(struct errors *self)
{
    drain(self, self->part.len);
    if (self->open)
        wsgi_log_write(SPAN("\n"));
    self->open = false;
}

static bool add_text(struct errors *self, PyObject *text)
{
    PyObject *bytes;
    const char *from, *end;
    size_t n, piece;

    if (!PyUnicode_Check(text)) {
        PyErr_Format(PyExc_TypeError,
                     "wsgi.errors is a text stream: write() wants str, not %s",
                     Py_TYPE(text)->tp_name);
        return false;
    }
    bytes = PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace");
    if (bytes == NULL)
        return false;
    from = PyBytes_AS_STRING(bytes);
    n = (size_t)PyBytes_GET_SIZE(bytes);
    while (n > 0) {
        piece = n < MAX_PART - self->part.len ? n : MAX_PART - self->part.len;
        if (!buf_add(&self->part, from, piece)) {
            Py_DECREF(bytes);
            PyErr_NoMemory();
            return false;
        }
        from += piece;
        n -= piece;
        end = memrchr(self->part.ptr, '\n', self->part.len);
        if (self->part.len == MAX_PART)
            drain(self, self->part.len);
        else if (end != NULL)
            drain(self, (size_t)(end + 1 - self->part.ptr));
    }
    Py_DECREF(bytes);
    return true;
}

static PyObject *errors_write(PyObject *object, PyObject *text)
{
    if (!add_text((struct errors *)object, text))
        return NULL;
    return PyLong_FromSsize_t(PyUnicode_GetLength(text));
}

static PyObject *errors_writelines(PyObject *object, PyObject *lines)
{
    PyObject *line, *iterator = PyObject_GetIter(lines);

    if (iterator == NULL)
        return NULL;
    while ((line = PyIter_Next(iterator)) != NULL) {
        bool ok = add_text((struct errors *)object, line);
        Py_DECREF(line);
        if (!ok)
            break;
    }
    Py_DECREF(iterator);
    if (PyErr_Occurred())
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *errors_flush(PyObject *object, PyObject *unused)
{
    struct errors *self = (struct errors *)object;

    drain(self, self->part.len);
    Py_RETURN_NONE;
}

static void errors_dealloc(PyObject *object)
{
    struct errors *self = (struct errors *)object;
    PyTypeObject *type = Py_TYPE(object);

    finish(self);
    buf_free(&self->part);
    PyObject_Free(object);
    Py_DECREF(type);
}

static PyMethodDef errors_methods[] = {
    {"write", errors_write, METH_O, "Write text to the log."},
    {"writelines", errors_writelines, METH_O, "Write several texts."},
    {"flush", errors_flush, METH_NOARGS, "Write a line that was begun."},
    {0},
};

PyTypeObject *wsgi_errors_make_type(void)
{
    PyType_Slot slots[] = {
        {Py_tp_dealloc, errors_dealloc},
        {Py_tp_methods, errors_methods},
        {Py_tp_doc, "wsgi.errors: text for the server's log"},
        {0, NULL},
    };
    PyType_Spec spec = {"strata.Errors", sizeof(struct errors), 0,
                        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                        slots};
    return (PyTypeObject *)PyType_FromSpec(&spec);
}

PyObject *wsgi_errors_make(PyTypeObject *type)
{
    struct errors *self = PyObject_New(struct errors, type);

    if (self == NULL)
        return NULL;
    buf_init(&self->part, MAX_PART);
    self->open = false;
    return (PyObject *)self;
}

void wsgi_errors_flush(PyObject *errors)
{
    finish((struct errors *)errors);
}
