#!/usr/bin/python3
"""Pyramid on strata-wsgi: see frameworks.py."""

import frameworks
import lib


def conversation(c):
    # Pyramid lets an exception in a view through to the server.
    frameworks.common(c, "Pyramid", breaks_in="server")
    a = c.ask("GET", "/refused")
    c.equal("an HTTPUnauthorized", a.status, 401)
    c.ok("and why", "Who is there?" in a.text, a.text)
    a = c.ask("GET", "/matched")
    c.equal("a page with an ETag", (a.text, a.get("ETag")),
            ("0123456789", '"one"'))
    a = c.ask("GET", "/matched", {"If-None-Match": '"one"'})
    c.equal("one that the visitor has", (a.status, a.body), (304, b""))
    a = c.ask("GET", "/matched", {"Range": "bytes=2-5"})
    c.equal("a range of it", (a.status, a.body, a.get("Content-Range")),
            (206, b"2345", "bytes 2-5/10"))
    a = c.ask("GET", "/static/big.bin")
    c.ok("a static view", a.body == frameworks.BLOB[:2000003],
         f"{a.status} {len(a.body)}")
    a = c.ask("GET", "/static/big.bin", {
        "If-Modified-Since": a.get("Last-Modified")})
    c.equal("a file that the visitor has", (a.status, a.body), (304, b""))
    c.equal("a file that is not there",
            c.ask("GET", "/static/none").status, 404)


with lib.Test("Pyramid on strata-wsgi") as t:
    frameworks.Site(t, "pyramid_site").talk(conversation)
