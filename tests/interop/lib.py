"""lib: what the interop tests share.

A test script takes an address of its own, starts programs on it, asks them
over HTTP, and prints one `ok` or `not ok` line for each thing it looked at and
`N passed, N failed` at its end:

    import lib

    with lib.Test("nginx before strata-prefork") as t:
        t.start(["strata-prefork", ...], ready=(t.host, 9090))
        answer = lib.ask(t.host, 8080, "GET", "/")
        t.equal("the page is there", answer.status, 200)

Every script has its own loopback address (127.x.y.z), which it holds while it
runs, so that any port is free on it; where the system lets us, which is for
root, a network of its own as well.  What was started is stopped at the end; a
process that is then still there fails the test, and is ended too, also when the
script itself is killed.

No test goes by the wall clock: a busy machine is twenty times slower than a
quiet one.  What is to happen is waited for with wait_for(), t.says(), t.stop(),
t.ended(), connect(), ask(): they return at once when it has happened, and give
up when the machine, measured then, has had many times what it should need.
What must not happen is looked for after something later has happened.  Where
time is the subject a Stopwatch takes it, and t.in_time() judges it.
"""

import ctypes
import fcntl
import hashlib
import http.client
import itertools
import os
import random
import select
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(os.environ.get("STRATA_BIN") or ROOT / "build/bin")
UWSGI = ["uwsgi", "--plugin", "python3"]
NGINX = ["/usr/sbin/nginx"]
MARK = "STRATA_INTEROP"

# Whoever started us in the background may have us ignore Ctrl+C, and what we
# start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The front and the host of the tests that are about the two of them.  With
# STRATA_FRONT=nginx STRATA_HOST='uwsgi --plugin python3' they are tried on the
# programs that ours are modelled on, which shows that they ask the right thing.
FRONT = shlex.split(os.environ.get("STRATA_FRONT", "strata-proxy"))
HOST = shlex.split(os.environ.get("STRATA_HOST", "strata-prefork"))


# --- Time

PATIENCE = 20  # seconds of a quiet machine: many times what any event needs
WORK = bytes(1 << 20)
WORK_SECONDS = 0.01  # what slowness() takes on a quiet machine of 2020


def slowness():
    """How many times slower than a quiet machine this one is, now, at least 1:
    a known piece of work is timed.  It is hashing, which holds no lock of the
    interpreter's."""
    wall, busy = time.monotonic(), time.thread_time()
    for _ in range(5):
        hashlib.blake2b(WORK)
    wall, busy = time.monotonic() - wall, time.thread_time() - busy
    return max(1.0, wall / WORK_SECONDS, wall / busy)


def wait_for(condition, seconds=PATIENCE, pause=0.01):
    """Calls condition() until it is true; its last value.  It gives up after so
    many seconds, and never less than PATIENCE, of a quiet machine: on a busy
    one they pass the more slowly, as it is measured while it waits.  A process
    or a file that is gone when condition() looks at it is not yet the answer."""
    left, rate = max(seconds, PATIENCE), 1.0
    last = time.monotonic()
    measure_at = last + 0.5
    while True:
        try:
            value = condition()
        except (FileNotFoundError, ProcessLookupError):
            value = None
        if value or left <= 0:
            return value
        time.sleep(pause)
        now = time.monotonic()
        left -= (now - last) / rate
        last = now
        if now >= measure_at:
            rate, measure_at = slowness(), now + 1


