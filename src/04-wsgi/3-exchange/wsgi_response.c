/* wsgi_response: start_response and write (PEP 3333, "The start_response()
 * Callable").
 *
 * start_response takes status and fields in and sends nothing; the head goes
 * out with the first bytes of the body, so that an error before them can still
 * be told to the client. */

#include "wsgi_exchange.h"

#include <stddef.h>

#if PY_VERSION_HEX < 0x030c0000
#include <structmember.h>
#define Py_T_PYSSIZET T_PYSSIZET
#define Py_READONLY   READONLY
#endif

struct response {
    PyObject_HEAD vectorcallfunc
        vectorcall;          /* this is what makes the object callable */
    struct wsgi_exchange *x; /* NULL: the request is over */
};

static struct wsgi_exchange *exchange_of(PyObject *self)
{
    struct wsgi_exchange *x = ((struct response *)self)->x;

    if (x == NULL)
        PyErr_SetString(PyExc_RuntimeError,
                        "the request is over: start_response and write belong "
                        "to one request alone");
    return x;
}

/* write(bytes): the head if need be, then the bytes, at once. */
static PyObject *response_write(PyObject *self, PyObject *data)
{
    struct wsgi_exchange *x = exchange_of(self);
    struct span s;

    if (x == NULL)
        return NULL;
    if (!PyBytes_Check(data)) {
        wsgi_explain_item("write() was given something", data);
        return NULL;
    }
    s.ptr = PyBytes_AS_STRING(data);
    s.len = (size_t)PyBytes_GET_SIZE(data);
    if (!wsgi_send(x, s, WSGI_UNKNOWN_LENGTH)) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ConnectionError,
                            "write: the client has left");
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyMethodDef write_method = {
    "write", response_write, METH_O,
    "write(bytes): send a piece of the response's body."};

/* Raises what sys.exc_info() had given. */
static void raise_again(PyObject *exc_info)
{
    PyObject *type = PyTuple_GET_ITEM(exc_info, 0);
    PyObject *value = PyTuple_GET_ITEM(exc_info, 1);
    PyObject *traceback = PyTuple_GET_ITEM(exc_info, 2);

    Py_INCREF(type);
    Py_INCREF(value);
    if (traceback == Py_None)
        traceback = NULL;
    Py_XINCREF(traceback);
    PyErr_Restore(type, value, traceback); /* takes the three references */
}

/* May status and fields be set now?  Once without exc_info; with it again and
 * again, until the head is out. */
static bool may_start(struct wsgi_exchange *x, PyObject *exc_info)
{
    if (exc_info == NULL || exc_info == Py_None) {
        if (x->status == 0)
            return true;
        PyErr_SetString(PyExc_RuntimeError,
                        "start_response was called twice without exc_info "
                        "(PEP 3333)");
        return false;
    }
    if (!PyTuple_Check(exc_info) || PyTuple_GET_SIZE(exc_info) != 3 ||
        !PyExceptionInstance_Check(PyTuple_GET_ITEM(exc_info, 1)) ||
        !PyExceptionClass_Check(PyTuple_GET_ITEM(exc_info, 0)) ||
        (PyTuple_GET_ITEM(exc_info, 2) != Py_None &&
         !PyTraceBack_Check(PyTuple_GET_ITEM(exc_info, 2)))) {
        PyErr_Format(PyExc_TypeError,
                     "start_response: exc_info must be what sys.exc_info() "
                     "returns, not %.100R",
                     exc_info);
        return false;
    }
    if (!x->head_out)
        return true;
    raise_again(exc_info);
    return false;
}

/* exc_info is the third argument, by place or by name. */
static bool find_exc_info(struct wsgi_exchange *x, PyObject *const *args,
                          Py_ssize_t n, PyObject *names, PyObject **exc_info)
{
    Py_ssize_t named = names == NULL ? 0 : PyTuple_GET_SIZE(names);

    *exc_info = n == 3 ? args[2] : NULL;
    if (n == 2 && named == 1 &&
        PyUnicode_Compare(PyTuple_GET_ITEM(names, 0),
                          x->host->names[WSGI_N_exc_info]) == 0)
        *exc_info = args[2];
    else if ((n != 2 && n != 3) || named != 0)
        PyErr_SetString(PyExc_TypeError,
                        "start_response takes (status, headers) and "
                        "perhaps exc_info");
    return !PyErr_Occurred();
}

static PyObject *response_call(PyObject *self, PyObject *const *args,
                               size_t nargsf, PyObject *names)
{
    struct wsgi_exchange *x = exchange_of(self);
    PyObject *exc_info;

    if (x == NULL ||
        !find_exc_info(x, args, PyVectorcall_NARGS(nargsf), names, &exc_info) ||
        !may_start(x, exc_info) || !wsgi_headers_set(x, args[0], args[1]))
        return NULL;
    return PyCFunction_New(&write_method, self);
}

PyTypeObject *wsgi_response_make_type(void)
{
    static PyMemberDef members[] = {
        {"__vectorcalloffset__", Py_T_PYSSIZET,
         offsetof(struct response, vectorcall), Py_READONLY, NULL},
        {0},
    };
    PyType_Slot slots[] = {
        {Py_tp_call, PyVectorcall_Call},
        {Py_tp_members, members},
        {Py_tp_doc, "start_response of one request"},
        {0, NULL},
    };
    PyType_Spec spec = {"strata.StartResponse", sizeof(struct response), 0,
                        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL |
                            Py_TPFLAGS_DISALLOW_INSTANTIATION,
                        slots};
    return (PyTypeObject *)PyType_FromSpec(&spec);
}

PyObject *wsgi_response_make(PyTypeObject *type, struct wsgi_exchange *x)
{
    struct response *self = PyObject_New(struct response, type);

    if (self == NULL)
        return NULL;
    self->vectorcall = response_call;
    self->x = x;
    return (PyObject *)self;
}

void wsgi_response_cut(PyObject *start_response)
{
    ((struct response *)start_response)->x = NULL;
}
