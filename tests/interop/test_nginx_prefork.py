#!/usr/bin/python3
"""Real nginx before strata-prefork, over TCP and over a unix socket."""

import lib
import pair

with lib.Test("nginx before strata-prefork") as t:
    path = t.dir / "app.sock"
    t.start(["strata-prefork", "--socket", f"{t.host}:9090", "--master",
             "--processes", "2", "--wsgi-file", pair.APP],
            ready=(t.host, 9090))
    t.start(["strata-prefork", "--socket", path, "--chmod-socket=666",
             "--master", "--processes", "1", "--wsgi-file", pair.APP],
            ready=(path, None))
    pair.start_front(t, lib.NGINX, pair.nginx_conf(
        t, f"{t.host}:9090", real=True))
    pair.check(t, t.host, 8080)
    pair.start_front(t, lib.NGINX, pair.nginx_conf(
        t, f"unix:{path}", 8081, top="user root;", real=True), 8081)
    pair.methods(t, t.host, 8081)
    pair.bodies(t, t.host, 8081)
