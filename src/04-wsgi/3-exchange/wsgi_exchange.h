/* wsgi_exchange: one request and its response.
 *
 * This is what the Python objects of a request (wsgi.input, start_response,
 * write) have in common.  It is C memory that the serving thread owns and uses
 * again for the next request; the objects point to it and are cut off from it
 * when the request is over (wsgi_exchange_end), so that an application which
 * keeps one of them too long gets an exception and not somebody else's data. */

#ifndef STRATA_WSGI_EXCHANGE_H
#define STRATA_WSGI_EXCHANGE_H

#include "wsgi_python.h"

#include "http_conn.h"
#include "http_date.h"
#include "wsgi_orders.h"

/* Where the response's body ends. */
enum wsgi_ending {
    WSGI_END_LENGTH,  /* after `length` bytes */
    WSGI_END_CHUNKED, /* with the last chunk */
    WSGI_END_CLOSE,   /* with the connection */
    WSGI_END_NOTHING, /* there is none: HEAD, 204, 304 */
};

/* A head that is larger than this is the application's fault. */
#define WSGI_MAX_RESPONSE_HEAD (1 << 20)

/* Variables on their way into environ: wsgi_environ.c's. */
#define WSGI_DRAFT 64

struct wsgi_draft {
    unsigned count;
    bool ordinary; /* so far, all fit in and have names of the memo's */
    bool https;
    PyObject *names[WSGI_DRAFT], *values[WSGI_DRAFT]; /* owned */
};

struct wsgi_exchange {
    struct wsgi_host *host;
    struct wsgi_draft *draft;
    const struct wsgi_orders *orders;
    unsigned core;
    pid_t pid;           /* of the process that serves */
    const bool *at_home; /* false in its children, see wsgi_end_stranger */
    struct http_clock clock;

    /* The request, as the connection has it.  The spans point into the
     * connection's buffer and live until wsgi_exchange_end. */
    struct http_conn *conn;
    bool http;      /* the socket speaks HTTP: framing and Date are ours */
    bool http_1_1;  /* the client understands chunks */
    bool head_only; /* HEAD */
    bool keep;      /* another request may follow on this connection */
    bool all_said;  /* the client has sent all that it will ever send */
    struct span method, uri, protocol, remote_addr, remote_user;
    struct span script_name, path; /* as the front, or the client, has them */
    struct wsgi_app *app;          /* which they are for, never NULL */
    size_t cut; /* bytes of path that the host moves into SCRIPT_NAME */
    struct buf decoded; /* the path of an HTTP request; kept for the next */
    unsigned vars, vars_bytes; /* for the log line, and so are these: */
    uint64_t app_count, count; /* requests so far, of this app and of all */

    /* The response. */
    struct buf head;  /* status line and fields, not yet the empty line */
    int status;       /* 0: start_response was not called yet */
    unsigned headers; /* fields in head */
    unsigned head_bytes;
    bool has_length, has_date;
    uint64_t length; /* Content-Length, the application's or inferred */
    enum wsgi_ending ending;
    bool head_out;     /* the client has it: nothing can be changed any more */
    bool all_there;    /* no more of the application runs before the end */
    bool excess;       /* more bytes came than Content-Length allows */
    bool gone;         /* the client is: nothing can be sent any more */
    bool reset;        /* only a reset can tell the client that this is cut */
    uint64_t sent;     /* bytes of the body that went out */
    unsigned switches; /* items taken from the iterable */

    /* The objects that point here; owned. */
    PyObject *environ, *input, *start_response;
    bool reading, sending; /* a thread is inside, without the lock */
};

/* Runs the application for the request that is in *x; with the interpreter's
 * lock held.  Whatever happens, the response is finished as well as it can be,
 * all is logged, and no exception is left. */
void wsgi_run(struct wsgi_exchange *x);

/* Cuts the Python objects off and drops them. */
void wsgi_exchange_end(struct wsgi_exchange *x);

/* environ: after wsgi_environ_begin, wsgi_environ_add takes the variables, one
 * at a time (it has cgi_emit's shape: `exchange` is the struct), and
 * wsgi_environ_end makes the dictionary. */
void wsgi_environ_begin(struct wsgi_exchange *x);
bool wsgi_environ_add(void *exchange, struct span name, struct span value);
bool wsgi_environ_end(struct wsgi_exchange *x);

/* wsgi.input and start_response for x; new references. */
PyObject *wsgi_input_make(PyTypeObject *type, struct wsgi_exchange *x);
void wsgi_input_cut(PyObject *input);
PyObject *wsgi_response_make(PyTypeObject *type, struct wsgi_exchange *x);
void wsgi_response_cut(PyObject *start_response);

/* Takes status and fields in, checked, or raises; x->head is then empty. */
bool wsgi_headers_set(struct wsgi_exchange *x, PyObject *status,
                      PyObject *headers);

/* Sending.  All of these release the interpreter's lock around their waits.
 * False when the client is gone (x->gone; no exception is set) or when there is
 * an exception.
 *
 * wsgi_send: bytes of the body, and before them the head if it is not out.
 * `whole` says how long the whole body is; WSGI_UNKNOWN_LENGTH if not known.
 * No bytes send nothing, not even the head. */
#define WSGI_UNKNOWN_LENGTH UINT64_MAX
bool wsgi_send(struct wsgi_exchange *x, struct span bytes, uint64_t whole);

/* Raises the TypeError for what should be bytes and is not: which type came,
 * which is wanted, how to mend it.  `what` begins the sentence. */
void wsgi_explain_item(const char *what, PyObject *item);

/* Sends the head if it is not out, with the length if known.  False also when
 * start_response was not called: an exception says so. */
bool wsgi_send_head(struct wsgi_exchange *x, uint64_t whole);

/* The body is complete. */
bool wsgi_send_end(struct wsgi_exchange *x);

/* The response cannot be completed: a 500 if nothing is out yet, else the
 * connection is broken so that the client can tell. */
void wsgi_send_failure(struct wsgi_exchange *x);

/* Ends this process when it is a child that the application has forked and
 * that has come back here.  Two processes would now answer one request, and
 * what the second says would be taken for the answer to the next. */
void wsgi_end_stranger(const struct wsgi_exchange *x);

/* Notes that the client has left, with the errno. */
void wsgi_client_gone(struct wsgi_exchange *x, int error);

/* wsgi.file_wrapper: sends `body` if it is one and stands for a file that can
 * be sent as it is; *handled is false when it must be iterated. */
bool wsgi_wrapper_send(struct wsgi_exchange *x, PyObject *body, bool *handled);

/* Lines for the log, "GET /path: ..."; the second with the exception that is
 * set, which it clears, and its traceback. */
void wsgi_report(const struct wsgi_exchange *x, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void wsgi_report_exception(const struct wsgi_exchange *x, const char *where);

#endif
