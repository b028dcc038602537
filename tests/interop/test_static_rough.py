#!/usr/bin/python3
"""strata-static and difficult files: one that shrinks, one that vanishes while
it is sent, one of more than 4 GiB, and descriptors that run out."""

import os
import resource
import socket

import lib

SIZE = 32 << 20


def begin(t, name):
    """A client that has asked for a file and not yet read it."""
    s = lib.connect(t.host, 8080)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    s.sendall(b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % name.encode())
    s.recv(1, socket.MSG_PEEK)  # it is on its way
    return s


def rest(s):
    """How many bytes of the body come, to the end of it or of the connection,
    which may be kept for another request."""
    count = 0
    head = b""
    while b"\r\n\r\n" not in head:
        head += s.recv(1)
    while count < SIZE and (more := s.recv(1 << 20)):
        count += len(more)
    return count


def shrinks(t):
    path = t.write("site/shrinks", b"x" * SIZE)
    with begin(t, "shrinks") as s:
        os.truncate(path, 10)
        t.ok("a file that shrinks ends the connection early", rest(s) < SIZE)
    t.equal("and the next client is served",
            lib.ask(t.host, 8080, "GET", "/a.txt").body, b"A\n")


def vanishes(t):
    path = t.write("site/vanishes", b"x" * SIZE)
    with begin(t, "vanishes") as s:
        path.unlink()
        t.equal("a file that is removed while it is sent comes whole",
                rest(s), SIZE)
    t.equal("and then it is not there",
            lib.ask(t.host, 8080, "GET", "/vanishes").status, 404)


def is_longer_than_32_bits(t):
    """Five GiB of nothing, with a word across the fourth."""
    size, at = 5 << 30, (4 << 30) - 2
    with open(t.dir / "site/long", "wb") as file:
        file.seek(at)
        file.write(b"word")
        file.truncate(size)
    answer = lib.ask(t.host, 8080, "HEAD", "/long")
    t.equal("a file over 4 GiB has its length",
            answer.get("Content-Length"), str(size))
    answer = lib.ask(t.host, 8080, "GET", "/long",
                     [("Range", f"bytes={at}-{at + 3}")])
    t.equal("a range across 4 GiB is the right one",
            (answer.status, answer.body), (206, b"word"))


def sockets(child):
    """How many sockets a program has."""
    folder = lib.Path(f"/proc/{child.pid}/fd")
    return sum("socket:" in os.readlink(fd) for fd in folder.iterdir())


def descriptors_run_out(t, child):
    """Room for the connection, and none for the file."""
    lib.wait_for(lambda: sockets(child) == 1)  # the last client has left
    used = len(os.listdir(f"/proc/{child.pid}/fd"))
    soft, hard = resource.prlimit(child.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(child.pid, resource.RLIMIT_NOFILE, (used + 1, hard))
    t.equal("without a descriptor for the file the client gets 503",
            lib.ask(t.host, 8080, "GET", "/a.txt").status, 503)
    t.contains("the log says why", child.log.read_text(),
               "Too many open files")
    resource.prlimit(child.pid, resource.RLIMIT_NOFILE, (soft, hard))
    t.equal("and when there are some again, the file",
            lib.ask(t.host, 8080, "GET", "/a.txt").body, b"A\n")


with lib.Test("strata-static and difficult files") as t:
    t.write("site/a.txt", b"A\n")
    child = t.start(["strata-static", "--root", t.dir / "site",
                     "--idle-timeout", "1", f"{t.host}:8080"],
                    ready=(t.host, 8080))
    shrinks(t)
    vanishes(t)
    is_longer_than_32_bits(t)
    descriptors_run_out(t, child)
