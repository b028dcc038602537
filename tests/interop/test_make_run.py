#!/usr/bin/python3
"""`make run`: the site comes up, answers, and is gone when it is told to.

It runs in a copy of the repository, with the copy's two addresses changed to
this test's own.
"""

import os
import re
import shutil
import signal
import socket

import lib


def copy(t):
    """What `make run` needs, built already; the folder."""
    folder = t.dir / "strata"
    for name in ("src", "tests", "build/bin", "build/lib", "build/obj"):
        shutil.copytree(lib.ROOT / name, folder / name, symlinks=True)
    for name in ("Makefile", "build/build.checked"):
        shutil.copy2(lib.ROOT / name, folder / name)
    for name, old, new in (
            ("wsgi.ini", "127.0.0.1:", f"{t.host}:"),
            ("nginx.conf", "127.0.0.1:", f"{t.host}:")):
        path = folder / "src/07-stack" / name
        text, count = re.subn(old, new, path.read_text("utf-8"))
        if not count:
            raise ValueError(f"{name} has no {old} to change")
        path.write_text(text, "utf-8")
    return folder


def look(t, when):
    a = lib.ask(t.host, 8080, "GET", "/")
    t.ok(f"{when}: the page", a.status == 200 and "<h1>Hello!</h1>" in a.text)
    for part in re.findall(r'"(/static/[^"]+)"', a.text):
        b = lib.ask(t.host, 8080, "GET", part)
        t.ok(f"{when}: {part} {b.get('Content-Type')}", b.status == 200 and
             b.get("Content-Type") in ("text/css", "image/svg+xml"))
    a = lib.ask(t.host, 8080, "POST", "/greet", {
        "Content-Type": "application/x-www-form-urlencoded"}, b"name=Ada+%3C3")
    t.contains(f"{when}: the form", a.text, "Hello, Ada &lt;3!")
    kind, body = lib.multipart("file", "a b.bin", bytes(range(256)) * 3000)
    a = lib.ask(t.host, 8080, "POST", "/upload", {"Content-Type": kind}, body)
    t.contains(f"{when}: the upload", a.text, "a b.bin: 768000 bytes, SHA-256")
    a = lib.ask(t.host, 8080, "POST", "/upload", {"Content-Type": kind},
                bytes(11 * 1024 * 1024))
    t.equal(f"{when}: an upload past the limit", a.status, 413)


def gone(t):
    """True when neither program is left and both ports are free."""
    return lib.wait_for(lambda: not t.processes() and not any(
        lib.listening(t.host, port) for port in (8080, 9090)))


def ready(t, folder):
    def up():
        return lib.listening(t.host, 8080) and lib.listening(t.host, 9090)
    return t.ok("make run: both listen", lib.wait_for(up),
                (folder / "build/run/wsgi.log").read_text("utf-8", "replace")
                if (folder / "build/run/wsgi.log").exists() else "")


with lib.Test("make run") as t:
    folder = copy(t)
    words = ["make", "--no-print-directory", "run"]
    for name, stop in (
            ("Ctrl+C", lambda c: os.killpg(c.pid, signal.SIGINT)),
            ("SIGTERM", lambda c: c.send_signal(signal.SIGTERM))):
        child = t.start(words, cwd=folder)
        if ready(t, folder):
            look(t, f"before {name}")
        said = child.log.read_text("utf-8", "replace")
        t.contains("it says where to look", said, "http://localhost:8080/")
        t.ok("it follows the logs", t.says(child, "POST /greet"))
        stop(child)
        t.ended(child)
        t.ok(f"after {name} nothing is left", gone(t), str(t.left_over()))

    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((t.host, 9090))
        taken.listen()
        status, out = t.run(words, cwd=folder)
    t.ok("a port in use: it says so, and nothing is left",
         status != 0 and "9090" in out and "in use" in out and not
         t.left_over(), out)
