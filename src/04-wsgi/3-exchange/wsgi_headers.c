/* wsgi_headers: the status and the fields that an application gives.
 *
 * Everything is checked here, once, at the place where the application can
 * still be told: types, the form of the status, bytes that would end a line
 * early (a response that an attacker can split), fields that are none of the
 * application's business.  What passes is written into the head at once, as
 * bytes; nothing of Python is kept. */

#include "wsgi_exchange.h"

#include "http_hop.h"
#include "http_status.h"

#include <string.h>

/* The bytes of a native string, which is a str of Latin-1 alone. */
static bool native(PyObject *text, const char *what, struct span *s)
{
    if (!PyUnicode_Check(text)) {
        PyErr_Format(PyExc_TypeError,
                     "start_response: %s must be str, not %s: %.100R", what,
                     Py_TYPE(text)->tp_name, text);
        return false;
    }
#if PY_VERSION_HEX < 0x030c0000
    if (PyUnicode_READY(text) < 0)
        return false;
#endif
    if (PyUnicode_KIND(text) != PyUnicode_1BYTE_KIND) {
        PyErr_Format(PyExc_ValueError,
                     "start_response: %s has a character beyond Latin-1: "
                     "%.100R",
                     what, text);
        return false;
    }
    s->ptr = (const char *)PyUnicode_1BYTE_DATA(text);
    s->len = (size_t)PyUnicode_GET_LENGTH(text);
    for (size_t i = 0; i < s->len; i++) {
        unsigned char c = (unsigned char)s->ptr[i];
        if (c < ' ' || c == 0x7f) {
            PyErr_Format(PyExc_ValueError,
                         "start_response: %s has a control character (CR, LF, "
                         "NUL, ...): %.100R",
                         what, text);
            return false;
        }
    }
    return true;
}

static bool add(struct wsgi_exchange *x, struct span s)
{
    if (buf_add_span(&x->head, s))
        return true;
    PyErr_SetString(PyExc_ValueError,
                    "start_response: the head is larger than 1 MiB");
    return false;
}

/* "200 OK"; "200" alone gets the reason that belongs to it, as in uWSGI.  The
 * line repeats the request's version, as uWSGI's does. */
static bool set_status(struct wsgi_exchange *x, PyObject *status)
{
    struct span s, digits;
    uint64_t number;
    bool bare;

    if (!native(status, "the status", &s))
        return false;
    digits = (struct span){s.ptr, s.len < 3 ? s.len : 3};
    if (digits.len < 3 || !span_decimal(digits, &number) || number < 200 ||
        (s.len > 3 && s.ptr[3] != ' ')) {
        PyErr_Format(PyExc_ValueError,
                     "start_response: the status must be a number from 200 to "
                     "999, a blank and a reason, such as \"200 OK\", not "
                     "%.100R",
                     status);
        return false;
    }
    bare = span_trim(s).len == 3;
    x->status = (int)number;
    return add(x, x->protocol) && add(x, SPAN(" ")) &&
           add(x, bare ? digits : s) &&
           (!bare || (add(x, SPAN(" ")) && add(x, http_reason(x->status)))) &&
           add(x, SPAN("\r\n"));
}

static bool refuse_field(PyObject *field, const char *why)
{
    PyErr_Format(PyExc_ValueError, "start_response: field %.200R: %s", field,
                 why);
    return false;
}

/* What some fields mean to the host. */
static bool heed(struct wsgi_exchange *x, PyObject *field, struct span name,
                 struct span value)
{
    if (http_ends_here(name, HOP_APPLICATION))
        return refuse_field(field, "a hop-by-hop field belongs to the server "
                                   "(PEP 3333)");
    if (span_eq_nocase(name, SPAN("Date")))
        x->has_date = true;
    if (!span_eq_nocase(name, SPAN("Content-Length")))
        return true;
    if (x->has_length)
        return refuse_field(field, "Content-Length was given twice");
    if (!span_decimal(span_trim(value), &x->length))
        return refuse_field(field, "Content-Length is not a number of bytes");
    x->has_length = true;
    return true;
}

static bool add_field(struct wsgi_exchange *x, PyObject *field)
{
    struct span name, value;

    if (!PyTuple_Check(field) || PyTuple_GET_SIZE(field) != 2) {
        PyErr_Format(PyExc_TypeError,
                     "start_response: a header must be a tuple (name, value), "
                     "not %s: %.100R",
                     Py_TYPE(field)->tp_name, field);
        return false;
    }
    if (!native(PyTuple_GET_ITEM(field, 0), "a header's name", &name) ||
        !native(PyTuple_GET_ITEM(field, 1), "a header's value", &value))
        return false;
    if (!http_is_token(name))
        return refuse_field(field, "the name is not a token (RFC 9110 5.1)");
    if (!heed(x, field, name, value))
        return false;
    x->headers++;
    /* RFC 9110 8.6: a 204 has no length. */
    if (x->status == 204 && span_eq_nocase(name, SPAN("Content-Length")))
        return true;
    return add(x, name) && add(x, SPAN(": ")) && add(x, value) &&
           add(x, SPAN("\r\n"));
}

bool wsgi_headers_set(struct wsgi_exchange *x, PyObject *status,
                      PyObject *headers)
{
    bool ok;

    x->head.len = 0;
    x->status = 0;
    x->headers = 0;
    x->has_length = x->has_date = false;
    if (!PyList_CheckExact(headers)) {
        PyErr_Format(PyExc_TypeError,
                     "start_response: the headers must be a list of (name, "
                     "value) tuples, not %s",
                     Py_TYPE(headers)->tp_name);
        return false;
    }
    ok = set_status(x, status);
    for (Py_ssize_t i = 0; ok && i < PyList_GET_SIZE(headers); i++) {
        /* An error message asks the field for its repr(), which may take it
         * off the list. */
        PyObject *field = Py_NewRef(PyList_GET_ITEM(headers, i));
        ok = add_field(x, field);
        Py_DECREF(field);
    }
    if (!ok) {
        x->head.len = 0;
        x->status = 0;
    }
    return ok;
}
