#!/usr/bin/python3
"""strata-wsgi after a hundred thousand requests of every kind: Python's blocks
of memory, the references to its objects and the process's memory are what they
were before.

A block that is allocated and not given back is found by counting blocks.  A
reference too many to an object that lives on anyway (None, a name, a type) is
not; so the references to everything that can be found are added up, as
sys.gettotalrefcount() of a debug build does, which is asked too where the
interpreter is one.
"""

import re
import socket
import struct
import threading

import lib

APP = r'''
import gc
import io
import os
import sys
import tempfile
import types

PLAIN = [("Content-Type", "text/plain")]
HERE = os.path.abspath(__file__)


def hello(env, start_response):
    start_response("200 OK", PLAIN + [("Content-Length", "6")])
    return [b"hello\n"]


def generator(env, start_response):
    start_response("200 OK", PLAIN)
    yield b"one"
    yield b""
    yield b"two"


class Body:
    def __init__(self, items):
        self.items = iter(items)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.items)

    def close(self):
        pass


def body(env, start_response):
    start_response("200 OK", PLAIN)
    return Body((b"a", b"b"))


def one_tuple(env, start_response):
    start_response("200 caf\xe9", [("X-Latin", "\xe9"), ("X-B", "2")])
    return b"a", b"b"


def write(env, start_response):
    write = start_response("200 OK", PLAIN, exc_info=None)
    write(b"written")
    return Body([b"and", b"more"])


def replaced(env, start_response):
    start_response("200 OK", PLAIN)
    try:
        raise ValueError("replaced")
    except ValueError:
        start_response("500 Replaced", PLAIN, sys.exc_info())
    return [b"an error page"]


def read(env, start_response):
    stream = env["wsgi.input"]
    seen = [stream.read(1), stream.readline(5), *stream.readlines(1),
            next(stream, b""), stream.read(), stream.read()]
    start_response("200 OK", PLAIN)
    return [b"".join(seen)]


def real_file(env, start_response):
    start_response("200 OK", PLAIN)
    return env["wsgi.file_wrapper"](open(HERE, "rb"))


def file_like(env, start_response):
    start_response("200 OK", PLAIN)
    return env["wsgi.file_wrapper"](io.BytesIO(b"x" * 5000), 1000)


def logs(env, start_response):
    env["wsgi.errors"].write("a line\nand ")
    env["wsgi.errors"].writelines(["another\n"])
    env["wsgi.errors"].flush()
    start_response("204 No Content", [])
    return []


def variables(env, start_response):
    start_response("200 OK", PLAIN)
    return [repr(sorted(env.items(), key=str)).encode("utf-8", "replace")]


def keeps(env, start_response):
    """Objects of a request that outlive it, in a circle."""
    env["me"] = env, start_response, start_response("200 OK", PLAIN)
    return [b"kept"]


def raises(env, start_response):
    raise RuntimeError(env["PATH_INFO"])


def midway(env, start_response):
    start_response("200 OK", PLAIN)
    yield b"begun"
    raise RuntimeError("midway")


def too_late(env, start_response):
    start_response("200 OK", PLAIN)(b"begun")
    try:
        raise ValueError("too late")
    except ValueError:
        start_response("500 Late", PLAIN, sys.exc_info())


def text(env, start_response):
    start_response("200 OK", PLAIN)
    return ["text"]


def none(env, start_response):
    start_response("200 OK", PLAIN)


def refused(env, start_response):
    start_response("200 OK", [("X", "a\nb")])
    return []


def twice(env, start_response):
    start_response("200 OK", PLAIN)
    start_response("200 OK", PLAIN)


def unstarted(env, start_response):
    return [b"no head"]


def exits(env, start_response):
    sys.exit("out")


def bad_close(env, start_response):
    start_response("200 OK", PLAIN + [("Content-Length", "4")])
    result = Body([b"last"])
    result.close = lambda: 1 / 0
    return result


def too_long(env, start_response):
    start_response("200 OK", PLAIN + [("Content-Length", "2")])
    return Body([b"abc", b"def"])


def too_short(env, start_response):
    start_response("200 OK", PLAIN + [("Content-Length", "9")])
    return Body([b"abc"])


def endless(env, start_response):
    start_response("200 OK", PLAIN)
    while True:
        yield b"x" * 65536


def caught_read(env, start_response):
    try:
        env["wsgi.input"].read()
    except OSError as error:
        start_response("200 OK", PLAIN)
        return [str(error).encode()]


def counts(env, start_response):
    """Blocks, references, pages of memory.  What can be found is what the
    collector knows and, again and again, what that refers to."""
    env = start = None
    gc.collect()
    fresh = gc.get_objects()
    known, total = set(), 0
    while fresh:
        found = []
        for thing in fresh:
            if id(thing) not in known and not isinstance(thing,
                                                         types.FrameType):
                known.add(id(thing))
                found.append(thing)
        fresh = gc.get_referents(*found)
        total += sum(sys.getrefcount(thing) % 1000000  # 999999999: immortal
                     for thing in found)
    fresh = found = known = thing = None
    with open("/proc/self/statm") as statm:
        pages = int(statm.read().split()[1])
    debug = getattr(sys, "gettotalrefcount", int)()
    answer = b"%d %d %d %d" % (sys.getallocatedblocks(), total, pages, debug)
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]


def application(env, start_response):
    name = env["PATH_INFO"].split("/")[1]
    return globals()[name](env, start_response)
'''

