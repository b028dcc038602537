#!/usr/bin/python3
"""naive_prefork: a first solution of stage 5, as a student might hand it in.

    make test-stage 5 PROGRAM="/usr/bin/python3 tests/runner/naive_prefork.py"

naive_wsgi with several processes that accept from one socket.  A worker that
dies is replaced; there is nothing else that a signal or an option does.
"""

import os
import sys
from wsgiref.simple_server import make_server

from naive_wsgi import Handler, load, option


def start(server):
    if os.fork() == 0:
        server.serve_forever()
        os._exit(1)


def main(words):
    host, port = option(words, "--http-socket").rsplit(":", 1)
    server = make_server(host, int(port), load(words), handler_class=Handler)
    for _ in range(int(option(words, "--processes", 1))):
        start(server)
    while True:
        os.wait()
        start(server)


if __name__ == "__main__":
    main(sys.argv[1:])
