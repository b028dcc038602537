#!/usr/bin/python3
"""strata-prefork's processes: stop, reload, respawn, limits, at work."""

import os
import signal
import socket
import threading
import time

import lib

APP = """
import os, time, atexit, threading
VERSION = %r
atexit.register(lambda: os.write(2, b"atexit %%d\\n" %% os.getpid()))
def application(env, start_response):
    path = env['PATH_INFO']
    if path.startswith('/sleep/'):
        time.sleep(float(path[7:]))
    if path == '/die':
        os.kill(os.getpid(), 9)
    if path == '/exit':
        raise SystemExit(3)
    import uwsgi
    body = '%%s %%d %%d %%d %%s' %% (VERSION, os.getpid(), os.getppid(),
        uwsgi.worker_id(), env['wsgi.multithread'])
    start_response('200 OK', [('Content-Type', 'text/plain'),
                              ('Content-Length', str(len(body)))])
    return [body.encode()]
"""


def page(t, port, path="/"):
    return lib.ask(t.host, port, "GET", path).text.split()


def answers(t, port, path="/"):
    """The page's words, or None when there is no answer."""
    try:
        return page(t, port, path)
    except (OSError, lib.http.client.HTTPException):
        return None


def says(child, text, seconds=8):
    return lib.wait_for(lambda: text in child.log.read_text(), seconds)


def alive(pid):
    try:
        return open(f"/proc/{pid}/stat").read().split(")")[1].split()[0] != "Z"
    except OSError:
        return False


class Load:
    """Clients that ask without a pause, and count what fails."""

    def __init__(self, t, port, clients=4):
        self.t, self.port, self.stop = t, port, False
        self.answers, self.failures, self.slowest = 0, [], 0.0
        self.threads = [threading.Thread(target=self.run)
                        for _ in range(clients)]

    def run(self):
        while not self.stop:
            start = time.monotonic()
            try:
                answer = lib.ask(self.t.host, self.port, "GET", "/sleep/0.005")
                if answer.status != 200:
                    self.failures.append(answer.status)
                self.answers += 1
            except Exception as error:
                self.failures.append(repr(error))
            self.slowest = max(self.slowest, time.monotonic() - start)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop = True
        for thread in self.threads:
            thread.join()


def server(t, port, *words, **more):
    child = t.start(["strata-prefork", "--http-socket", f"{t.host}:{port}",
                     "-w", "wsgi", *words], ready=(t.host, port), **more)
    lib.wait_for(lambda: answers(t, port))
    return child


def stops(t):
    """Each of the three signals ends master and workers with status 0."""
    for n, (signo, name) in enumerate([(signal.SIGINT, "SIGINT"),
                                       (signal.SIGTERM, "SIGTERM"),
                                       (signal.SIGQUIT, "SIGQUIT")]):
        for words in ([], ["--master", "--processes", "2"]):
            port = 8010 + 2 * n + len(words) // 3
            child = server(t, port, *words)
            kind = "a master" if words else "a single process"
            worker = int(page(t, port)[1])
            t.equal(f"{name} stops {kind}", t.stop(child, signo), 0)
            t.ok(f"{name}: atexit functions have run, {kind}",
                 f"atexit {worker}" in child.log.read_text())
            t.ok(f"{name}: no process stays, {kind}", not alive(worker))


def stops_in_a_request(t):
    child = server(t, 8020, "--master")
    asker = threading.Thread(target=answers, args=(t, 8020, "/sleep/20"))
    asker.start()
    time.sleep(0.3)
    start = time.monotonic()
    t.equal("SIGTERM stops in the midst of a request",
            t.stop(child, signal.SIGTERM), 0)
    t.ok("and does not wait for it", time.monotonic() - start < 4)
    asker.join()
    child = server(t, 8021, "--master")
    result = []
    asker = threading.Thread(
        target=lambda: result.append(answers(t, 8021, "/sleep/1")))
    asker.start()
    time.sleep(0.3)
    t.equal("SIGQUIT stops", t.stop(child, signal.SIGQUIT), 0)
    asker.join()
    t.ok("after the running request was answered", result[0] is not None)


def respawns(t):
    child = server(t, 8030, "--master", "--processes", "2")
    words = page(t, 8030)
    worker = int(words[1])
    t.equal("a worker is the master's child", int(words[2]), child.pid)
    os.kill(worker, signal.SIGKILL)
    t.ok("a killed worker is reported", says(
        child, f"(pid: {worker}) died, killed by signal 9 :( trying respawn"))
    t.ok("and replaced", says(child, f"Respawned strata-prefork worker "
                              f"{words[3]} (new pid: "))
    answers(t, 8030, "/die")
    t.ok("a crash in a request costs that request alone",
         lib.wait_for(lambda: answers(t, 8030)) is not None)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    t.ok("the workers end when the master is killed", lib.wait_for(
        lambda: answers(t, 8030) is None and
        not lib.listening(t.host, 8030), 3))


