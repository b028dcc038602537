#!/usr/bin/python3
"""What strata-prefork has promised to a kept connection it keeps: reloads,
stops and workers that have done their work lose no request."""

import errno
import os
import signal
import socket
from pathlib import Path

import kept
import lib

APP = """
import os

def application(env, start_response):
    if env["PATH_INFO"] == "/wait":
        open("gate").read()
    start_response("200 OK", [])
    return [b"%d" % os.getpid()]
"""
RELOADS = 100
WAIT = kept.REQUEST.replace(b"/ ", b"/wait ")


def server(t, port, *options):
    t.write("app.py", APP)
    (t.dir / "gate").unlink(missing_ok=True)
    child = t.start(["strata-prefork", "--http-socket", f"{t.host}:{port}",
                     "-w", "app", "--master", "--disable-logging", *options],
                    ready=(t.host, port))
    child.address = t.host, port
    child.gate = lib.Gate(t.dir / "gate")
    return child


def ordered(pid):
    """The worker has been told to end: its eventfd says so."""
    for entry in Path(f"/proc/{pid}/fdinfo").iterdir():
        for line in entry.read_text().splitlines():
            if line.startswith("eventfd-count:") and int(line.split()[1], 16):
                return True
    return False


def told_to_end(t, child, signo, pid):
    child.send_signal(signo)
    return lib.wait_for(lambda: ordered(pid))


def under_reloads(t):
    child = server(t, 8101, "--processes", "2", "--threads", "2")
    clients = kept.Clients(child.address)
    went = clients.run(lambda: all(clients.seen))
    for _ in range(RELOADS):
        clients.forget()
        child.send_signal(signal.SIGHUP)
        went = went and clients.run(clients.all_moved)
    clients.close()
    t.ok(f"{RELOADS} reloads: every client comes to the new workers", went)
    print(f"# {RELOADS} reloads: {clients.counts()}")
    t.equal("reloads lose no request", clients.lost, [])
    t.ok("the last answers said so", clients.closed > RELOADS)
    t.equal("it stops", t.stop(child), 0)
    said = child.log.read_text()
    t.ok("no process has failed", not any(
        word in said for word in ("DAMN", "NO MERCY", "Sanitizer")),
        said[-2000:])


def under_max_requests(t):
    child = server(t, 8102, "--processes", "2", "--max-requests", "150")
    clients = kept.Clients(child.address)
    clients.run(lambda: len(set().union(*clients.seen)) >= 8)
    clients.close()
    print(f"# max-requests: {clients.counts()}")
    t.equal("workers that have done their work lose no request",
            clients.lost, [])
    t.equal("it stops", t.stop(child), 0)


def one_more_answer(t, port, signo, name):
    """Three connections of one worker: a request at work, half a head, and
    nothing."""
    child = server(t, port, "--threads", "2")
    busy, half, idle = (kept.Connection(child.address) for _ in range(3))
    for c in busy, half, idle:
        answer = c.ask()
        t.ok(f"{name}: kept before", answer and not answer.last)
    pid = int(answer.body)
    busy.send(WAIT)
    half.send(kept.REQUEST[:9])
    t.ok(f"{name}: the request is at work", child.gate.reached())
    t.ok(f"{name}: the worker hears of it",
         told_to_end(t, child, signo, pid))
    half.send(kept.REQUEST[9:])
    idle.send()
    child.gate.let_go()
    kept.last_answers(t, name, (("begun before", busy),
                                ("half a head before", half),
                                ("kept before", idle)),
                      lambda body: int(body) == pid)
    return child


def at_a_stop(t):
    child = one_more_answer(t, 8104, signal.SIGQUIT, "QUIT")
    t.equal("QUIT: it ends", t.ended(child), 0)


def at_a_reload(t):
    child = one_more_answer(t, 8105, signal.SIGHUP, "HUP")
    t.equal("it stops", t.stop(child), 0)


def silent(t):
    """A silent client is let go, cleanly, and holds nobody up for ever."""
    child = server(t, 8106, "--reload-mercy", "1")
    idle, half = kept.Connection(child.address), kept.Connection(child.address)
    idle.ask(), half.ask()
    half.send(kept.REQUEST[:9])
    child.send_signal(signal.SIGQUIT)
    t.equal("a silent client: a clean end", idle.end(), "a clean end")
    answer = half.answer()
    t.ok("half a head: 408", answer and answer.status == b"408")
    half.socket.close()
    t.equal("it ends", t.ended(child), 0)
    t.ok("in time", "NO MERCY" not in child.log.read_text())


def came_in_time(t):
    """The only thread is at a request for longer than a kept connection may be
    idle; what came meanwhile on that connection came in time."""
    child = server(t, 8109, "--http-keepalive-timeout", "1")
    busy, idle = kept.Connection(child.address), kept.Connection(child.address)
    busy.ask(), idle.ask()
    busy.send(WAIT)
    t.ok("the thread is at a request", child.gate.reached())
    idle.send()
    lib.dawdle(1.2)  # more than the timeout
    child.gate.let_go()
    t.ok("a long request is answered", busy.answer())
    t.ok("and the one that came meanwhile", idle.answer())
    t.equal("it stops", t.stop(child), 0)


