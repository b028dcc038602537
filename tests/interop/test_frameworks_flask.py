#!/usr/bin/python3
"""Flask on strata-wsgi: see frameworks.py."""

import frameworks
import lib


def conversation(c):
    # Where wsgi.input_terminated promises an end, Flask reads to it.
    c.refuses = dict.fromkeys(["/json", "/raw"], frameworks.READS_ALL)
    c.refuses["/nothing"] = frameworks.TYPE_OF_204
    frameworks.common(c, "Flask")
    a = c.ask("GET", "/template")
    c.equal("a template", a.text, "&lt;b&gt;;é;€;")
    c.equal("an after_request hook", a.get("X-Hook"), "seen")
    a = c.form("/leave", {"note": "Zoë was here"})
    c.equal("url_for knows the address", (a.status, a.get("Location")),
            (302, f"http://{c.t.host}:{c.port}/left"))
    for notes in (["Zoë was here"], []):
        c.equal("a flashed message", frameworks.as_json(
            c.ask("GET", "/left")), notes)
    a = c.ask("GET", "/teapot")
    c.equal("an error handler", (a.status, a.text), (418, "short and stout"))
    a = c.ask("POST", "/query")
    c.equal("a method that is not allowed", (a.status, sorted(
        a.get("Allow").split(", "))), (405, ["GET", "HEAD", "OPTIONS"]))
    conditions(c)


def conditions(c):
    """send_file looks at the request's conditions and ranges."""
    a = c.ask("HEAD", "/file")
    tag = {"If-None-Match": a.get("ETag")}
    c.equal("a file that the visitor has", (
        c.ask("GET", "/file", tag).status,
        c.ask("GET", "/file", {"If-Modified-Since":
                               a.get("Last-Modified")}).status), (304, 304))
    for range_, first, last in (("bytes=0-9", 0, 9),
                                ("bytes=100000-1900000", 100000, 1900000),
                                ("bytes=-5", 1999998, 2000002)):
        a = c.ask("GET", "/file", {"Range": range_})
        c.equal(f"{range_}: status and place", (
            a.status, a.get("Content-Range")),
            (206, f"bytes {first}-{last}/2000003"))
        c.ok(f"{range_}: byte for byte",
             a.body == frameworks.BLOB[first:last + 1], f"{len(a.body)}")
    c.equal("a range that is not there", c.ask(
        "GET", "/file", {"Range": "bytes=9999999-"}).status, 416)


with lib.Test("Flask on strata-wsgi") as t:
    frameworks.Site(t, "flask_site").talk(conversation)
