#!/usr/bin/python3
"""The tutorial's commands and files, as they stand there, apart from
addresses, ports and directories.

With STRATA_HOST=uwsgi, what it is known to do differently is left out.
"""

import json
import os
import re
import shutil
import signal
import struct

import lib
from lib import FRONT, HOST

OURS = HOST == ["strata-prefork"]

APPLICATION = '''\
def application(env, start_response):
    start_response('200 OK', [('Content-Type','text/html')])
    return [b"Hello!"]
'''

NGINX_CONF = """\
#user  nobody;
worker_processes  1;

error_log  logs/error.log;
pid        logs/nginx.pid;

events {
    worker_connections  1024;
}

http {
    # 压缩：对文本类型启用 gzip
    access_log logs/access.log;
    sendfile        on;
    gzip  on;
    gzip_http_version 1.0;
    gzip_proxied any;
    gzip_min_length 500;
    gzip_disable "MSIE [1-6]\\.";
    gzip_types text/plain text/xml text/css
               text/comma-separated-values
               text/javascript
               application/x-javascript
               application/atom+xml;

    # 应用服务器
    upstream uwsgicluster {
        server HOST:9090;
        # server HOST:9091;
        #..
    }

    server {
        listen       HOST:8080;

        # 静态文件由前端直接返回
        location ^~ /static/ {
            root DIR/app/static/;
        }

        location / {
            include         uwsgi_params;
            uwsgi_pass      uwsgicluster;

            proxy_redirect     off;
            proxy_set_header   Host $host;
            proxy_set_header   X-Real-IP $remote_addr;
            proxy_set_header   X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header   X-Forwarded-Host $server_name;
        }
    }
}
"""

SITE_CONF = """\
upstream uwsgicluster {
    server HOST:9090;
}

server {
    listen HOST:8081;
    root DIR/site;

    location / {
        root DIR/site/content;
    }

    location /app {
        include uwsgi_params;
        uwsgi_pass uwsgicluster;

        proxy_redirect off;
        proxy_set_header Host $host;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Host $server_name;
    }
}
"""

SITE_APPLICATION = '''\
import json


def application(env, start_response):
    length = int(env.get("CONTENT_LENGTH") or 0)
    body = env["wsgi.input"].read(length)
    answer = {"method": env["REQUEST_METHOD"], "path": env["PATH_INFO"],
              "query": env["QUERY_STRING"], "type": env["CONTENT_TYPE"],
              "length": len(body), "text": body[:100].decode("latin-1")}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]
'''

WSGI_INI = """\
[uwsgi]
#socket = DIR/app/uwsgi.sock
socket = HOST:9090
# 应用所在的目录
chdir=DIR/app
master = true
processes=1
wsgi-file = wsgi.py
daemonize = DIR/tmp/uwsgi_deamonize.log
pidfile=DIR/tmp/uwsgi_pid.pid
"""


def fill(t, text):
    return text.replace("HOST", t.host).replace("DIR", str(t.dir))


def packet(variables, body=b""):
    """A uwsgi request, as a front sends it."""
    pairs = b"".join(struct.pack("<H", len(s)) + s for pair in
                     variables.items() for s in map(str.encode, pair))
    return struct.pack("<BHB", 0, len(pairs), 0) + pairs + body


def alone(t):
    """1. An application, served alone over HTTP."""
    t.write("app/wsgi.py", APPLICATION)
    words = [*HOST, "--socket", f"{t.host}:9090", "--protocol=http", "-w",
             "wsgi"]
    child = t.start(words, ready=(t.host, 9090), cwd=t.dir / "app")
    a = lib.ask(t.host, 9090, "GET", "/")
    t.equal("1: a browser sees the page",
            (a.status, a.get("Content-Type"), a.body),
            (200, "text/html", b"Hello!"))
    status = t.stop(child, signal.SIGINT)
    t.ok(f"1: Ctrl+C stops it (status {status})",
         status == 0 or not OURS and status is not None)
    t.ok("1: the port is free again", not lib.listening(t.host, 9090))

    child = t.start([w for w in words if w != "--protocol=http"],
                    ready=(t.host, 9090), cwd=t.dir / "app")
    answer = lib.raw(t.host, 9090, packet({
        "REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": "",
        "SERVER_PROTOCOL": "HTTP/1.1", "REQUEST_URI": "/",
        "SERVER_NAME": "x", "SERVER_PORT": "80"}))
    t.ok("1: without --protocol=http the socket speaks uwsgi",
         answer.startswith(b"HTTP/1.1 200 OK\r\n") and
         answer.endswith(b"\r\n\r\nHello!"), lib.short(answer))
    t.stop(child, signal.SIGINT)


