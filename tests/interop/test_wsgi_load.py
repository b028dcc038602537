#!/usr/bin/python3
"""strata-wsgi and the options that say which application runs, where it finds
its modules, on which sockets it is served, and what becomes of a server
without one."""

import os
import re
import signal
import socket
import subprocess
import venv

import lib

TELLING = '''\
import atexit
import os
import sys

import only_there
import which

AT_IMPORT = os.environ.get("STRATA_A"), os.environ.get("STRATA_B")
atexit.register(print, "at the exit")
print("caf\\xe9 \\u20ac on standard output")
print("caf\\xe9 \\u20ac on standard error", file=sys.stderr)


class site:
    class inner:
        @staticmethod
        def app(env, start_response):
            print("caf\\xe9 \\u20ac on wsgi.errors", file=env["wsgi.errors"])
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [repr((AT_IMPORT, which.WHERE, only_there.WHERE,
                          sys.path[0], sys.prefix, __name__, __file__,
                          os.path.basename(os.getcwd()),
                          sys.argv)).encode()]


def make():
    return site.inner.app


def application(env, start_response):
    start_response("200 OK", [])
    return [("plain " + env["wsgi.url_scheme"]).encode()]
'''

SLOW = '''\
print("importing", flush=True)
open("gate").read()


def application(env, start_response):
    start_response("200 OK", [])
    return [b"slow"]
'''

HANDLING = '''\
import signal
import sys


def first(number, frame):
    print("SIGUSR1 was handled", flush=True)


def second(number, frame):
    print("SIGUSR2 was handled", flush=True)
    sys.exit("from a handler")


signal.signal(signal.SIGUSR1, first)
signal.signal(signal.SIGUSR2, second)
signal.signal(signal.SIGTERM, first)


def application(env, start_response):
    start_response("200 OK", [])
    return [b"ok"]
'''

STAYING = '''\
import os
import threading

if os.environ["KIND"] == "thread":
    threading.Thread(target=threading.Event().wait).start()


def application(env, start_response):
    print("asked", flush=True)
    threading.Event().wait()
'''

WHO = '''\
import uwsgi

print(__name__, "is run, beside", uwsgi.applications)


def application(env, start_response):
    start_response("200 OK", [])
    if env["PATH_INFO"] == "/all":
        return [" ".join(sorted(uwsgi.applications)).encode()]
    return [f"{__name__} {env['SCRIPT_NAME']} {env['PATH_INFO']}".encode()]
'''


def told(t, port, path="/"):
    return eval(lib.ask(t.host, port, "GET", path).text)


def where_from(t):
    """--virtualenv and its other names, --pythonpath, --env, --chdir, dotted
    callables: each server below has another spelling of all of them."""
    home = t.dir / "home"
    venv.create(home, with_pip=False, symlinks=True)
    packages = next(home.glob("lib/python3*/site-packages"))
    (packages / "only_there.py").write_text("WHERE = 'environment'\n")
    t.write("first/which.py", "WHERE = 'first'\n")
    t.write("second/which.py", "WHERE = 'second'\n")
    t.write("work/telling.py", TELLING)
    for number, (home_is, path_is, words, name, file) in enumerate((
            ("--virtualenv", "--pythonpath", ["-w", "telling:site.inner.app"],
             "telling", "telling.py"),
            ("-H", "--pp", ["--wsgi-file", "telling.py", "--callable",
                            "make()"], "uwsgi_file_telling", "telling.py"),
            ("--home", "--python-path", ["--module", "telling", "--callable",
                                         "site.inner.app"],
             "telling", "telling.py"),
            ("--venv", "--pp", ["--mount", "/=telling:make()"], "telling",
             "telling.py"))):
        port = 9100 + number
        child = t.start(
            ["strata-wsgi", "--http-socket", f"{t.host}:{port}", "--chdir",
             t.dir / "work", home_is, home, path_is, t.dir / "first", path_is,
             t.dir / "second", "--env", "STRATA_A=1=2", "--env", "STRATA_B",
             "-b8192", *words],
            ready=(t.host, port), env={"LC_ALL": "C"})
        at_import, which, only, begin, prefix, found, place, work, argv = (
            told(t, port))
        what = f"{home_is} {path_is} {words[-1]}"
        t.equal(f"{what}: the environment is set at the import", at_import,
                ("1=2", ""))
        t.equal(f"{what}: the first of two directories counts", which,
                "first")
        t.equal(f"{what}: the virtual environment's packages", (only, prefix),
                ("environment", str(home)))
        t.equal(f"{what}: sys.path begins with the working directory", begin,
                ".")
        t.equal(f"{what}: module and file", (found, os.path.basename(place)),
                (name, file))
        t.equal(f"{what}: --chdir, sys.argv", (work, argv),
                ("work", ["strata-wsgi"]))
        log = child.log.read_text()
        for stream in ("standard output", "standard error", "wsgi.errors"):
            t.contains(f"{what}: in the C locale {stream} takes any text",
                       log, f"café € on {stream}")
        t.equal(f"{what}: it stops", t.stop(child), 0)
        t.contains(f"{what}: atexit functions run", child.log.read_text(),
                   "at the exit")
        for line in (r"\*\*\* Starting strata-wsgi \S+ \(64bit\) on \[.{24}\]"
                     r" \*\*\*", r"\*\*\* Operational MODE: single process \*\*\*",
                     r"WSGI app 0 \(mountpoint=''\) ready in \d+ seconds on "
                     r"interpreter 0x[0-9a-f]+ pid: \d+ \(default app\)",
                     r"spawned strata-wsgi worker 1 \(and the only\) \(pid: "
                     r"\d+, cores: 1\)"):
            t.ok(f"the log begins as uWSGI's does: {line[:30]}",
                 re.search(f"^{line}$", log, re.M), log)


