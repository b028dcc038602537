#!/usr/bin/python3
"""naive_wsgi: a first solution of stage 4, as a student might hand it in.

    make test-stage 4 PROGRAM="/usr/bin/python3 tests/runner/naive_wsgi.py"

The standard library's WSGI server behind the words of the command line.  It
speaks HTTP alone, one request a connection, to one client at a time.
"""

import os
import runpy
import sys
from wsgiref.simple_server import (ServerHandler, WSGIRequestHandler,
                                   make_server)

ServerHandler.http_version = "1.1"


class Handler(WSGIRequestHandler):
    def log_message(self, *args):
        pass


def option(words, name, default=None):
    """What the words say of an option; they may say it twice, and then what is
    said last counts."""
    said = [words[n + 1] for n, word in enumerate(words) if word == name]
    return said[-1] if said else default


def load(words):
    """The application that the words name."""
    os.chdir(option(words, "--chdir", "."))
    sys.path.insert(0, os.getcwd())
    module = runpy.run_path(option(words, "--wsgi-file"))
    return module[option(words, "--callable", "application")]


def main(words):
    host, port = option(words, "--http-socket").rsplit(":", 1)
    server = make_server(host, int(port), load(words), handler_class=Handler)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