def reloads(t):
    t.write("wsgi.py", APP % "v0")
    child = server(t, 8040, "--master", "--processes", "2")
    with Load(t, 8040) as load:
        for n in range(1, 6):
            t.write("wsgi.py", APP % f"v{n}" + "#" * n)
            child.send_signal(signal.SIGHUP)
            t.ok(f"reload {n} brings the new code", lib.wait_for(
                lambda: (answers(t, 8040) or [""])[0] == f"v{n}"))
        for _ in range(5):
            child.send_signal(signal.SIGHUP)
            time.sleep(0.05)
        time.sleep(0.5)
        t.write("wsgi.py", APP % "v6" + "def broken(:\n")
        child.send_signal(signal.SIGHUP)
        t.ok("broken code is refused", says(child, "*** reload abandoned"))
        t.equal("and the old goes on", page(t, 8040)[0], "v5")
        t.write("wsgi.py", APP % "v7")
        child.send_signal(signal.SIGHUP)
        t.ok("until it is mended", lib.wait_for(
            lambda: (answers(t, 8040) or [""])[0] == "v7"))
    t.equal("under load no request failed", load.failures[:5], [])
    t.ok(f"of many ({load.answers})", load.answers > 100)
    t.ok(f"and none had to wait ({load.slowest:.2f} s)", load.slowest < 1.0)
    t.equal("the master has kept its pid", int(page(t, 8040)[2]), child.pid)
    t.equal("it stops", t.stop(child), 0)
    t.ok("nobody had to be killed", "NO MERCY" not in child.log.read_text())


def a_running_request_is_finished(t):
    child = server(t, 8050, "--master")
    result = []
    asker = threading.Thread(
        target=lambda: result.append(answers(t, 8050, "/sleep/1.2")))
    asker.start()
    time.sleep(0.2)
    old = child.log.read_text()
    child.send_signal(signal.SIGHUP)
    t.ok("the reload does not wait for it", says(child, "*** reload done", 1))
    t.ok("the new worker serves beside it", answers(t, 8050) is not None)
    asker.join()
    t.ok("the old one answers it", result[0] is not None and
         f"(pid: {result[0][1]}, cores" in old)
    child = server(t, 8051, "--master", "--reload-mercy", "0.3")
    asker = threading.Thread(target=answers, args=(t, 8051, "/sleep/10"))
    asker.start()
    time.sleep(0.2)
    child.send_signal(signal.SIGHUP)
    t.ok("--reload-mercy ends its patience", says(child, "NO MERCY !!!", 3))
    asker.join()


def a_reload_reads_the_files(t):
    """Sockets, the number of workers and all else may change."""
    ini = f"[uwsgi]\nhttp-socket = {t.host}:8060\nmaster = 1\nmodule = wsgi\n"
    path = t.write("r.ini", ini + "processes = 1\n")
    child = t.start(["strata-prefork", "r.ini"], ready=(t.host, 8060))
    lib.wait_for(lambda: answers(t, 8060))
    path.write_text(ini + f"http-socket = {t.host}:8061\nprocesses = 3\n"
                    "callable = other\n")
    t.write("wsgi.py", APP % "v8" + "other = application\n")
    child.send_signal(signal.SIGHUP)
    t.ok("a new socket is served", lib.wait_for(lambda: answers(t, 8061)))
    t.ok("by three workers", lib.wait_for(lambda: child.log.read_text().count(
        "spawned strata-prefork worker") == 4))
    path.write_text(ini + "processes = three\n")
    child.send_signal(signal.SIGHUP)
    t.ok("a mistake is named with file and line", says(
        child, 'r.ini:5: option --processes: "three": expected a whole number'))
    t.ok("and changes nothing", answers(t, 8061) is not None)
    path.write_text(ini + "pidfile = other.pid\n")
    child.send_signal(signal.SIGHUP)
    t.ok("what a reload cannot change is named", says(
        child, '"pidfile" was changed: that counts after a stop and a start'))
    t.ok("a socket that is no longer named is closed", lib.wait_for(
        lambda: not lib.listening(t.host, 8061)))
    t.equal("it stops", t.stop(child), 0)


