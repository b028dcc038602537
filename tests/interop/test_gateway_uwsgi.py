#!/usr/bin/env python3
"""strata-uwsgi --to a real uWSGI, and its client against one."""

import signal

import lib
import pair

with lib.Test("strata-uwsgi before uWSGI") as t:
    path = t.dir / "app.sock"
    t.start([*lib.UWSGI, "--socket", f"{t.host}:9090", "--socket", path,
             "--buffer-size", "65535", "--wsgi-file", pair.APP],
            ready=(t.host, 9090), end=signal.SIGINT)
    t.start(["strata-uwsgi", "--to", f"{t.host}:9090", f"{t.host}:8080"],
            ready=(t.host, 8080))
    t.start(["strata-uwsgi", "--to", f"unix:{path}", f"{t.host}:8081"],
            ready=(t.host, 8081))
    pair.check(t, t.host, 8080)
    pair.methods(t, t.host, 8081)
    pair.bodies(t, t.host, 8081)
