#!/usr/bin/python3
"""Django on strata-wsgi, its admin too: see frameworks.py."""

import re
import subprocess
from pathlib import Path

import frameworks
import lib

CSS = Path(subprocess.run(
    [frameworks.PYTHON, "-c", "import django.contrib.admin as a;"
     "print(a.__path__[0])"], stdout=subprocess.PIPE, check=True,
    text=True).stdout.strip()) / "static/admin/css/base.css"


def token(a):
    """The one in a page's form."""
    found = re.search('name="csrfmiddlewaretoken" value="([^"]*)"', a.text)
    return found.group(1) if found else None


def conversation(c):
    c.refuses = {"/nothing": frameworks.TYPE_OF_204}
    frameworks.common(c, "Django", reads_to="Content-Length")
    a = c.ask("GET", "/where")
    c.equal("the address that it was asked at", a.text,
            f"http://{c.t.host}:{c.port}/x?y=1")
    a = c.ask("GET", "/")
    a = c.ask("GET", "/", {"If-None-Match": a.get("ETag")})
    c.equal("a page that the visitor has", (a.status, a.body), (304, b""))
    written(c)
    static(c)
    log_in(c)
    notes(c)
    a = c.ask("GET", "/admin/logout/")
    c.equal("logging out", (a.status, "sessionid" in c.jar), (200, False))
    c.equal("the door is closed again", c.ask("GET", "/admin/").status, 302)


def written(c):
    """A form that only whoever was shown it may send."""
    page = c.ask("GET", "/write")
    c.equal("a form without a token", c.form("/write", {"text": "x"}).status,
            403)
    a = c.form("/write", {"text": "né", "csrfmiddlewaretoken": token(page)})
    c.equal("one with it", (a.status, a.text), (200, "written: né"))


def static(c):
    a = c.ask("GET", "/static/admin/css/base.css")
    c.equal("a file of the admin's", (a.status, a.body),
            (200, CSS.read_bytes()))
    c.equal("one that the visitor has", c.ask(
        "GET", "/static/admin/css/base.css",
        {"If-Modified-Since": a.get("Last-Modified")}).status, 304)


def log_in(c):
    a = c.ask("GET", "/admin/")
    c.equal("the admin's door", (a.status, a.get("Location")),
            (302, "/admin/login/?next=/admin/"))
    page = c.ask("GET", "/admin/login/?next=/admin/")
    who = {"username": "ada", "password": "a guess", "next": "/admin/",
           "csrfmiddlewaretoken": token(page)}
    a = c.form("/admin/login/?next=/admin/", who)
    c.equal("a wrong password", (a.status, "enter the correct" in a.text),
            (200, True))
    a = c.form("/admin/login/?next=/admin/", {
        **who, "password": "a secret", "csrfmiddlewaretoken": token(a)})
    c.equal("the right one", (a.status, a.get("Location")),
            (302, "/admin/"))
    c.ok("opens a session", "sessionid" in c.jar)
    a = c.ask("GET", "/admin/", compared=False)
    c.equal("which is let in", (a.status, "Notes" in a.text), (200, True))


def notes(c):
    """One is added, changed, deleted, and each time the page says so."""
    home = "/admin/mysite/note/"
    for what, path, words, says, text in (
            ("added", "add/", {"name": "first", "text": "écrit"},
             "was added successfully", "écrit"),
            ("changed", "first/change/", {"name": "first", "text": "changé"},
             "was changed successfully", "changé"),
            ("deleted", "first/delete/", {"post": "yes"},
             "was deleted successfully", None)):
        page = c.ask("GET", home + path)
        a = c.form(home + path, {**words, "csrfmiddlewaretoken": token(page)})
        c.equal(f"a note is {what}", (a.status, a.get("Location")),
                (302, home))
        a = c.ask("GET", home)
        c.equal("the page says so", (a.status, says in a.text), (200, True))
        a = c.ask("GET", "/note/first")
        c.equal("and it is true", (a.status, a.text if text else None),
                (200 if text else 404, text))


with lib.Test("Django on strata-wsgi") as t:
    frameworks.Site(t, "mysite.wsgi", frameworks.make_database).talk(conversation)
