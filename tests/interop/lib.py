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
runs, so that any port is free on it.  What was started is stopped at the end;
a process that is then still there fails the test, and is ended too.
"""

import hashlib
import http.client
import os
import random
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
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


def ask(host, port, method, path, fields=(), body=None, timeout=15):
    """One request on a connection of its own.  A body that is an iterator is
    sent in chunks; host may be the path of a unix socket, with port None."""
    if port is None:
        connection = UnixConnection(host, timeout)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request(method, path, body, dict(fields),
                           encode_chunked=hasattr(body, "__next__"))
        response = connection.getresponse()
        return Answer(response.status, response.reason,
                      response.getheaders(), response.read())
    finally:
        connection.close()


def raw(host, port, data, timeout=10):
    """Sends bytes and returns all bytes that come until the end."""
    with socket.create_connection((host, port), timeout) as s:
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


def multipart(name, filename, content):
    """A multipart/form-data body with one file: (content type, body)."""
    boundary = "strata" + hashlib.sha1(content).hexdigest()
    head = (f"--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\";"
            f" filename=\"{filename}\"\r\n"
            "Content-Type: application/octet-stream\r\n\r\n").encode()
    tail = f"\r\n--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", head + content + tail


def listening(host, port):
    """True when something accepts there; no connection is made."""
    if port is None:
        table = Path("/proc/net/unix").read_text().splitlines()[1:]
        return any(line.endswith(" " + str(host)) and
                   line.split()[3] == "00010000" for line in table)
    packed = socket.inet_aton(host)[::-1].hex().upper()
    wanted = {f"{packed}:{port:04X}", f"00000000:{port:04X}",
              f"{'0' * 32}:{port:04X}"}
    for name in ("tcp", "tcp6"):
        for line in Path("/proc/net/" + name).read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and words[1] in wanted:
                return True
    return False


def nginx_temp(folder):
    """Lines for the http block of a real nginx: its directories for temporary
    files, which Debian's would have where only root may write."""
    return " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in (
        "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))


def wait_for(condition, seconds=10, pause=0.02):
    """Calls condition() until it is true, at most for so long; its last
    value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(pause)


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
        self.host, self.holder = own_address()
        self.dir = Path(tempfile.mkdtemp(prefix="strata-interop-"))
        self.dir.chmod(0o755)  # nginx's workers are another user's
        self.mark = f"{os.getpid()}-{self.host}"
        self.children = []  # (process, signal that ends it, log)
        self.env = dict(os.environ, **{MARK: self.mark})
        self.env["PATH"] = f"{BIN}:{self.env['PATH']}:/usr/sbin"
        for key in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
            self.env.pop(key, None)

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
        for pid, _ in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
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

    def run(self, words, timeout=30, cwd=None, env=None):
        """Runs a command to its end: its status and output."""
        done = subprocess.run(
            [str(w) for w in words], cwd=cwd or self.dir, timeout=timeout,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            stdin=subprocess.DEVNULL, env={**self.env, **(env or {})})
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def stop(self, child, how=None, seconds=10):
        """Ends one started program; its status, None if it would not end.
        The signal is repeated: uWSGI loses one that comes as it starts."""
        end = next(e for c, e, _ in self.children if c is child)
        deadline = time.monotonic() + seconds
        while child.poll() is None and time.monotonic() < deadline:
            child.send_signal(how or end)
            try:
                return child.wait(4)
            except subprocess.TimeoutExpired:
                pass
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
        (pid, command line)."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                environ = (entry / "environ").read_bytes()
                if f"{MARK}={self.mark}\0".encode() in environ:
                    name = (entry / "cmdline").read_bytes()
                    found.append((int(entry.name), name.replace(
                        b"\0", b" ").decode("utf-8", "replace")))
            except OSError:
                pass
        return found

    def left_over(self):
        """The same, after a while in which they may end."""
        wait_for(lambda: not self.processes(), 5, 0.1)
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
