#!/usr/bin/python3
"""The packets of strata-uwsgi --to beside those of real nginx with Debian's own
uwsgi_params: for each request of corpus/packet the same variables, with the
same values, in the same order, and the same body behind them.

What differs on purpose is named below, and nothing else may.
"""

import queue
import re
import socket
import struct
import sys
import threading

import lib

sys.path.insert(0, str(lib.ROOT / "tests"))
import fuzz  # noqa: E402

DEBIAN = "/etc/nginx/uwsgi_params"
REPEATED = re.compile(r"\{repeat (\d+) (.)\}")

# Told by nginx alone: a root that the gateway has not, and fields that have
# variables of their own or are spent.
ABSENT = {"DOCUMENT_ROOT", "HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH",
          "HTTP_TRANSFER_ENCODING"}
# Each program has its own.
OWN = {"REMOTE_PORT", "SERVER_PORT", "SERVER_NAME"}


class Host:
    """Takes packets, answers each, and keeps them."""

    def __init__(self, t):
        self.listener = socket.create_server((t.host, 0))
        self.address = "%s:%d" % self.listener.getsockname()
        self.packets = queue.Queue()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.listener.accept()
            with connection, connection.makefile("rb") as stream:
                header = stream.read(4)
                block = stream.read(struct.unpack("<H", header[1:3])[0])
                pairs = unpack(block)
                length = int(dict(pairs).get("CONTENT_LENGTH") or 0)
                self.packets.put((header[0], header[3], pairs,
                                  stream.read(length)))
                connection.sendall(b"HTTP/1.1 200 OK\r\n"
                                   b"Content-Length: 0\r\n\r\n")


def unpack(block):
    words = []
    while block:
        size = struct.unpack("<H", block[:2])[0]
        words.append(block[2:2 + size].decode("latin-1"))
        block = block[2 + size:]
    return list(zip(words[::2], words[1::2]))


def request(case):
    """What the case's client sends."""
    lines = case.read_text("utf-8").splitlines()
    return fuzz.said([REPEATED.sub(lambda m: m[2] * int(m[1]), line)
                      for line in lines], "c")


def told(t, port, host, data):
    """The packet that a front makes of a request."""
    with lib.connect(t.host, port) as s:
        s.sendall(data)
        packet = host.packets.get(timeout=lib.patience())
        while b"200 OK" not in s.recv(65536):
            pass
    return packet


def comparable(packet):
    """Debian's HTTP_HOST is nginx's $host: small letters, no port, no last dot,
    and empty where no host was named.  A length is a number."""
    first, second, pairs, body = packet
    same = []
    for name, value in pairs:
        if name == "HTTP_HOST":
            value = re.sub(r":\d+$", "", value).lower().rstrip(".")
            if not value:
                continue
        if name == "CONTENT_LENGTH" and value:
            value = str(int(value))
        if name not in ABSENT:
            same.append((name, "" if name in OWN else value))
    return first, second, same, body


with lib.Test("packets like nginx's") as t:
    host = Host(t)
    t.start(["strata-uwsgi", "--to", host.address, f"{t.host}:8080"],
            ready=(t.host, 8080))
    conf = t.write("nginx.conf", f"""\
error_log {t.dir}/error.log; pid {t.dir}/nginx.pid;
events {{}}
http {{
    access_log off; {lib.nginx_temp(t.dir)}
    server {{
        listen {t.host}:8081;
        location / {{ include {DEBIAN}; uwsgi_pass {host.address}; }}
    }}
}}
""")
    t.start([*lib.NGINX, "-p", t.dir, "-e", t.dir / "error.log", "-c", conf,
             "-g", "daemon off;"], ready=(t.host, 8081))
    cases = sorted((lib.ROOT / "corpus/packet").glob("*.case"))
    t.ok("there are more than 60 kinds of requests", len(cases) > 60)
    for case in cases:
        data = request(case)
        t.equal(case.stem, comparable(told(t, 8080, host, data)),
                comparable(told(t, 8081, host, data)))
