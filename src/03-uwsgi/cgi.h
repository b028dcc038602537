/* cgi: an HTTP request as CGI variables (RFC 3875 4.1; nginx's uwsgi_params).
 *
 * The variables are handed one by one to a function of the caller's: the
 * gateway encodes them into a packet, the Python host makes environ of them. */

#ifndef STRATA_CGI_H
#define STRATA_CGI_H

#include "http_request.h"

/* Called for each variable; false stops the walk.  The spans live until it
 * returns. */
typedef bool cgi_emit(void *context, struct span name, struct span value);

/* What the server knows beside the request. */
struct cgi_server {
    struct span name;           /* SERVER_NAME */
    struct span port;           /* SERVER_PORT */
    struct span remote_addr;    /* REMOTE_ADDR */
    struct span remote_port;    /* REMOTE_PORT, left out when empty */
    struct span scheme;         /* REQUEST_SCHEME: "http" */
    struct span document_root;  /* DOCUMENT_ROOT, left out when empty */
    struct span path;           /* PATH_INFO: decoded, normalised */
    struct span content_length; /* CONTENT_LENGTH: the decoded body's, in
                                 * decimal; empty when there is no body */
};

/* Emits the variables in the order of nginx's uwsgi_params: QUERY_STRING,
 * REQUEST_METHOD, CONTENT_TYPE, CONTENT_LENGTH, REQUEST_URI, PATH_INFO,
 * DOCUMENT_ROOT, SERVER_PROTOCOL, REQUEST_SCHEME, REMOTE_ADDR, REMOTE_PORT,
 * SERVER_PORT, SERVER_NAME; then cgi_fields, without all_names.  REQUEST_URI is
 * the target in origin form.  False as cgi_fields is. */
bool cgi_variables(const struct http_request *r, const struct cgi_server *s,
                   cgi_emit *emit, void *context);

/* Emits the request's fields as HTTP_*: upper case, "-" as "_"; fields of one
 * name joined with ", " (Cookie with "; ") at the place of the first.  Left
 * out: names with an underscore or another byte than letter, digit and "-"
 * (forgeries of dashed names) unless all_names, Proxy (it would become
 * HTTP_PROXY), Content-Length, Content-Type and Transfer-Encoding (they have
 * their own variables, or are spent).  HTTP_HOST comes first and is r->host.
 * False when emit was, or when the memory is out (errno ENOMEM). */
bool cgi_fields(const struct http_request *r, bool all_names, cgi_emit *emit,
                void *context);

/* True for a name of letters, digits and "-" alone. */
bool cgi_name_is_plain(struct span name);

/* True for a version of HTTP, "HTTP/1.1" and its like (RFC 9112 2.3): no other
 * SERVER_PROTOCOL may be repeated in a status line. */
bool cgi_is_version(struct span protocol);

#endif
