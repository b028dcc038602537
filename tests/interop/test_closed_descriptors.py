#!/usr/bin/python3
"""Every program, started with standard input, output and error closed: no
socket may get their numbers, or clients would read the log."""

import os
import shlex

import lib

APP = """
def application(env, start_response):
    print('to the log', file=env['wsgi.errors'])
    start_response('200 OK', [('Content-Length', '5')])
    return [b'page\\n']
"""

CONF = """
daemon off; pid nginx.pid; error_log stderr;
events { }
http {
    access_log off;
    server { listen %s:8006; location / { return 200 "page\\n"; } }
}
"""


def opened(t):
    """How many descriptors the programs have in all."""
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid, _ in t.processes())


def closed(t, port, *words):
    """Starts a program so, with a client of its own at each of its numbers."""
    line = " ".join(shlex.quote(str(w)) for w in words)
    child = t.start(["sh", "-c", f"exec {line} <&- >&- 2>&-"],
                    ready=(t.host, port))
    before = opened(t)
    clients = [lib.connect(t.host, port) for _ in range(3)]
    t.ok(f"{words[0]}: a client is let in", lib.wait_for(
        lambda: opened(t) > before))
    t.equal(f"{words[0]}: 0, 1 and 2 are no sockets",
            [os.readlink(f"/proc/{child.pid}/fd/{n}") for n in range(3)],
            ["/dev/null"] * 3)
    for client in clients:
        client.close()
    answer = lib.raw(t.host, port, b"nonsense\r\n\r\n")
    t.ok(f"{words[0]}: an answer begins with its own first byte",
         answer[:5] in (b"HTTP/", b""), answer[:80])
    t.equal(f"{words[0]}: it stops", t.stop(child), 0)


with lib.Test("programs whose standard descriptors are closed") as test:
    h = test.host
    test.write("www/a.txt", "A\n")
    test.write("wsgi.py", APP)
    test.write("nginx.conf", CONF % h)
    closed(test, 8001, "strata-echo", f"{h}:8001")
    closed(test, 8002, "strata-static", "--root", "www", f"{h}:8002")
    closed(test, 8003, "strata-uwsgi", "--head-timeout", "1", f"{h}:8003")
    closed(test, 8004, "strata-wsgi", "-w", "wsgi", "--http-socket",
           f"{h}:8004")
    closed(test, 8005, "strata-prefork", "-w", "wsgi", "--http-socket",
           f"{h}:8005")
    closed(test, 8006, "strata-proxy", "-p", f"{test.dir}/", "-c",
           "nginx.conf")
