"""Applications that a WSGI server has to bear: each path is one of them.

What an application may do by PEP 3333, what it may not, and what is said of
either, one small function each.  /NAME calls the function NAME; words after
it are for the function.
"""

import gc
import gzip
import io
import os
import subprocess
import sys
import tempfile
import time
import weakref


def plain():
    """A list of its own each time: the server may change it (PEP 3333)."""
    return [("Content-Type", "text/plain")]


class Body:
    """An iterable that notes in the log when it is closed."""

    def __init__(self, items, name="body"):
        self.items, self.name = iter(items), name

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.items)

    def close(self):
        print(f"{self.name} was closed", file=sys.stderr, flush=True)


class Single(Body):
    def __len__(self):
        return 1


# What is allowed.

def hello(env, start_response):
    start_response("200 OK", plain())
    return [b"Hello!\n"]


def several(env, start_response):
    start_response("200 OK", plain())
    return [b"one ", b"", b"two ", b"three\n"]


def generator(env, start_response):
    start_response("200 OK", plain())
    yield b"one "
    yield b""
    yield b"two\n"


def lazy(env, start_response):
    """start_response is called when the first item is asked for."""
    start_response("201 Created", plain())
    yield b"made\n"


def as_tuple(env, start_response):
    start_response("200 OK", plain())
    return b"a ", b"tuple\n"


def list_kind(env, start_response):
    """A list by another name, which says how it is to be iterated."""
    class Reversed(list):
        def __iter__(self):
            return reversed(self)
    start_response("200 OK", plain())
    return Reversed([b"two\n", b"one "])


def single(env, start_response):
    start_response("200 OK", plain())
    return Single([b"only one\n"])


def nothing(env, start_response):
    start_response("200 OK", plain())
    return []


def closing(env, start_response):
    start_response("200 OK", plain())
    return Body([b"a", b"b"])


def written(env, start_response):
    write = start_response("200 OK", plain())
    write(b"written ")
    write(b"")
    write(b"twice ")
    return [b"and returned\n"]


def written_between(env, start_response):
    """write() and items take turns."""
    write = start_response("200 OK", plain())
    write(b"1 ")
    yield b"2 "
    write(b"3 ")
    yield b"4\n"


def tidy(env, start_response):
    """A generator that has something to tidy up, and does not reach its
    end."""
    start_response("200 OK", plain() + [("Content-Length", "2")])
    try:
        yield b"ok"
        while True:
            yield b"too much"
    finally:
        print("the generator was closed", file=sys.stderr, flush=True)


