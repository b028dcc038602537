#!/usr/bin/python3
"""echo: a solution of stage 1 as a student might hand it in, in one file.

    make test-stage 1 PROGRAM="/usr/bin/python3 tests/runner/echo.py"

It shows that the grader asks for nothing but a command that listens on the
address it is given.  It is an honest first version: requests with a head, and
bodies with a Content-Length.  What it leaves out (chunked bodies, most of what
must be refused, the limits) is what its missing points are for.
"""

import socket
import sys
import time

MAX_HEAD = 32768
MAX_BODY = 1 << 20
DEADLINE = 10.0

REASONS = {200: "OK", 400: "Bad Request", 408: "Request Timeout",
           413: "Content Too Large", 431: "Request Header Fields Too Large",
           501: "Not Implemented", 505: "HTTP Version Not Supported"}


class Refused(Exception):
    """The request is to be answered with this status."""


class Gone(Exception):
    """The client has left; there is nobody to answer."""


def receive(client, data, deadline):
    """The data and whatever comes next, before the deadline."""
    client.settimeout(max(deadline - time.monotonic(), 0.001))
    try:
        more = client.recv(65536)
    except TimeoutError:
        raise Refused(408) if data else Gone
    if not more:
        raise Gone
    return data + more


def check_line(line):
    """The request line: three words, and the version."""
    words = line.split(" ")
    if len(words) != 3 or not words[0].isalpha():
        raise Refused(400)
    if not words[2].startswith("HTTP/"):
        raise Refused(400)
    if not words[2].startswith("HTTP/1."):
        raise Refused(505)
    return words[2]


def body_length(lines, version):
    """How many bytes follow the head."""
    hosts, lengths = 0, []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise Refused(400)
        if name.lower() == "host":
            hosts += 1
        if name.lower() == "transfer-encoding":
            raise Refused(501)
        if name.lower() == "content-length":
            lengths.append(value.strip())
    if hosts > 1 or (hosts == 0 and version == "HTTP/1.1"):
        raise Refused(400)
    if not lengths:
        return 0
    if len(lengths) > 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
        raise Refused(400)
    if int(lengths[0]) > MAX_BODY:
        raise Refused(413)
    return int(lengths[0])


def read_message(client, deadline):
    """One request, whole, as it was sent."""
    data = b""
    while b"\r\n\r\n" not in data:
        if len(data) > MAX_HEAD:
            raise Refused(431)
        data = receive(client, data, deadline)
    head = data[:data.index(b"\r\n\r\n")].decode("latin-1")
    line, *fields = head.removeprefix("\r\n").split("\r\n")
    end = (data.index(b"\r\n\r\n") + 4
           + body_length(fields, check_line(line)))
    while len(data) < end:
        data = receive(client, data, deadline)
    return data[:end]


def answer(client, status, kind, body):
    head = (f"HTTP/1.1 {status} {REASONS[status]}\r\n"
            f"Content-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n")
    client.sendall(head.encode() + body)


def serve(client, deadline):
    try:
        answer(client, 200, "message/http", read_message(client, deadline))
    except Refused as refused:
        status = refused.args[0]
        answer(client, status, "text/plain", f"{REASONS[status]}\n".encode())
    except (Gone, OSError):
        return
    # A close with bytes unread would be a reset, and could take the answer
    # with it: so say that no more is sent, and read what still comes.
    try:
        client.shutdown(socket.SHUT_WR)
        client.settimeout(1)
        while client.recv(65536):
            pass
    except OSError:
        pass


def main(words):
    patience = DEADLINE
    if "--head-timeout" in words:
        patience = float(words[words.index("--head-timeout") + 1])
    host, port = words[-1].rsplit(":", 1)
    with socket.create_server((host, int(port)), backlog=128) as listener:
        while True:
            client, _ = listener.accept()
            with client:
                serve(client, time.monotonic() + patience)


if __name__ == "__main__":
    main(sys.argv[1:])
