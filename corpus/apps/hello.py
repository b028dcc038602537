"""The smallest application: every request gets the same page."""


def application(environ, start_response):
    body = b"Hello!"
    start_response("200 OK", [("Content-Type", "text/html"),
                              ("Content-Length", str(len(body)))])
    return [body]
