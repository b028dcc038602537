#!/usr/bin/python3
"""strata-wsgi by itself and behind real nginx: wsgiref's validator and the
connection's fine points."""

import os
import re
import signal
import socket

import lib
import pair

VALIDATED = '''\
from wsgiref.validate import validator


class Body:
    def __init__(self, items):
        self.items = iter(items)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.items)

    def close(self):
        pass


def app(env, start_response):
    stream = env["wsgi.input"]
    first = stream.read(2)
    line = stream.readline()
    rest = list(stream)
    env["wsgi.errors"].write("validated\\n")
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    write(b"seen ")
    return Body([repr((first, line, rest)).encode(), b"\\n"])


application = validator(app)
'''

LIVING = '''\
import threading
import time

def tick():
    out = open("ticks", "wb", buffering=0)
    while True:
        time.sleep(0.01)
        out.write(b"x")


threading.Thread(target=tick, daemon=True).start()


def endless_generator():
    try:
        while True:
            yield b"x" * 65536
    finally:
        print("endless was closed", flush=True)


class Endless:
    def __iter__(self):
        return self

    def __next__(self):
        return b"x" * 65536

    def close(self):
        print("endless was closed", flush=True)


def application(env, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    if env["PATH_INFO"] == "/endless":
        return Endless()
    if env["PATH_INFO"] == "/generator":
        return endless_generator()
    if env["PATH_INFO"] == "/gate":
        open("gate").read()
    if env["PATH_INFO"] == "/stray":
        threading.Thread(target=env["wsgi.input"].read).start()
        time.sleep(0.1)
    return [b"living"]
'''


def clients_that_leave(t, port, child):
    """One that hangs up, and one that stays and reads nothing, each of a body
    with a close() and of a generator."""
    def closed():
        return child.log.read_text().count("endless was closed")
    for number, (path, how) in enumerate((
            ("/endless", "hangs up"), ("/endless", "reads nothing"),
            ("/generator", "hangs up"), ("/generator", "reads nothing")), 1):
        with lib.connect(t.host, port) as s:
            s.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode())
            s.recv(1000)
            if how == "hangs up":
                s.close()
            t.ok(f"a client of {path} that {how}: the body is closed",
                 lib.wait_for(lambda n=number: closed() == n))
        t.equal("and the next one is served",
                lib.ask(t.host, port, "GET", "/").status, 200)
    for path in ("/endless", "/generator"):
        t.equal(f"the log says so twice of {path}",
                child.log.read_text().count(f"{path}: the client"), 2)


def ticks(t):
    return (t.dir / "ticks").stat().st_size


def threads_live(t, port):
    # What they do is seen from outside, lest the asking gives them time.
    before = ticks(t)
    t.ok("the application's threads run while the server waits",
         lib.wait_for(lambda: ticks(t) > before + 10))
    with lib.connect(t.host, port) as s:
        s.sendall(b"POST /stray HTTP/1.1\r\nHost: x\r\n"
                  b"Content-Length: 5\r\n\r\nab")
        t.contains("a thread that still reads is cut off", s.recv(1000),
                   b"200 OK")
    t.equal("and the next one is served",
            lib.ask(t.host, port, "GET", "/").status, 200)


def stop_under_a_pipeline(t, port):
    """The last answer's head and body, of a server that is stopped while more
    requests wait."""
    child = t.start(["strata-wsgi", "--http-socket", f"{t.host}:{port}", "-w",
                     "naps"], ready=(t.host, port))
    with lib.connect(t.host, port) as s:
        s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 5000)
        answer = s.recv(1000)
        child.send_signal(signal.SIGTERM)
        try:
            while more := s.recv(65536):
                answer += more
        except OSError as error:
            answer += str(error).encode()
    t.ended(child)
    head, _, body = answer.rpartition(b"\r\n\r\n")
    return head[-200:], body


