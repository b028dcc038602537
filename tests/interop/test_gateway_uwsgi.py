#!/usr/bin/python3
"""strata-uwsgi --to a real uWSGI: one request after the other, under load, and
beside clients that are idle or slow."""

import json
import re
import signal
import socket
import threading

import lib
import pair


def bears_load(t, url):
    """Nobody is refused, cut off or forgotten, though all are served by one."""
    for words in (["-c", "1", "-k"], ["-c", "8"], ["-c", "8", "-k"],
                  ["-c", "4", "-p", t.write("form", "a=1&b=2")]):
        status, out = t.run(["ab", "-q", "-s", "600", "-n", "500", *words,
                             f"{url}/"])
        good = (status == 0 and re.search(r"Complete requests:\s+500\n", out)
                and re.search(r"Failed requests:\s+0\n", out)
                and "Non-2xx" not in out)
        t.ok(f"ab {' '.join(map(str, words[:3]))}", good, out)
    for clients in "1", "16":
        with lib.Stopwatch() as watch:
            status, out = t.run(["wrk", "-t1", "-c", clients, "-d1s",
                                 "--timeout", "600s", f"{url}/"])
        count = re.search(r"(\d+) requests in", out)
        t.ok(f"wrk -c {clients}", status == 0 and count and
             int(count.group(1)) > 50 / watch.rate and
             "Socket errors" not in out and "Non-2xx" not in out, out)


def has_time_for_others(t, port):
    """Clients that say nothing more, or not all, hold nobody up."""
    with lib.connect(t.host, port) as idle:
        idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        head = idle.recv(65536)
        t.ok("a client alone is kept", b"200 OK" in head and
             b"Connection: close" not in head, head)
        a = lib.ask(t.host, port, "GET", "/")
        t.equal("beside an idle client another is served", a.status, 200)
        t.equal("which the idle one has left for", idle.recv(10), b"")
    with lib.connect(t.host, port) as busy, \
            lib.connect(t.host, port):
        busy.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        head = busy.recv(65536)
        t.ok("when somebody waits the answer is the last, and says so",
             b"200 OK" in head and b"Connection: close" in head, head)
    with lib.connect(t.host, port) as slow, \
            lib.connect(t.host, port):
        slow.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\n"
                     b"Content-Length: 999999\r\n\r\na")
        lib.dribble(slow)
        head = slow.recv(65536)
        t.ok("and who sends little is told that it is over",
             b" 408 " in head and b"Connection: close" in head, head)
    blob = bytes(16 << 20)
    with lib.connect(t.host, port) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        slow.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(blob) + blob)
        got = [slow.recv(1)]
        reader = threading.Thread(target=take_slowly, args=(slow, got))
        reader.start()
        a = lib.ask(t.host, port, "GET", "/")
        t.equal("beside one that takes little another is served", a.status,
                200)
        reader.join()
        t.ok("and the slow one is cut off", sum(map(len, got)) < len(blob))


def take_slowly(connection, got):
    """Reads to the end, some 600 kilobytes in a second."""
    try:
        while piece := connection.recv(65536):
            got.append(piece)
            lib.dawdle(0.1)
    except ConnectionResetError:
        pass


with lib.Test("strata-uwsgi before uWSGI") as t:
    path = t.dir / "app.sock"
    t.start([*lib.UWSGI, "--socket", f"{t.host}:9090", "--socket", path,
             "--buffer-size", "65535", "--wsgi-file", pair.APP],
            ready=(t.host, 9090), end=signal.SIGINT)
    t.start(["strata-uwsgi", "--to", f"{t.host}:9090", f"{t.host}:8080"],
            ready=(t.host, 8080))
    t.start(["strata-uwsgi", "--to", f"unix:{path}", "--send-timeout", "0.5",
             f"{t.host}:8081"], ready=(t.host, 8081))
    pair.check(t, t.host, 8080)
    pair.methods(t, t.host, 8081)
    pair.bodies(t, t.host, 8081)
    t.start(["strata-uwsgi", "--to", f"unix:{path}", f"unix:{t.dir}/g.sock"],
            ready=(t.dir / "g.sock", None))
    told = json.loads(lib.ask(str(t.dir / "g.sock"), None, "GET",
                              "/show").body)
    t.equal("over unix sockets alone", (told["SERVER_NAME"],
            told["SERVER_PORT"], told["REMOTE_ADDR"],
            told.get("REMOTE_PORT")), ("localhost", "80", "unix:", None))
    bears_load(t, f"http://{t.host}:8080")
    has_time_for_others(t, 8081)
