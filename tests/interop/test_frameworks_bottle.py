#!/usr/bin/python3
"""Bottle on strata-wsgi: see frameworks.py."""

import frameworks
import lib


def conversation(c):
    frameworks.common(c, "Bottle", reads_to="Content-Length")
    a = c.ask("GET", "/none/%C3%A9")
    c.equal("an error page of its own", frameworks.as_json(a),
            {"lost": "/none/é"})
    c.equal("a template", c.ask("GET", "/template").text.split(),
            ["&lt;b&gt;;", "é;", "€;"])
    c.equal("a generator of text", c.ask("GET", "/text-pieces").text, "é€☃")
    a = c.ask("GET", "/refused")
    c.equal("abort", a.status, 401)
    c.ok("and why", "Who is there?" in a.text, a.text)
    files(c)


def files(c):
    """static_file by wsgi.file_wrapper, by ranges, under conditions."""
    a = c.ask("GET", "/download")
    c.ok("a download", a.body == frameworks.BLOB[:2000003], f"{len(a.body)}")
    c.ok("and its name", a.get("Content-Disposition").startswith(
        "attachment; filename="), a.get("Content-Disposition"))
    c.equal("a file that the visitor has", c.ask("GET", "/file", {
        "If-Modified-Since": a.get("Last-Modified")}).status, 304)
    a = c.ask("GET", "/file", {"Range": "bytes=100000-1900000"})
    c.equal("a range", (a.status, a.get("Content-Range")),
            (206, "bytes 100000-1900000/2000003"))
    c.ok("byte for byte", a.body == frameworks.BLOB[100000:1900001],
         f"{len(a.body)}")


with lib.Test("Bottle on strata-wsgi") as t:
    frameworks.Site(t, "bottle_site").talk(conversation)
