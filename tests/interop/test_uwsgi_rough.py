#!/usr/bin/python3
"""strata-uwsgi among the hostile: as a server whose clients send anything, as
a gateway whose backend answers anything, as a client whose server does."""

import os
import random
import re
import resource
import socket
import struct
import subprocess
import threading

import lib

ROUNDS = 150
chance = random.Random(3)  # the same bytes in every run


def packet(pairs, body=b""):
    block = b"".join(struct.pack("<H", len(word)) + word
                     for pair in pairs for word in pair)
    return struct.pack("<BHB", 0, len(block), 0) + block + body


GOOD = packet([(b"REQUEST_METHOD", b"POST"), (b"SERVER_PROTOCOL", b"HTTP/1.1"),
               (b"CONTENT_LENGTH", b"4"), (b"EMPTY", b"")], b"body")
ANSWER = (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Field: value\r\n"
          b"Connection: close\r\n\r\nbody")
CHUNKS = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          b"4;x=y\r\nbody\r\n0\r\nX: 1\r\n\r\n")


def spoiled(good):
    """Some bytes replaced, cut out or put in twice; often a length."""
    bad = bytearray(good)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(bad))
        how = chance.randrange(4)
        if how == 0:
            bad[at] = chance.randrange(256)
        elif how == 1:
            bad[at] = chance.choice(b"\x00\xff\r\n:;0f")
        elif how == 2:
            del bad[at:at + chance.randint(1, 9)]
        else:
            bad[at:at] = bad[at:at + chance.randint(1, 9)]
        bad = bad or bytearray(b"x")
    return bytes(bad)


def noise():
    return chance.randbytes(chance.choice((1, 3, 4, 5, 50, 5000)))


def hang_up(connection, rudely):
    if rudely:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                              struct.pack("ii", 1, 0))
    connection.close()


def say(address, data, rudely):
    """One client that says this and perhaps listens; what it heard."""
    connection = lib.connect(*address)
    heard = b""
    try:
        connection.sendall(data)
        if not rudely:
            connection.shutdown(socket.SHUT_WR)
            while more := connection.recv(65536):
                heard += more
    except OSError:
        pass
    hang_up(connection, rudely)
    return heard


def cost(child):
    """Descriptors and kilobytes of a program."""
    with open(f"/proc/{child.pid}/status", encoding="ascii") as status:
        resident = re.search(r"VmRSS:\s+(\d+)", status.read())
    return (len(os.listdir(f"/proc/{child.pid}/fd")), int(resident[1]))


def begin(child, works):
    """What a program costs that has served a client and has none."""
    files, _ = cost(child)
    works()
    lib.wait_for(lambda: cost(child)[0] <= files)
    return cost(child)


def is_unharmed(t, what, child, before, good):
    t.ok(f"{what}: it still answers", good)
    t.ok(f"{what}: it has not ended", child.poll() is None, child.returncode)
    lib.wait_for(lambda: cost(child)[0] <= before[0])
    after = cost(child)
    t.ok(f"{what}: nothing is kept", after[0] <= before[0] and
         after[1] < before[1] + 4096, f"{before} {after}")
    said = child.log.read_text("utf-8", "replace")
    t.ok(f"{what}: no checker complains",
         "Sanitizer" not in said and "runtime error" not in said and
         "==ERROR" not in said, said[-2000:])


def server(t):
    address = (t.host, 9090)
    child = t.start(["strata-uwsgi", "--head-timeout", "0.2", "--body-timeout",
                     "0.2", f"{t.host}:9090"], ready=address)

    def works():
        return say(address, GOOD, False).endswith(b"\n\nbody")

    before = begin(child, works)
    for number in range(ROUNDS):
        say(address, noise(), number % 5 == 0)
        heard = say(address, spoiled(GOOD), number % 5 == 1)
        if heard and not re.match(rb"HTTP/\d\.\d \d{3} |d\x00\x00\x01$", heard):
            t.ok("an answer is HTTP", False, lib.short(heard))
    is_unharmed(t, "a server and garbage", child, before, works())
    slow = [lib.connect(*address) for _ in range(4)]
    for at in range(3):  # by the byte, and never all of it
        for connection in slow:
            try:
                connection.sendall(GOOD[at:at + 1])
            except OSError:
                pass
    is_unharmed(t, "a server and the slow", child, before, works())
    for connection in slow:
        connection.close()


