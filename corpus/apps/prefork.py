"""What a server with a master and workers has to bear: each path is one of
them; words after it are for the function."""

import os
import signal
import time


def plain():
    """A list of its own each time: the server may change it (PEP 3333)."""
    return [("Content-Type", "text/plain")]


def answer(start_response, text):
    start_response("200 OK", plain())
    return [text.encode() + b"\n"]


def hello(env, start_response):
    return answer(start_response, "hello")


def sleep(env, start_response):
    """/sleep/1.5: takes so many seconds."""
    time.sleep(float(env["PATH_INFO"].split("/")[2]))
    return answer(start_response, "slept")


def dies(env, start_response):
    """The process is gone, without a word."""
    os.kill(os.getpid(), signal.SIGKILL)


def exits(env, start_response):
    os._exit(3)


def child(env, start_response):
    """A process of the application's own is told to end, as multiprocessing
    does it; and how often that was in this process."""
    pid = os.fork()
    if pid == 0:
        time.sleep(60)
        os._exit(0)
    os.kill(pid, signal.SIGTERM)
    os.waitpid(pid, 0)
    CHILDREN.append(pid)
    return answer(start_response, "children that have ended: %d"
                  % len(CHILDREN))


def processes(env, start_response):
    """What the environ and the module `uwsgi` say of the processes."""
    import uwsgi
    return answer(start_response, "%s %s %s %s %s" % (
        env["wsgi.multiprocess"], env["wsgi.run_once"], uwsgi.numproc,
        uwsgi.masterpid() == os.getppid(), uwsgi.worker_id() in (1, 2)))


def started(env, start_response):
    """How often this file was executed by the process or its ancestors."""
    return answer(start_response, "imported in %s" % (
        "this process" if IMPORTER == os.getpid() else "an ancestor"))


IMPORTER = os.getpid()
CHILDREN = []


def application(env, start_response):
    function = globals().get((env["PATH_INFO"].split("/") + [""])[1])
    if not callable(function) or function is application:
        start_response("404 Not Found", plain())
        return [b"no such application\n"]
    return function(env, start_response)