def text_instead_of_bytes(t):
    """The article's application, as it was written for Python 2."""
    t.write("old/wsgi.py", APPLICATION.replace('b"', '"'))
    child = t.start([*HOST, "--socket", f"{t.host}:9090", "--protocol=http",
                     "-w", "wsgi"], ready=(t.host, 9090), cwd=t.dir / "old")
    a = lib.ask(t.host, 9090, "GET", "/")
    t.equal("1: str instead of bytes: the client gets a 500", a.status, 500)
    log = lib.wait_for(lambda: "bytes" in child.log.read_text() and
                       child.log.read_text())
    t.ok("1: str instead of bytes: the log says what came, what was wanted",
         log and "str" in log and "bytes" in log, log or "the log is silent")
    t.stop(child, signal.SIGINT)


def front(t):
    """2. nginx in front."""
    t.write("app/static/static/picture.txt", "a picture\n" * 100)
    t.write("logs/.keep", "")
    t.write("uwsgi_params",
            (lib.ROOT / "src/07-stack/uwsgi_params").read_text())
    conf = t.write("nginx.conf", fill(t, NGINX_CONF))
    words = [*FRONT, "-p", t.dir, "-c", conf]

    back = t.start([*HOST, "--socket", f"{t.host}:9090", "-w", "wsgi"],
                   ready=(t.host, 9090), cwd=t.dir / "app",
                   end=signal.SIGINT)
    status, out = t.run([*words, "-t"])
    t.ok("2: -t", status == 0 and "syntax is ok" in out
         and "test is successful" in out, out)
    status, out = t.run([*FRONT, "-V"])
    t.ok("2: -V", status == 0 and "version" in out
         and "configure arguments:" in out, out)
    status, out = t.run(words)
    t.ok("2: it starts and goes to the background", status == 0, out)
    up = lib.wait_for(lambda: (t.dir / "logs/nginx.pid").exists())
    t.ok("2: its pid file is there", up)
    a = lib.ask(t.host, 8080, "GET", "/")
    t.equal("2: the application through the front", (a.status, a.body),
            (200, b"Hello!"))
    a = lib.ask(t.host, 8080, "GET", "/static/picture.txt")
    t.equal("2: a file from the front itself", (a.status, a.body),
            (200, b"a picture\n" * 100))
    a = lib.ask(t.host, 8080, "GET", "/static/none.txt")
    t.equal("2: a file that is not there", a.status, 404)

    conf.write_text(fill(t, NGINX_CONF).replace(
        "uwsgi_pass      uwsgicluster;", f"uwsgi_pass {t.host}:9090;\n"
        "            add_header X-Reloaded yes;"))
    status, out = t.run([*words, "-s", "reload"])
    t.ok("2: -s reload", status == 0, out)

    def reloaded():
        return lib.ask(t.host, 8080, "GET", "/").get("X-Reloaded") == "yes"
    t.ok("2: the new configuration counts, without the upstream block",
         lib.wait_for(reloaded))

    conf.write_text(fill(t, NGINX_CONF) + "oops;\n")
    status, out = t.run([*words, "-t"])
    line = NGINX_CONF.count("\n") + 1
    t.ok("2: -t on a mistake names file and line", status == 1 and
         'unknown directive "oops"' in out and f"{conf}:{line}" in out, out)
    t.run([*words, "-s", "reload"])  # which sees the mistake itself
    master = int((t.dir / "logs/nginx.pid").read_text())
    os.kill(master, signal.SIGHUP)
    t.ok("2: so does a server that is told to reload", lib.wait_for(
        lambda: 'unknown directive "oops"' in
        (t.dir / "logs/error.log").read_text()))
    t.equal("2: a reload with a mistake keeps the old configuration",
            lib.ask(t.host, 8080, "GET", "/").status, 200)

    conf.write_text(fill(t, NGINX_CONF))
    stop_front(t, words, "2")
    status, out = t.run(words)
    t.ok("2: start", status == 0 and lib.wait_for(
        lambda: lib.listening(t.host, 8080)), out)
    t.equal("2: after the start", lib.ask(t.host, 8080, "GET", "/").status,
            200)
    stop_front(t, words, "2")
    t.stop(back)


