#!/usr/bin/python3
"""What strata-proxy has promised to a kept connection it keeps: reloads, stops
and the exchange of the program lose no request."""

import os
import signal
import socket
import threading

import kept
import lib

RELOADS = 100
WAIT = kept.REQUEST.replace(b"/ ", b"/wait ")


def conf(t, port, top="", events="", listen="", workers=2):
    t.write("nginx.conf", f"""
daemon off;
worker_processes {workers};
error_log error.log notice;
pid proxy.pid;
{top}
events {{ {events} }}
http {{
    access_log off;
    server {{
        listen {t.host}:{port} {listen};
        location / {{ return 200 "$pid"; }}
        location /wait {{ proxy_pass http://{t.host}:{port + 50}; }}
    }}
}}
""")


def server(t, port, **kw):
    (t.dir / "error.log").unlink(missing_ok=True)
    conf(t, port, **kw)
    child = t.start(["strata-proxy", "-p", t.dir, "-c", "nginx.conf"],
                    ready=(t.host, port))
    child.address = t.host, port
    return child


class Upstream:
    """Holds its one answer back until it is told to give it."""

    def __init__(self, t, port):
        self.asked, self.go = threading.Event(), threading.Event()
        self.listener = socket.create_server((t.host, port))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        s, _ = self.listener.accept()
        s.recv(4096)
        self.asked.set()
        self.go.wait(lib.patience(60))
        s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")
        s.close()

    def answer(self):
        self.go.set()
        self.thread.join()
        self.listener.close()


def log(t):
    return (t.dir / "error.log").read_text()


def pid_of(t):
    """What the pid file says; it is moved and written at any time."""
    try:
        return int((t.dir / "proxy.pid").read_text())
    except (OSError, ValueError):
        return None


def quits(t, pid):
    return lib.wait_for(
        lambda: f" {pid}#{pid}: gracefully shutting down" in log(t))


def under_reloads(t, port, reloads, **kw):
    child = server(t, port, **kw)
    clients = kept.Clients(child.address)
    went = clients.run(lambda: all(clients.seen))
    for _ in range(reloads):
        clients.forget()
        child.send_signal(signal.SIGHUP)
        went = went and clients.run(clients.all_moved)
    clients.close()
    what = f"{reloads} reloads {kw or ''}"
    t.ok(f"{what}: every client comes to the new workers", went)
    print(f"# {what}: {clients.counts()}")
    t.equal(f"{what}: no request is lost", clients.lost, [])
    t.ok(f"{what}: the last answers said so", clients.closed >= reloads)
    t.equal("it stops", t.stop(child), 0)
    t.ok("no process has failed", "[alert]" not in log(t), log(t)[-2000:])


def under_an_upgrade(t, port):
    child = server(t, port)
    clients = kept.Clients(child.address)
    clients.run(lambda: all(clients.seen))
    clients.forget()
    child.send_signal(signal.SIGUSR2)
    t.ok("USR2: the new program", clients.run(
        lambda: pid_of(t) not in (None, child.pid)))
    new = pid_of(t)
    child.send_signal(signal.SIGQUIT)
    t.ok("USR2, QUIT: every client comes to it",
         clients.run(clients.all_moved))
    clients.close()
    print(f"# an upgrade: {clients.counts()}")
    t.equal("USR2, QUIT: no request is lost", clients.lost, [])
    t.equal("the old program ends", t.ended(child), 0)
    os.kill(new, signal.SIGTERM)
    t.ok("and the new one", lib.wait_for(lambda: pid_of(t) is None))


def one_more_answer(t, port, signo, name):
    """Four connections of one worker: a request at work, half a head, nothing
    after an answer, and nothing at all."""
    child = server(t, port, workers=1)
    upstream = Upstream(t, port + 50)
    busy, half, idle, new = (kept.Connection(child.address) for _ in range(4))
    for c in busy, half, idle:
        answer = c.ask()
        t.ok(f"{name}: kept before", answer and not answer.last)
    pid = int(answer.body)
    busy.send(WAIT)
    half.send(kept.REQUEST[:9])
    upstream.asked.wait(lib.patience())
    child.send_signal(signo)
    t.ok(f"{name}: the worker hears of it", quits(t, pid))
    half.send(kept.REQUEST[9:])
    idle.send()
    new.send()
    upstream.answer()
    kept.last_answers(t, name, (("begun before", busy),
                                ("half a head before", half),
                                ("kept before", idle),
                                ("connected before", new)),
                      lambda body: body in (b"late", b"%d" % pid))
    return child


