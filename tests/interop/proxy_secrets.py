#!/usr/bin/python3
"""strata-proxy and clients that would like to read what others have sent.  Their
heads fill the input buffer to its last byte, so that it moves, and then nothing
more comes: they fall silent, end, or the server stops; meanwhile others send
cookies.  And a reply that failed is logged late, when the memory that it came in
is others'.  Each line of the log must be, to the byte, about its own exchange.
"""

import signal
import socket
import threading

import lib
from proxy_robust_clients import read_to_end, start
from proxy_robust_upstreams import Upstream

SECRET = b"VICTIMSECRET"
CROWD = 30
CONF = """\
client_header_timeout {patience};
access_log {log} attack;
add_header X-Uri $request_uri always; add_header X-UA $http_user_agent always;
location / {{ return 200 ok; }}
location /up/ {{
    proxy_pass http://{host}:9000;
    add_header X-Foo $upstream_http_x_foo always;
}}
"""
FORMAT = ("log_format attack '$status|$request_uri|$http_user_agent|"
          "$http_cookie|$upstream_http_x_foo';")


def front(t, port, log, patience="1h"):
    conf = CONF.format(log=log, host=t.host, patience=patience)
    return start(t, port, conf, before=FORMAT)


def head(size):
    """The beginning of a head, of exactly so many bytes."""
    line = b"GET /attack/" + b"u" * 400 + b" HTTP/1.1\r\nHost: a\r\n"
    fields = b"User-Agent: " + b"a" * 300 + b"\r\nX-Y: "
    return (line + fields).ljust(size, b"z")


def victims(t, port):
    for _ in range(3):
        crowd = [lib.connect(t.host, port) for _ in range(CROWD)]
        for s in crowd:
            s.sendall(b"GET /account HTTP/1.1\r\nHost: v\r\nUser-Agent: "
                      b"%s\r\nCookie: %s=%s\r\n\r\n" % (SECRET * 20, SECRET,
                                                     b"v" * 400))
        for s in crowd:
            s.recv(1000)
            s.close()


def attack(t, port, way, size, status):
    log = t.dir / f"{way}-{size}.log"
    child = front(t, port, log, "3s" if way == "silence" else "1h")
    crowd = [lib.connect(t.host, port) for _ in range(CROWD)]
    for s in crowd:
        s.sendall(head(size))
    for s in crowd:
        lib.taken(s)
    victims(t, port)
    if way == "stop":
        t.stop(child)
    answers = []
    for s in crowd:
        if way == "ends":
            s.shutdown(socket.SHUT_WR)
        answers.append(read_to_end(s)[0])
        s.close()
    if way != "stop":
        t.stop(child)
    t.ok(f"{way}, {size} bytes: no answer holds what others sent",
         not any(SECRET in a for a in answers), repr(answers[0][:300]))
    lines = [line for line in log.read_bytes().splitlines()
             if not line.startswith(b"200|")]
    mine = (f"{status}|/attack/{'u' * 400}|{'a' * 300}|-|-").encode()
    t.equal(f"{way}, {size} bytes: each attacker has its line",
            (len(lines), set(lines)), (CROWD, {mine}))


def broken(s):
    s.sendall(b"HTTP/1.1 200 OK\r\nX-Foo: " + b"a" * 3000 +
              b"\r\nbroken\r\n\r\n")


def whole(s):
    s.sendall(b"HTTP/1.1 200 OK\r\nX-Foo: " + SECRET * 250 +
              b"\r\nContent-Length: 2\r\n\r\nok")


def failed_reply(t, port):
    """A client that asks and asks and reads no answer: the last 502 waits for
    room in its socket, and is logged when it has left."""
    log = t.dir / "reply.log"
    upstream = Upstream(t, 9000, broken)
    child = front(t, port, log)
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect((t.host, port))

    def ask():
        try:
            slow.sendall(b"GET /up/bad HTTP/1.1\r\nHost: h\r\n\r\n" * 6000)
        except OSError:
            pass

    threading.Thread(target=ask, daemon=True).start()
    seen = -1
    while seen != upstream.seen:  # until the proxy asks no more for it
        seen = upstream.seen
        lib.dawdle(1)
    upstream.play = whole
    for _ in range(4):
        with lib.connect(t.host, port) as s:
            s.sendall(b"GET /up/victim HTTP/1.1\r\nHost: h\r\n"
                      b"Connection: close\r\n\r\n")
            read_to_end(s)
    slow.close()
    t.stop(child)
    values = {line.split(b"|")[4] for line in log.read_bytes().splitlines()
              if b"|/up/bad|" in line}
    t.equal("a failed reply's field is its own", values, {b"a" * 3000})


def main():
    with lib.Test("strata-proxy keeps what it was sent from others") as t:
        t.write("site/a.txt", "A\n")
        port = 8080
        for size in (1024, 4096):
            for way, status in (("silence", 408), ("ends", 400),
                                ("stop", 499)):
                attack(t, port, way, size, status)
                port += 1
        failed_reply(t, port)


if __name__ == "__main__":
    main()