def stops_under_a_pipeline(t, port):
    """Who has sent many requests gets his last answer whole at a stop, and it
    says that it is the last, unless the stop came when it was on its way."""
    t.write("naps.py", "import time\n\n\ndef application(env, start_response):"
                       "\n    time.sleep(0.01)\n    start_response('200 OK', [])"
                       "\n    return [b'x' * 5000]\n")
    heads = []
    for _ in range(3):
        head, body = stop_under_a_pipeline(t, port)
        heads.append(head)
        t.equal("the last answer before a stop is whole", body, b"x" * 5000)
    t.ok("and says that it is the last",
         any(b"Connection: close" in head for head in heads), heads)


def stops_in_the_middle(t, port, child):
    with lib.connect(t.host, port) as s:
        gate = lib.Gate(t.dir / "gate")
        s.sendall(b"GET /gate HTTP/1.1\r\nHost: x\r\n\r\n")
        gate.reached()
        child.send_signal(signal.SIGINT)
        gate.let_go()
        answer = b""
        while more := s.recv(1000):
            answer += more
        t.contains("a request that runs at a stop is finished", answer,
                   b"200 OK")
    t.equal("and the program ends with 0", t.ended(child), 0)


def keep_alive(t, port):
    with lib.connect(t.host, port) as s:
        s.sendall(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n" * 3
                  + b"POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue"
                    b"\r\nContent-Length: 3\r\n\r\n")
        out = b""
        while b"100 Continue\r\n\r\n" not in out:
            out += s.recv(65536)
        t.equal("three pipelined answers", out.count(b"Hello!\n"), 3)
        s.sendall(b"abcGET /hello HTTP/1.1\r\nHost: x\r\n"
                  b"Connection: close\r\n\r\n")
        while more := s.recv(65536):
            out += more
        t.contains("the body after 100 Continue", out, b"3:abc")
        t.contains("the last answer says so", out, b"Connection: close")


def unread_upload(t, port):
    """Who sends much more than is read can send it all, and has his answer."""
    size = 12_000_000
    with lib.connect(t.host, port) as s:
        try:
            s.sendall(b"POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: "
                      b"%d\r\n\r\n" % size + size * b"x")
            sent = "all"
        except OSError as error:
            sent = error
        t.equal("a body that nobody reads is taken", sent, "all")
        t.contains("and answered", s.recv(65536), b" 200 ")


