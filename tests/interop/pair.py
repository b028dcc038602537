"""pair: what a front and a host must do together, whichever they are.

check(t, host, port) asks app.py through the pair and looks at every answer.
test_real_pair.py runs it on nginx and uWSGI themselves, so what it expects is
what they do.
"""

import gzip
import json
import os
import threading

import lib

PARAMS = lib.ROOT / "src/07-stack/uwsgi_params"
APP = lib.ROOT / "tests/interop/app.py"


def nginx_conf(t, backend, port=8080, extra="", top="", real=False):
    """The tutorial's front before a uwsgi server at `backend`; its path."""
    ours = lib.FRONT == ["strata-proxy"] and not real
    temp = "" if ours else lib.nginx_temp(t.dir)
    t.write("static/static/a.txt", "A file.\n")
    return t.write("nginx.conf", f"""\
{top}
worker_processes  1;
error_log {t.dir}/error.log;
pid {t.dir}/nginx.pid;
events {{
    worker_connections  1024;
}}
http {{
    access_log {t.dir}/access.log;
    {temp}
    sendfile on;
    gzip on;
    gzip_http_version 1.0;
    gzip_proxied any;
    gzip_min_length 500;
    gzip_disable "MSIE [1-6]\\.";
    gzip_types text/plain text/xml text/css
               text/comma-separated-values
               text/javascript
               application/x-javascript;
    upstream uwsgicluster {{
        server {backend};
    }}
    server {{
        listen {t.host}:{port};
        client_max_body_size 200m;
        location ^~ /static/ {{
            root {t.dir}/static/;
        }}
        location / {{
            include {PARAMS};
            uwsgi_pass uwsgicluster;
            proxy_redirect off;
            proxy_set_header Host $host;
            {extra}
        }}
    }}
}}
""")


def start_front(t, program, conf, port=8080):
    """A front in the foreground."""
    return t.start([*program, "-p", t.dir, "-e", t.dir / "error.log", "-c",
                    conf, "-g", "daemon off;"], ready=(t.host, port))


def check(t, host, port):
    methods(t, host, port)
    variables(t, host, port)
    bodies(t, host, port)
    answers(t, host, port)
    connections(t, host, port)


def methods(t, host, port):
    a = lib.ask(host, port, "GET", "/")
    t.equal("GET: status", (a.status, a.reason), (200, "OK"))
    t.equal("GET: body", a.body, b"Hello!")
    t.equal("GET: type", a.get("Content-Type"), "text/html")
    a = lib.ask(host, port, "HEAD", "/")
    t.equal("HEAD: status and length, no body",
            (a.status, a.get("Content-Length"), a.body), (200, "6", b""))
    a = lib.ask(host, port, "GET", "/gone")
    t.equal("the application's 404", (a.status, a.body),
            (404, b"no such page\n"))
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        a = lib.ask(host, port, method, "/show")
        t.equal(f"{method} reaches the application",
                json.loads(a.body)["REQUEST_METHOD"], method)


def variables(t, host, port):
    a = lib.ask(host, port, "GET", "/show?x=%20&y=a+b&z", {
        "Cookie": "k=v", "X-Two-Words": "yes", "Proxy": "http://evil"})
    told = json.loads(a.body)
    for name, value in {
            "REQUEST_METHOD": "GET", "PATH_INFO": "/show",
            "QUERY_STRING": "x=%20&y=a+b&z",
            "REQUEST_URI": "/show?x=%20&y=a+b&z",
            "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_COOKIE": "k=v",
            "HTTP_X_TWO_WORDS": "yes", "HTTP_HOST": f"{host}:{port}",
            "wsgi.url_scheme": "http", "SERVER_PORT": str(port)}.items():
        t.equal(f"environ: {name}", told.get(name), value)
    t.ok("environ: the client's address", told["REMOTE_ADDR"].startswith(
        "127."), told["REMOTE_ADDR"])


