/* wsgi_traceback: an exception as text in the log.
 *
 * PyErr_Print would be shorter.  It ends the process when the exception is
 * SystemExit, and it writes piece by piece, so that tracebacks of several
 * processes mix.  Here Python's own traceback module makes the text, and one
 * write(2) puts it into the log. */

#include "wsgi_python.h"

#include "wsgi_log.h"

/* The exception as one str, or NULL. */
static PyObject *format(struct wsgi_host *host, PyObject *type, PyObject *value,
                        PyObject *traceback)
{
    PyObject *text = NULL, *lines = NULL, *empty = NULL;
    PyObject *module = PyImport_ImportModule("traceback");

    if (module != NULL)
        lines = PyObject_CallMethodObjArgs(
            module, host->names[WSGI_N_format_exception], type,
            value != NULL ? value : Py_None,
            traceback != NULL ? traceback : Py_None, NULL);
    if (lines != NULL)
        empty = PyUnicode_FromString("");
    if (empty != NULL)
        text = PyUnicode_Join(empty, lines);
    Py_XDECREF(module);
    Py_XDECREF(lines);
    Py_XDECREF(empty);
    return text;
}

static bool write_text(const char *what, PyObject *text)
{
    char date[WSGI_LOG_DATE];
    struct buf out;
    bool ok;
    PyObject *bytes =
        PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace");

    if (bytes == NULL)
        return false;
    wsgi_log_date(date);
    buf_init(&out, SIZE_MAX / 2);
    ok = buf_printf(&out, "%s - %s\n", date, what) &&
         buf_add(&out, PyBytes_AS_STRING(bytes),
                 (size_t)PyBytes_GET_SIZE(bytes));
    if (ok)
        wsgi_log_write(buf_span(&out));
    buf_free(&out);
    Py_DECREF(bytes);
    return ok;
}

void wsgi_log_exception(struct wsgi_host *host, const char *what)
{
    PyObject *type, *value, *traceback, *text;

    PyErr_Fetch(&type, &value, &traceback);
    if (type == NULL)
        return;
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != NULL && value != NULL)
        PyException_SetTraceback(value, traceback);
    text = format(host, type, value, traceback);
    if (text == NULL || !write_text(what, text))
        wsgi_log_dated("%s: %s (its traceback could not be written)", what,
                       PyExceptionClass_Check(type)
                           ? PyExceptionClass_Name(type)
                           : "an exception");
    PyErr_Clear();
    Py_XDECREF(text);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
}