def slow_clients(t, port):
    """Neither silent nor slow nor idle clients hold up the only process."""
    idle = [lib.connect(t.host, port) for _ in range(40)]
    for n, s in enumerate(idle):
        if n % 3 == 1:
            s.sendall(b"GET /hello HT")
        if n % 3 == 2:
            s.sendall(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
            s.recv(1000)
    with lib.Stopwatch() as watch:
        t.equal("an answer beside 40 slow clients",
                lib.ask(t.host, port, "GET", "/hello").status, 200)
    t.in_time("at once", watch, 0, 5)
    for s in idle:
        s.close()


def wrong_protocol(t, http, uwsgi, log):
    answer = lib.raw(t.host, uwsgi, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    t.contains("HTTP on a uwsgi socket is explained", answer, b"--http-socket")
    lib.raw(t.host, http, b"\0\x04\0\0\0\0\0\0")
    t.contains("uwsgi on an HTTP socket too", log.read_text(), "--socket")


def ways_to_fail(t):
    t.write("broken.py", "import no_such_module\n")
    t.write("noapp.py", "something = 1\n")
    t.write("unclosed.py", "def application(\n")
    t.write("number.py", "application = 42\n")
    for words, status, text in (
            (["--http-socket", "0:99999"], 1, "99999"),
            (["--http-socket", f"{t.host}:0", "--chdir", "/none"], 1, "/none"),
            (["--nonsense"], 1, "nonsense"),
            (["--module"], 1, "module"),
            (["--http-socket", f"{t.host}:0", "-w", "unclosed"], 1,
             'unclosed.py", line 1'),
            (["--module", "x"], 1, "--http-socket"),
            (["--listen", "many"], 1, "many"),
            (["--http-socket", f"{t.host}:0", "--virtualenv", "/none"], 1,
             "/none"),
            (["--http-socket", f"{t.host}:0", "--need-app", "--wsgi-file",
              "broken.py"], 22, "no_such_module"),
            (["--http-socket", f"{t.host}:0", "--need-app", "-w", "broken.py"],
             22, "--wsgi-file broken.py"),
            (["--http-socket", f"{t.host}:0", "--need-app", "-w", "noapp"],
             22, 'unable to find "application" callable in module noapp'),
            (["--http-socket", f"{t.host}:0", "--need-app", "-w", "number"],
             22, "int"),
            (["--http-socket", f"{t.host}:0", "--need-app", "--wsgi-file",
              "none.py"], 22, "none.py"),
            (["--http-socket", f"{t.host}:0", "--need-app"], 22, "no app")):
        found, said = t.run(["strata-wsgi", *words])
        t.equal(f"exit status of {' '.join(words[-3:])}", found, status)
        t.contains("and its reason", said, text)


with lib.Test("the WSGI host") as t:
    t.write("validated.py", VALIDATED)
    apps = lib.ROOT / "corpus/apps"
    child = t.start(["strata-wsgi", "--http-socket", f"{t.host}:9091",
                     "--socket", f"{t.host}:9092", "--chdir", apps,
                     "--wsgi-file", "pep3333.py"], ready=(t.host, 9092))
    keep_alive(t, 9091)
    unread_upload(t, 9091)
    slow_clients(t, 9091)
    wrong_protocol(t, 9091, 9092, child.log)
    t.equal("SERVER_NAME is the host's", lib.ask(
        t.host, 9091, "GET", "/variables?SERVER_NAME,uwsgi.node").text,
        "SERVER_NAME={0!r}\nuwsgi.node={1!r}\n".format(
            socket.gethostname(), socket.gethostname().encode()))
    t.equal("SIGTERM ends it with status 0", t.stop(child), 0)

    sock = str(t.dir / "app.sock")
    child = t.start(["strata-wsgi", "--http-socket", f"{t.host}:9093",
                     "--socket", sock, "--chmod-socket", "666", "-w",
                     "validated"], ready=(sock, None))
    t.equal("the unix socket's mode", os.stat(sock).st_mode & 0o777, 0o666)
    pair.start_front(t, lib.NGINX, pair.nginx_conf(t, f"unix:{sock}",
                                                  real=True))
    expected = "seen (b'ab', b'c\\n', [b'def\\n', b'g'])\n"
    for where, port in (("HTTP", 9093), ("uwsgi, behind nginx", 8080)):
        a = lib.ask(t.host, port, "POST", "/x?y=1", {}, b"abc\ndef\ng")
        t.equal(f"wsgiref.validate over {where}", a.text, expected)
    log = child.log.read_text()
    t.ok("the validator has nothing to say", "AssertionError" not in log, log)
    t.ok("the log line is uWSGI's", re.search(
        r"^\[pid: \d+\|app: 0\|req: \d+/\d+\] [\d.]+ \(\) \{\d+ vars in \d+ "
        r"bytes\} \[.{24}\] POST /x\?y=1 => generated \d+ bytes in \d+ msecs "
        r"\(HTTP/1\.[01] 200\) \d+ headers in \d+ bytes \(\d+ switches on core "
        r"0\)$", log, re.M), log)
    t.stop(child)

    t.write("living.py", LIVING)
    child = t.start(["strata-wsgi", "--http-socket", f"{t.host}:9095",
                     "--socket-timeout", "1", "-w", "living"],
                    ready=(t.host, 9095))
    clients_that_leave(t, 9095, child)
    threads_live(t, 9095)
    stops_in_the_middle(t, 9095, child)
    stops_under_a_pipeline(t, 9096)
    ways_to_fail(t)