def sockets(t):
    """Several at once, of all kinds."""
    t.write("plain.py", WHO)
    unix, stale = str(t.dir / "http.sock"), str(t.dir / "uwsgi.sock")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(stale)  # somebody has left it there
    held = socket.socket()
    held.bind((t.host, 9114))
    held.listen(5)
    os.set_inheritable(held.fileno(), True)
    program = lib.BIN / "strata-wsgi"
    with open(t.dir / "sockets.log", "wb") as log:
        child = subprocess.Popen(
            [program, "--http-socket", f"{t.host}:9110", "--http-socket",
             unix, "-s", f"{t.host}:9111", "--socket", stale, "--protocol",
             "HTTP", "--uwsgi-socket", f"{t.host}:9112", "--http-socket",
             f"fd://{held.fileno()}", "--chmod-socket", "660", "-w", "plain"],
            cwd=t.dir, env=t.env, stdout=log, stderr=log,
            pass_fds=[held.fileno()])
    held.close()
    lib.wait_for(lambda: lib.listening(unix, None) and b"spawned" in
                 (t.dir / "sockets.log").read_bytes())
    for what, host, port in (("TCP", t.host, 9110), ("unix", unix, None),
                             ("--socket with --protocol", t.host, 9111),
                             ("a stale unix socket", stale, None),
                             ("fd://", t.host, 9114)):
        t.contains(f"HTTP over {what}", lib.ask(host, port, "GET", "/p").text,
                   "plain  /p")
    for path in (unix, stale):
        t.equal(f"the mode of {path}", os.stat(path).st_mode & 0o777,
                0o660)
    status, said = t.run(["strata-uwsgi", "--request", "GET", "/q",
                          f"{t.host}:9112"])
    t.contains("--uwsgi-socket speaks uwsgi whatever --protocol says", said,
               "plain  /q")
    status, said = t.run(["strata-wsgi", "--http-socket", f"{t.host}:9110",
                          "-w", "plain"])
    t.equal("a port that is taken: exit status", status, 1)
    t.contains("a port that is taken is named", said, f"{t.host}:9110")
    child.send_signal(signal.SIGQUIT)
    t.equal("SIGQUIT ends it with 0", t.ended(child), 0)


def without_app(t):
    """No application: an exit by default, uWSGI's exit with --need-app, 500
    with --need-app=false."""
    t.write("broken.py", "import no_such_module\n")
    words = ["strata-wsgi", "--http-socket", f"{t.host}:9115"]
    for more, expected in (([], 1), (["--need-app"], 22),
                           (["--need-app=true"], 22)):
        for named in (["-w", "broken"], ["--wsgi-file", "broken.py"],
                      ["--mount", "/x=broken.py", "-w", "plain"], []):
            status, said = t.run([*words, *named, *more])
            t.equal(f"exit status of {' '.join(named + more)}", status,
                    expected)
            t.contains("the log says that this is the end", said, "GAME OVER")
            if named:
                t.contains("and which name, in which file", said,
                           "No module named 'no_such_module'")
                t.contains("with the traceback", said, 'broken.py", line 1')
    child = t.start([*words, "-w", "plain", "--mount", "/x=broken.py",
                     "--wsgi-file", "never.py", "--need-app=false",
                     "--manage-script-name"], ready=(t.host, 9115))
    t.equal("--need-app=false: what is there is served",
            lib.ask(t.host, 9115, "GET", "/y").text, "plain  /y")
    t.contains("of --module and --wsgi-file the first counts, and the log "
               "says so", child.log.read_text(),
               "--wsgi-file never.py is not loaded: --module plain")
    a = lib.ask(t.host, 9115, "GET", "/x/y")
    t.equal("and what is not there is answered so", (a.status, a.text),
            (500, "Internal Server Error"))
    t.contains("which is logged at each request", child.log.read_text(),
               "no python application found")
    t.stop(child)
    t.write("leaving.py", "import sys\nsys.exit('a setting is missing')\n")
    status, said = t.run([*words, "-w", "leaving"])
    t.equal("sys.exit() while it is loaded", status, 1)
    t.contains("and its text", said, "a setting is missing")