def limits(t):
    child = server(t, 8070, "--harakiri", "1", "--processes", "2")
    start = time.monotonic()
    t.ok("harakiri cuts the request off", answers(t, 8070, "/sleep/20") is None)
    took = time.monotonic() - start
    t.ok(f"in time ({took:.1f} s)", 0.9 < took < 3.2)
    t.ok("and says of whom", says(child, "*** HARAKIRI ON WORKER"))
    t.contains("and at what", child.log.read_text(), "- GET /sleep/20 since ")
    t.ok("the worker is replaced", says(child, "Respawned strata-prefork"))
    t.ok("a quick request is not concerned",
         all(answers(t, 8070) for _ in range(5)))

    child = server(t, 8071, "--max-requests", "5", "--master")
    workers = [answers(t, 8071) for _ in range(23)]
    t.ok("max-requests loses no request", None not in workers)
    t.ok("and recycles the worker",
         len({w[1] for w in workers if w}) >= 4, str(workers))
    t.ok("and says so", says(child, "is done. Seeya!"))


def threads_and_lazy(t):
    child = server(t, 8080, "--threads", "4")
    start = time.monotonic()
    askers = [threading.Thread(target=answers, args=(t, 8080, "/sleep/2"))
              for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    t.ok("four threads serve four requests at once",
         time.monotonic() - start < 6)
    t.equal("wsgi.multithread is true", page(t, 8080)[4], "True")
    t.equal("threads stop", t.stop(child, signal.SIGTERM), 0)
    t.contains("the log names the cores", child.log.read_text(), "cores: 4)")

    t.write("lazy.py", "import os\nos.write(2, b'imported\\n')\n" + APP % "l")
    for port, words, times in ((8081, [], 1), (8082, ["--lazy-apps"], 3)):
        child = t.start(["strata-prefork", "--http-socket", f"{t.host}:{port}",
                         "-w", "lazy", "-Mp3", *words], ready=(t.host, port))
        lib.wait_for(lambda: child.log.read_text().count("imported") == times)
        t.ok("it answers", lib.wait_for(lambda: answers(t, port)) is not None)
        t.equal(f"imported {times} times with {words}",
                child.log.read_text().count("imported"), times)
    child.send_signal(signal.SIGHUP)
    t.ok("a lazy reload", says(child, "*** reload done"))
    t.write("lazy.py", "import nothing_of_that_name\n")
    child.send_signal(signal.SIGHUP)
    t.ok("a lazy reload of broken code", says(child, "*** reload abandoned"))
    t.ok("the old goes on", answers(t, 8082) is not None)


def a_first_start_with_broken_code(t):
    t.write("bad.py", "import no_such_module_at_all\n")
    child = t.start(["strata-prefork", "--http-socket", f"{t.host}:8090", "-w",
                     "bad", "--master", "--need-app=false"],
                    ready=(t.host, 8090))
    says(child, "spawned strata-prefork worker 1")
    t.equal("--need-app=false: without its application it answers 500",
            lib.ask(t.host, 8090, "GET", "/").status, 500)
    t.contains("the log names the culprit", child.log.read_text(),
               "no_such_module_at_all")
    for words in ([], ["--master"], ["--master", "--lazy-apps"]):
        bad = ["strata-prefork", "--http-socket", f"{t.host}:8091", "-w",
               "bad", *words]
        status, text = t.run(bad)
        t.equal(f"without its application it ends with 1 {words}", status, 1)
        t.contains("and says why", text, "no_such_module_at_all")
        status, text = t.run([*bad, "--need-app"])
        t.equal(f"--need-app ends with 22 {words}", status, 22)
    t.write("leave.py", "raise SystemExit(3)\n")
    for words in ([], ["--master"], ["--master", "--lazy-apps"]):
        status, text = t.run(["strata-prefork", "--http-socket",
                              f"{t.host}:8091", "-w", "leave", *words])
        t.equal(f"sys.exit(3) at import ends with 3 {words}", status, 3)


def without_a_master(t):
    child = server(t, 8100)
    child.send_signal(signal.SIGHUP)
    t.ok("SIGHUP without a master says what is missing",
         says(child, "a reload needs a master"))
    child.send_signal(signal.SIGUSR2)
    t.ok("and the process serves on", answers(t, 8100) is not None)
    t.ok("after SIGUSR2 too", child.poll() is None)


with lib.Test("strata-prefork: processes") as test:
    test.write("wsgi.py", APP % "v0")
    for part in (stops, stops_in_a_request, respawns, reloads,
                 a_running_request_is_finished, a_reload_reads_the_files,
                 limits, threads_and_lazy, a_first_start_with_broken_code,
                 without_a_master):
        part(test)
        for running, _, _ in test.children:
            test.stop(running)