def at_a_stop(t):
    child = one_more_answer(t, 8104, signal.SIGQUIT, "QUIT")
    t.equal("QUIT: it ends", t.ended(child), 0)


def at_a_reload(t):
    child = one_more_answer(t, 8105, signal.SIGHUP, "HUP")
    t.equal("it stops", t.stop(child), 0)


def silent(t):
    """A silent client is let go, cleanly, before the worker is ended."""
    child = server(t, 8106, top="worker_shutdown_timeout 2s;")
    idle, new = kept.Connection(child.address), kept.Connection(child.address)
    idle.ask()
    child.send_signal(signal.SIGQUIT)
    for what, c in ("kept", idle), ("new", new):
        t.equal(f"a silent client, {what}: a clean end", c.end(),
                "a clean end")
    t.equal("it ends", t.ended(child), 0)
    t.ok("by itself", ": exiting" not in log(t), log(t))


def who_waits_to_be_accepted(t):
    """With reuseport a worker has a queue of its own, which ends with it."""
    child = server(t, 8107, listen="reuseport", workers=2)
    clients = [kept.Connection(child.address) for _ in range(20)]
    old = {int(c.ask().body) for c in clients}
    t.equal("reuseport: both workers serve", len(old), 2)
    for pid in old:
        os.kill(pid, signal.SIGSTOP)
    waiting = [kept.Connection(child.address) for _ in range(40)]
    for c in waiting:
        c.send()
    conf(t, 8107, listen="reuseport", workers=1)
    child.send_signal(signal.SIGHUP)
    t.ok("reuseport: a new worker", lib.wait_for(
        lambda: log(t).count("start worker process ") == 3))
    for pid in old:
        t.ok("reuseport: the old one is told to quit", lib.wait_for(
            lambda: pending(pid)))
        os.kill(pid, signal.SIGCONT)
    answers = [c.answer() for c in waiting]
    t.equal("a worker that quits serves those in its queue",
            sum(1 for a in answers if a), len(waiting))
    for c in clients + waiting:
        c.socket.close()
    t.equal("it stops", t.stop(child), 0)


def who_is_in_the_way(t):
    """Where connections are short the idle ones go, but not one whose request
    has come."""
    child = server(t, 8108, workers=1, events="worker_connections 6;")
    clients = [kept.Connection(child.address) for _ in range(6)]
    pid = {int(c.ask().body) for c in clients}.pop()
    os.kill(pid, signal.SIGSTOP)
    new = kept.Connection(child.address)
    new.send()
    clients[0].send()
    os.kill(pid, signal.SIGCONT)
    t.ok("who comes new is served", new.answer())
    t.ok("and the one that was idle longest, and has asked",
         clients[0].answer())
    t.equal("the next has made way", clients[1].end(), "a clean end")
    t.equal("it stops", t.stop(child), 0)


def pending(pid):
    """SIGQUIT waits to be read."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        masks = [int(line.split()[1], 16) for line in f
                 if line.startswith(("SigPnd", "ShdPnd"))]
    return any(m >> (signal.SIGQUIT - 1) & 1 for m in masks)


with lib.Test("promises of strata-proxy") as t:
    t.env["ASAN_OPTIONS"] = f"log_path={t.dir}/sanitizer"
    at_a_reload(t)
    at_a_stop(t)
    silent(t)
    who_waits_to_be_accepted(t)
    who_is_in_the_way(t)
    under_an_upgrade(t, 8101)
    under_reloads(t, 8102, 20, listen="reuseport")
    under_reloads(t, 8103, RELOADS)
