"""frameworks: one site on strata-wsgi and, beside it, on real uWSGI.

    with lib.Test("Flask on strata-wsgi") as t:
        frameworks.Site(t, "flask_site").talk(conversation)

conversation(c) asks the site through c and says what it expects.  It is held
with strata-wsgi over HTTP, with a connection for each request and with one for
all; over uwsgi, behind real nginx; each way also with wsgiref's validator
between the server and the framework; and with real uWSGI both ways.  What the
two servers have answered is compared: the same status, fields and bodies.
"""

import http.client
import json
import random
import re
from hashlib import sha1
from urllib.parse import urlencode

import lib

PYTHON = "/usr/bin/python3"  # whose packages the sites use
APPS = lib.ROOT / "tests/interop/apps"
PARAMS = lib.ROOT / "src/07-stack/uwsgi_params"
BLOB = random.Random(1).randbytes(3 << 20)

# Fields that belong to the connection, the server or the moment, not to the
# site.
OURS = {"connection", "keep-alive", "transfer-encoding", "date", "server",
        "expires"}

# What differs from one visitor to the next.
PERSONAL = [re.compile(text) for text in (
    r'(?<=session=)[^;]*', r'(?<=sessionid=)[^;]*', r'(?<=csrftoken=)[^;]*',
    r'(?<=visits=)"[^;]*', r'(?<=messages=)[^;]*', r'(?<=expires=)[^;]*',
    r'(?<=name="csrfmiddlewaretoken" value=")[^"]*')]


# What the validator says of a body that is read without a size, as PEP 3333's
# table of methods has none without; and of a 204 that has a type.
READS_ALL = "assert_(len(args) == 1)"
TYPE_OF_204 = "Content-Type header found in a 204 response"


# Django's tables, made as they stand in the models, and who may log in.
DATABASE = """
import django
from django.conf import settings
django.setup()
settings.MIGRATION_MODULES = {app: None for app in (
    "admin", "auth", "contenttypes", "sessions")}
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
from django.contrib.auth.models import User
User.objects.create_superuser("ada", password="a secret")
"""


def furnish(t):
    """The folder of files that the sites serve, and their surroundings."""
    t.write("files/big.bin", BLOB[:2000003])
    t.env.update(SITE_FILES=str(t.dir / "files"), PYTHONHASHSEED="0",
                 PYTHONDONTWRITEBYTECODE="1", PYTHONWARNINGS="ignore")


