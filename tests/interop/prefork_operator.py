#!/usr/bin/python3
"""strata-prefork in an operator's hands: files, daemons, mistakes."""

import json
import os
import signal
import socket
import threading

import lib

APP = """
def application(env, start_response):
    start_response('200 OK', [('Content-Type', 'text/html')])
    return [b'%s']
"""


def text(t, port):
    try:
        return lib.ask(t.host, port, "GET", "/").text
    except OSError:
        return None


def becomes(t, port, expected):
    return lib.wait_for(lambda: text(t, port) == expected)


def gone(pid):
    return lib.wait_for(lambda: not os.path.exists(f"/proc/{pid}"))


def read(path):
    return path.read_text() if path.exists() else ""


def as_daemon(t):
    """The tutorial's file, with and without the reloader; as JSON too."""
    log, pidfile = t.dir / "d" / "strata.log", t.dir / "d" / "strata.pid"
    app = t.write("app/wsgi.py", APP % "one")
    log.parent.mkdir()
    ini = t.write("wsgi.ini", f"""# comment, \u6ce8\u91ca
[uwsgi]
http-socket = {t.host}:8010
chdir = {t.dir}/app
master = true
processes=1
wsgi-file = wsgi.py
daemonize = {log}
pidfile={pidfile}
""")
    with lib.Stopwatch() as watch:
        status, out = t.run(["strata-prefork", "--py-autoreload=1", "--ini",
                             ini])
    t.equal("the command says that it has started", (status, out), (0, ""))
    t.in_time("soon", watch, 0, 3)
    pid = int(read(pidfile))
    t.equal("the pidfile is a number and a newline", read(pidfile), f"{pid}\n")
    t.equal("it serves", text(t, 8010), "one")
    stat = open(f"/proc/{pid}/stat").read().split(")")[1].split()
    t.equal("the daemon has a session of its own", int(stat[3]), pid)
    t.equal("and reads /dev/null", os.readlink(f"/proc/{pid}/fd/0"),
            "/dev/null")
    t.equal("its log is no one else's to read", log.stat().st_mode & 0o777,
            0o640)
    t.contains("the log tells of the reloader", read(log),
               "Python auto-reloader enabled")

    # each step changes the size of the file: two writes may share a moment
    app.write_text(APP % "one two")
    t.ok("a changed file is reloaded", becomes(t, 8010, "one two"))
    t.contains("the log says which", read(log), "[strata-prefork-python-"
               f"reloader] module/file {app} has been modified")
    app.write_text("def broken(:\n")
    t.ok("a broken one is not", lib.wait_for(
        lambda: "*** reload abandoned" in read(log)))
    t.equal("the old one serves", text(t, 8010), "one two")
    app.write_text("import helper\n" + APP % "one two three")
    t.ok("nor one that lacks a module", lib.wait_for(
        lambda: read(log).count("*** reload abandoned") == 2))
    t.write("app/helper.py", "x = 1 +\n")
    t.ok("nor one whose module is broken", lib.wait_for(
        lambda: read(log).count("*** reload abandoned") == 3))
    t.write("app/helper.py", "x = 1\n")
    t.ok("mended, it is", becomes(t, 8010, "one two three"))
    t.write("app/helper.py", "x = 1 # changed\n")
    t.ok("its module is watched too", lib.wait_for(
        lambda: read(log).count("*** reload done") == 3))
    t.write("app/another_file", "which is none of its business")
    count = read(log).count("*** reload: starting")
    lib.sleeps(pid, 3)  # the master looks each time that it wakes
    t.equal("another file in the directory is not",
            read(log).count("*** reload: starting"), count)

    t.equal("kill `cat pidfile` stops it", t.run(
        ["sh", "-c", f"kill `cat {pidfile}`"])[0], 0)
    t.ok("all of it", gone(pid))
    t.ok("the pidfile stays, as uWSGI's", pidfile.exists())

    conf = {"http-socket": f"{t.host}:8011", "chdir": f"{t.dir}/app",
            "master": True, "processes": 2, "wsgi-file": "wsgi.py",
            "daemonize": str(log), "pidfile": str(pidfile), "vacuum": True}
    path = t.write("wsgi.json", json.dumps({"uwsgi": conf}))
    t.equal("the same as JSON starts", t.run(["strata-prefork", path])[0], 0)
    t.equal("and serves", text(t, 8011), "one two three")
    pid = int(read(pidfile))
    app.write_text(APP % "four")
    t.equal("--reload reloads", t.run(
        ["strata-prefork", "--reload", pidfile])[0], 0)
    t.ok("to the new code", becomes(t, 8011, "four"))
    t.equal("--stop stops", t.run(["strata-prefork", "--stop", pidfile])[0], 0)
    t.ok("all of it", gone(pid))
    t.ok("--vacuum removes the pidfile", not pidfile.exists())
    for action in ("--stop", "--reload"):
        status, out = t.run(["strata-prefork", action, pidfile])
        t.equal(f"{action} without a pidfile", status, 1)
        t.contains("says so", out, "cannot open the pidfile")
    pidfile.write_text("")
    t.equal("--stop with an empty one hits nobody",
            t.run(["strata-prefork", "--stop", pidfile])[0], 1)
    pidfile.write_text(f"{pid}\n")
    status, out = t.run(["strata-prefork", "--stop", pidfile])
    t.equal("--stop of what does not run", status, 1)
    t.contains("says so", out, "No such process")


