#!/usr/bin/python3
"""Five frameworks in one process, each at a path of its own (--mount): every
one finds its pages and makes links that lead back to it.  Beside real uWSGI."""

import frameworks
import lib

SITES = {"flask": "flask_site", "django": "mysite.wsgi",
         "bottle": "bottle_site", "falcon": "falcon_site",
         "pyramid": "pyramid_site"}


def start(t, program, port, callable=""):
    """uWSGI knows by the callable that a module is meant."""
    mounts = [f"--mount=/{name}={module}{callable}"
              for name, module in SITES.items()]
    return t.start([*program, "--http-socket", f"{t.host}:{port}",
                    "--need-app", "--chdir", frameworks.APPS, *mounts,
                    "--manage-script-name"], ready=(t.host, port))


def check(t, who, port):
    for name in SITES:
        a = lib.ask(t.host, port, "GET", f"/{name}/greet/Zo%C3%AB")
        t.equal(f"{who}: {name}: a page", (a.status, a.text),
                (200, "Hello, Zoë!"))
        a = lib.ask(t.host, port, "GET", f"/{name}/")
        t.equal(f"{who}: {name}: its root", a.text.lower(),
                f"<h1>{name}</h1>")
        a = lib.ask(t.host, port, "GET", f"/{name}/none")
        t.equal(f"{who}: {name}: its own 404", a.status, 404)
    a = lib.ask(t.host, port, "POST", "/flask/leave", {
        "Content-Type": "application/x-www-form-urlencoded"}, b"note=x")
    t.equal(f"{who}: Flask's url_for", a.get("Location"),
            f"http://{t.host}:{port}/flask/left")
    a = lib.ask(t.host, port, "GET", "/django/admin/")
    t.equal(f"{who}: Django's reverse", a.get("Location"),
            "/django/admin/login/?next=/django/admin/")
    a = lib.ask(t.host, port, "GET", "/django/where")
    t.equal(f"{who}: Django's build_absolute_uri", a.text,
            f"http://{t.host}:{port}/x?y=1")
    a = lib.ask(t.host, port, "GET", "/pyramid/where")
    t.equal(f"{who}: Pyramid's route_url", a.text,
            f"http://{t.host}:{port}/pyramid/greet/Ada")
    a = lib.ask(t.host, port, "GET", "/flas/greet/Ada")
    t.equal(f"{who}: what is at no mount", a.status, 404)


with lib.Test("several frameworks in one process") as t:
    frameworks.furnish(t)
    frameworks.make_database(t)
    start(t, ["strata-wsgi"], 9090)
    start(t, [*lib.UWSGI, "--die-on-term"], 9091, ":application")
    check(t, "strata-wsgi", 9090)
    check(t, "uWSGI", 9091)
