/* wsgi_run: one request, from the call of the application to close().
 *
 * PEP 3333, "Specification Details": call the application; send what its
 * iterable yields, piece by piece, the head before the first piece that is not
 * empty; call close() whatever has happened. */

#include "wsgi_exchange.h"

#include "wsgi_log.h"

#include <poll.h>
#include <string.h>

/* One item of the body.  `whole` as in wsgi_send. */
static bool send_item(struct wsgi_exchange *x, PyObject *item, uint64_t whole)
{
    struct span s;

    if (!PyBytes_Check(item)) {
        wsgi_explain_item("the application's body has an item", item);
        return false;
    }
    s.ptr = PyBytes_AS_STRING(item);
    s.len = (size_t)PyBytes_GET_SIZE(item);
    return wsgi_send(x, s, whole);
}

/* A HEAD needs no more than its head; and a body that has run past its
 * Content-Length might never end. */
static bool enough(const struct wsgi_exchange *x)
{
    return x->excess || (x->head_out && x->ending == WSGI_END_NOTHING);
}

/* A list or tuple: all is there, so its length is known before anything is
 * sent.  The list may change while the lock is released, or while an item is
 * asked for its repr() to explain it: each is looked up anew and held. */
static bool send_sequence(struct wsgi_exchange *x, PyObject *body)
{
    bool ok = true, is_list = PyList_Check(body);
    uint64_t whole = 0;
    PyObject *item;

    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(body); i++) {
        item = PySequence_Fast_GET_ITEM(body, i);
        if (!PyBytes_Check(item)) {
            Py_INCREF(item);
            wsgi_explain_item("the application's body has an item", item);
            Py_DECREF(item);
            return false;
        }
        whole += (uint64_t)PyBytes_GET_SIZE(item);
    }
    for (Py_ssize_t i = 0; ok && !enough(x); i++) {
        if (i >= (is_list ? PyList_GET_SIZE(body) : PyTuple_GET_SIZE(body)))
            break;
        item = PySequence_Fast_GET_ITEM(body, i);
        Py_INCREF(item);
        x->switches++;
        ok = send_item(x, item, whole);
        Py_DECREF(item);
    }
    return ok;
}

/* True when len(body) says 1: then the first item is the whole body. */
static bool is_single(PyObject *body)
{
    PySequenceMethods *methods = Py_TYPE(body)->tp_as_sequence;
    Py_ssize_t n;

    if (methods == NULL || methods->sq_length == NULL)
        return false;
    n = PyObject_Size(body);
    if (n < 0)
        PyErr_Clear();
    return n == 1;
}

static bool send_iterable(struct wsgi_exchange *x, PyObject *body)
{
    bool ok = true, single = is_single(body);
    uint64_t whole;
    PyObject *item, *iterator = PyObject_GetIter(body);

    if (iterator == NULL) {
        if (PyErr_ExceptionMatches(PyExc_TypeError))
            PyErr_Format(PyExc_TypeError,
                         "the application returned %s (%.60R) where PEP 3333 "
                         "wants an iterable of bytes, such as [b\"Hello!\"]",
                         Py_TYPE(body)->tp_name, body);
        return false;
    }
    while (ok && !enough(x) && (item = PyIter_Next(iterator)) != NULL) {
        x->switches++;
        whole = single && PyBytes_Check(item) ? (uint64_t)PyBytes_GET_SIZE(item)
                                              : WSGI_UNKNOWN_LENGTH;
        ok = send_item(x, item, whole);
        Py_DECREF(item);
    }
    Py_DECREF(iterator);
    return ok && !PyErr_Occurred();
}

/* Built-in, so it has no close() and nothing of the application's inside. */
static bool is_plain(PyObject *body)
{
    return PyList_CheckExact(body) || PyTuple_CheckExact(body) ||
           PyBytes_CheckExact(body);
}

/* The whole body, whatever it is. */
static bool send_body(struct wsgi_exchange *x, PyObject *body)
{
    bool handled;

    x->all_there = is_plain(body);
    if (PyBytes_Check(body)) { /* as uWSGI does; each byte would be an int */
        x->switches++;
        return send_item(x, body, (uint64_t)PyBytes_GET_SIZE(body));
    }
    if (PyUnicode_Check(body)) {
        wsgi_explain_item("the application returned a body", body);
        return false;
    }
    if (PyList_CheckExact(body) || PyTuple_CheckExact(body))
        return send_sequence(x, body);
    if (!wsgi_wrapper_send(x, body, &handled))
        return false;
    return handled || send_iterable(x, body);
}

/* close(), if the body has one.  Called with no exception set. */
static void close_body(struct wsgi_exchange *x, PyObject *body)
{
    PyObject *close, *result;

    if (is_plain(body))
        return;
    close = PyObject_GetAttr(body, x->host->names[WSGI_N_close]);
    if (close == NULL) {
        if (PyErr_ExceptionMatches(PyExc_AttributeError))
            PyErr_Clear();
        else
            wsgi_report_exception(x, "the body's close could not be looked up");
        return;
    }
    result = PyObject_CallNoArgs(close);
    Py_DECREF(close);
    if (result == NULL)
        wsgi_report_exception(x, "exception in the body's close()");
    Py_XDECREF(result);
}

static PyObject *call(struct wsgi_exchange *x)
{
    struct wsgi_host *host = x->host;
    /* The place before the arguments is lent to the callee, which may put a
     * `self` there (PY_VECTORCALL_ARGUMENTS_OFFSET). */
    PyObject *args[3];

    x->input = wsgi_input_make(host->input_type, x);
    x->start_response = wsgi_response_make(host->response_type, x);
    if (x->input == NULL || x->start_response == NULL ||
        PyDict_SetItem(x->environ, host->input_key, x->input) < 0)
        return NULL;
    args[1] = x->environ;
    args[2] = x->start_response;
    return PyObject_Vectorcall(x->app->callable, args + 1,
                               2 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
}

void wsgi_run(struct wsgi_exchange *x)
{
    PyObject *body = NULL;
    bool ok = false;

    x->host->served++;
    if (x->app->callable == NULL) {
        wsgi_log_dated("--- no python application found, check your startup "
                       "logs for errors ---");
        wsgi_send_failure(x);
        return;
    }
    x->app->served++;
    if ((body = call(x)) != NULL)
        ok = send_body(x, body) && wsgi_send_end(x);
    if (!ok) {
        if (PyErr_Occurred())
            wsgi_report_exception(x, "exception in the application");
        wsgi_send_failure(x);
    }
    if (body != NULL)
        close_body(x, body);
    Py_XDECREF(body);
    wsgi_errors_flush(x->host->errors);
    wsgi_end_stranger(x);
}

/* A thread of the application may be inside a read or a write: it is cut
 * short and waited for, since it holds on to the connection. */
static void wait_for_others(struct wsgi_exchange *x)
{
    if (x->reading || x->sending)
        shutdown(x->conn->fd, SHUT_RDWR);
    while (x->reading || x->sending) {
        Py_BEGIN_ALLOW_THREADS
        poll(NULL, 0, 1);
        Py_END_ALLOW_THREADS
    }
}

void wsgi_exchange_end(struct wsgi_exchange *x)
{
    wait_for_others(x);
    if (x->input != NULL)
        wsgi_input_cut(x->input);
    if (x->start_response != NULL)
        wsgi_response_cut(x->start_response);
    Py_CLEAR(x->input);
    Py_CLEAR(x->start_response);
    Py_CLEAR(x->environ);
}