def daemons_that_do_not_start(t):
    """Exit status 0 only when the daemon stands."""
    log = t.dir / "fail.log"
    taken = socket.create_server((t.host, 8020))
    base = ["strata-prefork", "--wsgi-file", t.write("ok.py", APP % "ok"),
            "--pidfile", t.dir / "fail.pid", "--master"]
    bad = t.write("bad.py", "import nothing_like_that\n")
    fifo = t.dir / "fifo"
    os.mkfifo(fifo)
    cases = [
        ("a log that cannot be opened", ["--http-socket", f"{t.host}:8021",
         "--daemonize", "/no/such/dir/log"], 1, "/no/such/dir/log"),
        ("a port in use", ["--http-socket", f"{t.host}:8020", "--daemonize",
                           log], 1, f"{t.host}:8020"),
        ("a port in use, in the foreground", ["--http-socket",
         f"{t.host}:8020"], 1, f"{t.host}:8020"),
        ("a pidfile that cannot be written", ["--http-socket",
         f"{t.host}:8021", "--pidfile", "/no/such/dir/pid"], 1,
         "/no/such/dir/pid"),
        ("a pidfile that is a FIFO without a reader", ["--http-socket",
         f"{t.host}:8021", "--pidfile", fifo], 1, "No such device"),
        ("a configuration that is a FIFO without a writer", ["--ini", fifo],
         1, "Timer expired"),
        ("an application that is not there", ["--http-socket",
         f"{t.host}:8021", "--daemonize", log, "--wsgi-file", bad,
         "--need-app"], 22, "the server ended before it served"),
        ("a directory that is not there", ["--http-socket", f"{t.host}:8021",
         "--chdir", "/no/such/dir"], 1, "/no/such/dir"),
        ("a user who is not there", ["--http-socket", f"{t.host}:8021",
         "--uid", "nobody-of-that-name"], 1, "nobody-of-that-name"),
        ("a group that is not there", ["--http-socket", f"{t.host}:8021",
         "--gid", "no-group-of-that-name"], 1, "no-group-of-that-name"),
        ("no socket", [], 1, "--socket ADDR"),
        ("a host that does not resolve", ["--http-socket",
         "no.such.host.invalid:80"], 1, "no.such.host.invalid"),
        ("a port beyond 65535", ["--http-socket", f"{t.host}:99999"], 1,
         "99999"),
        ("an unknown option", ["--http-soket", "x"], 1, "--http-soket"),
        ("no value", ["--processes"], 1, "--processes wants a value"),
    ]
    for what, words, expected, says in cases:
        status, out = t.run(base + words)
        t.equal(f"{what}: exit status", status, expected)
        t.contains(f"{what}: one says why", out, says)
        t.ok(f"{what}: nothing is left behind",
             not (t.dir / "fail.pid").exists() and
             not lib.listening(t.host, 8021))
    taken.close()


