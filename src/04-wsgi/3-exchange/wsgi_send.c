/* wsgi_send: from the application's pieces to a correctly framed response.
 *
 * The application's fields go out as they were given; what the host adds
 * follows them.  On an HTTP socket that is Date (RFC 9110 6.6.1), the framing
 * (Content-Length, or chunks for a client that knows them) and Connection. A
 * front that speaks uwsgi adds these itself: there only the length is told,
 * where it is known.
 *
 * Head and first piece leave in one call.  The interpreter's lock is released
 * around every wait. */

#include "wsgi_exchange.h"

#include "http_status.h"
#include "net.h"
#include "wsgi_log.h"

#include <errno.h>
#include <unistd.h>

/* More than this is copied into the kernel without the interpreter's lock;
 * less is copied in the time that giving it away and getting it back takes. */
#define COPY_LOCKED 65536

/* Waits, without the interpreter's lock, until all is written. */
static bool write_patiently(struct wsgi_exchange *x, struct iovec *iov,
                            int count)
{
    bool ok;
    int error;

    x->sending = true;
    Py_BEGIN_ALLOW_THREADS
    ok = net_writev(x->conn->fd, iov, count, x->conn->timeouts.send);
    error = errno;
    Py_END_ALLOW_THREADS
    x->sending = false;
    errno = error;
    return ok;
}

void wsgi_end_stranger(const struct wsgi_exchange *x)
{
    if (*x->at_home)
        return;
    wsgi_log_dated("a child that the application forked came back from it: it "
                   "is ended, process %d answers; end such a child with "
                   "os._exit()",
                   (int)x->pid);
    _exit(0);
}

/* Writes everything. */
static bool write_out(struct wsgi_exchange *x, struct iovec *iov, int count,
                      bool last)
{
    size_t total = 0;
    bool ok = true;

    wsgi_end_stranger(x);
    if (x->gone)
        return false;
    if (x->sending) {
        PyErr_SetString(PyExc_RuntimeError,
                        "write: another thread is sending this response");
        return false;
    }
    for (int i = 0; i < count; i++)
        total += iov[i].iov_len;
    if (total <= COPY_LOCKED)
        ok = net_writev_now(x->conn->fd, &iov, &count, last ? MSG_MORE : 0);
    if (ok && count > 0)
        ok = write_patiently(x, iov, count);
    if (!ok)
        wsgi_client_gone(x, errno);
    return ok;
}

/* How will the client know where the body ends? */
static void choose_ending(struct wsgi_exchange *x, uint64_t whole)
{
    if (x->has_length)
        x->ending = WSGI_END_LENGTH;
    else if (x->http_1_1)
        x->ending = WSGI_END_CHUNKED;
    else
        x->ending = WSGI_END_CLOSE;
    if (!x->has_length && whole != WSGI_UNKNOWN_LENGTH) {
        x->ending = WSGI_END_LENGTH;
        x->length = whole;
    }
}

static bool add_framing(struct wsgi_exchange *x)
{
    struct buf *head = &x->head;

    if (x->ending == WSGI_END_LENGTH && !x->has_length) {
        x->headers++;
        return buf_printf(head, "Content-Length: %llu\r\n",
                          (unsigned long long)x->length);
    }
    if (x->ending == WSGI_END_CHUNKED) {
        x->headers++;
        return buf_add_text(head, "Transfer-Encoding: chunked\r\n");
    }
    return true;
}

static bool add_http_fields(struct wsgi_exchange *x)
{
    struct buf *head = &x->head;

    if (!x->has_date) {
        x->headers++;
        if (!buf_add_text(head, "Date: ") ||
            !buf_add_span(head, http_clock_now(&x->clock)) ||
            !buf_add_text(head, "\r\n"))
            return false;
    }
    if (x->ending == WSGI_END_CLOSE || !http_conn_has_body(x->conn) ||
        atomic_load(&x->orders->given) != WSGI_GO_ON)
        x->keep = false;
    if (x->http_1_1 && x->keep) /* what the version says anyway */
        return true;
    x->headers++;
    return buf_add_text(head, x->keep ? "Connection: keep-alive\r\n"
                                      : "Connection: close\r\n");
}

/* Completes the head. */
static bool finish_head(struct wsgi_exchange *x, uint64_t whole)
{
    bool ok, bodiless = x->status == 204 || x->status == 304;

    if (x->status == 0) {
        PyErr_SetString(PyExc_RuntimeError,
                        "the application returned without having called "
                        "start_response: there is no status to send");
        return false;
    }
    choose_ending(x, whole);
    if (bodiless)
        x->ending = WSGI_END_NOTHING;
    ok = (x->head_only && x->ending == WSGI_END_CHUNKED) || add_framing(x);
    if (x->head_only)
        x->ending = WSGI_END_NOTHING;
    ok = ok && (!x->http || add_http_fields(x)) &&
         buf_add_text(&x->head, "\r\n");
    if (!ok)
        PyErr_NoMemory();
    x->head_bytes = (unsigned)x->head.len;
    return ok;
}

