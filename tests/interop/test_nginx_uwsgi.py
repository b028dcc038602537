#!/usr/bin/python3
"""Real nginx before strata-uwsgi, which answers with what it decoded."""

import lib
import pair

with lib.Test("nginx before strata-uwsgi") as t:
    t.start(["strata-uwsgi", f"{t.host}:9090"], ready=(t.host, 9090))
    pair.start_front(t, lib.NGINX, pair.nginx_conf(
        t, f"{t.host}:9090", real=True))
    a = lib.ask(t.host, 8080, "GET", "/a/b?x=1&y=%20", {"Cookie": "k=v"})
    t.equal("status", a.status, 200)
    for line in ("REQUEST_METHOD=GET", "PATH_INFO=/a/b",
                 "QUERY_STRING=x=1&y=%20", "REQUEST_URI=/a/b?x=1&y=%20",
                 "HTTP_COOKIE=k=v", "SERVER_PORT=8080"):
        t.contains("decoded: " + line, a.text, line)
    a = lib.ask(t.host, 8080, "POST", "/p", {"Content-Type": "text/plain"},
                b"the body of the request")
    t.contains("decoded: CONTENT_LENGTH", a.text, "CONTENT_LENGTH=23")
    t.contains("the body", a.text, "the body of the request")
    blob = "".join(f"line {n}\n" for n in range(20000))
    a = lib.ask(t.host, 8080, "POST", "/p", {}, blob.encode())
    t.ok("a body of 200 KB", a.text.rstrip("\n").endswith(blob.rstrip("\n")),
         lib.short(a.text))
    for number in range(50):
        a = lib.ask(t.host, 8080, "GET", f"/{number}")
        if f"PATH_INFO=/{number}" not in a.text:
            t.ok(f"request {number} of 50", False, lib.short(a.text))
            break
    else:
        t.ok("50 requests, one after the other", True)