def files_with_mistakes(t):
    cases = [
        ("f.ini", "[uwsgi]\nprocesses = two\n", "f.ini:2: option --processes"),
        ("f.ini", "[uwsgi]\n\nsocket=127.0.0.1:1\nharakiri = x\n",
         "f.ini:4: option --harakiri"),
        ("f.ini", "[uwsgi]\n\nsocket 127.0.0.1:1\n",
         "f.ini:3: found \"socket 127.0.0.1:1\", expected key = value"),
        ("f.ini", "[uwsgi\n", "f.ini:1: found"),
        ("f.ini", "[other]\n", "there is no section [uwsgi]"),
        ("f.ini", "", "there is no section [uwsgi]"),
        ("f.ini", "[uwsgi]\nini = none.ini\n", "f.ini:2: cannot open none.ini"),
        ("f.ini", "[uwsgi]\nstrict = true\nproceses = 4\n",
         "f.ini:3: [strict-mode] unknown config directive: proceses"),
        ("f.ini", "[uwsgi]\nmaster = \0\n", "holds a NUL byte"),
        ("f.json", "{\"uwsgi\": {\"processes\": \"two\"}}",
         "f.json:1: option --processes"),
        ("f.json", "{\"uwsgi\": {\n\"processes\" 2}}", "f.json:2: column"),
        ("f.json", "{}", "expected {\"uwsgi\": {...}}"),
    ]
    for name, content, says in cases:
        t.write(name, content)
        status, out = t.run(["strata-prefork", name])
        t.equal(f"{content!r} is refused", status, 1)
        t.contains("with file and line", out, says)
        t.equal("in one sentence", out.count("\n"), 1)
    status, out = t.run(["strata-prefork", "missing.ini"])
    t.equal("a missing file is refused", status, 1)
    t.contains("by name", out, "missing.ini: No such file")

    t.write("app.py", APP % "placed")
    t.write("place.ini", f"[uwsgi]\nport = 8030\nhttp-socket = {t.host}:"
            "%(port)\nchdir = %d\nmodule = $(WHAT)\nmaster = 1\n"
            "thunder-lock = true\nini = :more\n[more]\nprocesses = %(n)\n"
            "set-ph = n=2\n")
    child = t.start(["strata-prefork", "place.ini"], ready=(t.host, 8030),
                    env={"WHAT": "app"})
    t.equal("placeholders, magic words, sections", text(t, 8030), "placed")
    log = child.log.read_text()
    t.contains("the log names the file", log,
               "[strata-prefork] getting INI configuration from place.ini")
    t.contains("and the key that has no effect", log,
               'place.ini:7: "thunder-lock" is no option')
    t.ok("and no other", log.count("is no option") == 1)
    t.stop(child)


