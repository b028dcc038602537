#!/usr/bin/python3
"""strata-wsgi and strata-prefork under an application that forks, closes what
is not its own, and takes the server's signals; and under clients that keep
every descriptor there is."""

import os
import resource
import signal
import threading

import lib

APP = """
import os, signal
def child(names):
    (asked, ask), (told, tell) = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ask), os.close(told)
        os.read(asked, 1)
        os.write(tell, b'alive')
        os._exit(0)
    os.close(asked), os.close(tell)
    for name in names:
        os.kill(pid, getattr(signal, name))
    os.close(ask)
    said = os.read(told, 9)
    os.close(told), os.waitpid(pid, 0)
    return said or b'dead'
def application(env, start_response):
    path = env['PATH_INFO']
    body = b'the server'
    if path == '/fork' and os.fork() == 0:
        body = b'a child'
    if path == '/fork-late':
        def late():
            yield b'the '
            yield b'child' if os.fork() == 0 else b'server'
        start_response('200 OK', [])
        return late()
    if path == '/fork-raise' and os.fork() == 0:
        raise RuntimeError('in the child')
    if path == '/close':
        for fd in range(3, 256):
            try:
                if os.get_blocking(fd) is False and os.stat(fd):
                    os.close(fd)
            except OSError:
                pass
    if path == '/deaf':
        for signo in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
            signal.signal(signo, signal.SIG_IGN)
        if env['QUERY_STRING']:
            open(env['QUERY_STRING']).read()
    if path == '/block':
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
    if path == '/child':
        body = child(env['QUERY_STRING'].split('+'))
    if path == '/crash':
        os.kill(os.getpid(), 9)
    if path == '/pid':
        body = b'%d' % os.getpid()
    start_response('200 OK', [('Content-Length', str(len(body)))])
    return [body]
"""


FORKS_AT_IMPORT = """
import os, sys
pid = os.fork()
if pid == 0:
    %s
else:
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
def application(env, start_response):
    start_response('200 OK', [])
    return [b'%%d' %% status]
"""


def page(t, port, path="/"):
    try:
        return lib.ask(t.host, port, "GET", path).body
    except (OSError, lib.http.client.HTTPException):
        return None


def start(t, port, program, *words):
    return t.start([program, "--http-socket", f"{t.host}:{port}", "-w", "wsgi",
                    *words], ready=(t.host, port))


def forks(t, port, program, *words):
    """A child that comes back from the application says nothing to anybody."""
    child = start(t, port, program, *words)
    for path in ("/fork", "/fork-late", "/fork-raise"):
        data = lib.raw(t.host, port, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"
                       "GET /pid HTTP/1.1\r\nHost: x\r\nConnection: close"
                       "\r\n\r\n".encode())
        t.equal(f"{program}: two requests, {path} the first, have two answers",
                data.count(b"HTTP/1.1 200"), 2)
        t.ok(f"{program}: and none of the child", b"child" not in data, data)
    t.ok(f"{program}: the log says that it ended",
         t.says(child, "end such a child with os._exit()"))
    t.stop(child)
    t.ok(f"{program}: no child serves on",
         lib.wait_for(lambda: not lib.listening(t.host, port)))


def forks_at_import(t):
    """A child that comes back from the import, or leaves it by sys.exit(), ends
    and takes nothing with it."""
    sock, pidfile = str(t.dir / "i.sock"), t.dir / "i.pid"
    for program, *words in (
            ["strata-wsgi"],
            ["strata-prefork", "--vacuum", "--pidfile", pidfile],
            ["strata-prefork", "--vacuum", "--pidfile", pidfile, "--master"]):
        for how, status in (("sys.exit(3)", b"3"), ("pass", b"0"),
                            ("raise RuntimeError('in the child')", b"0")):
            t.write("forking.py", FORKS_AT_IMPORT % how)
            child = t.start([program, "--http-socket", sock, "-w", "forking",
                             *words], ready=(sock, None))
            t.equal(f"{program} {words[3:]}: a child ends by {how}",
                    lib.ask(sock, None, "GET", "/").body, status)
            t.ok("its parent keeps its pidfile", not words or lib.wait_for(
                lambda: pidfile.read_text() == f"{child.pid}\n"))
            t.equal("it stops", t.stop(child), 0)
            if program == "strata-wsgi":
                os.unlink(sock)
    os.mkfifo(t.dir / "fifo.py")
    for program in "strata-wsgi", "strata-prefork":
        done = t.run([program, "--http-socket", sock, "--wsgi-file",
                      "fifo.py", "--need-app"])
        t.ok(f"{program}: an application that is a FIFO is waited for by "
             "nobody", "is not a file of Python text" in str(done), done)


