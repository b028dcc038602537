"""The application that the interop tests put behind every pair of servers."""

import json
import tempfile
from urllib.parse import parse_qs


def application(environ, start_response):
    path = environ["PATH_INFO"]
    answer = ROUTES.get(path)
    if answer is None:
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"no such page\n"]
    return answer(environ, start_response)


def hello(environ, start_response):
    body = b"Hello!"
    start_response("200 OK", [("Content-Type", "text/html"),
                              ("Content-Length", str(len(body)))])
    return [body]


def show(environ, start_response):
    """The strings of environ, as JSON."""
    start_response("200 OK", [("Content-Type", "application/json")])
    told = {k: v for k, v in environ.items() if isinstance(v, str)}
    return [json.dumps(told).encode()]


def form(environ, start_response):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    fields = parse_qs(environ["wsgi.input"].read(length).decode())
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(fields).encode()]


def echo(environ, start_response):
    """The request's body, spooled to a file and sent back from it."""
    spool = tempfile.TemporaryFile()
    length = 0
    left = int(environ.get("CONTENT_LENGTH") or 0)
    while left > 0:
        piece = environ["wsgi.input"].read(min(left, 65536))
        if not piece:
            break
        left -= len(piece)
        length += len(piece)
        spool.write(piece)
    spool.seek(0)
    start_response("200 OK", [("Content-Type", "application/octet-stream"),
                              ("Content-Length", str(length))])
    return environ["wsgi.file_wrapper"](spool, 65536)


def stream(environ, start_response):
    """A body without a length, in pieces."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    for number in range(1000):
        yield b"line %d\n" % number


def fields(environ, start_response):
    """A response with fields that a front must not lose or merge."""
    start_response("201 Made So", [
        ("Content-Type", "text/plain"), ("Set-Cookie", "a=1; Path=/"),
        ("Set-Cookie", "b=2"), ("X-Empty", ""), ("Location", "/elsewhere")])
    return [b"made\n"]


def redirect(environ, start_response):
    start_response("302 Found", [("Location", "/hello?a=b"),
                                 ("Content-Length", "0")])
    return [b""]


def nothing(environ, start_response):
    start_response("204 No Content", [])
    return []


def long_text(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/css")])
    return [b"body { color: black; }\n" * 500]


ROUTES = {"/": hello, "/show": show, "/form": form, "/echo": echo,
          "/stream": stream, "/fields": fields, "/redirect": redirect,
          "/nothing": nothing, "/long": long_text}
