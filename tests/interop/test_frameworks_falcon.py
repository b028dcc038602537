#!/usr/bin/python3
"""Falcon on strata-wsgi: see frameworks.py."""

import frameworks
import lib


def conversation(c):
    # req.stream is wsgi.input itself, and the site reads it to its end.
    c.refuses = {"/raw": frameworks.READS_ALL}
    frameworks.common(c, "Falcon")
    a = c.ask("GET", "/refused")
    c.equal("an HTTPUnauthorized", (
        a.status, a.get("WWW-Authenticate"), frameworks.as_json(a)["title"]),
        (401, 'Basic realm="x"', "Who is there?"))
    a = c.ask("DELETE", "/query")
    c.equal("a method that is not allowed", (a.status, sorted(
        a.get("Allow").split(", "))), (405, ["GET", "HEAD", "OPTIONS"]))
    a = c.ask("OPTIONS", "/json")
    c.equal("OPTIONS", (a.status, a.get("Allow")), (200, "POST"))
    a = c.ask("GET", "/matched", {"If-None-Match": '"one"'})
    c.equal("a page that the visitor has", (a.status, a.body), (304, b""))
    a = c.ask("GET", "/static/big.bin", {"Range": "bytes=100000-1900000"})
    c.equal("a range of a static file", (a.status, a.get("Content-Range")),
            (206, "bytes 100000-1900000/2000003"))
    c.ok("byte for byte", a.body == frameworks.BLOB[100000:1900001],
         f"{len(a.body)}")
    a = c.ask("GET", "/static/big.bin")
    c.ok("a static file", a.body == frameworks.BLOB[:2000003],
         f"{a.status} {len(a.body)}")


with lib.Test("Falcon on strata-wsgi") as t:
    frameworks.Site(t, "falcon_site").talk(conversation)
