#!/usr/bin/python3
"""strata-uwsgi --request: what it sends, what it prints, how it ends."""

import os
import socket
import subprocess
import threading

import lib
import pair

SERVER = ["strata-uwsgi", "--max-body", "4000000"]


class Host:
    """A uwsgi server that says one thing, whatever it is asked."""

    def __init__(self, t, *answers):
        self.listener = socket.create_server((t.host, 0))
        self.port = self.listener.getsockname()[1]
        self.answers = answers
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        for answer in self.answers:
            connection, _ = self.listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
        self.listener.close()


class Client:
    def __init__(self, t):
        self.t = t

    def __call__(self, *words, port=9090, given=b"", to=None):
        """Runs the client: (status, standard output, standard error)."""
        address = to or f"{self.t.host}:{port}"
        done = subprocess.run(
            [lib.BIN / "strata-uwsgi", "--request", *map(str, words), address],
            input=given, capture_output=True, timeout=lib.patience(),
            check=False)
        return done.returncode, done.stdout, done.stderr.decode()

    def fails(self, what, words, part, **more):
        status, out, said = self(*words, **more)
        self.t.ok(what, status == 1 and part in said and
                  said.startswith("strata-uwsgi: ") and
                  said.count("\n") == 1, f"{status} {said!r}")
        return out


def lines(out):
    """What strata-uwsgi answers with, as a list of its variables."""
    return out.partition(b"\n\n")[0].decode().split("\n")


def asks(t, ask):
    status, out, said = ask("/a%20b?x=1")
    told = lines(out)
    t.equal("a path is all that is needed", (status, said), (0, ""))
    t.equal("the variables stand in nginx's order",
            [line.partition("=")[0] for line in told],
            ["QUERY_STRING", "REQUEST_METHOD", "CONTENT_TYPE",
             "CONTENT_LENGTH", "REQUEST_URI", "PATH_INFO", "SERVER_PROTOCOL",
             "REQUEST_SCHEME", "REMOTE_ADDR", "REMOTE_PORT", "SERVER_PORT",
             "SERVER_NAME", "HTTP_HOST"])
    for line in ("QUERY_STRING=x=1", "REQUEST_METHOD=GET", "PATH_INFO=/a b",
                 "REQUEST_URI=/a%20b?x=1", "CONTENT_LENGTH=",
                 f"SERVER_NAME={t.host}", "SERVER_PORT=9090"):
        t.ok(f"GET: {line}", line in told, told)
    told = lines(ask("http://example.org:81/p")[1])
    for line in ("PATH_INFO=/p", "SERVER_NAME=example.org", "SERVER_PORT=81",
                 "HTTP_HOST=example.org:81"):
        t.ok(f"a URL: {line}", line in told, told)
    told = lines(ask("DELETE", "/p", "--field", "X-One: 1", "--field",
                     "Host: h", "--field", "X_Two: 2")[1])
    t.ok("a method and fields", {"REQUEST_METHOD=DELETE", "HTTP_X_ONE=1",
                                 "HTTP_HOST=h"} <= set(told) and
         "X_TWO" not in "".join(told), told)
    status, out, _ = ask("HEAD", "/")
    t.equal("HEAD has no body", (status, out), (0, b""))


def takes_variables(t, ask):
    told = lines(ask("/", "--var", "REMOTE_ADDR=192.0.2.1", "--var", "NEW=a=b",
                     "--var", "EMPTY=", "--var", "HTTP_HOST", "--var",
                     "TWICE=1", "--var", "TWICE=2")[1])
    for line in "REMOTE_ADDR=192.0.2.1", "NEW=a=b", "EMPTY=", "TWICE=1", \
            "TWICE=2":
        t.ok(f"--var {line}", told.count(line) == 1, told)
    names = [line.partition("=")[0] for line in told]
    t.equal("--var replaces", names.count("REMOTE_ADDR"), 1)
    t.equal("--var without a value leaves out", names.count("HTTP_HOST"), 0)


def sends_bodies(t, ask):
    blob = os.urandom(1_000_000)
    path = t.write("blob", blob)
    status, out, _ = ask("/", "--body", path)
    t.ok("--body sends a file", status == 0 and out.endswith(b"\n\n" + blob))
    t.ok("its length is told, and POST is the method",
         {"CONTENT_LENGTH=1000000", "REQUEST_METHOD=POST"} <=
         set(lines(out[:-1_000_000])))
    status, out, _ = ask("PUT", "/", "--body", "-", given=b"from a pipe")
    t.ok("--body - sends standard input", status == 0 and
         out.endswith(b"\n\nfrom a pipe") and
         "REQUEST_METHOD=PUT" in lines(out), out)
    status, out, _ = ask("/", "--body", t.write("nothing", b""))
    t.ok("an empty file is a body", "CONTENT_LENGTH=0" in lines(out), out)
    status, out, _ = ask("/", "--body", path, "--repeat", "3")
    t.equal("--repeat asks so often, each time with the body",
            (status, out.count(blob)), (0, 3))


