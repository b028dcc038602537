#!/usr/bin/python3
"""strata-echo and strata-static are after ten thousand requests what they were
before: no memory more, no descriptor more.  The requests are good, bad, cut off
and left without taking the answer; the first thousand may fill the buffers."""

import socket

import lib

REQUESTS = 10000
SLACK = 64  # KiB: a page or two that the C library moves
COUNT = [b"/a.txt", b"/", b"/nix", b"/dir", b"/large"]


def state(child, wanted):
    """Resident memory in KiB, and the open descriptors: the last client may
    still be on its way out, so `wanted` many are waited for."""
    folder = lib.Path(f"/proc/{child.pid}")

    def count():
        return len(list((folder / "fd").iterdir()))
    lib.wait_for(lambda: count() <= wanted)
    pages = int((folder / "statm").read_text().split()[1])
    return pages * 4, count()


def request(number):
    """One of a round of requests; and whether an answer is waited for."""
    path = COUNT[number % len(COUNT)]
    kind = number % 23
    if kind == 3:
        return b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: " \
            b"chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", True
    if kind == 5:
        return b"GET " + path + b" HTTP/1.1\r\nHo st: x\r\n\r\n", True
    if kind == 7:
        return b"GET " + path + b" HTTP/1.1\r\nHos", False
    if kind == 11:
        return b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n", False
    if kind == 13:
        return b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhi", False
    return b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nRange: bytes=1-,3-4\r\n" \
        b"Connection: close\r\n\r\n", True


def ask(path, count):
    """So many requests, each on a connection of its own; how many answers."""
    answers = 0
    for number in range(count):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(lib.patience())
            s.connect(str(path))
            text, wait = request(number)
            s.sendall(text)
            if wait:
                s.shutdown(socket.SHUT_WR)
                answers += s.recv(16).startswith(b"HTTP/1.1 ")
                while s.recv(65536):
                    pass
    return answers


def run(t, words):
    name = words[0]
    path = t.dir / f"{name}.sock"
    child = t.start([*words, "--idle-timeout", "2", f"unix:{path}"],
                    ready=(path, None))
    files = len(list(lib.Path(f"/proc/{child.pid}/fd").iterdir()))
    ask(path, 1000)
    before = state(child, files)
    waited = sum(request(n)[1] for n in range(REQUESTS))
    t.equal(f"{name} answers", ask(path, REQUESTS), waited)
    after = state(child, before[1])
    t.ok(f"{name}: the memory is where it was", after[0] <= before[0] + SLACK,
         f"{before[0]} KiB before, {after[0]} KiB after")
    t.equal(f"{name}: the descriptors are, too", after[1], before[1])


with lib.Test("ten thousand requests") as t:
    t.write("site/a.txt", "A\n")
    t.write("site/index.html", "home")
    t.write("site/dir/x", "x")
    t.write("site/large", bytes(300000))
    run(t, ["strata-echo"])
    run(t, ["strata-static", "--root", t.dir / "site"])
