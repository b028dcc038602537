#!/usr/bin/python3
"""The process of strata-proxy: its command line, its pid file, its signals."""

import os
import re
import signal
import socket
import threading
from pathlib import Path

import lib

PORT = 8080
OTHER = 8081
BIG = 30_000_000
LOST = b""


def conf(t, answer="one", top="", http="", port=PORT, name="nginx.conf",
         daemon="off"):
    """A configuration in the test's directory that answers with a word."""
    return t.write(name, f"""
daemon {daemon};
worker_processes 2;
error_log error.log notice;
pid proxy.pid;
{top}
events {{ }}
http {{
    access_log off;
    {http}
    server {{
        listen {t.host}:{port};
        location / {{ return 200 "{answer}"; }}
        location /files/ {{ root {t.dir}; }}
    }}
}}
""")


def words(t, *more, name="nginx.conf"):
    return ["strata-proxy", "-p", t.dir, "-c", name, *more]


def start(t, **kw):
    return t.start(words(t), ready=(t.host, kw.pop("port", PORT)), **kw)


def answer(t, port=PORT):
    try:
        return lib.ask(t.host, port, "GET", "/").text
    except OSError as error:
        return f"({error})"


def log(t):
    path = t.dir / "error.log"
    return path.read_text() if path.exists() else ""