HEAD = "%s /%s HTTP/1.1\r\nHost: x\r\nX-Request: %d\r\n"
BODY = b"Content-Length: 16\r\n\r\nline\nline\nline\nx"
CHUNKS = (b"Transfer-Encoding: chunked\r\n\r\n5\r\nline\n\r\n"
          b"b\r\nline\nline\nx\r\n0\r\n\r\n")

# Requests that leave the connection open.
KEPT = ["generator", "body", "one_tuple", "write", "replaced", "real_file",
        "file_like", "logs", "variables", "keeps", "bad_close", "too_long"]
# Requests whose connection ends with them.
ENDED = ["raises", "midway", "too_late", "text", "none", "refused", "twice",
         "unstarted", "exits", "too_short"]


def request(name, number, tail=b"\r\n", method="GET"):
    return (HEAD % (method, name, number)).encode() + tail


def packet(name, number, body=b""):
    """The same as a uwsgi request."""
    pairs = b"".join(struct.pack("<H%dsH%ds" % (len(k), len(v)), len(k), k,
                                 len(v), v)
                     for k, v in ((b"REQUEST_METHOD", b"POST"),
                                  (b"PATH_INFO", b"/" + name.encode()),
                                  (b"HTTP_X_REQUEST", b"%d" % number),
                                  (b"SCRIPT_NAME", b"/mounted"),
                                  (b"CONTENT_LENGTH", b"%d" % len(body))))
    return struct.pack("<BHB", 0, len(pairs), 0) + pairs + body


def exchange(t, data, port=9096):
    """Sends it all and takes all that comes back, until the end."""
    with lib.connect(t.host, port) as s:
        sender = threading.Thread(target=s.sendall, args=(data,))
        sender.start()
        out = bytearray()
        try:
            while more := s.recv(1 << 20):
                out += more
        except ConnectionResetError:
            pass
        sender.join()
    return out


def batch(t, name, count, tail=b"\r\n", method="GET"):
    """That many requests on one connection; the last asks for its end."""
    last = request(name, count, b"Connection: close\r\n" + tail, method)
    out = exchange(t, b"".join(
        request(name, n, tail, method) for n in range(1, count)) + last)
    answers = len(re.findall(rb"HTTP/1\.1 [0-9]{3} [^\r\n]*\r\n", out))
    if answers != count:
        t.ok(f"{count} requests for {name}", False,
             f"{answers} answers: {bytes(out[-300:])}")


def kept(t, scale):
    for name in KEPT:
        batch(t, name, 2 * scale)
    batch(t, "read", 2 * scale, BODY, "POST")
    batch(t, "read", 2 * scale, CHUNKS, "POST")
    batch(t, "hello", scale, BODY, "POST")
    batch(t, "generator", scale, b"\r\n", "HEAD")
    return (2 * len(KEPT) + 6) * scale


def ended(t, scale):
    """Errors, a connection each, and clients that leave."""
    for name in ENDED:
        for number in range(scale):
            exchange(t, request(name, number))
    for number in range(scale):
        with lib.connect(t.host, 9096) as s:
            s.sendall(request("endless", number))
            s.recv(100)
        with lib.connect(t.host, 9096) as s:
            s.sendall(request("caught_read", number,
                              b"Content-Length: 9\r\n\r\nab", "POST"))
            s.shutdown(socket.SHUT_WR)
            s.recv(1000)
    exchange(t, b"nonsense\r\n\r\n")
    return (len(ENDED) + 2) * scale


def uwsgi(t, scale):
    for name in ("variables", "read", "real_file", "raises"):
        for number in range(scale):
            exchange(t, packet(name, number, b"line\nline\nline\nx"), 9098)
    exchange(t, packet("hello", 1)[:-3] + b"\xff\0\0", 9098)
    return 4 * scale


def everything(t, total):
    """That many requests, the kinds in the same proportions: of each so many
    that a single block a request would be seen."""
    scale = total // 250
    done = kept(t, scale) + ended(t, scale) + uwsgi(t, scale)
    while done < total:
        batch(t, "hello", 5000)
        done += 5000
    return done


def counts(t):
    return [int(n) for n in
            lib.ask(t.host, 9096, "GET", "/counts").text.split()]


with lib.Test("a hundred thousand requests leave nothing behind") as t:
    t.write("flat_app.py", APP)
    t.start(["strata-wsgi", "--http-socket", f"{t.host}:9096", "--socket",
             f"{t.host}:9098", "-L", "-w", "flat_app", "--mount",
             "/mounted=flat_app:application"], ready=(t.host, 9098))
    everything(t, 20000)  # Python's own lists of free objects fill up
    everything(t, 20000)
    counts(t)
    before = counts(t)
    done = everything(t, 100000)
    after = counts(t)
    said = f"{before}, after {done} requests {after}"
    print(f"# {said}")
    t.ok("a hundred thousand were served", done >= 100000, done)
    for place, (what, most) in enumerate((
            ("blocks of memory", 50), ("references to all objects", 100),
            ("pages of memory", 600), ("references, says a debug build", 9))):
        t.ok(f"{what}: {before[place]}, then {after[place]}",
             abs(after[place] - before[place]) < most, said)
