"""The site's application: plain WSGI (PEP 3333), no framework.

The server calls application() once for each request, with a dictionary that
describes the request and with a function that begins the response.  What it
returns is the response's body, in pieces of bytes.
"""

import hashlib
import html
import json
from email.message import Message
from email.parser import BytesHeaderParser
from pathlib import Path
from string import Template
from urllib.parse import parse_qs

PAGE = Template(Path(__file__).with_name("page.html").read_text("utf-8"))


def application(environ, start_response):
    path = environ.get("PATH_INFO") or "/"
    answers = ROUTES.get(path)
    if answers is None:
        return page(start_response, "404 Not Found", f"There is no {path}.")
    answer = answers.get(environ["REQUEST_METHOD"])
    if answer is None:
        allowed = ", ".join(answers)
        return page(start_response, "405 Method Not Allowed",
                    f"{path} answers {allowed}.", [("Allow", allowed)])
    try:
        return answer(environ, start_response)
    except BadRequest as problem:
        return page(start_response, "400 Bad Request", str(problem))


class BadRequest(Exception):
    """The client sent something else than was asked for; says what."""


def home(environ, start_response):
    return page(start_response, "200 OK")


def greet(environ, start_response):
    fields = parse_qs(read_body(environ).decode("utf-8", "replace"))
    name = fields.get("name", [""])[0].strip()
    if not name:
        raise BadRequest("The form has no name in it.")
    return page(start_response, "200 OK", f"Hello, {name}!")


def upload(environ, start_response):
    parts = list(multipart(environ.get("CONTENT_TYPE", ""),
                           read_body(environ)))
    for name, filename, content in parts:
        if name == "file" and filename:
            digest = hashlib.sha256(content).hexdigest()
            return page(start_response, "200 OK",
                        f"{filename}: {len(content)} bytes, SHA-256 {digest}")
    raise BadRequest("The upload has no file in it.")


def show_environ(environ, start_response):
    told = {k: v for k, v in sorted(environ.items()) if isinstance(v, str)}
    body = json.dumps(told, indent=2).encode() + b"\n"
    return respond(start_response, "200 OK", "application/json", body)


ROUTES = {
    "/": {"GET": home, "HEAD": home},
    "/greet": {"POST": greet},
    "/upload": {"POST": upload},
    "/environ": {"GET": show_environ, "HEAD": show_environ},
}


def read_body(environ):
    """All of the request's body; the front has bounded it."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length)
    if len(body) < length:
        raise BadRequest("The request ended before its body did.")
    return body


def multipart(content_type, body):
    """The parts of a multipart/form-data body (RFC 7578), each as its name,
    its file's name or None, and its content, byte for byte."""
    kind = Message()
    kind["Content-Type"] = content_type
    boundary = kind.get_boundary()
    if kind.get_content_type() != "multipart/form-data" or not boundary:
        raise BadRequest("A multipart/form-data body was expected.")
    # A delimiter is a whole line; the line break before it belongs to it.
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return
        lines = b"\r\n" + piece.partition(b"\r\n")[2]
        head, _, content = lines.partition(b"\r\n\r\n")
        fields = BytesHeaderParser().parsebytes(head.lstrip())
        name = fields.get_param("name", header="content-disposition")
        yield name, fields.get_filename(), content
    raise BadRequest("The upload ended before its last delimiter.")


def page(start_response, status, answer="", fields=()):
    """The page, with one paragraph of answer."""
    if answer:
        answer = f'<p class="answer">{html.escape(answer)}</p>'
    body = PAGE.substitute(answer=answer).encode("utf-8")
    return respond(start_response, status, "text/html; charset=utf-8", body,
                   fields)


def respond(start_response, status, content_type, body, fields=()):
    start_response(status, [("Content-Type", content_type),
                            ("Content-Length", str(len(body))), *fields])
    return [body]
