#!/usr/bin/python3
"""WhiteNoise on strata-wsgi: see frameworks.py."""

import gzip

import frameworks
import lib

STYLE = b"body { color: black; }\n" * 500


def prepare(t):
    t.write("files/style.css", STYLE)
    t.write("files/short.txt", "short\n")
    t.write("files/folder/index.html", "<h1>Index</h1>")
    status, said = t.run([frameworks.PYTHON, "-m", "whitenoise.compress", "-q",
                          t.dir / "files"])
    t.equal("WhiteNoise compresses its files", (status, said), (0, ""))


def conversation(c):
    # Where there is no file to send, WhiteNoise sends no Content-Type.
    c.refuses = dict.fromkeys(
        ["/static/folder", "/static/short.txt"],
        "AssertionError: No Content-Type header found")
    a = c.ask("GET", "/")
    c.equal("what is no file", a.text, "<h1>WhiteNoise</h1>")
    a = c.ask("GET", "/static/style.css")
    c.equal("a file", (a.status, a.body), (200, STYLE))
    c.equal("its fields", [a.get(name) for name in (
        "Content-Type", "Content-Length", "Cache-Control", "Vary")],
        ['text/css; charset="utf-8"', str(len(STYLE)), "max-age=600, public",
         "Accept-Encoding"])
    variants(c, a)
    conditions(c, a)
    big(c)
    a = c.ask("GET", "/static/folder/")
    c.equal("an index", (a.status, a.text), (200, "<h1>Index</h1>"))
    a = c.ask("GET", "/static/folder")
    c.equal("the way to it", (a.status, a.get("Location")), (302, "folder/"))
    a = c.ask("POST", "/static/short.txt", {}, b"")
    c.equal("a method that is not allowed", a.status, 405)


def variants(c, plain):
    a = c.ask("GET", "/static/style.css", {"Accept-Encoding": "br, gzip"})
    c.equal("the compressed variant", (a.status, a.get("Content-Encoding")),
            (200, "gzip"))
    c.ok("it is the file", gzip.decompress(a.body) == STYLE)
    c.ok("and shorter", len(a.body) == int(a.get("Content-Length")) < 1000)
    h = c.ask("HEAD", "/static/style.css", {"Accept-Encoding": "gzip"})
    c.equal("its HEAD", (h.status, h.get("Content-Length"), h.body),
            (200, a.get("Content-Length"), b""))


def conditions(c, a):
    for what, fields, status in (
            ("If-None-Match", {"If-None-Match": a.get("ETag")}, 304),
            ("If-None-Match of another", {"If-None-Match": '"x"'}, 200),
            ("If-Modified-Since", {
                "If-Modified-Since": a.get("Last-Modified")}, 304),
            ("If-Modified-Since of long ago", {
                "If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}, 200)):
        found = c.ask("GET", "/static/style.css", fields)
        c.equal(what, (found.status, found.body),
                (status, STYLE if status == 200 else b""))


def big(c):
    """2 MB, by wsgi.file_wrapper where nothing stands in its way."""
    sent = "sent by wsgi.file_wrapper: /static/big.bin"
    before = c.log().count(sent)
    a = c.ask("GET", "/static/big.bin")
    c.ok("a file, byte for byte", a.body == frameworks.BLOB[:2000003],
         f"{a.status}, {len(a.body)} bytes")
    if not c.real and not c.validated:
        c.logged("by wsgi.file_wrapper", sent, before)
    for range_, first, last in (("0-1", 0, 1), ("-7", 1999996, 2000002),
                                ("100000-1900000", 100000, 1900000)):
        a = c.ask("GET", "/static/big.bin", {"Range": f"bytes={range_}"})
        c.equal(f"bytes {range_}", (a.status, a.get("Content-Range")),
                (206, f"bytes {first}-{last}/2000003"))
        c.ok(f"bytes {range_}, byte for byte",
             a.body == frameworks.BLOB[first:last + 1], f"{len(a.body)}")
    a = c.ask("GET", "/static/short.txt", {"Range": "bytes=20-"})
    c.equal("bytes that are not there", (a.status, a.get("Content-Range")),
            (416, "bytes */6"))


with lib.Test("WhiteNoise on strata-wsgi") as t:
    frameworks.Site(t, "whitenoise_site", prepare).talk(conversation)