def stop_front(t, words, part):
    status, out = t.run([*words, "-s", "stop"])
    gone = lib.wait_for(lambda: not lib.listening(t.host, 8080) and
                        not (t.dir / "logs/nginx.pid").exists())
    t.ok(f"{part}: -s stop", status == 0 and gone, out)


def from_a_file(t):
    """3. uWSGI from a file."""
    t.write("tmp/.keep", "")
    t.write("app/wsgi.py", APPLICATION)
    t.write("wsgi.ini", fill(t, WSGI_INI))
    pairs = [line.split("=") for line in fill(t, WSGI_INI).splitlines()
             if "=" in line and not line.startswith("#")]
    t.write("wsgi.json", json.dumps({"uwsgi": {
        k.strip(): v.strip() for k, v in pairs}}))
    for option, name in (("--ini", "wsgi.ini"), ("--json", "wsgi.json")):
        daemon(t, option, name)


def daemon(t, option, name):
    t.write("app/wsgi.py", APPLICATION)
    status, out = t.run([*HOST, "--py-autoreload=1", option, name])
    t.ok(f"3: {name}: it goes to the background", status == 0, out)
    pidfile = t.dir / "tmp/uwsgi_pid.pid"
    t.ok(f"3: {name}: it listens", lib.wait_for(
        lambda: lib.listening(t.host, 9090)))
    pid = int(lib.wait_for(lambda: pidfile.exists() and pidfile.read_text()))
    t.ok(f"3: {name}: the pidfile names a process that runs",
         os.path.exists(f"/proc/{pid}"))
    t.ok(f"3: {name}: the log is written",
         (t.dir / "tmp/uwsgi_deamonize.log").stat().st_size > 0)
    request = packet({"REQUEST_METHOD": "GET", "PATH_INFO": "/",
                      "SERVER_PROTOCOL": "HTTP/1.1", "QUERY_STRING": "",
                      "REQUEST_URI": "/", "SERVER_NAME": "x",
                      "SERVER_PORT": "80"})

    def page():
        try:
            return lib.raw(t.host, 9090, request)
        except OSError:
            return b""
    t.ok(f"3: {name}: it answers", page().endswith(b"Hello!"))
    # The change is one of the modification time, whole seconds of it.
    app = t.write("app/wsgi.py", APPLICATION.replace("Hello!", "Good bye!"))
    later = app.stat().st_mtime + 2
    os.utime(app, (later, later))
    with lib.Stopwatch() as watch:
        changed = lib.wait_for(lambda: page().endswith(b"Good bye!"))
    t.ok(f"3: {name}: a change is seen", changed)
    t.in_time(f"3: {name}: after {watch.seconds:.1f} s", watch, 0, 8)
    if OURS:
        t.run(["sh", "-c", f"kill `cat {pidfile}`"])
    else:
        os.kill(pid, signal.SIGINT)
    t.ok(f"3: {name}: kill `cat ...` stops it", lib.wait_for(
        lambda: not os.path.exists(f"/proc/{pid}") and
        not lib.listening(t.host, 9090)))


def whole(t):
    """4. The whole, with two application servers that share the load."""
    for number in (1, 2):
        t.write(f"app{number}/wsgi.py",
                APPLICATION.replace("Hello!", f"Server {number}"))
        t.start([*HOST, "--socket", f"{t.host}:{9089 + number}", "-w", "wsgi"],
                ready=(t.host, 9089 + number), cwd=t.dir / f"app{number}",
                end=signal.SIGINT)
    conf = t.write("nginx.conf", fill(
        t, NGINX_CONF.replace("# server HOST:9091", "server HOST:9091")))
    words = [*FRONT, "-p", t.dir, "-c", conf]
    t.start([*words, "-g", "daemon off;"], ready=(t.host, 8080))
    found = [lib.ask(t.host, 8080, "GET", "/").text for _ in range(20)]
    t.equal("4: two servers share the load",
            {w: found.count(w) for w in sorted(set(found))},
            {"Server 1": 10, "Server 2": 10})
    t.stop(t.children[-2][0])
    found = [lib.ask(t.host, 8080, "GET", "/").text for _ in range(10)]
    t.equal("4: one is stopped, and no request is lost", set(found),
            {"Server 1"})
    t.stop(t.children[-1][0])
    t.stop(t.children[-3][0])