def make_database(t):
    t.env["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
    status, said = t.run([PYTHON, "-c", DATABASE], cwd=APPS)
    t.equal("the database is made", (status, said), (0, ""))


def impersonal(text, port):
    text = text.replace(f":{port}", ":PORT")
    for pattern in PERSONAL:
        text = pattern.sub("*", text)
    return text


class Client:
    """A visitor of the site, who comes one way and keeps his cookies."""

    def __init__(self, t, way, port, child, **how):
        self.t, self.way, self.port, self.child = t, way, port, child
        self.keep = how.get("keep", False)
        self.validated = how.get("validated", False)
        self.real = how.get("real", False)
        self.jar, self.heard, self.connection = {}, [], None
        self.connections = self.ends = self.refusals = 0
        self.refuses = {}  # path: what the validator has against it

    def log(self):
        return self.child.log.read_text("utf-8", "replace")

    def ok(self, what, good, detail=""):
        return self.t.ok(f"{self.way}: {what}", good, detail)

    def equal(self, what, found, expected):
        return self.t.equal(f"{self.way}: {what}", found, expected)

    def logged(self, what, text, before=0):
        """The log comes to say text once more than it did before."""
        there = lib.wait_for(lambda: self.log().count(text) > before)
        return self.ok(what, there, f"{text!r} is not in the log")

    def fields(self, more, validated):
        told = {"Connection": "keep-alive" if self.keep else "close"}
        if self.jar:
            told["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.jar.items())
        if validated:
            told["X-Validate"] = "yes"
        told.update(more)
        return told

    def send(self, method, path, fields=(), body=None, validated=None):
        """Sends a request; its response, whose body is still to be read.  A
        body that is a function makes an iterator, which is sent in chunks."""
        if validated is None:
            validated = self.validated
        if self.connection is None:
            self.connection = http.client.HTTPConnection(
                self.t.host, self.port, timeout=lib.patience())
        if self.connection.sock is None:
            self.connections += 1
        self.connection.request(
            method, path, body() if callable(body) else body,
            self.fields(dict(fields), validated),
            encode_chunked=callable(body))
        return self.connection.getresponse()

    def take(self, response):
        """Reads a response to its end, and takes its cookies."""
        a = lib.Answer(response.status, response.reason,
                       response.getheaders(), response.read())
        a.port = self.port
        if not self.keep:
            self.connection.close()
        elif a.get("Connection") == "close":
            self.ends += 1
        for name, value in a.fields:
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.jar[key] = rest.partition(";")[0]
                if "Max-Age=0" in value:
                    del self.jar[key]
        return a

    def ask(self, method, path, fields=(), body=None, compared=True):
        """An answer.  Where the framework does what the validator refuses,
        that is looked at first, then the page is asked for without it."""
        refused = self.refuses.get(path)
        if refused and self.validated:
            self.refusals += 1
            before = self.log().count(refused)
            a = self.take(self.send(method, path, fields, body))
            self.equal(f"{path}: the validator refuses it", a.status, 500)
            self.logged(f"{path}: and says why", refused, before)
            a = self.take(self.send(method, path, fields, body, False))
        else:
            a = self.take(self.send(method, path, fields, body))
        if compared:
            self.heard.append((f"{method} {path}", a))
        return a

    def form(self, path, words, **more):
        """A form, sent as a browser sends it."""
        return self.ask("POST", path, {
            "Content-Type": "application/x-www-form-urlencoded"},
            urlencode(words, doseq=True).encode(), **more)

    def leave(self, path):
        """Asks, waits for some of the body, and is gone."""
        with lib.connect(self.t.host, self.port) as s:
            s.sendall("".join(
                [f"GET {path} HTTP/1.1\r\nHost: x\r\n"]
                + [f"{k}: {v}\r\n" for k, v in
                   self.fields({}, self.validated).items()]
                + ["\r\n"]).encode())
            with s.makefile("rb") as stream:
                stream.read(20000)

    def close(self):
        if self.connection is not None:
            self.connection.close()


class Site:
    """The servers before one application: strata-wsgi and real uWSGI, each
    with an HTTP socket and a unix socket, and nginx before the two."""

    def __init__(self, t, module, prepare=None):
        self.t = t
        furnish(t)
        if prepare:
            prepare(t)
        self.ours = self.start(["strata-wsgi"], 9090, module)
        self.real = self.start([*lib.UWSGI, "--die-on-term", "--buffer-size",
                                "32768"], 9091, module)
        self.front()

    def start(self, program, port, module):
        return self.t.start(
            [*program, "--http-socket", f"{self.t.host}:{port}", "--socket",
             self.t.dir / f"{port}.sock", "--chmod-socket=666", "--need-app",
             "--chdir", APPS, "-w", module], ready=(self.t.host, port))

    def front(self):
        servers = "".join(f"""
            server {{
                listen {self.t.host}:{port - 1000};
                location / {{
                    include {PARAMS};
                    uwsgi_pass unix:{self.t.dir}/{port}.sock;
                }}
            }}""" for port in (9090, 9091))
        conf = self.t.write("nginx.conf", f"""
            error_log {self.t.dir}/error.log;
            pid {self.t.dir}/nginx.pid;
            worker_processes 1;
            events {{ }}
            http {{
                access_log off;
                client_max_body_size 20m;
                {lib.nginx_temp(self.t.dir)}
                {servers}
            }}""")
        self.t.start([*lib.NGINX, "-p", self.t.dir, "-e",
                      self.t.dir / "error.log", "-c", conf, "-g",
                      "daemon off;"], ready=(self.t.host, 8090))

    def talk(self, conversation):
        heard = {}
        for way, port, how in (
                ("uWSGI, HTTP", 9091, {"real": True}),
                ("uWSGI, nginx", 8091, {"real": True}),
                ("HTTP", 9090, {}),
                ("HTTP, keep-alive", 9090, {"keep": True}),
                ("HTTP, validated", 9090, {"keep": True, "validated": True}),
                ("nginx", 8090, {}),
                ("nginx, validated", 8090, {"validated": True})):
            child = self.real if how.get("real") else self.ours
            before = child.log.read_text("utf-8", "replace")
            c = Client(self.t, way, port, child, **how)
            conversation(c)
            c.close()
            heard[way] = c.heard
            if c.keep:
                c.ok("one connection was enough", c.connections <= 1 + c.ends,
                     f"there were {c.connections}")
            if not c.real:
                self.complaints(c, c.log()[len(before):])
        for way, judge in (("HTTP", "uWSGI, HTTP"), ("nginx", "uWSGI, nginx")):
            for name in [n for n in heard if n.startswith(way)]:
                compare(self.t, name, heard[name], heard[judge])
        self.t.equal("strata-wsgi ends well", self.t.stop(self.ours), 0)

    def complaints(self, c, log):
        c.equal("complaints of the validator", log.count(
            "\nAssertionError"), c.refusals)
        c.ok("each body was closed", "without being closed" not in log)


def compare(t, way, ours, theirs):
    """Every answer of one conversation beside the same of another."""
    t.equal(f"{way}: as many answers as uWSGI gives",
            [what for what, _ in ours], [what for what, _ in theirs])
    for (what, a), (_, b) in zip(ours, theirs):
        t.equal(f"{way}: {what}: as uWSGI's answer", seen(a, b), seen(b, a))


def seen(answer, other):
    """What is compared of an answer.  strata-wsgi may say a length where uWSGI
    leaves the client to find it out."""
    left_out = set(OURS)
    if other.get("Content-Length") is None:
        left_out.add("content-length")
    body = answer.body.decode("latin-1")
    if len(body) > 50000:
        body = f"{len(body)} bytes, {sha1(answer.body).hexdigest()}"
    elif impersonal(body, answer.port) != body:
        left_out.add("etag")
        body = impersonal(body, answer.port)
    fields = [(k, impersonal(v, answer.port)) for k, v in answer.fields
              if k.lower() not in left_out]
    return answer.status, answer.reason, sorted(fields), body


def common(c, name, breaks_in="framework", reads_to="end"):
    """What every site does.  `breaks_in`: who turns an exception in a view
    into a response.  `reads_to`: what the framework takes for the end of a
    request's body."""
    pages(c, name)
    forms(c)
    chunked(c, reads_to)
    visits(c)
    errors(c, breaks_in)
    bodies(c)


def pages(c, name):
    page = f"<h1>{name}</h1>"
    a = c.ask("GET", "/")
    c.equal("the page", (a.status, a.text), (200, page))
    a = c.ask("HEAD", "/")
    c.equal("HEAD", (a.status, a.get("Content-Length"), a.body),
            (200, str(len(page)), b""))
    a = c.ask("GET", "/greet/Zo%C3%AB%20B")
    c.equal("a path that is not ASCII", a.text, "Hello, Zoë B!")
    a = c.ask("GET", "/query?a=caf%C3%A9&b=1+2&a=%E2%82%AC")
    c.equal("a query that is not ASCII", as_json(a),
            {"a": ["café", "€"], "b": ["1 2"]})
    a = c.ask("GET", "/redirect")
    c.equal("a redirect", a.status, 302)
    c.ok("and its target", (a.get("Location") or "").endswith("/greet/Ada"),
         a.get("Location"))
    c.equal("that is there", c.ask("GET", "/greet/Ada").text, "Hello, Ada!")


def as_json(answer):
    try:
        return json.loads(answer.body)
    except ValueError:
        return answer.text


def forms(c):
    a = c.form("/form", {"name": "Zoë", "tag": ["a", "b c&d=€"]})
    c.equal("a form", as_json(a), {"name": ["Zoë"], "tag": ["a", "b c&d=€"]})
    a = c.ask("POST", "/json", {"Content-Type": "application/json"},
              b'{"numbers": [1, 2, 39]}')
    c.equal("JSON", as_json(a), {"sum": 42})
    kind, body = lib.multipart("file", "blob.bin", BLOB)
    a = c.ask("POST", "/upload", {"Content-Type": kind}, body)
    c.equal("an upload's name", a.get("X-Name"), "blob.bin")
    c.ok("an upload of 3 MiB, byte for byte", a.body == BLOB,
         f"{a.status}, {len(a.body)} bytes")
    a = c.ask("POST", "/raw", {"Content-Type": "x/y"}, BLOB[:70000])
    c.ok("a body of any kind", a.body == BLOB[:70000],
         f"{a.status}, {len(a.body)} bytes")
    c.equal("an empty one", c.ask("POST", "/raw", {"Content-Type": "x/y"},
                                  b"").body, b"")


def chunked(c, reads_to):
    """A body whose length nobody has said.  nginx finds it out before it asks.
    Over HTTP the framework has to know wsgi.input_terminated, or it takes the
    body for empty, on any server.  (uWSGI wants a function of its own to be
    called; behind nginx it passes Transfer-Encoding on, which holds no more:
    Flask finds no body then, and Bottle a wrong one.)"""
    if c.real:
        return
    pieces = [b"one ", BLOB[:70000], b" two"]
    a = c.ask("POST", "/raw", {"Transfer-Encoding": "chunked",
                               "Content-Type": "x/y"}, lambda: iter(pieces),
              compared=False)
    there = reads_to == "end" or c.port < 9000
    c.ok("a chunked body", a.body == (b"".join(pieces) if there else b""),
         f"{a.status}, {len(a.body)} bytes")


def visits(c):
    for number in "123":
        c.equal(f"visit {number}", c.ask("GET", "/visits").text, number)
    c.jar.clear()
    a = c.ask("GET", "/cookies")
    c.equal("two cookies", [v.partition(";")[0] for k, v in a.fields
                            if k.lower() == "set-cookie"],
            ["one=1", 'two="2 and more"'])
    c.equal("and they come back", as_json(c.ask("GET", "/cookies")),
            {"one": "1", "two": "2 and more"})


def errors(c, breaks_in):
    c.equal("no such page", c.ask("GET", "/none").status, 404)
    if c.real and breaks_in == "server":
        return  # uWSGI closes the connection without a word
    before = c.log().count("RuntimeError: broken on purpose")
    a = c.ask("GET", "/broken", compared=breaks_in != "server")
    c.equal("an exception", a.status, 500)
    c.ok("and its text stays here", b"on purpose" not in a.body)
    if not c.real:  # uWSGI's wsgi.errors keeps it until it is flushed
        c.logged("but is in the log", "RuntimeError: broken on purpose",
                 before)


def bodies(c):
    a = c.ask("GET", "/nothing")
    c.equal("204", (a.status, a.body), (204, b""))
    a = c.ask("GET", "/stream")
    c.equal("a stream", a.body,
            b"".join(b"line %d\n" % n for n in range(1000)))
    mark = f"{c.way}.seen"
    gate = lib.Gate(c.t.dir / "files" / mark)
    response = c.send("GET", "/slow/" + mark.replace(" ", "%20"))
    c.equal("what there is comes at once", response.read(4), b"one\n")
    c.ok("while it waits", gate.reached())
    gate.let_go()
    c.equal("and the rest later", c.take(response).body, b"two\n")
    closed = "the endless body was closed"
    before = c.log().count(closed)
    c.leave("/endless")
    c.logged("the client leaves: the body is closed", closed, before)
    sent = "sent by wsgi.file_wrapper: /file"
    before = c.log().count(sent)
    a = c.ask("GET", "/file")
    c.ok("a file, byte for byte", a.body == BLOB[:2000003],
         f"{a.status}, {len(a.body)} bytes")
    if not c.real and not c.validated:
        c.logged("by wsgi.file_wrapper", sent, before)
    a = c.ask("HEAD", "/file")
    c.equal("its HEAD", (a.status, a.get("Content-Length")),
            (200, "2000003"))