def mounts(t):
    """From a configuration file too."""
    t.write("shop.py", WHO)
    t.write("site.ini", "[uwsgi]\nhttp-socket = %s:9116\nmodule = plain\n"
            "mount = /shop=shop.py\nmount = /wiki/=shop:application\n"
            "mount = /twice=shop.py\n"
            "manage-script-name = true\nmaster = true\n" % t.host)
    child = t.start(["strata-prefork", "site.ini"], ready=(t.host, 9116))
    for path, text in (("/shop/a", "uwsgi_file_shop /shop /a"),
                       ("/wiki/a", "shop /wiki /a"),
                       ("/twice/a", "uwsgi_file_shop /twice /a"),
                       ("/all", " /shop /twice /wiki"),
                       ("/shopping", "plain  /shopping")):
        t.equal(f"mounts of an ini file: {path}",
                lib.ask(t.host, 9116, "GET", path).text, text)
    t.equal("a file that is mounted twice is run once",
            child.log.read_text().count("uwsgi_file_shop is run"), 1)
    t.stop(child)


def early_signals(t):
    """A stop that comes at any time counts: while the application is being
    imported, and at the very moment that it is there."""
    t.write("slow.py", SLOW)
    for name in ("SIGINT", "SIGTERM"):
        for text in ("importing", "spawned"):
            gate = lib.Gate(t.dir / "gate")
            child = t.start(["strata-wsgi", "--http-socket",
                             f"{t.host}:9117", "-w", "slow"])
            gate.reached()
            if text == "importing":
                child.send_signal(getattr(signal, name))
                gate.let_go()
            else:
                gate.let_go()
                lib.wait_for(lambda c=child: "spawned" in c.log.read_text(),
                             pause=0.001)
                child.send_signal(getattr(signal, name))
            t.equal(f"{name} when the log says \"{text}\"", t.ended(child), 0)
            os.unlink(gate.path)


def own_signals(t):
    """The application's handlers run while the server waits; those that would
    keep it from being stopped do not."""
    t.write("handling.py", HANDLING)
    child = t.start(["strata-wsgi", "--http-socket", f"{t.host}:9119", "-w",
                     "handling"], ready=(t.host, 9119))
    lib.wait_for(lambda: "spawned" in child.log.read_text())
    for name in ("SIGUSR1", "SIGUSR2"):
        # More than one, lest it comes just before the server waits.
        t.ok(f"the application's handler of {name} runs", lib.wait_for(
            lambda n=name: child.send_signal(getattr(signal, n)) or
            f"{n} was handled" in child.log.read_text(), pause=0.1))
    t.ok("what it raises is in the log", lib.wait_for(
        lambda: "SystemExit: from a handler" in child.log.read_text()))
    # A signal that came just before a wait is handled in the next request.
    t.ok("and ends nothing", lib.wait_for(
        lambda: lib.ask(t.host, 9119, "GET", "/").text == "ok"))
    t.equal("SIGTERM stops the server whoever wanted it", t.stop(child), 0)


def late_signals(t):
    """A second stop ends what the application will not let end."""
    t.write("staying.py", STAYING)
    for what, asks in (("thread", False), ("request", True)):
        child = t.start(["strata-wsgi", "--http-socket", f"{t.host}:9118",
                         "--env", f"KIND={what}", "-w", "staying"],
                        ready=(t.host, 9118))
        with lib.connect(t.host, 9118) as s:
            if asks:
                s.sendall(b"GET / HTTP/1.0\r\n\r\n")
                lib.wait_for(lambda c=child: "asked" in c.log.read_text())
            lib.sleeps(child.pid, 1, lambda: child.send_signal(signal.SIGINT))
            t.equal(f"a {what} that does not end holds the first stop up",
                    child.poll(), None)
            # More than one, lest the kernel made one of the two.
            lib.wait_for(lambda: child.send_signal(signal.SIGINT) or
                         child.poll() is not None, pause=0.1)
            t.equal("and the second ends it", child.poll(), -signal.SIGINT)


with lib.Test("what strata-wsgi runs, and from where") as t:
    where_from(t)
    sockets(t)
    without_app(t)
    mounts(t)
    early_signals(t)
    own_signals(t)
    late_signals(t)