def logs_users_and_files(t):
    t.write("app.py", APP % "logged")
    t.dir.chmod(0o777)
    log, sock = t.dir / "to.log", t.dir / "a.sock"
    root = os.geteuid() == 0  # who alone may become somebody else
    user = ["--uid", "nobody", "--gid", "nogroup"] if root else []
    child = t.start(["strata-prefork", "--http-socket", sock, "-w", "app",
                     "--logto", log, *user,
                     "--chmod-socket=666", "--vacuum", "-M", "--touch-reload",
                     t.write("touch", "")], ready=(sock, None))
    t.equal("it serves on a unix socket",
            lib.ask(str(sock), None, "GET", "/").text, "logged")
    t.equal("its socket has the mode", sock.stat().st_mode & 0o777, 0o666)
    status = open(f"/proc/{child.pid}/status").read()
    for what, line in (
            ("it is another user", "Uid:\t65534\t65534\t65534\t65534"),
            ("of another group", "Gid:\t65534\t65534\t65534\t65534"),
            ("with no other groups", "Groups:\t65534 \n")) if root else ():
        t.contains(what, status, line)
    t.ok("its log is in the file", lib.wait_for(
        lambda: "GET / => generated" in read(log)))
    t.equal("and nowhere else", child.log.read_text(), "")
    os.utime(t.dir / "touch")
    t.ok("--touch-reload", lib.wait_for(
        lambda: "touch has been touched... grace them all" in read(log) and
        "*** reload done" in read(log)))
    t.equal("vacuum: it stops", t.stop(child, signal.SIGINT), 0)
    t.ok("vacuum: the socket is gone", not sock.exists())

    child = t.start(["strata-prefork", "--http-socket", f"{t.host}:8040", "-w",
                     "app", "--logto", log, "-M"], ready=(t.host, 8040))
    lib.wait_for(lambda: text(t, 8040))
    log.rename(t.dir / "to.log.1")
    child.send_signal(signal.SIGUSR1)
    t.ok("SIGUSR1 opens the log anew", lib.wait_for(
        lambda: text(t, 8040) and "GET / => generated" in read(log)))
    t.stop(child)

    fifo = t.dir / "log.fifo"
    os.mkfifo(fifo)
    child = t.start(["strata-prefork", "--http-socket", f"{t.host}:8041", "-w",
                     "app", "--logto", fifo, "-M"], ready=(t.host, 8041))
    child.send_signal(signal.SIGUSR1)
    t.equal("a log that is a FIFO holds nobody up", text(t, 8041), "logged")
    t.equal("it stops", t.stop(child), 0)

    fifo = t.dir / "fifo.ini"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_text, args=(
        f"[uwsgi]\nhttp-socket = {t.host}:8042\nwsgi = app\nmaster = true\n",))
    writer.start()
    child = t.start(["strata-prefork", fifo], ready=(t.host, 8042))
    writer.join()
    t.equal("a configuration that is a FIFO is read", text(t, 8042), "logged")
    child.send_signal(signal.SIGHUP)
    t.ok("a reload waits for its writer, but not for ever",
         t.says(child, "Timer expired"))
    t.equal("and the server goes on", text(t, 8042), "logged")
    t.equal("it stops", t.stop(child), 0)

    child = t.start(
        ["bash", "-c", "set -o pipefail; strata-prefork --logto /dev/stdout "
         '--ini <(printf "$1") | cat', "bash",
         f"[uwsgi]\nhttp-socket = {t.host}:8043\nwsgi = app\n"
         f"pidfile = {t.dir}/pipes.pid\n"],
        ready=(t.host, 8043))
    t.equal("a pipe of the shell has a configuration", text(t, 8043), "logged")
    t.ok("and another takes the log", t.says(child, "GET / => generated"))
    pid = int((t.dir / "pipes.pid").read_text())
    os.kill(pid, signal.SIGUSR1)
    text(t, 8043)
    t.ok("also anew", t.says(child, "GET / => generated", 2))
    os.kill(pid, signal.SIGTERM)
    t.equal("it stops", t.ended(child), 0)

    child = t.start(["strata-prefork", "--http-socket", sock, "-w", "app"],
                    ready=(sock, None))
    child.kill()
    child.wait()
    t.ok("a killed server leaves its socket", sock.exists())
    child = t.start(["strata-prefork", "--http-socket", sock, "-w", "app"],
                    ready=(sock, None))
    t.equal("and the next one takes its place",
            lib.ask(str(sock), None, "GET", "/").text, "logged")
    status, out = t.run(["strata-prefork", "--http-socket", sock, "-w", "app"])
    t.equal("but not that of one that runs", status, 1)


def words(t):
    status, out = t.run(["strata-prefork", "--help"])
    t.equal("--help", status, 0)
    for option in ("--processes", "--workers", "--py-autoreload", "--harakiri",
                   "--http-socket", "--die-on-term"):
        t.contains("--help knows " + option, out, option)
    status, out = t.run(["strata-prefork", "--version"])
    t.ok("--version", status == 0 and out.startswith("strata-prefork "))
    t.write("wsgi.py", APP % "Hello!")
    child = t.start(["strata-prefork", "--socket", f"{t.host}:9090",
                     "--protocol=http", "-w", "wsgi"], ready=(t.host, 9090))
    t.equal("the tutorial's first command", text(t, 9090), "Hello!")
    t.equal("Ctrl+C", t.stop(child, signal.SIGINT), 0)


with lib.Test("strata-prefork: an operator") as test:
    for part in (words, as_daemon, daemons_that_do_not_start,
                 files_with_mistakes, logs_users_and_files):
        part(test)
