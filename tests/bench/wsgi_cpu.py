#!/usr/bin/python3
"""wsgi_cpu: what a request costs the Python host, beside real uWSGI.

    tests/bench/wsgi_cpu.py BIN     BIN holds our programs, ../tests/wsgi_load
                                    stands beside it; `make bench` calls it

One process serves an application that says hello: strata-wsgi, strata-prefork
with one worker, and uWSGI with one.  The application's fields are all that an
answer has (it sends a Date, so that ours need not), and no server writes a line
for a request: each gets --disable-logging.  That the answers are the same is
looked at first; only "Connection: close" is ours alone.

The figure is the processor time of the server's process, system calls
included, for one request: a clock of the kernel's that counts nanoseconds.  The
servers take turns, many short ones.  Of each round a ratio is made, uWSGI's
time by ours; printed are the median of the ratios and, in brackets, between
what the middle half of them lies.  On a machine that does other things at the
same time only the ratios mean anything.

The client, tests/bench/wsgi_load.c, keeps 16 connections under way where each
is for one request.  It is placed in two ways:

  shared    on the server's processor.  Nobody wakes another processor up, so
            what is counted is the work that a request is.
  apart     on another processor, with the server idle now and then.  Waking
            another processor is charged to who does it, and in a virtual
            machine it may cost as much as the request; the faster server is
            idle more often, and so pays more of it.
"""

import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__" and len(sys.argv) > 1:
    os.environ["STRATA_BIN"] = str(Path(sys.argv[1]).resolve())
sys.path.insert(0, str(ROOT / "tests/interop"))
import lib  # noqa: E402

ROUNDS, PARALLEL = 21, 16
PLACES = {"shared": 0, "apart": 1}  # the client's processor
BODY = b"Hello, world!\n"
APP = f"""
BODY = {BODY!r}
FIELDS = [("Content-Type", "text/plain"), ("Content-Length", "{len(BODY)}"),
          ("Date", "Sun, 06 Nov 1994 08:49:37 GMT")]

def application(environ, start_response):
    start_response("200 OK", list(FIELDS))
    return [BODY]
"""
HTTP = (b"GET /hello?a=1 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
        b"User-Agent: load\r\nAccept: */*\r\n")
VARS = {  # what nginx sends with its uwsgi_params
    "QUERY_STRING": "a=1", "REQUEST_METHOD": "GET", "CONTENT_TYPE": "",
    "CONTENT_LENGTH": "", "REQUEST_URI": "/hello?a=1", "PATH_INFO": "/hello",
    "DOCUMENT_ROOT": "/usr/share/nginx/html", "SERVER_PROTOCOL": "HTTP/1.1",
    "REQUEST_SCHEME": "http", "REMOTE_ADDR": "127.0.0.1",
    "REMOTE_PORT": "53412", "SERVER_PORT": "8080", "SERVER_NAME": "localhost",
    "HTTP_HOST": "127.0.0.1:8080", "HTTP_USER_AGENT": "load",
    "HTTP_ACCEPT": "*/*"}


def packet():
    def string(text):
        return len(text).to_bytes(2, "little") + text.encode()
    block = b"".join(string(k) + string(v) for k, v in VARS.items())
    return b"\0" + len(block).to_bytes(2, "little") + b"\0" + block


KINDS = [  # title, option of ours, of uWSGI, how, requests a turn, request
    ("HTTP, one request a connection", "--http-socket", "--http-socket",
     "close", 1000, HTTP + b"Connection: close\r\n\r\n"),
    ("uwsgi, unix socket, the same", "--socket", "--socket",
     "close", 2000, packet()),
    ("HTTP, one kept connection", "--http-socket", "--http11-socket",
     "keep", 2000, HTTP + b"\r\n"),
]
SERVERS = {"uWSGI": lib.UWSGI, "strata-wsgi": ["strata-wsgi"],
           "strata-prefork": ["strata-prefork"]}


def pinned(processor, words):
    """The command, on one processor of several."""
    able = sorted(os.sched_getaffinity(0))
    if len(able) < 2:
        return words
    return ["taskset", "-c", str(able[processor]), *words]


def cpu(pid):
    """Seconds of processor time that a process has had: its CPU clock, whose
    number clock_getcpuclockid(3) makes like this."""
    return time.clock_gettime((~pid << 3) | 2)


def answer(where, request):
    """The lines of an answer, sorted, but "Connection: close"."""
    if ":" in where:
        host, port = where.split(":")
        s = socket.create_connection((host, int(port)), 10)
    else:
        s = socket.socket(socket.AF_UNIX)
        s.connect(where)
    with s:
        s.settimeout(10)
        s.sendall(request)
        got = b""
        while not got.endswith(BODY):
            more = s.recv(65536)
            if not more:
                break
            got += more
    return sorted(set(got.split(b"\r\n")) - {b"Connection: close"})


class Server:
    def __init__(self, t, name, option, number, app):
        self.where = f"{t.host}:{9000 + number}"
        ready = (t.host, 9000 + number)
        if option == "--socket":
            self.where = str(t.dir / f"{number}.sock")
            ready = (self.where, None)
        self.process = t.start(
            pinned(0, [*SERVERS[name], option, self.where, "--disable-logging",
                       "--wsgi-file", app]), ready=ready, end=lib.signal.SIGINT)

    def turn(self, load, place, how, count, request):
        """Microseconds of processor time for a request, and requests a
        second."""
        before, begun = cpu(self.process.pid), time.monotonic()
        done = subprocess.run(
            pinned(place, [load, self.where, how, str(count), str(PARALLEL)]),
            input=request, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            check=False)
        if done.returncode:
            raise RuntimeError(done.stdout.decode("utf-8", "replace"))
        return ((cpu(self.process.pid) - before) / count * 1e6,
                count / (time.monotonic() - begun))


def spread(values):
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:6.2f} ({low:.2f}..{high:.2f})"


def row(servers, place, load):
    """One kind of request, one place of the client."""
    order, rounds = list(servers), []
    for _ in range(ROUNDS):
        order.reverse()
        rounds.append({name: servers[name].turn(load[0], PLACES[place],
                                                *load[1:]) for name in order})
    for name in list(SERVERS)[1:]:
        us, real = ([r[n][0] for r in rounds] for n in (name, "uWSGI"))
        rates = [r[name][1] / r["uWSGI"][1] for r in rounds]
        print(f"  {name:18}{place:10}{statistics.median(real):7.1f}us"
              f"{statistics.median(us):8.1f}us"
              f"{spread([b / a for a, b in zip(us, real)])}"
              f"{statistics.median(rates):12.2f}", flush=True)


def table(t, load):
    app = t.write("hello.py", APP)
    print(f"{'CPU of one request':30}{'uWSGI':>8}{'ours':>10}"
          f"{'ratio':>7}{'requests/s':>26}")
    number = 0
    for title, ours, theirs, how, count, request in KINDS:
        servers = {}
        for name in SERVERS:
            number += 1
            servers[name] = Server(t, name, theirs if name == "uWSGI" else
                                   ours, number, app)
        wanted = answer(servers["uWSGI"].where, request)
        for name, server in servers.items():
            found = answer(server.where, request)
            if found != wanted:
                t.equal(f"{title}: {name} answers as uWSGI", found, wanted)
            server.turn(load, 0, how, count, request)
        print(title)
        for place in PLACES:
            row(servers, place, (load, how, count, request))
        for server in servers.values():
            t.stop(server.process)


if __name__ == "__main__":
    with lib.Test("wsgi_cpu") as test:
        table(test, lib.BIN.parent / "tests/wsgi_load")