def workers(t, master):
    """The pids of a process's children."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit():
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(stat[1]) == master and stat[0] != "Z":
                    found.add(int(entry.name))
        except OSError:
            pass
    return found


def said(t, text):
    return lib.wait_for(lambda: text in log(t))


def pid_of(t, name="proxy.pid"):
    try:
        return int((t.dir / name).read_text())
    except (OSError, ValueError):
        return None


class Slow:
    """A download that is read when the test wants it to be."""

    def __init__(self, t):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(lib.patience())
        self.socket.connect((t.host, PORT))
        self.socket.sendall(b"GET /files/big HTTP/1.1\r\nHost: x\r\n"
                            b"Connection: close\r\n\r\n")
        self.got = len(self.socket.recv(1024))

    def rest(self):
        """Bytes received in all; None for a broken connection."""
        try:
            while True:
                data = self.socket.recv(1 << 20)
                if not data:
                    return self.got
                self.got += len(data)
        except OSError:
            return None
        finally:
            self.socket.close()


class Load(threading.Thread):
    """Asks again and again; counts what was not answered."""

    def __init__(self, t, port=PORT):
        super().__init__(daemon=True)
        self.t, self.port = t, port
        self.answers, self.lost, self.go, self.asked = {}, [], True, 0
        self.start()

    def run(self):
        while self.go:
            try:
                word = lib.ask(self.t.host, self.port, "GET", "/").text
                self.answers[word] = self.answers.get(word, 0) + 1
            except Exception as error:  # whatever it is, an answer is lost
                self.lost.append(repr(error))
            self.asked += 1

    def more(self):
        """Waits until it has asked some times more."""
        asked = self.asked
        lib.wait_for(lambda: self.asked > asked + 20)

    def end(self):
        """Ends when much has been asked; what was lost."""
        lib.wait_for(lambda: self.asked > 30)
        self.go = False
        self.join()
        return self.lost


# --- The command line


def check_command_line(t):
    version = "strata-proxy version: strata-proxy/"
    path = conf(t)
    status, out = t.run(["strata-proxy", "-v"])
    t.ok("-v: the version", status == 0 and re.fullmatch(
        re.escape(version) + r"[0-9.]+\n", out), out)
    status, out = t.run(["strata-proxy", "-V"])
    t.equal("-V: status", status, 0)
    t.contains("-V: the version", out, version)
    t.contains("-V: configure arguments", out, "\nconfigure arguments: --")
    t.contains("-V: where the configuration is", out, " --conf-path=/")
    for option in "-h", "-?":
        status, out = t.run(["strata-proxy", option])
        t.equal(f"{option}: status", status, 0)
        t.contains(f"{option}: usage", out, "Usage: strata-proxy [-?hvVtTq]")
    good = (f"strata-proxy: the configuration file {path} syntax is ok\n"
            f"strata-proxy: configuration file {path} test is successful\n")
    for form in (["-p", t.dir, "-c", "nginx.conf", "-t"],
                 [f"-p{t.dir}", "-cnginx.conf", "-t"],
                 ["-t", "-c", path, "-p", f"{t.dir}/"],
                 [f"-tc{path}", "-p", t.dir]):
        t.equal(f"{' '.join(map(str, form))}".replace(str(t.dir), "DIR"),
                t.run(["strata-proxy", *form]), (0, good))
    t.equal("-tq says nothing", t.run(words(t, "-tq")), (0, ""))
    status, out = t.run(words(t, "-vt"))
    t.ok("-vt: version and test", status == 0 and out.startswith(version)
         and out.endswith(good), out)
    t.ok("a test leaves no pid file", not (t.dir / "proxy.pid").exists())
    for args, message in (
            (["-z"], 'invalid option: "z"'),
            (["foo"], 'invalid option: "foo"'),
            (["--help"], 'invalid option: "-"'),
            (["-t", "foo"], 'invalid option: "foo"'),
            (["-c"], 'option "-c" requires file name'),
            (["-e"], 'option "-e" requires file name'),
            (["-p"], 'option "-p" requires directory name'),
            (["-g"], 'option "-g" requires parameter'),
            (["-s"], 'option "-s" requires parameter'),
            (["-s", "foo"], 'invalid option: "-s foo"'),
            (["-sfoo"], 'invalid option: "-s foo"')):
        t.equal(" ".join(args), t.run(["strata-proxy", *args]),
                (1, f"strata-proxy: {message}\n"
                 "strata-proxy: -h lists the options\n"))


def check_dump(t):
    t.write("types.inc", "types { text/html html; }")
    path = conf(t, http="include types.inc;\ninclude types.in[c];")
    text = path.read_text()
    status, out = t.run(words(t, "-Tq"))
    t.equal("-T: status", status, 0)
    t.equal("-T: every file once, as it stands", out,
            f"# configuration file {path}:\n{text}\n"
            f"# configuration file {t.dir}/types.inc:\n"
            "types { text/html html; }\n")


def check_globals(t):
    conf(t, top="")
    status, out = t.run(words(t, "-t", "-g", "worker_priority 1;"))
    t.equal("-g: accepted", status, 0)
    status, out = t.run(words(t, "-t", "-g", "pid a;"))
    t.contains("-g: counts", out, 'emerg] "pid" directive is duplicate in ')
    for text, message in (
            ("foo bar", 'unexpected end of parameter, expecting ";"'),
            ("foo bar;", 'unknown directive "foo"'),
            ("events {", "block directives are not supported in -g option")):
        status, out = t.run(words(t, "-t", "-g", text))
        t.equal(f"-g '{text}'", (status, out), (
            1, f"strata-proxy: [emerg] {message} in command line\n"
            f"strata-proxy: configuration file {t.dir}/nginx.conf test "
            "failed\n"))


def check_signal_option(t):
    conf(t)
    path = t.dir / "proxy.pid"
    gone = "\nstrata-proxy: the server of this configuration does not run"
    for text, message in (
            (None, f'[error] open() "{path}" failed (2: No such file or '
                   f"directory){gone}"),
            ("", f'[error] invalid PID number "" in "{path}"'),
            ("abc\n", f'[error] invalid PID number "abc" in "{path}"'),
            ("2147483647\n", "[alert] kill(2147483647, 15) failed (3: No such "
                             f"process){gone}")):
        if text is not None:
            path.write_text(text)
        t.equal(f"-s stop, pid file {text!r}", t.run(words(t, "-s", "stop")),
                (1, f"strata-proxy: {message}\n"))
    path.unlink()


# --- Starting


def check_start(t):
    conf(t)
    child = start(t)
    lib.wait_for(lambda: pid_of(t))
    t.equal("the pid file names the master", pid_of(t), child.pid)
    t.equal("it answers", answer(t), "one")
    t.ok("two workers", lib.wait_for(
        lambda: len(workers(t, child.pid)) == 2))
    if os.geteuid() == 0:
        uids = {os.stat(f"/proc/{p}").st_uid for p in workers(t, child.pid)}
        t.ok("workers are not root", 0 not in uids, str(uids))
    t.equal("TERM ends it with status 0", t.stop(child), 0)
    t.ok("the pid file is gone", pid_of(t) is None)
    t.ok("nobody listens", not lib.listening(t.host, PORT))


def check_worker_settings(t):
    cpu = min(os.sched_getaffinity(0))
    (t.dir / "cwd").mkdir()
    (t.dir / "cwd").chmod(0o755)
    conf(t, top=f"""