def bodies(t, host, port):
    a = lib.ask(host, port, "POST", "/form", {
        "Content-Type": "application/x-www-form-urlencoded"}, b"a=1&b=%C3%A9")
    t.equal("a form", json.loads(a.body), {"a": ["1"], "b": ["é"]})
    blob = os.urandom(300_000)
    a = lib.ask(host, port, "POST", "/echo", {}, blob)
    t.ok("300,000 bytes there and back", a.body == blob, f"{a.status}")
    a = lib.ask(host, port, "POST", "/echo", {"Expect": "100-continue"},
                b"after a pause")
    t.equal("Expect: 100-continue", a.body, b"after a pause")
    pieces = [b"one ", b"two ", b"x" * 70000]
    a = lib.ask(host, port, "POST", "/echo", {"Transfer-Encoding": "chunked"},
                iter(pieces))
    t.ok("a chunked request", a.body == b"".join(pieces), f"{a.status}")
    a = lib.ask(host, port, "POST", "/echo", {}, b"")
    t.equal("an empty body", (a.status, a.body), (200, b""))


def answers(t, host, port):
    a = lib.ask(host, port, "GET", "/stream")
    t.ok("a body without a length", a.body == b"".join(
        b"line %d\n" % n for n in range(1000)), lib.short(a.body))
    a = lib.ask(host, port, "GET", "/fields")
    t.equal("a reason of its own", (a.status, a.reason), (201, "Made So"))
    t.equal("two cookies stay two",
            [v for k, v in a.fields if k == "Set-Cookie"],
            ["a=1; Path=/", "b=2"])
    a = lib.ask(host, port, "GET", "/redirect")
    t.equal("a redirect", (a.status, a.get("Location")), (302, "/hello?a=b"))
    a = lib.ask(host, port, "GET", "/nothing")
    t.equal("204 without a body", (a.status, a.body), (204, b""))


def connections(t, host, port):
    found = []

    def client():
        for _ in range(20):
            found.append(lib.ask(host, port, "GET", "/").body == b"Hello!")

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    t.equal("160 requests of 8 clients", (len(found), all(found)), (160, True))
    with lib.connect(host, port) as s:
        s.sendall(b"GET / HT")  # a client that leaves in the middle
    with lib.connect(host, port) as s:
        s.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
                  b"\r\nab")
    a = lib.ask(host, port, "GET", "/")
    t.equal("clients that leave are no harm", a.status, 200)


def front_only(t, host, port):
    """What the front does by itself: files, compression."""
    a = lib.ask(host, port, "GET", "/static/a.txt")
    t.equal("a file", (a.status, a.body), (200, b"A file.\n"))
    t.equal("a file's fields", (a.get("Content-Length"),
                                bool(a.get("ETag")),
                                a.get("Accept-Ranges")), ("8", True, "bytes"))
    a = lib.ask(host, port, "GET", "/static/a.txt", {
        "If-None-Match": a.get("ETag") or ""})
    t.equal("a file that the client has", (a.status, a.body), (304, b""))
    a = lib.ask(host, port, "GET", "/static/a.txt", {"Range": "bytes=2-5"})
    t.equal("a range", (a.status, a.body), (206, b"file"))
    a = lib.ask(host, port, "GET", "/static/none")
    t.equal("no such file", a.status, 404)
    a = lib.ask(host, port, "GET", "/static/../../etc/passwd")
    t.ok("no way out", a.status in (400, 404), f"{a.status}")
    a = lib.ask(host, port, "GET", "/long", {"Accept-Encoding": "gzip"})
    t.equal("gzip", a.get("Content-Encoding"), "gzip")
    t.ok("gzip: what comes out is what went in",
         a.get("Content-Encoding") == "gzip" and gzip.decompress(a.body)
         == b"body { color: black; }\n" * 500)
    a = lib.ask(host, port, "GET", "/long", {
        "Accept-Encoding": "gzip", "User-Agent": "MSIE 5.0"})
    t.equal("gzip_disable", a.get("Content-Encoding"), None)
    a = lib.ask(host, port, "GET", "/", {"Accept-Encoding": "gzip"})
    t.equal("too short for gzip", a.get("Content-Encoding"), None)
