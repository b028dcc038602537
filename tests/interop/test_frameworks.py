#!/usr/bin/python3
"""The frameworks' sites, on strata-prefork behind strata-proxy."""

import frameworks
import lib
import pair

SITES = (("Flask", "flask_site", "framework"),
         ("Django", "mysite.wsgi", "framework"),
         ("Bottle", "bottle_site", "framework"),
         ("Falcon", "falcon_site", "framework"),
         ("Pyramid", "pyramid_site", "server"))

with lib.Test("the frameworks on the stack") as t:
    frameworks.furnish(t)
    frameworks.make_database(t)
    for number, (name, module, breaks_in) in enumerate(SITES):
        back, port = 9090 + number, 8080 + number
        host = t.start([*lib.HOST, "--socket", f"{t.host}:{back}", "--master",
                        "--processes", "2", "--chdir", frameworks.APPS,
                        "--module", module], ready=(t.host, back))
        front = pair.start_front(
            t, lib.FRONT, pair.nginx_conf(t, f"{t.host}:{back}", port), port)
        c = frameworks.Client(t, name, port, host, keep=True,
                              real=lib.HOST != ["strata-prefork"])
        frameworks.common(c, name, breaks_in)
        c.close()
        c.equal("one connection was enough", c.connections, 1)
        for child in front, host:
            c.equal("it ends well", t.stop(child), 0)