worker_rlimit_nofile 777;
worker_rlimit_core 1k;
worker_priority 3;
worker_cpu_affinity 1{'0' * cpu};
working_directory {t.dir}/cwd;""")
    child = start(t)
    lib.wait_for(lambda: "777" in "".join(
        Path(f"/proc/{p}/limits").read_text()
        for p in workers(t, child.pid)))
    lib.wait_for(lambda: answer(t) == "one")
    for pid in workers(t, child.pid):
        limits = Path(f"/proc/{pid}/limits").read_text()
        t.ok("worker_rlimit_nofile", re.search(
            r"Max open files +777 +777 ", limits), limits)
        t.ok("worker_rlimit_core", re.search(
            r"Max core file size +1024 +1024 ", limits), limits)
        t.equal("worker_priority", os.getpriority(os.PRIO_PROCESS, pid), 3)
        t.equal("worker_cpu_affinity", os.sched_getaffinity(pid), {cpu})
        if os.geteuid() == 0:  # others' links cannot be read
            t.equal("working_directory", os.readlink(f"/proc/{pid}/cwd"),
                    f"{t.dir}/cwd")
    t.equal("its master has none of that", os.getpriority(
        os.PRIO_PROCESS, child.pid), os.getpriority(os.PRIO_PROCESS, 0))
    t.stop(child)
    conf(t, top="working_directory none;")
    status, out = t.run(words(t))
    t.equal("workers that cannot start end the whole", status, 2)
    t.contains("with a reason", log(t), "[alert] ")
    t.contains("in the log", log(t), "chdir() to working_directory failed (2: ")
    t.ok("and no pid file", pid_of(t) is None)


def check_daemon(t):
    conf(t, daemon="on")
    status, out = t.run(words(t))
    t.equal("daemon: status and output", (status, out), (0, ""))
    t.ok("daemon: when the command returns the pid file is there",
         pid_of(t) is not None)
    t.equal("daemon: and it answers", answer(t), "one")
    master = pid_of(t)
    t.equal("-s quit", t.run(words(t, "-s", "quit")), (0, ""))
    t.ok("-s quit ends it", lib.wait_for(lambda: not lib.alive(master)))
    t.ok("its pid file is gone", pid_of(t) is None)


def streams(pid):
    """Where the three standard descriptors of a process lead."""
    return [os.readlink(f"/proc/{pid}/fd/{n}") for n in range(3)]


def check_daemon_streams(t):
    """A daemon holds nothing of who started it, and what is said on its standard
    error has a reader: the log, also a new or another one.  Without error_log
    that is logs/error.log, beside the access log."""
    path = conf(t, daemon="on")
    text = path.read_text()
    log = t.dir / "logs/error.log"

    def lead_to(file):
        wanted = ["/dev/null", "/dev/null", str(file)]
        return lib.wait_for(lambda: all(
            streams(pid) == wanted for pid in workers(t, master)))

    path.write_text(text.replace("error_log error.log notice;", ""))
    t.equal("daemon: the pipe of its starter is closed", t.run(words(t)),
            (0, ""))
    master = pid_of(t)
    t.ok("daemon: its streams", lead_to(log), str(streams(master)))
    log.rename(t.dir / "logs/old.log")
    os.kill(master, signal.SIGUSR1)
    t.ok("daemon: and with a new log", lead_to(log), str(streams(master)))
    path.write_text(text)
    os.kill(master, signal.SIGHUP)
    t.ok("daemon: and with another", lead_to(t.dir / "error.log"),
         str(streams(master)))
    path.write_text(text.replace("daemon on;", "daemon on; nonsense;"))
    os.kill(master, signal.SIGUSR2)
    t.ok("what a new program has to say is in the log",
         said(t, 'unknown directive "nonsense"'))
    path.write_text(text)
    t.ok("which has ended", lib.wait_for(lambda: pid_of(t) == master))
    t.run(words(t, "-s", "stop"))
    t.ok("daemon: ended", lib.wait_for(lambda: not lib.alive(master)))
    path.write_text(text.replace("proxy.pid", "logs"))
    status, out = t.run(words(t))
    t.equal("daemon: a pid file that cannot be written", (status, out), (
        1, f'strata-proxy: [emerg] open() "{t.dir}/logs" failed '
        "(21: Is a directory)\n"))


def check_port_in_use(t):
    conf(t)
    with socket.create_server((t.host, PORT)):
        with lib.Stopwatch() as watch:
            status, out = t.run(words(t))
        t.equal("port in use", (status, out), (
            1, f"strata-proxy: [emerg] bind() to {t.host}:{PORT} failed "
            "(98: Address already in use)\n"))
        t.in_time("it waited for the port", watch, 1.5, 9)
        t.ok("no pid file", pid_of(t) is None)
        t.equal("-t does not mind", t.run(words(t, "-tq")), (0, ""))
    holder = socket.create_server((t.host, PORT))
    child = t.start(words(t))
    lib.sleeps(child.pid, 1)
    holder.close()
    t.ok("a port that gets free is taken",
         lib.wait_for(lambda: answer(t) == "one"))
    t.stop(child)


def check_unix(t):
    path = f"{t.dir}/socket"
    conf(t, http=f"server {{ listen unix:{path}; return 200 unix; }}")
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(path)  # and nobody listens: left by a dead process
    child = start(t)
    t.equal("a unix socket", lib.ask(path, None, "GET", "/").text, "unix")
    conf(t, http=f"server {{ listen unix:{path}; return 200 again; }}")
    child.send_signal(signal.SIGHUP)
    t.ok("it stays across a reload", lib.wait_for(
        lambda: lib.ask(path, None, "GET", "/").text == "again"))
    conf(t, http=f"server {{ listen unix:{path}; return 200 $request_uri; }} "
         f"server {{ listen unix:{path}2; location / {{ "
         f"proxy_pass http://unix:{path}:$arg_to; }} }}")
    child.send_signal(signal.SIGHUP)
    t.ok("a URI behind a unix socket", lib.wait_for(
        lambda: os.path.exists(f"{path}2") and
        lib.ask(f"{path}2", None, "GET", "/a?to=/b").text == "/b"))
    t.equal("where it is empty, the request's own",
            lib.ask(f"{path}2", None, "GET", "/a?x").text, "/a?x")
    t.stop(child)
    t.ok("and is removed at the end", not os.path.exists(path))


def check_bad_start(t):
    conf(t, top="nonsense;")
    status, out = t.run(words(t))
    t.equal("a broken configuration", (status, out), (
        1, f'strata-proxy: [emerg] unknown directive "nonsense" in '
        f"{t.dir}/nginx.conf:6\n"))
    conf(t, top="pid none/pid;\n".replace("pid none", "#pid none"))
    t.write("nginx.conf", "daemon off; pid none/x.pid; events { }\n")
    status, out = t.run(words(t))
    t.equal("a pid file that cannot be", (status, out), (
        1, f'strata-proxy: [emerg] open() "{t.dir}/none/x.pid" failed '
        "(2: No such file or directory)\n"))


def check_single_process(t):
    conf(t, top="master_process off;", http=f"""
    server {{ listen {t.host}:{OTHER} reuseport; return 200 alone; }}""")
    child = start(t)
    t.equal("single process: it answers", answer(t), "one")
    t.equal("single process: every socket is its own",
            [answer(t, OTHER) for _ in range(8)], ["alone"] * 8)
    t.equal("single process: no children", workers(t, child.pid), set())
    t.equal("single process: QUIT", t.stop(child, signal.SIGQUIT), 0)
    t.ok("single process: the pid file is gone", pid_of(t) is None)


# --- Signals


def check_reload(t):
    conf(t, "first")
    child = start(t)
    loads = [Load(t) for _ in range(4)]
    for number in range(5):
        old = workers(t, child.pid)
        conf(t, f"word{number}")
        t.equal("-s reload", t.run(words(t, "-s", "reload")), (0, ""))
        t.ok("  the new configuration answers", lib.wait_for(
            lambda n=number: answer(t) == f"word{n}"))
        t.ok("  with new workers only", lib.wait_for(
            lambda o=old: len(workers(t, child.pid)) == 2
            and not workers(t, child.pid) & o))
    lost = sum((load.end() for load in loads), [])
    answers = sum(sum(load.answers.values()) for load in loads)
    t.ok(f"no answer was lost ({answers} came)", not lost and answers > 50,
         str(lost[:3]))
    t.stop(child)


def check_bad_reload(t):
    conf(t, "good")
    child = start(t)
    lib.wait_for(lambda: len(workers(t, child.pid)) == 2)
    old = workers(t, child.pid)
    conf(t, "bad", http="nonsense;")
    status, out = t.run(words(t, "-s", "reload"))
    t.equal("-s reload sees the error itself", (status, out), (
        1, f'strata-proxy: [emerg] unknown directive "nonsense" in '
        f"{t.dir}/nginx.conf:10\n"))
    child.send_signal(signal.SIGHUP)
    t.ok("HUP: it is logged", said(t, f"[emerg] {child.pid}#{child.pid}: "
                                      'unknown directive "nonsense" in '))
    with socket.create_server((t.host, OTHER)):
        conf(t, "bad", http=f"server {{ listen {t.host}:{OTHER}; }}")
        child.send_signal(signal.SIGHUP)
        t.ok("HUP, port in use: it is logged", said(
            t, f"bind() to {t.host}:{OTHER} failed"))
    t.equal("the old configuration answers", answer(t), "good")
    t.equal("by the old workers", workers(t, child.pid), old)
    t.stop(child)


def check_addresses(t):
    """Addresses that come and go with a reload."""
    conf(t, http=f"server {{ listen {t.host}:{OTHER}; return 200 two; }}")
    child = start(t)
    t.equal("two addresses", answer(t, OTHER), "two")
    conf(t)
    child.send_signal(signal.SIGHUP)
    t.ok("an address that was given up is closed", lib.wait_for(
        lambda: not lib.listening(t.host, OTHER)))
    conf(t, http=f"server {{ listen {t.host}:{OTHER}; return 200 three; }}")
    child.send_signal(signal.SIGHUP)
    t.ok("a new one is opened", lib.wait_for(
        lambda: answer(t, OTHER) == "three"))
    load = Load(t, OTHER)
    conf(t, http=f"server {{ listen {t.host}:{OTHER} reuseport;"
                 " return 200 more; }")
    child.send_signal(signal.SIGHUP)
    t.ok("it may become a socket a worker", lib.wait_for(
        lambda: answer(t, OTHER) == "more"))
    load.more()
    t.equal("and nothing is lost", load.end(), [])
    load = Load(t, OTHER)
    conf(t, http=f"server {{ listen {t.host}:{OTHER} reuseport;"
                 " return 200 four; }")
    child.send_signal(signal.SIGHUP)
    lib.wait_for(lambda: answer(t, OTHER) == "four")
    load.more()
    t.equal("reuseport: nothing is lost by a reload", load.end(), [])
    t.stop(child)


def check_reopen(t):
    conf(t)
    child = start(t)
    lib.wait_for(lambda: len(workers(t, child.pid)) == 2)
    (t.dir / "error.log").rename(t.dir / "error.old")
    t.equal("-s reopen", t.run(words(t, "-s", "reopen")), (0, ""))
    t.ok("the log is there again", lib.wait_for(
        lambda: (t.dir / "error.log").exists()))
    lib.ask(t.host, PORT, "GET", "/files/none")
    t.ok("workers write to the new one", said(t, "/files/none"))
    t.ok("and not to the old", "/files/none" not in
         (t.dir / "error.old").read_text())
    t.stop(child)


def check_quit(t):
    conf(t)
    child = start(t)
    slow = Slow(t)
    child.send_signal(signal.SIGQUIT)
    t.ok("QUIT: nobody new is let in", lib.wait_for(
        lambda: not lib.listening(t.host, PORT)))
    t.ok("QUIT: it waits for a running answer", child.poll() is None)
    t.ok("QUIT: which comes whole", (slow.rest() or 0) > BIG)
    t.equal("QUIT: then it ends", t.stop(child, 0), 0)
    child = start(t)
    slow = Slow(t)
    with lib.Stopwatch() as watch:
        t.equal("TERM ends it", t.stop(child), 0)
    t.in_time("TERM: at once", watch, 0, 3)
    t.ok("TERM: running answers are broken off", slow.rest() != BIG)


def check_shutdown_timeout(t):
    conf(t, top="worker_shutdown_timeout 300ms;")
    child = start(t)
    slow = Slow(t)
    with lib.Stopwatch() as watch:
        t.equal("worker_shutdown_timeout ends it",
                t.stop(child, signal.SIGQUIT), 0)
    t.in_time("in its time", watch, 0.25, 3)
    slow.rest()


def check_dead_worker(t):
    conf(t)
    child = start(t)
    lib.wait_for(lambda: len(workers(t, child.pid)) == 2)
    victim = min(workers(t, child.pid))
    os.kill(victim, signal.SIGKILL)
    t.ok("a dead worker is replaced", lib.wait_for(
        lambda: len(workers(t, child.pid) - {victim}) == 2))
    t.ok("and named in the log", said(
        t, f"worker process {victim} exited on signal 9"))
    t.equal("it answers", answer(t), "one")
    old = workers(t, child.pid)
    child.send_signal(signal.SIGKILL)
    child.wait()
    t.ok("no worker outlives its master", lib.wait_for(
        lambda: not any(lib.alive(p) for p in old)))
    (t.dir / "proxy.pid").unlink()


def check_upgrade(t):
    conf(t, daemon="on")
    t.run(words(t))
    old = pid_of(t)
    loads = [Load(t) for _ in range(2)]
    os.kill(old, signal.SIGUSR2)
    t.ok("USR2: a new master", lib.wait_for(
        lambda: pid_of(t) not in (None, old)))
    new = pid_of(t)
    t.equal("USR2: the old one's pid file is .oldbin",
            pid_of(t, "proxy.pid.oldbin"), old)
    t.ok("USR2: its workers", lib.wait_for(
        lambda: len(workers(t, new)) == 2))
    os.kill(old, signal.SIGWINCH)
    t.ok("WINCH: the old workers end", lib.wait_for(
        lambda: workers(t, old) == {new}), str(workers(t, old)))
    os.kill(old, signal.SIGHUP)
    t.ok("HUP: they come back", lib.wait_for(
        lambda: len(workers(t, old)) == 3))
    os.kill(old, signal.SIGQUIT)
    t.ok("QUIT: the old master ends", lib.wait_for(lambda: not lib.alive(old)))
    t.ok("its pid file is gone", pid_of(t, "proxy.pid.oldbin") is None)
    os.kill(new, signal.SIGUSR2)
    t.ok("once more", lib.wait_for(lambda: pid_of(t) not in (None, new)))
    third = pid_of(t)
    os.kill(third, signal.SIGQUIT)
    t.ok("a successor that ends gives the pid file back", lib.wait_for(
        lambda: pid_of(t) == new and not lib.alive(third)))
    path = conf(t, daemon="on", top="nonsense;")
    os.kill(new, signal.SIGUSR2)
    t.ok("so does one that cannot start", said(t, "exited with code 1")
         and lib.wait_for(lambda: pid_of(t) == new))
    path.write_text(path.read_text().replace("nonsense;", ""))
    lost = sum((load.end() for load in loads), [])
    answers = sum(sum(load.answers.values()) for load in loads)
    t.ok(f"no answer was lost ({answers} came)", not lost and answers > 50,
         str(lost[:3]))
    t.run(words(t, "-s", "stop"))
    t.ok("-s stop", lib.wait_for(lambda: not lib.alive(new)))


CHECKS = [check_command_line, check_dump, check_globals, check_signal_option,
          check_start, check_worker_settings, check_daemon,
          check_daemon_streams, check_port_in_use, check_unix,
          check_bad_start, check_single_process, check_reload,
          check_bad_reload, check_addresses, check_reopen, check_quit,
          check_shutdown_timeout, check_dead_worker, check_upgrade]


def main():
    with lib.Test("the process of strata-proxy") as t:
        # Where a build has a sanitizer, a daemon must be able to complain too.
        t.env["ASAN_OPTIONS"] = f"log_path={t.dir}/sanitizer"
        (t.dir / "logs").mkdir()
        t.write("files/big", os.urandom(1 << 16) * (BIG // (1 << 16) + 1))
        for check in CHECKS:
            for path in (t.dir / "error.log", t.dir / "proxy.pid"):
                path.unlink(missing_ok=True)
            check(t)
        said_by = [p.read_text() for p in t.dir.glob("sanitizer.*")]
        t.equal("no sanitizer says anything", said_by, [])


main()