def prints_answers(t, ask):
    chunked = Host(t, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                      b"3\r\nab\n\r\n2\r\ncd\r\n0\r\n\r\n")
    t.equal("chunks are undone", ask("/", port=chunked.port),
            (0, b"ab\ncd", ""))
    head = b"HTTP/1.1 200 Fine\r\nX: 1\r\n\r\n"
    t.equal("--include prints the head as it came",
            ask("/", "--include", port=Host(t, head + b"x").port),
            (0, head + b"x", ""))
    t.equal("a redirect is an answer",
            ask("/", port=Host(t, b"Location: /x\r\n\r\n").port)[0], 0)
    host = Host(t, b"HTTP/1.1 404 Gone Fishing\r\n\r\nno such page\n")
    out = ask.fails("404 ends with a sentence and status 1", ["/"],
                    "answered 404 Gone Fishing", port=host.port)
    t.equal("and its body is printed", out, b"no such page\n")
    host = Host(t, b"HTTP/1.1 200 OK\r\n\r\n1", b"HTTP/1.1 500 No\r\n\r\n2")
    out = ask.fails("--repeat ends with the first failure",
                    ["/", "--repeat", "3"], "500 No", port=host.port)
    t.equal("what came before it is printed", out, b"12")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [lib.BIN / "strata-uwsgi", "--request", "/", f"{t.host}:9090"],
            stdout=full, stderr=subprocess.PIPE, check=False)
    t.ok("a full disk is noticed", done.returncode == 1 and
         b"cannot write the answer: No space left" in done.stderr, done.stderr)


def meets_bad_hosts(t, ask):
    for what, answer, part in (
            ("no answer", b"", "closed the connection without an answer"),
            ("half a head", b"HTTP/1.1 200 O", "in the midst of the answer's"),
            ("nonsense", b"hello\r\n\r\n", "is refused: "),
            ("a body cut off", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
             b"ab", "before its answer was complete"),
            ("bad chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
             b"\r\n\r\nzz\r\n", "is broken: ")):
        ask.fails(what, ["/"], part, port=Host(t, answer).port)
    with socket.create_server((t.host, 0)) as silent:
        ask.fails("silence", ["/", "--reply-timeout", "0.2"],
                  "no progress before the deadline",
                  port=silent.getsockname()[1])
    ask.fails("nobody there", ["/"], "Connection refused", port=9999)
    ask.fails("no such socket", ["/"], "No such file", to="unix:/no/socket")


def refuses_mistakes(t, ask):
    many = [word for n in range(129) for word in ("--var", f"K{n}=1")]
    for what, words, part in (
            ("a bad escape", ["/%zz"], '"/%zz" cannot be decoded'),
            ("a way out", ["/../x"], 'above the root'),
            ("a blank in the target", ["/a b"], "no request that could be"),
            ("a field without a colon", ["/", "--field", "X"], "no request"),
            ("a target with a line end", ["/ HTTP/1.1\r\nX: 1\r\nY:"],
             "a line ends within"),
            ("a method with a line end", ["GET / HTTP/1.1\nX:", "/"],
             "a line ends within"),
            ("a field with a line end", ["/", "--field", "X: 1\r\n\r\nY"],
             "a line ends within"),
            ("an empty key", ["/", "--var", "=x"], "--var has an empty key"),
            ("no key at all", ["/", "--var", ""], "--var"),
            ("129 variables", ["/", *many], "at most 128"),
            ("too long a variable", ["/", "--var", "K=" + "v" * 65535],
             "do not fit into a uwsgi packet of 65535 bytes"),
            ("no such body", ["/", "--body", "/no/file"],
             'cannot open the body "/no/file": No such file'),
            ("a folder for a body", ["/", "--body", t.dir], "Is a directory"),
            ("--repeat 0", ["/", "--repeat", "0"], "from 1 to 4294967295"),
            ("--repeat many", ["/", "--repeat", "many"], "from 1 to 4294967295"),
            ("--repeat -1", ["/", "--repeat", "-1"], "from 1 to 4294967295"),
            ("a bad time", ["/", "--reply-timeout", "soon"], "seconds"),
            ("--to besides", ["/", "--to", "127.0.0.1:1"], "only one of them"),
            ("no target", [], "needs a target"),
            ("a word too many", ["GET", "/", "x"], "a word too many"),
            ("an unknown option", ["/", "--loud"], 'no option "--loud"')):
        ask.fails(what, words, part)
    ask.fails("an address without a port", ["/"], "port", to="127.0.0.1")
    ask.fails("an option without its value", ["/", "--body"],
              "", to="--repeat")
    status, out = t.run(["strata-uwsgi", "--help"])
    t.ok("--help lists every option", status == 0 and all(
        word in out for word in (
            "--to", "--request", "--field", "--var KEY=VALUE", "--body FILE",
            "--include", "--repeat N", "--connect-timeout",
            "--reply-timeout", "--max-body", "--idle-timeout")), out)


with lib.Test("strata-uwsgi as a client") as t:
    ask = Client(t)
    t.start([*SERVER, f"{t.host}:9090"], ready=(t.host, 9090))
    t.start([*SERVER, f"unix:{t.dir}/u.sock"], ready=(t.dir / "u.sock", None))
    t.start([*lib.UWSGI, "--socket", f"{t.host}:9091", "--buffer-size",
             "65535", "--wsgi-file", pair.APP], ready=(t.host, 9091), end=2)
    asks(t, ask)
    takes_variables(t, ask)
    sends_bodies(t, ask)
    prints_answers(t, ask)
    meets_bad_hosts(t, ask)
    refuses_mistakes(t, ask)
    told = lines(ask("/x", to=f"unix:{t.dir}/u.sock")[1])
    t.ok("over a unix socket", {"PATH_INFO=/x", "SERVER_NAME=localhost",
                                "HTTP_HOST=localhost"} <= set(told), told)
    status, out, said = ask("/echo", "--body", t.dir / "blob", port=9091)
    t.ok("real uWSGI: a body there and back", status == 0 and
         out == (t.dir / "blob").read_bytes(), said)
    t.equal("real uWSGI: a hundred requests",
            ask("/", "--repeat", "100", port=9091), (0, b"Hello!" * 100, ""))