/* How many of n bytes Content-Length still allows; the rest is logged once. */
static uint64_t allowed(struct wsgi_exchange *x, uint64_t n)
{
    if (x->ending == WSGI_END_NOTHING)
        return 0;
    if (x->ending != WSGI_END_LENGTH || n <= x->length - x->sent)
        return n;
    if (!x->excess)
        wsgi_report(x,
                    "the body is longer than its Content-Length, %llu "
                    "bytes: the rest is cut off",
                    (unsigned long long)x->length);
    x->excess = true;
    return x->length - x->sent;
}

/* Puts a piece of n bytes, framed, behind what iov holds already. */
static int frame(struct wsgi_exchange *x, struct span bytes, char *line,
                 size_t line_size, struct iovec *iov)
{
    int count = 0;

    if (bytes.len == 0)
        return 0;
    if (x->ending == WSGI_END_CHUNKED) {
        int n = snprintf(line, line_size, "%zx\r\n", bytes.len);
        iov[count++] = (struct iovec){line, (size_t)n};
    }
    iov[count++] = (struct iovec){(char *)bytes.ptr, bytes.len};
    if (x->ending == WSGI_END_CHUNKED)
        iov[count++] = (struct iovec){"\r\n", 2};
    return count;
}

/* Does the end of the connection follow these n bytes at once?  Then it can
 * travel with them.  It must be the client's wish, too: where more requests may
 * come, bytes that nobody will read turn the end into a reset, and what waits
 * for it is lost. */
static bool is_last(const struct wsgi_exchange *x, size_t n)
{
    return x->all_said && x->all_there &&
           (x->ending == WSGI_END_NOTHING ||
            (x->ending == WSGI_END_LENGTH && x->sent + n == x->length));
}

static bool send_pieces(struct wsgi_exchange *x, struct span bytes,
                        uint64_t whole)
{
    struct iovec iov[4];
    char line[24];
    int count = 0;

    if (!x->head_out) {
        if (!finish_head(x, whole))
            return false;
        iov[count++] = (struct iovec){x->head.ptr, x->head.len};
        x->head_out = true;
        x->conn->continue_due = false;
    }
    bytes.len = allowed(x, bytes.len);
    count += frame(x, bytes, line, sizeof line, iov + count);
    if (count > 0 && !write_out(x, iov, count, is_last(x, bytes.len)))
        return false;
    x->sent += bytes.len;
    return !x->gone;
}

void wsgi_explain_item(const char *what, PyObject *item)
{
    const char *mend =
        PyUnicode_Check(item)
            ? ": write b\"...\" for a literal, text.encode(\"utf-8\") for any "
              "str, as in return [b\"Hello!\"]"
        : PyByteArray_Check(item) || PyMemoryView_Check(item)
            ? ": bytes(...) makes them"
            : "";
    PyErr_Format(PyExc_TypeError,
                 "%s of type %s (%.60R) where PEP 3333 wants "
                 "bytes%s",
                 what, Py_TYPE(item)->tp_name, item, mend);
}

bool wsgi_send(struct wsgi_exchange *x, struct span bytes, uint64_t whole)
{
    return bytes.len == 0 ? !x->gone : send_pieces(x, bytes, whole);
}

bool wsgi_send_head(struct wsgi_exchange *x, uint64_t whole)
{
    return x->head_out ? !x->gone : send_pieces(x, SPAN(""), whole);
}

bool wsgi_send_end(struct wsgi_exchange *x)
{
    /* That nothing came says how long the body is, but not to a HEAD, to
     * which many applications give none: its length is the GET's. */
    if (!wsgi_send_head(x, x->head_only ? WSGI_UNKNOWN_LENGTH : 0))
        return false;
    if (x->ending == WSGI_END_CHUNKED) {
        struct iovec last = {"0\r\n\r\n", 5};
        return write_out(x, &last, 1, false);
    }
    if (x->ending == WSGI_END_LENGTH && x->sent < x->length) {
        wsgi_report(x,
                    "the body ended after %llu bytes, its Content-Length "
                    "says %llu: the connection is closed",
                    (unsigned long long)x->sent, (unsigned long long)x->length);
        x->keep = false;
    }
    return true;
}

/* What the client gets instead: the reason why the body could not be read, if
 * that was it, else the server's own fault. */
static int failure_status(const struct wsgi_exchange *x)
{
    return x->conn->body.status != 0 ? x->conn->body.status : 500;
}

void wsgi_send_failure(struct wsgi_exchange *x)
{
    struct span reason;

    x->keep = false;
    if (x->head_out) {
        x->reset = x->ending == WSGI_END_CLOSE;
        return;
    }
    x->status = failure_status(x);
    x->headers = 1;
    x->has_length = x->has_date = false;
    x->head.len = 0;
    reason = x->status == 500 ? SPAN("Internal Server Error")
                              : http_reason(x->status);
    if (buf_printf(&x->head, "%.*s %d %.*s\r\nContent-Type: text/plain\r\n",
                   SPAN_ARG(x->protocol), x->status, SPAN_ARG(reason)))
        send_pieces(x, reason, reason.len);
    PyErr_Clear();
}