def descriptors_run_out(t, child, works):
    """Room for the client's connection, and none for the host's."""
    used = len(os.listdir(f"/proc/{child.pid}/fd"))
    soft, hard = resource.prlimit(child.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(child.pid, resource.RLIMIT_NOFILE, (used + 1, hard))
    t.equal("without a descriptor for the host the client gets 502",
            lib.ask(t.host, 8080, "GET", "/").status, 502)
    resource.prlimit(child.pid, resource.RLIMIT_NOFILE, (soft, hard))
    t.ok("and when there is one again, an answer", works())


class Backend:
    """Answers each connection with the next of many things."""

    def __init__(self, t):
        self.listener = socket.create_server((t.host, 0))
        self.address = self.listener.getsockname()
        self.answer, self.rudely, self.reads = ANSWER, False, True
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.listener.accept()
            try:
                if self.reads:
                    connection.recv(65536)
                connection.sendall(self.answer)
            except OSError:
                pass
            hang_up(connection, self.rudely)

    def plan(self, number):
        """What the next connection meets."""
        self.answer = chance.choice((
            noise, lambda: spoiled(ANSWER), lambda: spoiled(CHUNKS),
            lambda: ANSWER[:chance.randrange(len(ANSWER))]))()
        self.rudely, self.reads = number % 4 == 0, number % 7 != 0


def gateway(t):
    backend = Backend(t)
    to = "%s:%d" % backend.address
    child = t.start(["strata-uwsgi", "--to", to, "--head-timeout", "0.2",
                     "--body-timeout", "0.2", "--reply-timeout", "1",
                     f"{t.host}:8080"], ready=(t.host, 8080))
    address = (t.host, 8080)
    request = (b"POST /a%20b?x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
               b"Connection: close\r\n\r\nbody")

    def works():
        backend.answer, backend.rudely, backend.reads = ANSWER, False, True
        heard = say(address, request, False)
        return heard.startswith(b"HTTP/1.1 200 OK") and heard.endswith(b"body")

    before = begin(child, works)
    for number in range(ROUNDS):
        backend.plan(number)
        heard = say(address, request, False)
        if not re.match(rb"HTTP/1\.1 \d{3} ", heard):
            t.ok("a gateway always answers", False,
                 f"{lib.short(backend.answer)} {lib.short(heard)}")
    is_unharmed(t, "a gateway and its backend", child, before, works())
    for number in range(ROUNDS):
        backend.plan(number)
        say(address, noise(), number % 5 == 0)
        say(address, spoiled(request), number % 5 == 1)
    is_unharmed(t, "a gateway and its clients", child, before, works())
    descriptors_run_out(t, child, works)


def client(t):
    backend = Backend(t)
    to = "%s:%d" % backend.address
    ends = set()
    for number in range(ROUNDS // 3):
        backend.plan(number)
        done = subprocess.run([lib.BIN / "strata-uwsgi", "--request", "/", to],
                              capture_output=True, check=False,
                              timeout=lib.patience())
        ends.add(done.returncode)
        if done.returncode and not re.fullmatch(
                rb"strata-uwsgi: [^\n]*\n", done.stderr):
            t.ok("a client says why", False, lib.short(done.stderr))
    t.ok("a client ends with 0 or 1 whatever it hears", ends <= {0, 1}, ends)


with lib.Test("strata-uwsgi among the hostile") as t:
    server(t)
    gateway(t)
    client(t)