def alive(pid):
    """The process is there, and not merely its status."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


class Patience:
    """For calls that want a timeout: what the machine needs many times over,
    measured every few seconds."""

    def __init__(self):
        self.seconds, self.good_until = 0, 0

    def __call__(self, seconds=PATIENCE):
        now = time.monotonic()
        if now >= self.good_until:
            self.seconds = 1.25 * slowness()
            self.good_until = now + 5
        return self.seconds * max(seconds, PATIENCE)


patience = Patience()


def sleeps(pid, times, act=lambda: None):
    """Acts, and waits until a process has gone to sleep so many times more: one
    that looks at something each time it wakes has looked."""
    def count():
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return sys.maxsize
        return int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])
    before = count()
    act()
    return wait_for(lambda: count() >= before + times)


class Gate:
    """Where an application waits for the test: it reads a FIFO,
    open(path).read(), which ends when the test lets it go on."""

    def __init__(self, path):
        self.path = path
        os.mkfifo(path)

    def reached(self):
        """Waits until somebody reads; whether it came to that."""
        return wait_for(self.enter)

    def enter(self):
        try:
            self.writer = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads yet
            return False
        return True

    def let_go(self):
        os.close(self.writer)


def dawdle(seconds):
    """What a slow client or server does, where its slowness is the test.  It
    waits for nothing: whoever is slower yet does the same."""
    time.sleep(seconds)


class Stopwatch:
    """`with Stopwatch() as watch`: how long it took, how slow the machine was
    meanwhile, at its slowest, and which of several things took longest."""

    def __enter__(self):
        self.rate, self.over = slowness(), threading.Event()
        self.longest = 0.0
        self.measuring = threading.Thread(target=self.measure, daemon=True)
        self.measuring.start()
        self.begin = time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.begin
        self.over.set()
        self.measuring.join()
        self.rate = max(self.rate, slowness())

    def lap(self, call, *words):
        """Calls it, and remembers how long that took; what it returns."""
        begin = time.monotonic()
        try:
            return call(*words)
        finally:
            self.longest = max(self.longest, time.monotonic() - begin)

    def measure(self):
        while not self.over.wait(0.2):
            self.rate = max(self.rate, slowness())


# --- Clients


class Answer:
    """A response, read to its end."""

    def __init__(self, status, reason, fields, body):
        self.status, self.reason, self.body = status, reason, body
        self.fields = fields  # as sent: a list of (name, value)

    def get(self, name):
        """The value of a field, or None."""
        for key, value in self.fields:
            if key.lower() == name.lower():
                return value
        return None

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def connect(host, port):
    """A connection, whose calls have our patience."""
    return socket.create_connection((host, port), patience())


def ask(host, port, method, path, fields=(), body=None):
    """One request on a connection of its own.  A body that is an iterator is
    sent in chunks; host may be the path of a unix socket, with port None."""
    if port is None:
        connection = UnixConnection(host, patience())
    else:
        connection = http.client.HTTPConnection(host, port,
                                                timeout=patience())
    try:
        connection.request(method, path, body, dict(fields),
                           encode_chunked=hasattr(body, "__next__"))
        response = connection.getresponse()
        return Answer(response.status, response.reason,
                      response.getheaders(), response.read())
    finally:
        connection.close()


def raw(host, port, data):
    """Sends bytes and returns all bytes that come until the end."""
    with connect(host, port) as s:
        s.sendall(data)
        out = b""
        while True:
            try:
                more = s.recv(65536)
            except ConnectionResetError:
                return out
            if not more:
                return out
            out += more


def dribble(s, pause=0.07):
    """Sends a byte and a byte, until the other side says something or leaves;
    whether it did."""
    def step():
        try:
            s.send(b"x")
        except OSError:
            return True
        return select.select([s], [], [], 0)[0]
    return bool(wait_for(step, pause=pause))


def taken(s):
    """Waits until the other end of a TCP connection, a process here, has read
    all that was sent; whether it has."""
    def name(address):
        host, port = address
        return f"{socket.inet_aton(host)[::-1].hex().upper()}:{port:04X}"

    here, there = name(s.getsockname()), name(s.getpeername())

    def nothing_waits():
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            words = line.split()
            unsent, unread = words[4].split(":")
            if words[1:3] == [here, there] and int(unsent, 16):
                return False
            if words[1:3] == [there, here] and int(unread, 16):
                return False
        return True
    return wait_for(nothing_waits)


def multipart(name, filename, content):
    """A multipart/form-data body with one file: (content type, body)."""
    boundary = "strata" + hashlib.sha1(content).hexdigest()
    head = (f"--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\";"
            f" filename=\"{filename}\"\r\n"
            "Content-Type: application/octet-stream\r\n\r\n").encode()
    tail = f"\r\n--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", head + content + tail


def listening(host, port):
    """True when something accepts at this very address; no connection is made.
    (Who listens at 0.0.0.0 may be anybody.)"""
    if port is None:
        table = Path("/proc/net/unix").read_text().splitlines()[1:]
        return any(line.endswith(" " + str(host)) and
                   line.split()[3] == "00010000" for line in table)
    packed = socket.inet_aton(host)[::-1].hex().upper()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[3] == "0A" and words[1] == f"{packed}:{port:04X}":
            return True
    return False


def nginx_temp(folder):
    """Lines for the http block of a real nginx: its directories for temporary
    files, which Debian's would have where only root may write."""
    return " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in (
        "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))


