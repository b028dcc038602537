#!/usr/bin/python3
"""While strata-wsgi waits, whatever it waits for, the application's threads
run: the interpreter's lock is given away around every wait.

A thread of the application counts on.  The server is brought to a wait, and
stays in it until the count, which the thread writes to a file, has grown; a
server that keeps the lock would never end its wait here, and fail.
"""

import lib

APP = '''\
import threading
import time

PLAIN = [("Content-Type", "text/plain")]
MANY = 64 << 20


def count():
    out = open("count", "wb", buffering=0)
    while True:
        out.write(b"x")
        time.sleep(0.002)


threading.Thread(target=count, daemon=True).start()
with open("large", "wb") as large:
    large.truncate(MANY)


def mark(name):
    """The test knows by this file that the wait begins now."""
    open(name, "w").close()


def reading(env, start_response):
    env["wsgi.errors"].write("a line, and not flushed\\n")
    mark("reading")
    body = env["wsgi.input"].read()
    start_response("200 OK", PLAIN)
    return [body]


def lines(env, start_response):
    mark("lines")
    body = b"".join(env["wsgi.input"])
    start_response("200 OK", PLAIN)
    return [body]


def sending(env, start_response):
    start_response("200 OK", PLAIN)
    mark("sending")
    return [b"x" * MANY]


def writing(env, start_response):
    write = start_response("200 OK", PLAIN)
    mark("writing")
    write(b"x" * MANY)
    return []


def file(env, start_response):
    start_response("200 OK", PLAIN)
    mark("file")
    return env["wsgi.file_wrapper"](open("large", "rb"))


def application(env, start_response):
    return globals()[env["PATH_INFO"][1:]](env, start_response)
'''

STEPS = 30  # of the count: 60 ms of a thread that may run


def runs(t, what):
    """The count grows, now."""
    def count():
        path = t.dir / "count"
        return path.stat().st_size if path.exists() else 0
    begin = count()
    t.ok(f"the application's threads run while the server waits {what}",
         lib.wait_for(lambda: count() >= begin + STEPS),
         f"{begin}, then {count()}")


def begun(t, name):
    """The application is where it waits, or on its last step there."""
    if not lib.wait_for((t.dir / name).exists):
        t.ok(f"/{name} was called", False)


def receiving(t, name):
    """The wait for a body that is not complete."""
    with lib.connect(t.host, 9097) as s:
        s.sendall(b"POST /%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                  b"Content-Length: 4\r\n\r\na\n" % name.encode())
        begun(t, name)
        runs(t, f"for a body (/{name})")
        t.contains("a line to wsgi.errors is in the log at once",
                   child.log.read_text(), "a line, and not flushed")
        s.sendall(b"b\n")
        out = b""
        while more := s.recv(1000):
            out += more
        t.ok(f"/{name}: the wait ends well", out.endswith(b"\r\n\r\na\nb\n"),
             out)


def sending(t, name):
    """The wait for a client that takes nothing."""
    with lib.connect(t.host, 9097) as s:
        s.sendall(b"GET /%s HTTP/1.0\r\n\r\n" % name.encode())
        begun(t, name)
        runs(t, f"for a client that takes nothing (/{name})")
        length = 0
        while more := s.recv(1 << 20):
            length += len(more)
        t.ok(f"/{name}: the wait ends well", length > 64 << 20, length)


with lib.Test("the interpreter's lock is given away around every wait") as t:
    t.write("waiting.py", APP)
    # The deadlines are longer than the test waits: a server that keeps the
    # lock would wait, with its threads, until the test has failed.
    child = t.start(["strata-wsgi", "--http-socket", f"{t.host}:9097",
                     "--socket-timeout", "100000", "-w", "waiting"],
                    ready=(t.host, 9097))
    runs(t, "for a connection")
    with lib.connect(t.host, 9097) as s:
        s.sendall(b"GET /reading HTTP/1.1\r\nHo")
        runs(t, "for the rest of a head")
    for name in ("reading", "lines"):
        receiving(t, name)
    for name in ("sending", "writing", "file"):
        sending(t, name)
    runs(t, "for the next request")
