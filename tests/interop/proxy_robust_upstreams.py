#!/usr/bin/python3
"""strata-proxy and upstreams that do not behave: ones that dribble, stall, lie,
leave early or never read, and clients that leave while an upstream works.
"""

import signal
import socket
import struct
import threading

import lib
from proxy_robust_clients import (alive, connect, memory, read_to_end, start,
                                  worker_of)


class Upstream:
    """Serves each connection with play(socket), once the head is read."""

    def __init__(self, t, port, play):
        self.socket = socket.create_server((t.host, port), backlog=200)
        self.play = play
        self.seen = 0
        self.ended = threading.Event()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            s, _ = self.socket.accept()
            self.seen += 1
            threading.Thread(target=self.serve, args=(s,),
                             daemon=True).start()

    def serve(self, s):
        with s:
            head = b""
            try:
                while b"\r\n\r\n" not in head:
                    head += s.recv(1) or b"\r\n\r\n"
                self.play(s)
            except OSError:
                pass
        self.ended.set()


def get(t, port, path=b"/"):
    with connect(t, port) as s:
        s.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n"
                  b"Connection: close\r\n\r\n")
        return read_to_end(s)


def dribble(s):
    for byte in (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                 b"3;x=y\r\nabc\r\n00\r\nT: x\r\n\r\n"):
        s.sendall(bytes([byte]))


def tiny_chunks(s):
    """A long body, a byte a chunk."""
    s.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(300):
        s.sendall(b"1\r\nx\r\n" * 1000)
    s.sendall(b"0\r\n\r\n")


TRICKLED = []  # a number for each byte


def trickle(s):
    """A byte at a time, each a segment of its own, without an end."""
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    s.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        s.sendall(b"x")
        TRICKLED.append(1)


def endless(s):
    s.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        s.sendall(b"x" * 65536)


def wait_long(s):
    while s.recv(100):
        pass


def early(s):
    """Answers and closes before the body has been read."""
    s.sendall(b"HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno")


ANSWERS = threading.Semaphore(0)  # that slow_answer() may give


def slow_answer(s):
    ANSWERS.acquire()
    s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")


def reset(s):
    s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
    lib.taken(s)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def echo_length(s):
    s.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    total = 0
    s.shutdown(socket.SHUT_WR)
    while more := s.recv(1 << 16):
        total += len(more)


PLAYS = {"dribble": dribble, "tiny": tiny_chunks, "trickle": trickle,
         "endless": endless, "wait": wait_long, "early": early,
         "slow": slow_answer, "reset": reset, "echo": echo_length}


LEAVING = "gracefully shutting down"


def leaving_client(t, port, upstream):
    upstream.ended.clear()
    s = connect(t, port)
    s.sendall(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
    lib.wait_for(lambda: upstream.seen)
    s.close()
    t.ok("the upstream is left when the client leaves",
         lib.wait_for(upstream.ended.is_set))
    log = t.dir / f"{port}/access.log"
    t.ok("and the log says 499", lib.wait_for(
        lambda: '"GET /wait HTTP/1.1" 499 0' in log.read_text()))


def slow_client(t, port):
    """One who reads nothing of a stream of single bytes costs little."""
    worker = worker_of(t, port)
    before = memory(worker)
    with connect(t, port) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        s.sendall(b"GET /trickle HTTP/1.1\r\nHost: x\r\n\r\n")
        lib.wait_for(lambda: len(TRICKLED) > 300_000)
        more = memory(worker) - before
        t.ok("a trickling upstream before a client that does not read costs "
             "less than 2 MB", more < 2 << 20, f"{more} bytes")


def fair(t, port):
    """Endless answers to fast readers do not hold up the others."""
    stop = threading.Event()
    begun = [threading.Event(), threading.Event()]

    def drink(drinks):
        with connect(t, port) as s:
            s.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
            while not stop.is_set() and s.recv(1 << 20):
                drinks.set()

    readers = [threading.Thread(target=drink, args=(e,)) for e in begun]
    for r in readers:
        r.start()
    lib.wait_for(lambda: all(e.is_set() for e in begun))
    with lib.Stopwatch() as watch:
        for _ in range(10):
            watch.lap(lib.raw, t.host, port, b"GET /a.txt HTTP/1.0\r\n\r\n")
    stop.set()
    for r in readers:
        r.join()
    t.no_lap_over("endless answers do not hold up others", watch, 1)


def while_an_upstream_works(t, port, child, how, name, upstream):
    """A request that waits for its upstream is answered all the same."""
    log = t.dir / f"{port}/error.log"
    seen, said = upstream.seen, log.read_text().count(LEAVING)
    result = []
    asker = threading.Thread(
        target=lambda: result.append(get(t, port, b"/slow")))
    asker.start()
    t.ok(f"{name}: an upstream works", lib.wait_for(
        lambda: upstream.seen > seen))
    child.send_signal(how)
    t.ok(f"{name}: the worker is to leave", lib.wait_for(
        lambda: log.read_text().count(LEAVING) > said))
    ANSWERS.release()
    asker.join()
    t.ok(f"{name} while an upstream works: the answer comes",
         result[0][0].endswith(b"late"), repr(result))


def main():
    with lib.Test("strata-proxy and difficult upstreams") as t:
        t.write("site/a.txt", "A\n")
        ups, locations = {}, "proxy_read_timeout 1h;"
        for i, (name, play) in enumerate(PLAYS.items()):
            ups[name] = Upstream(t, 9000 + i, play)
            locations += (f" location /{name} {{ proxy_pass "
                          f"http://{t.host}:{9000 + i}; }}")
        locations += (" location /gzip/ { gzip on; gzip_types *; "
                      f"proxy_pass http://{t.host}:9001/; }}")
        child = start(t, 8080, locations + " location /a { }")
        t.equal("an upstream that dribbles",
                lib.ask(t.host, 8080, "GET", "/dribble").body, b"abc")
        data, _ = get(t, 8080, b"/tiny")
        t.equal("300000 chunks of a byte", data.partition(b"\r\n\r\n")[2]
                .count(b"x"), 300000)
        data, how = get(t, 8080, b"/gzip/")
        t.ok("the same for a client that takes gzip", how == "end" and
             data.endswith(b"0\r\n\r\n"), repr(data[-50:]))
        for _ in range(5):
            body = b"x" * 900000
            answer = lib.ask(t.host, 8080, "POST", "/early", [], body)
            t.equal("an upstream that answers before it has read",
                    (answer.status, answer.body), (413, b"no"))
        data, how = get(t, 8080, b"/reset")
        t.ok("an upstream that resets within its body",
             data.endswith(b"abc") and how == "end", repr(data))
        leaving_client(t, 8080, ups["wait"])
        slow_client(t, 8080)
        fair(t, 8080)
        alive(t, 8080, "after all this")
        while_an_upstream_works(t, 8080, child, signal.SIGHUP, "HUP",
                                ups["slow"])
        alive(t, 8080, "after HUP")
        while_an_upstream_works(t, 8080, child, signal.SIGQUIT, "QUIT",
                                ups["slow"])
        t.equal("QUIT ends the process", t.ended(child), 0)


if __name__ == "__main__":
    main()