def repeated(env, start_response):
    start_response("200 OK", [("X-b", "1"), ("x-A", "2"), ("X-b", "3"),
                              ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    return [b"fields\n"]


def status(env, start_response):
    """/status/404/Not%20Here"""
    line = env["PATH_INFO"].split("/", 2)[2].replace("/", " ")
    start_response(line, plain())
    return [b"body\n"]


def latin1(env, start_response):
    start_response("200 OK", plain() + [("X-Name", "caf\xe9")])
    return [b"x\n"]


def length(env, start_response):
    """/length/GIVEN/SENT: a Content-Length, and that many bytes."""
    _, _, given, sent = env["PATH_INFO"].split("/")
    start_response("200 OK", plain() + [("Content-Length", given)])
    return Body([b"0123456789"[:int(sent)]])


def dated(env, start_response):
    start_response("200 OK", [("Date", "Mon, 01 Jan 2024 00:00:00 GMT")])
    return [b"old\n"]


def no_content(env, start_response):
    start_response("204 No Content", [("Content-Length", "5")])
    return [b"12345"]


def large(env, start_response):
    start_response("200 OK", plain())
    return [b"x" * 300000, b"y" * 300000]


def closed(env, start_response):
    """A body that notes in the log how often it is closed."""
    class Counted(Body):
        times = 0

        def close(self):
            self.times += 1
            print(f"closed {self.times} times", file=sys.stderr, flush=True)
    start_response("200 OK", plain())
    return Counted([b"a", b"b"])


def endless(env, start_response):
    """More than anybody waits for."""
    start_response("200 OK", plain())
    return Body((b"x" * 65536 for _ in range(16384)), "the endless body")


def writes_too_much(env, start_response):
    write = start_response("200 OK", plain() + [("Content-Length", "3")])
    write(b"ab")
    write(b"cd")
    return [b"ef"]


# What replaces what was begun.

def replaced(env, start_response):
    start_response("200 OK", plain())
    try:
        raise ValueError("before the head is out")
    except ValueError:
        start_response("500 Replaced", plain() + [("X-New", "1")],
                       sys.exc_info())
        return [b"an error page\n"]


def empty_first(env, start_response):
    """An empty item sends nothing: an error page can still take its place."""
    start_response("200 OK", plain())
    yield b""
    try:
        raise ValueError("after an empty item")
    except ValueError:
        start_response("500 Replaced", plain(), sys.exc_info())
    yield b"an error page\n"


def empty_then_raises(env, start_response):
    start_response("200 OK", plain())
    yield b""
    raise RuntimeError("after an empty item")


def by_name(env, start_response):
    start_response("200 OK", plain(), exc_info=None)
    return [b"named\n"]


def bad_exc_info(env, start_response):
    start_response("200 OK", plain(), "an error")
    return [b"accepted\n"]


def too_late(env, start_response):
    write = start_response("200 OK", plain())
    write(b"begun")
    try:
        raise ValueError("after the head is out")
    except ValueError:
        start_response("500 Replaced", plain(), sys.exc_info())
    return [b"never sent\n"]


def too_late_caught(env, start_response):
    """Which exception is raised when it is too late to replace the head."""
    write = start_response("200 OK", plain())
    write(b"begun ")
    try:
        raise ValueError("after the head is out")
    except ValueError:
        given = sys.exc_info()
    try:
        start_response("500 Replaced", plain(), given)
    except BaseException as error:
        return [b"same\n" if error is given[1] else b"another\n"]
    return [b"none\n"]


# What is forbidden, or goes wrong.

def text(env, start_response):
    start_response("200 OK", plain())
    return ["Hello!"]


def text_yielded(env, start_response):
    start_response("200 OK", plain())
    yield b""
    yield "Hello!"


def bare_text(env, start_response):
    start_response("200 OK", plain())
    return "Hello!"


def bare_bytes(env, start_response):
    start_response("200 OK", plain())
    return b"Hello!\n"


def none(env, start_response):
    start_response("200 OK", plain())


def number(env, start_response):
    start_response("200 OK", plain())
    return 42


def byte_array(env, start_response):
    start_response("200 OK", plain())
    return [bytearray(b"Hello!")]


def write_text(env, start_response):
    start_response("200 OK", plain())("Hello!")
    return []


def unstarted(env, start_response):
    return [b"no status\n"]


def twice(env, start_response):
    start_response("200 OK", plain())
    start_response("200 OK", plain())
    return [b"x\n"]


def raises(env, start_response):
    raise RuntimeError("on purpose")


def raises_started(env, start_response):
    start_response("200 OK", plain())
    raise RuntimeError("on purpose, later")


def raises_midway(env, start_response):
    start_response("200 OK", plain())

    def items():
        yield b"begun"
        raise RuntimeError("in the middle")
    return Body(items())


def exits(env, start_response):
    sys.exit(3)


def interrupts(env, start_response):
    raise KeyboardInterrupt


def exits_midway(env, start_response):
    start_response("200 OK", plain())
    yield b""
    sys.exit(3)


def exits_closing(env, start_response):
    start_response("200 OK", plain())
    body = Body([b"closed by exit\n"])
    body.close = lambda: sys.exit(3)
    return body


def raises_closing(env, start_response):
    start_response("200 OK", plain())
    body = Body([b"whole\n"])
    body.close = lambda: 1 / 0
    return body


LEFT = []


def leaves(env, start_response):
    """What belongs to this request is used by the next one."""
    start_response("200 OK", plain())
    LEFT[:] = [start_response, env["wsgi.input"]]
    return [b"left\n"]


def uses_left(env, start_response):
    said = []
    for use in (lambda: LEFT[0]("200 OK", []), lambda: LEFT[1].read()):
        try:
            said.append(f"it gave {use()!r}")
        except Exception as error:
            said.append(type(error).__name__)
    start_response("200 OK", plain())
    return [" ".join(said).encode() + b"\n"]


def recursion(env, start_response):
    return recursion(env, start_response)


def bad(env, start_response):
    """/bad/NAME: a start_response call that must be refused."""
    calls = {
        "newline": ("200 OK", [("X-A", "1\r\nX-Evil: 1")]),
        "name-newline": ("200 OK", [("X-A\r\nX-Evil", "1")]),
        "status-newline": ("200 OK\r\nX-Evil: 1", []),
        "lone-newline": ("200 OK", [("X-A", "1\nX-Evil: 1")]),
        "lone-return": ("200 OK", [("X-A", "1\rX-Evil: 1")]),
        "nul": ("200 OK", [("X-A", "a\0b")]),
        "nul-in-name": ("200 OK", [("X-A\0b", "1")]),
        "nul-in-status": ("200 O\0K", []),
        "name-wide": ("200 OK", [("X-\u20ac", "1")]),
        "name-latin1": ("200 OK", [("X-\xe9", "1")]),
        "name-bytes": ("200 OK", [(b"X-A", "1")]),
        "status-wide": ("200 \u20ac", []),
        "hop": ("200 OK", [("Transfer-Encoding", "chunked")]),
        "keep-alive": ("200 OK", [("Keep-Alive", "timeout=5")]),
        "te": ("200 OK", [("te", "trailers")]),
        "trailer": ("200 OK", [("Trailer", "X-A")]),
        "upgrade": ("200 OK", [("upgrade", "websocket")]),
        "proxy-authenticate": ("200 OK", [("Proxy-Authenticate", "Basic")]),
        "proxy-authorization": ("200 OK", [("Proxy-Authorization", "x")]),
        "connection": ("200 OK", [("Connection", "close")]),
        "status-number": (200, []),
        "status-bytes": (b"200 OK", []),
        "status-word": ("OK", []),
        "status-empty": ("", []),
        "status-long": ("99999 x", []),
        "status-100": ("100 Continue", []),
        "headers-tuple": ("200 OK", (("X-A", "1"),)),
        "headers-none": ("200 OK", None),
        "header-list": ("200 OK", [["X-A", "1"]]),
        "header-three": ("200 OK", [("X-A", "1", "2")]),
        "value-number": ("200 OK", [("X-A", 1)]),
        "value-bytes": ("200 OK", [("X-A", b"1")]),
        "value-wide": ("200 OK", [("X-A", "\u20ac")]),
        "name-blank": ("200 OK", [("X A", "1")]),
        "name-colon": ("200 OK", [("X-A:", "1")]),
        "name-empty": ("200 OK", [("", "1")]),
        "length-word": ("200 OK", [("Content-Length", "ten")]),
        "length-minus": ("200 OK", [("Content-Length", "-1")]),
        "length-twice": ("200 OK", [("Content-Length", "2"),
                                    ("Content-Length", "2")]),
    }
    call = calls[env["PATH_INFO"].split("/")[2]]
    start_response(*call)
    return [b"it was accepted\n"]


# The request.

def variables(env, start_response):
    """/variables/NAME,NAME: their values as Python writes them."""
    names = env["QUERY_STRING"].split(",")
    start_response("200 OK", plain())
    return ["".join(f"{n}={env.get(n)!r}\n" for n in names).encode()]


def variable(env, start_response):
    """/variable/NAME: its value, where there is no query."""
    start_response("200 OK", plain())
    return [f"{env.get(env['PATH_INFO'].split('/')[2])!r}\n".encode()]


def environ_type(env, start_response):
    old = env.get("strata.mark")
    env["strata.mark"] = "set"
    env["SCRIPT_NAME"] = "changed"
    start_response("200 OK", plain())
    return [f"{type(env).__name__} {old}\n".encode()]


def echo(env, start_response):
    body = env["wsgi.input"].read()
    start_response("200 OK", plain())
    return [b"%d:" % len(body), body]


def reads(env, start_response):
    """/reads?read(3),readline(),...: each call's result on a line."""
    stream, out = env["wsgi.input"], []
    for call in env["QUERY_STRING"].split(";"):
        name, _, arguments = call.partition("(")
        arguments = [None if a == "None" else int(a)
                     for a in arguments.rstrip(")").split(",") if a]
        if name == "iter":
            out.append(list(stream))
        else:
            out.append(getattr(stream, name)(*arguments))
    start_response("200 OK", plain())
    return ["".join(f"{x!r}\n" for x in out).encode()]


def failing_read(env, start_response):
    try:
        env["wsgi.input"].read()
        answer = "no error"
    except OSError as error:
        answer = f"OSError: {error}"
    print(answer, file=env["wsgi.errors"])
    start_response("200 OK", plain())
    return [answer.encode() + b"\n"]


def read_late(env, start_response):
    """The body is read when the head is out."""
    write = start_response("200 OK", plain() + [("Content-Length", "9")])
    write(b"begun ")
    return [env["wsgi.input"].read()]


def failing_reads(env, start_response):
    """What failed once fails at once when it is tried again."""
    said = []
    for _ in range(8):
        try:
            said.append(f"read {env['wsgi.input'].read(10)!r}")
        except OSError:
            said.append("OSError")
    start_response("200 OK", plain())
    return [" ".join(said).encode() + b"\n"]


def unread(env, start_response):
    start_response("200 OK", plain())
    return [b"not read\n"]


def errors(env, start_response):
    env["wsgi.errors"].write("first \u20ac line\nsecond ")
    env["wsgi.errors"].writelines(["line\n", "lone \udc80\n"])
    env["wsgi.errors"].flush()
    start_response("200 OK", plain())
    return [b"logged\n"]


def errors_bytes(env, start_response):
    try:
        answer = repr(env["wsgi.errors"].write(b"bytes\n"))
    except TypeError as error:
        answer = type(error).__name__
    start_response("200 OK", plain())
    return [answer.encode() + b"\n"]


# Files.

def file(env, start_response):
    """/file/START/LENGTH (or -): this directory's digits, by file_wrapper."""
    _, _, start, given = env["PATH_INFO"].split("/")
    handle = tempfile.TemporaryFile()
    handle.write(b"0123456789")
    handle.seek(int(start))
    headers = list(plain())
    if given != "-":
        headers.append(("Content-Length", given))
    start_response("200 OK", headers)
    return env["wsgi.file_wrapper"](handle, 4)


def file_like(env, start_response):
    class Reader:
        def __init__(self):
            self.text = io.BytesIO(b"0123456789")

        def read(self, size):
            return self.text.read(size)
    start_response("200 OK", plain())
    return env["wsgi.file_wrapper"](Reader(), 4)


def file_iterated(env, start_response):
    start_response("200 OK", plain())
    wrapper = env["wsgi.file_wrapper"](io.BytesIO(b"0123456789"), 4)
    return [b",".join(wrapper)]


def file_closed(env, start_response):
    class Reader:
        text = io.BytesIO(b"0123456789")

        def read(self, size):
            return self.text.read(size)

        def close(self):
            print("the file was closed", file=sys.stderr, flush=True)
    start_response("200 OK", plain())
    return env["wsgi.file_wrapper"](Reader(), 4)


def file_packed(env, start_response):
    """What is read from it is not what stands in its file."""
    handle = tempfile.TemporaryFile()
    handle.write(gzip.compress(b"0123456789"))
    handle.seek(0)
    start_response("200 OK", plain())
    return env["wsgi.file_wrapper"](gzip.GzipFile(fileobj=handle))


def file_written(env, start_response):
    """A file behind bytes that are out already."""
    handle = tempfile.TemporaryFile()
    handle.write(b"0123456789")
    handle.seek(0)
    write = start_response("200 OK", plain())
    write(b"digits: ")
    return env["wsgi.file_wrapper"](handle)


def file_pipe(env, start_response):
    reader, writer = os.pipe()
    os.write(writer, b"through a pipe\n")
    os.close(writer)
    start_response("200 OK", plain())
    return env["wsgi.file_wrapper"](os.fdopen(reader, "rb"))


def file_of_the_kernel(env, start_response):
    """A plain file that says it has no bytes."""
    start_response("200 OK", plain())
    return env["wsgi.file_wrapper"](open("/proc/sys/kernel/ostype", "rb"))


def server(env, start_response):
    """What the module `uwsgi` says."""
    import uwsgi
    options = all(type(key) is str and type(value) in (bytes, list, bool)
                  for key, value in uwsgi.opt.items())
    start_response("200 OK", plain())
    return [f"{type(uwsgi.version).__name__} {type(uwsgi.hostname).__name__} "
            f"{options} {uwsgi.buffer_size > 0} {uwsgi.worker_id() > 0} "
            f"{uwsgi.masterpid() in (0, os.getppid())} {uwsgi.numproc > 0} "
            f"{uwsgi.total_requests() >= 0}\n".encode()]


def background(env, start_response):
    """Starts a process that lives on and has what this one has open."""
    subprocess.Popen(["sleep", "5"], close_fds=False,
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    start_response("200 OK", plain())
    return [b"started\n"]


def forks(env, start_response):
    """The same, by a fork alone."""
    if os.fork() == 0:
        time.sleep(5)
        os._exit(0)
    start_response("200 OK", plain())
    return [b"started\n"]


def _emptied(what):
    """A list with something that empties it when it is printed, and says
    whether whoever prints it has kept hold of it."""
    class Held:
        pass

    class Emptying:
        def __repr__(self):
            items.clear()
            print(what, "held" if held() else "let go", file=sys.stderr)
            return "?"
    items, held = [], Held()
    thing = slice(Emptying(), held)
    held = weakref.ref(held)
    items.append(thing)
    return items


def emptied_fields(env, start_response):
    start_response("200 OK", _emptied("field"))


def emptied_body(env, start_response):
    start_response("200 OK", plain())
    return _emptied("item")


def blocks(env, start_response):
    """How many blocks of memory Python has in use: if that grows from request
    to request, something is leaked."""
    gc.collect()
    start_response("200 OK", plain())
    return [b"%d\n" % sys.getallocatedblocks()]


def application(env, start_response):
    name = (env["PATH_INFO"].split("/") + [""])[1]
    function = globals().get(name)
    if not callable(function) or name.startswith("_"):
        start_response("404 Not Found", plain())
        return [b"no such application\n"]
    return function(env, start_response)