def own_network():
    """Enters a network of its own, where that is allowed; whether it was."""
    clone_newnet, set_flags, up_and_running = 0x40000000, 0x8914, 0x41
    if ctypes.CDLL(None).unshare(clone_newnet) != 0:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, set_flags, struct.pack("16sH14x", b"lo",
                                              up_and_running))
    return True


def own_address():
    """A loopback address that nobody else uses, and the socket that holds
    it."""
    while True:
        host = "127.%d.%d.%d" % tuple(random.randint(2, 250) for _ in "abc")
        holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            holder.bind((host, 61234))
            return host, holder
        except OSError:
            holder.close()


class Test:
    def __init__(self, title):
        self.title = title
        self.passed = self.failed = 0
        self.network = own_network() and os.readlink("/proc/self/ns/net")
        self.host, self.holder = own_address()
        self.dir = Path(tempfile.mkdtemp(prefix="strata-interop-"))
        self.dir.chmod(0o755)  # nginx's workers are another user's
        self.mark = f"{os.getpid()}-{self.host}"
        self.children = []  # (process, signal that ends it, log)
        self.env = dict(os.environ, **{MARK: self.mark})
        # A module that is written anew within a second would be taken from the
        # cache of the one before, when it is as long.
        self.env["PYTHONDONTWRITEBYTECODE"] = "1"
        self.env["PATH"] = f"{BIN}:{self.env['PATH']}:/usr/sbin"
        for key in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
            self.env.pop(key, None)
        self.keeper = self.post_keeper()

    def post_keeper(self):
        """A process that ends what we have started, should we be killed: it
        reads from a pipe that is closed when we are no more.  Its pid."""
        reader, writer = os.pipe()
        pid = os.fork()
        if pid != 0:
            os.close(reader)
            return pid
        os.setsid()
        os.close(writer)
        null = os.open(os.devnull, os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        self.keeper = os.getpid()
        os.read(reader, 1)
        self.kill_all()
        shutil.rmtree(self.dir, ignore_errors=True)
        os._exit(0)

    def kill_all(self):
        for pid, _ in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        print(f"# {self.title}", flush=True)
        return self

    def __exit__(self, kind, error, trace):
        if error and not isinstance(error, SystemExit):
            import traceback
            traceback.print_exception(kind, error, trace, file=sys.stdout)
            self.ok(f"no surprise ({kind.__name__}: {error})", False)
        self.stop_all()
        left = self.left_over()
        self.ok("nothing is left running", not left, " ".join(
            f"{pid} {name}" for pid, name in left))
        self.kill_all()
        os.kill(self.keeper, signal.SIGKILL)
        os.waitpid(self.keeper, 0)
        if self.failed:
            self.show_logs()
        shutil.rmtree(self.dir, ignore_errors=True)
        self.holder.close()
        print(f"{self.title}: {self.passed} passed, {self.failed} failed",
              flush=True)
        os._exit(1 if self.failed else 0)

    def ok(self, what, good, detail=""):
        if good:
            self.passed += 1
        else:
            self.failed += 1
        print(f"{'ok' if good else 'not ok'} - {what}", flush=True)
        if not good and detail:
            print(f"#   {detail}", flush=True)
        return good

    def equal(self, what, found, expected):
        return self.ok(what, found == expected,
                       f"expected {short(expected)}, found {short(found)}")

    def contains(self, what, text, part):
        return self.ok(what, part in text,
                       f"expected {short(part)} in {short(text)}")

    def in_time(self, what, watch, least, most):
        """Never before `least` seconds, and not after `most` on a quiet
        machine: on a busy one so many times more as it was slower."""
        return self.ok(what, least <= watch.seconds <= most * watch.rate,
                       f"it took {watch.seconds:.2f} s, expected {least} to "
                       f"{most} s; the machine was {watch.rate:.1f} times "
                       "slower than a quiet one")

    def no_lap_over(self, what, watch, most):
        """None took longer than `most` seconds of a quiet machine."""
        return self.ok(what, watch.longest <= most * watch.rate,
                       f"the longest took {watch.longest:.2f} s, expected "
                       f"{most} s; the machine was {watch.rate:.1f} times "
                       "slower than a quiet one")

    def write(self, name, text):
        """A file in the test's directory; its path."""
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, str):
            text = text.encode()
        path.write_bytes(text)
        return path

    def start(self, words, ready=None, end=signal.SIGTERM, cwd=None, env=None):
        """Starts a program in the foreground and waits until it accepts at
        ready, (host, port) or (path, None).  Its output is in process.log."""
        log = self.dir / f"{len(self.children)}-{Path(words[0]).name}.log"
        with open(log, "wb") as out:
            child = subprocess.Popen(
                [str(w) for w in words], cwd=cwd or self.dir, stdout=out,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                env={**self.env, **(env or {})}, start_new_session=True)
        child.log = log
        self.children.append((child, end, log))
        if ready:
            up = wait_for(lambda: listening(*ready) or
                          child.poll() is not None)
            if not up or child.poll() is not None:
                self.ok(f"{words[0]} starts", False, "it said: "
                        + log.read_text("utf-8", "replace")[-2000:])
                raise SystemExit(1)
        return child

    def run(self, words, seconds=PATIENCE, cwd=None, env=None):
        """Runs a command to its end: its status and output.  `seconds` where a
        quiet machine may take longer than PATIENCE."""
        done = subprocess.run(
            [str(w) for w in words], cwd=cwd or self.dir,
            timeout=patience(seconds), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False, stdin=subprocess.DEVNULL,
            env={**self.env, **(env or {})})
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def says(self, child, text, times=1):
        """Waits until a started program has said this, so many times."""
        return wait_for(lambda: child.log.read_text(
            "utf-8", "replace").count(text) >= times)

    def ended(self, child):
        """Waits for a program's end; its status, None if it does not end."""
        wait_for(lambda: child.poll() is not None)
        return child.returncode

    def stop(self, child, how=None):
        """Ends one started program; its status, None if it would not end.  To
        uWSGI the signal is repeated: it loses one that comes as it starts."""
        end = next(e for c, e, _ in self.children if c is child)
        send = how if how is not None else end
        turns = itertools.count()
        again = 400 if child.args[0] == UWSGI[0] else sys.maxsize
        wait_for(lambda: child.poll() is not None or (
            next(turns) % again == 0 and child.send_signal(send)))
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            return None
        return child.returncode

    def stop_all(self):
        for child, _, _ in reversed(self.children):
            if self.stop(child) is None:
                self.ok(f"{child.args[0]} ends when it is told to", False)

    def processes(self):
        """Those that were started here, by whomever, and still run: a list of
        (pid, command line).  They are known by their network, where it is our
        own, and else by a variable: a program may write over its variables."""
        found = []
        ours = str(os.getpid()), str(self.keeper)
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or entry.name in ours:
                continue
            try:
                environ = (entry / "environ").read_bytes()
                if (f"{MARK}={self.mark}\0".encode() in environ or
                        os.readlink(entry / "ns/net") == self.network):
                    name = (entry / "cmdline").read_bytes()
                    found.append((int(entry.name), name.replace(
                        b"\0", b" ").decode("utf-8", "replace")))
            except OSError:
                pass
        return found

    def left_over(self):
        """The same, after a while in which they may end."""
        wait_for(lambda: not self.processes(), pause=0.1)
        return self.processes()

    def show_logs(self):
        for path in sorted(self.dir.rglob("*.log")):
            text = path.read_text("utf-8", "replace")[-3000:]
            print(f"# --- {path.name}")
            for line in text.splitlines():
                print(f"#   {line}")


def short(value):
    text = repr(value)
    return text if len(text) < 400 else f"{text[:200]} ... {text[-150:]}"
