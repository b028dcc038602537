#!/usr/bin/python3
"""strata-proxy before real uWSGI."""

import signal

import lib
import pair

with lib.Test("strata-proxy before uWSGI") as t:
    t.start([*lib.UWSGI, "--socket", f"{t.host}:9090", "--buffer-size",
             "65535", "--processes", "2", "--master", "--wsgi-file", pair.APP],
            ready=(t.host, 9090), end=signal.SIGINT)
    pair.start_front(t, ["strata-proxy"], pair.nginx_conf(t, f"{t.host}:9090"))
    pair.check(t, t.host, 8080)
    pair.front_only(t, t.host, 8080)