def nobody_is_let_in(t):
    """While somebody is seen off, whoever comes anew is refused, and not left
    to wait."""
    words = ["--http-socket", f"{t.host}:8108", "-w", "app"]
    for more in (["strata-prefork", "--master", "--processes", "2"],
                 ["strata-prefork", "--threads", "2"], ["strata-wsgi"]):
        child = t.start([*more, *words], ready=(t.host, 8108))
        idle = kept.Connection((t.host, 8108))
        idle.ask()
        child.send_signal(signal.SIGQUIT)
        t.ok(f"{' '.join(more)}: nobody is let in", lib.wait_for(
            lambda: not lib.listening(t.host, 8108)))
        answer = idle.ask()
        t.ok("the kept one is answered, for the last time",
             answer and answer.last)
        idle.socket.close()
        t.equal("it ends", t.ended(child), 0)


def nobody_waits_at_a_quick_stop(t):
    child = server(t, 8107)
    idle = kept.Connection(child.address)
    idle.ask()
    child.send_signal(signal.SIGQUIT)
    with lib.Stopwatch() as watch:
        t.equal("TERM after QUIT", t.stop(child, signal.SIGTERM), 0)
    t.in_time("does not wait for the silent, as QUIT does for five seconds",
              watch, 0, 1)
    t.equal("a silent client: a clean end", idle.end(), "a clean end")


def takes_its_files_away(t):
    """A quick stop, without a master: neither a silent client nor a request
    that does not end keeps --vacuum from what it promises."""
    sock, pidfile = t.dir / "v.sock", t.dir / "v.pid"
    t.write("app.py", APP + """
import atexit
atexit.register(lambda: open("at-exit", "w").close())
""")
    for name, data in ("silent", b""), ("half a head", WAIT[:9]), \
            ("at work", WAIT):
        for file in "gate", "at-exit":
            (t.dir / file).unlink(missing_ok=True)
        gate = lib.Gate(t.dir / "gate")
        child = t.start(["strata-prefork", "--http-socket", sock, "-w", "app",
                         "--vacuum", "--pidfile", pidfile],
                        ready=(str(sock), None))
        lib.wait_for(lambda: pidfile.read_text().endswith("\n"))
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(sock))
        client.sendall(data)
        if data == WAIT:
            t.ok(f"{name}: the application has it", gate.reached())
        else:  # the worker has it when it has answered the next one
            lib.ask(str(sock), None, "GET", "/")
        t.equal(f"{name}: it stops", t.stop(child, signal.SIGTERM), 0)
        t.ok(f"{name}: its files are gone",
             not sock.exists() and not pidfile.exists())
        if data != WAIT:
            t.ok(f"{name}: the application's atexit functions have run",
                 (t.dir / "at-exit").exists())
        client.close()


def a_successor_keeps_its_files(t):
    """A server that sees its last clients off listens no more, so that the next
    one can start; what bears the successor's name is not removed."""
    sock, pidfile = t.dir / "s.sock", t.dir / "s.pid"
    words = ["strata-prefork", "--http-socket", sock, "-w", "app", "--master",
             "--vacuum", "--pidfile", pidfile]
    t.write("app.py", APP)
    (t.dir / "gate").unlink(missing_ok=True)
    gate = lib.Gate(t.dir / "gate")

    def refused():
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(str(sock)) == errno.ECONNREFUSED

    def start():
        child = t.start(words, ready=(str(sock), None))
        lib.wait_for(lambda: pidfile.read_text() == f"{child.pid}\n")
        return child

    old = start()
    busy = socket.socket(socket.AF_UNIX)
    busy.connect(str(sock))
    busy.sendall(WAIT)
    t.ok("a last request is at work", gate.reached())
    old.send_signal(signal.SIGQUIT)
    t.ok("the server listens no more", lib.wait_for(refused))
    new = start()
    gate.let_go()
    t.ok("the predecessor's last request is answered",
         busy.recv(65536).startswith(b"HTTP/1.1 200 "))
    busy.close()
    t.equal("it ends", t.ended(old), 0)
    t.ok("the successor's socket stays", sock.exists() and lib.ask(
        str(sock), None, "GET", "/").status == 200)
    t.ok("and so does its pidfile", pidfile.exists() and
         pidfile.read_text() == f"{new.pid}\n")
    t.equal("the successor stops", t.stop(new, signal.SIGINT), 0)
    t.ok("and takes away what is its own",
         not sock.exists() and not pidfile.exists())


with lib.Test("promises of strata-prefork") as t:
    for part in (at_a_reload, at_a_stop, silent, came_in_time,
                 nobody_is_let_in, nobody_waits_at_a_quick_stop,
                 a_successor_keeps_its_files, takes_its_files_away,
                 under_max_requests, under_reloads):
        part(t)
