#!/usr/bin/python3
"""What strata-wsgi costs and bears: large bodies in little memory, files that
go out by sendfile, fifty clients at once, a client that pauses longer than
real uWSGI would wait, the protocols mixed up."""

import hashlib
import re
import threading

import lib

APP = '''\
import hashlib

PLAIN = [("Content-Type", "text/plain")]


def digest(env, start_response):
    seen = hashlib.sha256()
    while piece := env["wsgi.input"].read(65536):
        seen.update(piece)
    start_response("200 OK", PLAIN)
    return [seen.hexdigest().encode()]


def whole(env, start_response):
    body = env["wsgi.input"].read()
    start_response("200 OK", PLAIN)
    return [hashlib.sha256(body).hexdigest().encode()]


def pieces(env, start_response):
    start_response("200 OK", PLAIN)
    return (b"x" * 65536 for _ in range(1024))


def file(env, start_response):
    start_response("200 OK", PLAIN)
    return env["wsgi.file_wrapper"](open("large", "rb"))


def read_file(env, start_response):
    """The same file, which is read: what the other one is held against."""
    start_response("200 OK", PLAIN)
    return (p for p in env["wsgi.file_wrapper"](open("large", "rb"), 65536))


def hello(env, start_response):
    start_response("200 OK", PLAIN)
    return [b"hello"]


def application(env, start_response):
    return globals()[env["PATH_INFO"][1:]](env, start_response)
'''

MANY = 64 << 20


def memory(child):
    """The process's peak, in KiB."""
    with open(f"/proc/{child.pid}/status") as status:
        return int(re.search(r"VmHWM:\s*(\d+)", status.read())[1])


def reads(child):
    """How many times the process has called read(2) or its kin."""
    with open(f"/proc/{child.pid}/io") as io:
        return int(re.search(r"syscr: (\d+)", io.read())[1])


def large_bodies(t, child):
    before = memory(child)
    body = bytes(range(256)) * (MANY // 256)
    wanted = hashlib.sha256(body).hexdigest()
    t.equal("64 MiB, read in pieces",
            lib.ask(t.host, 9120, "POST", "/digest", {}, body).text, wanted)
    halves = iter([body[:MANY // 2], body[MANY // 2:]])
    t.equal("the same in chunks",
            lib.ask(t.host, 9120, "POST", "/digest", {}, halves).text, wanted)
    t.equal("64 MiB, sent in pieces",
            len(lib.ask(t.host, 9120, "GET", "/pieces").body), MANY)
    for path in ("/file", "/read_file"):
        begin = reads(child)
        t.equal(f"64 MiB of a file ({path})",
                hashlib.sha256(lib.ask(t.host, 9120, "GET", path).body)
                .hexdigest(), wanted)
        calls = reads(child) - begin
        t.ok(f"{path}: {calls} calls of read()", (calls < 100) ==
             (path == "/file"), "sendfile() needs none for the file")
    t.ok(f"none of it is kept: {before} KiB, at most {memory(child)} KiB",
         memory(child) - before < 16 << 10)
    t.equal("64 MiB, read at once",
            lib.ask(t.host, 9120, "POST", "/whole", {}, body).text, wanted)
    t.ok(f"it is there no more than twice: {memory(child)} KiB",
         memory(child) - before < 2.2 * (MANY >> 10))


def fifty_clients(t):
    """One process, fifty clients that have connected before the first asks."""
    clients = [lib.connect(t.host, 9120) for _ in range(50)]
    for s in clients:
        s.sendall(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
    answers = [s.recv(1000) for s in clients]
    t.equal("fifty clients at once", sum(a.endswith(b"\r\n\r\nhello")
                                         for a in answers), 50)
    for s in clients:
        s.close()


def pausing(t, result):
    """A client that takes nothing for longer than uWSGI's 4 s."""
    with lib.connect(t.host, 9121) as s:
        s.sendall(b"GET /pieces HTTP/1.0\r\n\r\n")
        length = len(s.recv(1000))
        lib.dawdle(4.5)
        while more := s.recv(1 << 20):
            length += len(more)
        result.append(length)


def mixed_up(t, child):
    """Each protocol on the other's socket: both are named, and the option."""
    for what, port, data, wrong, option, front in (
            ("HTTP on a uwsgi socket", 9122,
             b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
             "HTTP request", "--http-socket", "uwsgi_pass"),
            ("HTTP/2 on a uwsgi socket", 9122,
             b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
             "HTTP request", "--http-socket", "uwsgi_pass"),
            ("uwsgi on an HTTP socket", 9120,
             b"\0\x14\0\0\x0e\0REQUEST_METHOD\2\0OK", "uwsgi packet",
             "--socket", "proxy_pass")):
        answer = lib.raw(t.host, port, data).decode()
        log = child.log.read_text()
        t.ok(f"{what}: a readable 400", answer.startswith(
            "HTTP/1.1 400 Bad Request\r\n"), answer)
        line = [text for text in log.splitlines() if wrong in text][-1:]
        for word in (wrong, option, front, "127.0.0.1"):
            t.contains(f"{what}: the log says {word}", "".join(line), word)
        for word in (wrong, option, front):
            t.contains(f"{what}: so does the answer", answer, word)


with lib.Test("what strata-wsgi costs and bears") as t:
    t.write("figures.py", APP)
    t.write("large", bytes(range(256)) * (MANY // 256))
    words = ["strata-wsgi", "-w", "figures"]
    child = t.start([*words, "--http-socket", f"{t.host}:9120", "--socket",
                     f"{t.host}:9122"], ready=(t.host, 9122))
    t.start([*words, "--http-socket", f"{t.host}:9121"],
            ready=(t.host, 9121))
    taken = []
    pause = threading.Thread(target=pausing, args=(t, taken))
    pause.start()
    fifty_clients(t)
    mixed_up(t, child)
    large_bodies(t, child)
    pause.join()
    t.ok("a client that pauses for 4.5 s gets the rest",
         taken and taken[0] > MANY, taken)
