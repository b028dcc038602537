"""site_parts: what the example sites have in common, whatever their framework.

Each site answers the same addresses in the same way (../frameworks.py asks
them), with the means of its framework alone.  What is below is what no
framework provides: the files, the bodies that watch who reads them, and the
door at which the client says whether wsgiref's validator stands between the
server and the framework.
"""

import os
import sys
from wsgiref.validate import validator

FILES = os.environ.get("SITE_FILES", ".")
BIG = os.path.join(FILES, "big.bin")


def lines():
    """A thousand lines, one by one."""
    for number in range(1000):
        yield b"line %d\n" % number


def one_then_two(name):
    """The second half comes when the client has opened the FIFO `name`, so
    only a client that was given the first half at once gets it."""
    yield b"one\n"
    with open(os.path.join(FILES, os.path.basename(name)), "rb") as gate:
        gate.read()
    yield b"two\n"


def endless():
    """Ends when it is closed, and says so in the log."""
    try:
        while True:
            yield b"x" * 16384
    finally:
        print("the endless body was closed", file=sys.stderr, flush=True)


def door(site):
    """The site, behind wsgiref's validator for whoever asks for that.  The log
    tells which bodies are the server's own file wrapper."""
    checked = validator(site)

    def application(environ, start_response):
        if "HTTP_X_VALIDATE" in environ:
            return checked(environ, start_response)
        body = site(environ, start_response)
        wrapper = environ["wsgi.file_wrapper"]
        if isinstance(wrapper, type) and isinstance(body, wrapper):
            print("sent by wsgi.file_wrapper:", environ["PATH_INFO"],
                  file=sys.stderr, flush=True)
        return body

    return application
