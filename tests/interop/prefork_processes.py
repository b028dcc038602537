#!/usr/bin/python3
"""strata-prefork's processes: stop, reload, respawn, limits, at work."""

import os
import signal
import threading

import lib

APP = """
import os, time, atexit, threading
VERSION = %r
atexit.register(lambda: os.write(2, b"atexit %%d\\n" %% os.getpid()))
def application(env, start_response):
    path = env['PATH_INFO']
    if path == '/nap':
        time.sleep(0.005)
    if path == '/gate':
        gate = open('gate')
        os.write(2, b'at the gate\\n')
        gate.read()
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


class Waiting:
    """A request that waits in the application until the test lets it go."""

    def __init__(self, t, port):
        self.gate, self.answer = lib.Gate(t.dir / "gate"), None
        self.asker = threading.Thread(target=self.run, args=(t, port))
        self.asker.start()
        t.ok("a request waits in the application", self.gate.reached())

    def run(self, t, port):
        self.answer = answers(t, port, "/gate")

    def end(self):
        """Lets it go; its answer."""
        self.gate.let_go()
        self.asker.join()
        os.unlink(self.gate.path)
        return self.answer


class Load:
    """Clients that ask without a pause, and count what fails."""

    def __init__(self, t, port, clients=4):
        self.t, self.port, self.stop = t, port, False
        self.watch = lib.Stopwatch()
        self.answers, self.failures = 0, []
        self.threads = [threading.Thread(target=self.run)
                        for _ in range(clients)]

    def run(self):
        while not self.stop:
            try:
                answer = self.watch.lap(lib.ask, self.t.host, self.port, "GET",
                                        "/nap")
                if answer.status != 200:
                    self.failures.append(answer.status)
                self.answers += 1
            except Exception as error:
                self.failures.append(repr(error))

    def __enter__(self):
        self.watch.__enter__()
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop = True
        for thread in self.threads:
            thread.join()
        self.watch.__exit__()


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
            t.ok(f"{name}: no process stays, {kind}", not lib.alive(worker))


def stops_in_a_request(t):
    child = server(t, 8020, "--master")
    waiting = Waiting(t, 8020)
    t.equal("SIGTERM stops in the midst of a request",
            t.stop(child, signal.SIGTERM), 0)
    t.ok("and does not wait for it", waiting.end() is None)
    child = server(t, 8021, "--master")
    waiting = Waiting(t, 8021)
    child.send_signal(signal.SIGQUIT)
    t.ok("SIGQUIT is heard",
         t.says(child, "SIGQUIT received...workers finish"))
    t.ok("and waits for the running request", child.poll() is None)
    t.ok("which is answered", waiting.end() is not None)
    t.equal("then it has stopped", t.ended(child), 0)


def respawns(t):
    child = server(t, 8030, "--master", "--processes", "2")
    words = page(t, 8030)
    worker = int(words[1])
    t.equal("a worker is the master's child", int(words[2]), child.pid)
    os.kill(worker, signal.SIGKILL)
    t.ok("a killed worker is reported", t.says(
        child, f"(pid: {worker}) died, killed by signal 9 :( trying respawn"))
    t.ok("and replaced", t.says(child, f"Respawned strata-prefork worker "
                                f"{words[3]} (new pid: "))
    answers(t, 8030, "/die")
    t.ok("a crash in a request costs that request alone",
         lib.wait_for(lambda: answers(t, 8030)) is not None)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    t.ok("the workers end when the master is killed", lib.wait_for(
        lambda: answers(t, 8030) is None and
        not lib.listening(t.host, 8030)))


def reloads(t):
    t.write("wsgi.py", APP % "v0")
    child = server(t, 8040, "--master", "--processes", "2")
    with Load(t, 8040) as load:
        for n in range(1, 6):
            t.write("wsgi.py", APP % f"v{n}" + "#" * n)
            child.send_signal(signal.SIGHUP)
            t.ok(f"reload {n} brings the new code", lib.wait_for(
                lambda: (answers(t, 8040) or [""])[0] == f"v{n}"))
        done = child.log.read_text().count("*** reload done")
        for n in range(5):  # some while the one before is under way
            child.send_signal(signal.SIGHUP)
            lib.sleeps(child.pid, n)
        t.ok("several at once end well", t.says(child, "*** reload done",
                                                done + 1))
        t.write("wsgi.py", APP % "v6" + "def broken(:\n")
        child.send_signal(signal.SIGHUP)
        t.ok("broken code is refused", t.says(child, "*** reload abandoned"))
        t.equal("and the old goes on", page(t, 8040)[0], "v5")
        t.write("wsgi.py", APP % "v7")
        child.send_signal(signal.SIGHUP)
        t.ok("until it is mended", lib.wait_for(
            lambda: (answers(t, 8040) or [""])[0] == "v7"))
        lib.wait_for(lambda: load.answers > 100)
    t.equal("under load no request failed", load.failures[:5], [])
    t.ok(f"of many ({load.answers})", load.answers > 100)
    t.no_lap_over("and none had to wait", load.watch, 1)
    t.equal("the master has kept its pid", int(page(t, 8040)[2]), child.pid)
    t.equal("it stops", t.stop(child), 0)
    t.ok("nobody had to be killed", "NO MERCY" not in child.log.read_text())


def a_running_request_is_finished(t):
    child = server(t, 8050, "--master")
    waiting = Waiting(t, 8050)
    old = child.log.read_text()
    child.send_signal(signal.SIGHUP)
    t.ok("the reload does not wait for it", t.says(child, "*** reload done"))
    t.ok("the new worker serves beside it", answers(t, 8050) is not None)
    answer = waiting.end()
    t.ok("the old one answers it", answer is not None and
         f"(pid: {answer[1]}, cores" in old)
    child = server(t, 8051, "--master", "--reload-mercy", "0.3")
    waiting = Waiting(t, 8051)
    with lib.Stopwatch() as watch:
        child.send_signal(signal.SIGHUP)
        t.ok("--reload-mercy ends its patience",
             t.says(child, "NO MERCY !!!"))
    t.in_time("in time", watch, 0.3, 3)
    t.ok("the request is lost", waiting.end() is None)


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
    t.ok("a mistake is named with file and line", t.says(
        child, 'r.ini:5: option --processes: "three": expected a whole number'))
    t.ok("and changes nothing", answers(t, 8061) is not None)
    path.write_text(ini + "pidfile = other.pid\n")
    child.send_signal(signal.SIGHUP)
    t.ok("what a reload cannot change is named", t.says(
        child, '"pidfile" was changed: that counts after a stop and a start'))
    t.ok("a socket that is no longer named is closed", lib.wait_for(
        lambda: not lib.listening(t.host, 8061)))
    t.equal("it stops", t.stop(child), 0)


def limits(t):
    child = server(t, 8070, "--harakiri", "1", "--processes", "2")
    with lib.Stopwatch() as watch:
        waiting = Waiting(t, 8070)
        waiting.asker.join()
    t.in_time("harakiri cuts the request off", watch, 0.9, 3.2)
    t.ok("which has no answer", waiting.end() is None)
    t.ok("it says of whom", t.says(child, "*** HARAKIRI ON WORKER"))
    t.contains("and at what", child.log.read_text(), "- GET /gate since ")
    t.ok("the worker is replaced", t.says(child, "Respawned strata-prefork"))
    t.ok("a quick request is not concerned",
         all(answers(t, 8070) for _ in range(5)))

    child = server(t, 8071, "--max-requests", "5", "--master")
    workers = [answers(t, 8071) for _ in range(23)]
    t.ok("max-requests loses no request", None not in workers)
    t.ok("and recycles the worker",
         len({w[1] for w in workers if w}) >= 4, str(workers))
    t.ok("and says so", t.says(child, "is done. Seeya!"))


def threads_and_lazy(t):
    child = server(t, 8080, "--threads", "4")
    waiting = Waiting(t, 8080)
    others = [threading.Thread(target=answers, args=(t, 8080, "/gate"))
              for _ in range(3)]
    for other in others:
        other.start()
    t.ok("four threads serve four requests at once",
         t.says(child, "at the gate", 4))
    t.ok("each has its answer", waiting.end() is not None)
    for other in others:
        other.join()
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
    t.ok("a lazy reload", t.says(child, "*** reload done"))
    t.write("lazy.py", "import nothing_of_that_name\n")
    child.send_signal(signal.SIGHUP)
    t.ok("a lazy reload of broken code",
         t.says(child, "*** reload abandoned"))
    t.ok("the old goes on", answers(t, 8082) is not None)


def a_first_start_with_broken_code(t):
    t.write("bad.py", "import no_such_module_at_all\n")
    child = t.start(["strata-prefork", "--http-socket", f"{t.host}:8090", "-w",
                     "bad", "--master", "--need-app=false"],
                    ready=(t.host, 8090))
    t.says(child, "spawned strata-prefork worker 1")
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
         t.says(child, "a reload needs a master"))
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
