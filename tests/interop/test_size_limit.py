#!/usr/bin/python3
"""A limit on the size of files (RLIMIT_FSIZE) that the log reaches: what cannot
be written is an error, and every program goes on."""

import lib

LIMIT = 4096
APP = """
def application(env, start_response):
    try:
        with open('big', 'wb', 0) as file:
            for i in range(3):
                file.write(b'x' * 4000)
        said = b'written'
    except OSError as problem:
        said = b'errno %d' % problem.errno
    start_response('200 OK', [('Content-Length', str(len(said)))])
    return [said]
"""
CONF = """
daemon off; pid nginx.pid; error_log error.log info;
events { }
http {
    access_log access.log; client_body_buffer_size 1k;
    server { listen %s:8006; location / { return 200 "page"; }
             location /p { proxy_pass http://127.0.0.1:1; } }
}
"""
GET = (b"GET /" + b"a" * 200 + b" HTTP/1.1\r\nHost: x\r\n"
       b"Connection: close\r\n\r\n")
BAD = b"nonsense\r\n\r\n"


def limited(t, port, request, answer, *words):
    """Asks more often than the log has room for."""
    child = t.start(["prlimit", f"--fsize={LIMIT}", *map(str, words)],
                    ready=(t.host, port))
    answers = [lib.raw(t.host, port, request) for _ in range(60)]
    t.equal(f"{words[0]}: every request is answered",
            [a for a in answers if answer not in a], [])
    return child


with lib.Test("programs under a limit on the size of files") as test:
    h = test.host
    test.write("www/a.txt", "A\n")
    test.write("wsgi.py", APP)
    test.write("nginx.conf", CONF % h)
    children = [
        limited(test, 8001, BAD, b" 400 ", "strata-echo", f"{h}:8001"),
        limited(test, 8002, BAD, b" 400 ", "strata-static", "--root", "www",
                f"{h}:8002"),
        limited(test, 8004, GET, b"errno 27", "strata-wsgi", "-w", "wsgi",
                "--http-socket", f"{h}:8004"),
        limited(test, 8005, GET, b"errno 27", "strata-prefork", "--master",
                "-p", 1, "-w", "wsgi", "--http-socket", f"{h}:8005"),
        limited(test, 8006, GET, b" 200 ", "strata-proxy", "-p",
                f"{test.dir}/", "-c", "nginx.conf")]
    large = lib.raw(h, 8006, b"POST /p HTTP/1.1\r\nHost: x\r\n"
                    b"Connection: close\r\nContent-Length: 99999\r\n\r\n"
                    + b"z" * 99999)
    test.ok("a body that finds no room on the disk is 500",
            b" 500 " in large[:20], large[:80])
    for child in children:
        test.equal("it stops", test.stop(child), 0)
