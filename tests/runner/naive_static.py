#!/usr/bin/python3
"""naive_static: a first solution of stage 2, as a student might hand it in.

    make test-stage 2 PROGRAM="/usr/bin/python3 tests/runner/naive_static.py"

The standard library's server of files, with a thread for each connection.
What it leaves out (ranges, validators, most of what must be refused, the
deadlines) is what its missing points are for.
"""

import functools
import http.server
import sys


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass


def main(words):
    root = words[words.index("--root") + 1]
    host, port = words[-1].rsplit(":", 1)
    handler = functools.partial(Handler, directory=root)
    server = http.server.ThreadingHTTPServer((host, int(port)), handler)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
