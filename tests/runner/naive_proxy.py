#!/usr/bin/python3
"""naive_proxy: a first solution of stage 6, as a student might hand it in.

    make test-stage 6 PROGRAM="/usr/bin/python3 tests/runner/naive_proxy.py"

Of nginx.conf it knows `listen`, `root`, and one `uwsgi_pass` or `proxy_pass`;
it serves files with the standard library, and asks the server behind it as
naive_uwsgi does, or in HTTP/1.0.
"""

import functools
import http.server
import re
import socket
import struct
import sys

from naive_uwsgi import address, variables


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    backend, protocol = None, "proxy"

    def log_message(self, *args):
        pass

    def question(self, body):
        fields = {k.upper().replace("-", "_"): v.encode("latin-1")
                  for k, v in self.headers.items()}
        if self.protocol == "uwsgi":
            block = variables(self.connection,
                              self.requestline.split(), fields)
            return struct.pack("<BHB", 0, len(block), 0) + block + body
        lines = [f"{self.command} {self.path} HTTP/1.0",
                 "Host: %s:%d" % self.backend, "Connection: close"]
        lines += [f"{k}: {v}" for k, v in self.headers.items()
                  if k.lower() not in ("host", "connection", "keep-alive")]
        return "\r\n".join(lines + ["", ""]).encode("latin-1") + body

    def pass_on(self):
        self.close_connection = True
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            with socket.create_connection(self.backend) as server:
                server.sendall(self.question(body))
                while (data := server.recv(65536)):
                    self.wfile.write(data)
        except OSError:
            self.send_error(502)

    def do_GET(self):
        if self.backend:
            self.pass_on()
        else:
            super().do_GET()

    def do_HEAD(self):
        if self.backend:
            self.pass_on()
        else:
            super().do_HEAD()

    def do_POST(self):
        if self.backend:
            self.pass_on()
        else:
            self.send_error(405)


def main(words):
    with open(words[words.index("-c") + 1], encoding="latin-1") as conf:
        text = conf.read()
    listen = re.search(r"listen (\S+);", text)[1]
    root = re.search(r"root (\S+);", text)
    to = re.search(r"(uwsgi|proxy)_pass (?:http://)?([\d.]+:\d+)", text)
    if to:
        Handler.protocol, Handler.backend = to[1], address(to[2])
    handler = functools.partial(Handler, directory=root[1] if root else ".")
    http.server.ThreadingHTTPServer(address(listen), handler).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
