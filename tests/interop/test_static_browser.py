#!/usr/bin/python3
"""Chromium shows a page from strata-static: a picture, a style sheet, and sound
that can be wound to its end, for which it must ask for ranges.

Chromium is 400 MB of packages, so it is not among those that the tests install:
`tests/packages.sh install browser` does.  Without it nothing is tried."""

import shutil
import struct
import sys
import zlib

import lib

PAGE = """<!doctype html>
<title>page</title>
<link rel="stylesheet" href="style.css">
<p id="text">text</p><img id="picture" src="picture.png">
<script>
const say = (what, value) => console.log("shown " + what + "=" + value + ".");
addEventListener("load", () => {
    say("picture", document.getElementById("picture").naturalWidth);
    say("color", getComputedStyle(document.getElementById("text")).color);
    const sound = new Audio("sound.mp3");
    sound.preload = "auto";
    sound.onerror = () => say("error", sound.error.message);
    sound.onloadedmetadata = () => {
        say("duration", Math.round(sound.duration));
        sound.currentTime = 140;
    };
    sound.onseeked = () => {
        say("seekable", Math.round(sound.seekable.end(0)));
        say("position", Math.round(sound.currentTime));
    };
});
</script>
"""


def png(width, height):
    """A picture of one colour."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))
    return (b"\x89PNG\r\n\x1a\n" +
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0,
                                       0)) +
            chunk(b"IDAT", zlib.compress((b"\0" + b"\x10\x20\x30" * width) *
                                         height)) + chunk(b"IEND", b""))


def mp3(frames):
    """Silence: frames of MPEG 1 layer III, 128 kbit/s, 417 bytes each."""
    return (b"\xff\xfb\x90\x00" + bytes(413)) * frames


if not shutil.which("chromium"):
    print("ok - nothing was tried: Chromium is not installed")
    print("0 passed, 0 failed")
    sys.exit(0)

with lib.Test("Chromium and strata-static") as t:
    t.write("site/index.html", PAGE)
    t.write("site/style.css", "#text { color: rgb(1, 2, 3) }\n")
    t.write("site/picture.png", png(37, 11))
    t.write("site/sound.mp3", mp3(6000))
    # One client at a time: a connection that Chromium keeps for later must not
    # hold up the one that it opens beside it.
    t.start(["strata-static", "--root", t.dir / "site", "--idle-timeout", "0.3",
             "--send-timeout", "0.5", f"{t.host}:8080"],
            ready=(t.host, 8080))
    browser = t.start([
        "chromium", "--headless", "--no-sandbox", "--disable-gpu",
        "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--no-proxy-server",
        f"--user-data-dir={t.dir}/profile", "--remote-debugging-port=0",
        "--enable-logging=stderr", f"http://{t.host}:8080/"])
    lib.wait_for(lambda: "shown position" in browser.log.read_text(
        "utf-8", "replace") or browser.poll() is not None, 30)
    shown = browser.log.read_text("utf-8", "replace")
    t.contains("the picture is there", shown, "shown picture=37.")
    t.contains("the style counts", shown, "shown color=rgb(1, 2, 3).")
    t.contains("the sound has a length", shown, "shown duration=156.")
    t.contains("it can be wound to its end", shown, "shown seekable=156.")
    t.contains("and was", shown, "shown position=140.")