def companion(t):
    """The companion repository's variant, a file of conf.d."""
    t.write("site/content/index.html", "<script src=app.js></script>\n")
    t.write("site/content/app.js", "document.title = 'x';\n")
    t.write("site/wsgi.py", SITE_APPLICATION)
    t.write("conf.d/site.conf", fill(t, SITE_CONF))
    conf = t.write("nginx.conf", "events { }\nhttp {\n"
                   "    access_log logs/access.log;\n"
                   "    include conf.d/*.conf;\n}\n"
                   "pid logs/nginx.pid;\nerror_log logs/error.log;\n")
    t.start([*HOST, "--socket", f"{t.host}:9090", "--wsgi-file",
             t.dir / "site/wsgi.py"], ready=(t.host, 9090), end=signal.SIGINT)
    t.start([*FRONT, "-p", t.dir, "-c", conf, "-g", "daemon off;"],
            ready=(t.host, 8081))
    a = lib.ask(t.host, 8081, "GET", "/")
    t.contains("companion: the page", a.text, "<script")
    t.equal("companion: its script",
            lib.ask(t.host, 8081, "GET", "/app.js").status, 200)
    a = lib.ask(t.host, 8081, "GET", "/app/list?page=2")
    told = json.loads(a.body)
    t.equal("companion: GET", (told["method"], told["path"], told["query"]),
            ("GET", "/app/list", "page=2"))
    kind = "application/x-www-form-urlencoded"
    a = lib.ask(t.host, 8081, "POST", "/app/form", {"Content-Type": kind},
                b"a=1&b=2")
    told = json.loads(a.body)
    t.equal("companion: a form",
            (told["method"], told["type"], told["text"]),
            ("POST", kind, "a=1&b=2"))
    kind, body = lib.multipart("file", "a.bin", bytes(range(256)) * 400)
    a = lib.ask(t.host, 8081, "POST", "/app/upload", {"Content-Type": kind},
                body)
    t.equal("companion: an upload", json.loads(a.body)["length"], len(body))


def readme(t):
    """README.md's three files, as they stand, by themselves: whatever they do
    not name has a place."""
    blocks = re.findall(r"^```(python|ini|nginx)\n(.*?)^```",
                        (lib.ROOT / "README.md").read_text("utf-8"),
                        re.M | re.S)
    t.equal("README: its files", [kind for kind, _ in blocks],
            ["python", "ini", "nginx"])
    folder = t.dir / "readme"
    for name, (_, text) in zip(("wsgi.py", "wsgi.ini", "nginx.conf"), blocks):
        for old, new in (("127.0.0.1:", f"{t.host}:"),
                         ("listen 8080", f"listen {t.host}:8080"),
                         ("/path/to/app", str(folder)),
                         ("/app/static/", f"{folder}/files/"),
                         ("/tmp/uwsgi", str(folder))):
            text = text.replace(old, new)
        t.write(f"readme/{name}", text)
    t.write("readme/files/static/a.css", "body {}\n")
    t.write("readme/logs/access.log", "")
    shutil.copy2(lib.ROOT / "src/07-stack/uwsgi_params", folder)
    words = [*FRONT, "-p", folder, "-c", folder / "nginx.conf"]
    status, out = t.run([*words, "-t"])
    t.ok("README: its nginx.conf is right", status == 0, out)
    t.equal("README: its host starts", t.run(
        [*HOST, "--py-autoreload=1", "--ini", "wsgi.ini"], cwd=folder)[0], 0)
    t.start([*words, "-g", "daemon off;"], ready=(t.host, 8080))
    t.equal("README: its page", lib.ask(t.host, 8080, "GET", "/").text,
            "Hello!")
    t.equal("README: a file", lib.ask(t.host, 8080, "GET",
                                      "/static/a.css").text, "body {}\n")
    t.equal("README: -s reload", t.run([*words, "-s", "reload"])[0], 0)
    t.equal("README: -s stop", t.run([*words, "-s", "stop"])[0], 0)
    t.run(["sh", "-c", f"kill `cat {folder}/wsgi.pid`"])
    t.ok("README: both have stopped", lib.wait_for(
        lambda: not lib.listening(t.host, 8080) and
        not lib.listening(t.host, 9090)))


with lib.Test("the tutorial's commands") as t:
    if OURS and FRONT == ["strata-proxy"]:
        readme(t)
    alone(t)
    if OURS:
        text_instead_of_bytes(t)
    front(t)
    from_a_file(t)
    whole(t)
    companion(t)