def closes_descriptors(t):
    child = start(t, 8010, "strata-wsgi")
    page(t, 8010, "/close")
    t.equal("strata-wsgi without its sockets ends with 1", t.ended(child), 1)
    t.ok("and says what was closed",
         t.says(child, "the application has closed descriptor"))
    child = start(t, 8011, "strata-prefork", "--master")
    page(t, 8011, "/close")
    t.ok("a worker without its sockets is replaced", lib.wait_for(
        lambda: page(t, 8011) == b"the server"))
    t.ok("and the log says why",
         t.says(child, "the application has closed descriptor"))
    t.stop(child)


def takes_signals(t):
    """The server's orders are put right after the request."""
    for n, words in enumerate([["--master"], ["--master", "--lazy-apps"], []]):
        child = start(t, 8020 + n, "strata-prefork", *words)
        page(t, 8020 + n, "/deaf")
        page(t, 8020 + n)  # by now the request before has wholly ended
        t.equal(f"SIGTERM ends an idle worker that was made deaf {words}",
                t.stop(child, signal.SIGTERM), 0)
        t.ok("of itself", "NO MERCY" not in child.log.read_text())
    child = start(t, 8025, "strata-prefork", "--master")
    page(t, 8025, "/deaf")
    page(t, 8025)
    child.kill()
    child.wait()
    t.ok("and so does the death of its master",
         lib.wait_for(lambda: not lib.listening(t.host, 8025)))
    for port, words in (8027, []), (8028, ["--threads", "2"]):
        child = start(t, port, "strata-prefork", "--master", *words)
        for _ in range(6):  # each thread has been at it
            page(t, port, "/block")
        child.kill()
        child.wait()
        t.ok(f"and where the signals have been blocked {words}",
             lib.wait_for(lambda: not lib.listening(t.host, port)))
    child = start(t, 8026, "strata-prefork", "--master")
    gate = lib.Gate(t.dir / "gate")
    asker = threading.Thread(target=page, args=(t, 8026, f"/deaf?{gate.path}"))
    asker.start()
    t.ok("a request ignores all signals", gate.reached())
    child.kill()
    child.wait()
    gate.let_go()
    asker.join()
    t.ok("when its master has died meanwhile, it is the last",
         lib.wait_for(lambda: not lib.listening(t.host, 8026)))


def signals_for_a_child(t):
    """What is sent to a child of the application is no order to the server."""
    for port, words, harmless in (
            (8035, ["strata-wsgi"], "SIGQUIT"),
            (8036, ["strata-prefork"], "SIGHUP+SIGUSR1+SIGUSR2+SIGQUIT"),
            (8037, ["strata-prefork", "--master"],
             "SIGHUP+SIGUSR1+SIGUSR2+SIGQUIT")):
        server = start(t, port, *words)
        pid = page(t, port, "/pid")
        t.equal(f"{words}: a child lives through {harmless}",
                page(t, port, f"/child?{harmless}"), b"alive")
        for name in "SIGINT", "SIGTERM":
            t.equal(f"{words}: {name} ends it",
                    page(t, port, f"/child?{name}"), b"dead")
        t.equal(f"{words}: the same process serves on",
                page(t, port, "/pid"), pid)
        t.equal(f"{words}: it stops", t.stop(server), 0)


def crashes(t):
    child = start(t, 8030, "strata-prefork", "--master")
    with lib.Stopwatch() as watch:
        for _ in range(5):
            page(t, 8030, "/crash")
            lib.wait_for(lambda: page(t, 8030) == b"the server")
    t.in_time("five crashes cost five seconds at most", watch, 0, 6)
    t.stop(child)


def descriptors_run_out(t):
    """Who is silent goes; who asks is served."""
    child = start(t, 8040, "strata-wsgi")
    used = len(os.listdir(f"/proc/{child.pid}/fd"))
    resource.prlimit(child.pid, resource.RLIMIT_NOFILE, (used + 8, used + 8))
    silent = [lib.connect(t.host, 8040) for _ in range(40)]
    with lib.Stopwatch() as watch:
        t.equal("a client is served although others keep all descriptors",
                page(t, 8040), b"the server")
    t.in_time("and at once", watch, 0, 3)
    for s in silent:
        s.close()
    t.equal("it stops", t.stop(child), 0)


with lib.Test("applications and clients that take what is not theirs") as test:
    test.write("wsgi.py", APP)
    forks(test, 8000, "strata-wsgi")
    forks(test, 8001, "strata-prefork", "--master")
    forks_at_import(test)
    closes_descriptors(test)
    takes_signals(test)
    signals_for_a_child(test)
    crashes(test)
    descriptors_run_out(test)
