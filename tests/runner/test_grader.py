#!/usr/bin/python3
"""test_grader: the grader is graded.

It is run against programs that do nothing, hang, crash or answer garbage, on
cases with mistakes in them, and in every format, whose output is parsed back.
The last line is "N passed, N failed".
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/interop"))
sys.dont_write_bytecode = True
import lib  # noqa: E402

GRADE = Path(os.environ.get("BUILD", ROOT / "build")) / "bin/strata-grade"
PYTHON = "/usr/bin/python3"  # by path: the one on PATH may be a shim
ECHO = f"{PYTHON} {ROOT}/tests/runner/echo.py"
FEW = "echo/ request/garbage request/two-hosts"

# Programs, each the body of a Python script that gets its address in argv[-1].
LISTEN = """
import os, socket, sys, time
host, port = sys.argv[-1].rsplit(":", 1)
s = socket.create_server((host, int(port)), backlog=128)
"""
HANG = LISTEN + "time.sleep(1000)\n"
SWALLOW = LISTEN + """
while True:
    c, _ = s.accept()
    while c.recv(65536):
        pass
"""
CRASH = LISTEN + "s.accept(); os.abort()\n"
CLOSE = LISTEN + "while True: s.accept()[0].close()\n"
GARBAGE = LISTEN + """
while True:
    c, _ = s.accept()
    try:
        while True:
            c.send(os.urandom(4096))
    except OSError:
        pass
"""
ENDLESS_HEAD = LISTEN + """
while True:
    c, _ = s.accept()
    try:
        c.send(b"HTTP/1.1 200 OK\\r\\n")
        while True:
            c.send(b"X: y\\r\\n" * 1000)
    except OSError:
        pass
"""
# What would not be ended by ending one process: children, one of them in a
# session of its own.
LITTER = LISTEN + """
for setsid in (False, True):
    if os.fork() == 0:
        if setsid:
            os.setsid()
        time.sleep(1000)
        os._exit(0)
s.accept()
time.sleep(1000)
"""
# A server that does not set SO_REUSEADDR cannot bind a port that is held.
RUDE = """
import socket, sys
host, port = sys.argv[-1].rsplit(":", 1)
s = socket.socket()
s.bind((host, int(port)))
s.listen()
while True:
    c, _ = s.accept()
    data = c.recv(65536)
    c.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Type: message/http\\r\\n"
              b"Connection: close\\r\\nContent-Length: %d\\r\\n\\r\\n%s"
              % (len(data), data))
    c.close()
"""


class Failed(Exception):
    pass


def require(fact, what):
    if not fact:
        raise Failed(what)


def grade(*words, status, seconds=60):
    """Runs the grader; its output.  Nothing of it may be left afterwards.  The
    seconds are those of a quiet machine."""
    with tempfile.TemporaryFile("w+") as out, \
            tempfile.TemporaryFile("w+") as err:
        child = subprocess.Popen([GRADE, *words], cwd=ROOT, stdout=out,
                                 stderr=err)
        in_time = lib.wait_for(lambda: child.poll() is not None, seconds)
        if not in_time:
            child.terminate()
        child.wait()
        out.seek(0)
        err.seek(0)
        said = out.read(), err.read()
    require(in_time, "it took too long")
    require(child.returncode == status,
            f"exit status {child.returncode}, expected {status}:\n"
            f"{said[0][-2000:]}{said[1][-2000:]}")
    return said


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def points(program, *words, status=1, cases=FEW, seconds=60):
    """The points that a program gets at stage 1."""
    out, _ = grade("--stage", "1", "--program", program, "--cases", cases,
                   "--format", "json", *words, status=status, seconds=seconds)
    return json.loads(out)["points"]


def script_points(text, **more):
    with folder() as where:
        script = where / "server.py"
        script.write_text(text)
        return points(f"{PYTHON} {script}", **more)


def test_an_empty_program_gets_nothing():
    require(points("true", seconds=20) == 0, "true has points")
    require(points("false", seconds=20) == 0, "false has points")


def test_a_program_that_is_not_there():
    require(points("/nowhere/server", seconds=20) == 0, "it has points")


def test_a_program_that_never_listens():
    require(points("sleep 1000", seconds=20) == 0, "sleep has points")
    require(script_points("import time; time.sleep(1000)", seconds=30) == 0,
            "it has points")


def test_programs_that_hang():
    for text in HANG, SWALLOW:
        require(script_points(text, cases="echo/get echo/body") == 0,
                "it has points")


def test_programs_that_crash_or_close():
    for text in CRASH, CLOSE:
        require(script_points(text) == 0, "it has points")


def test_programs_that_answer_garbage():
    require(script_points(GARBAGE) == 0, "it has points")
    require(script_points(ENDLESS_HEAD, cases="echo/get echo/body") == 0,
            "it has points")


def test_a_server_without_reuseaddr():
    require(script_points(RUDE, cases="echo/one-request echo/get") == 0, "...")
    require(script_points(RUDE.replace("data = c.recv(65536)", """
    data = b""
    while b"\\r\\n\\r\\n" not in data:
        data += c.recv(65536)
"""), cases="echo/get", status=0) == 2, "it cannot get points")


def test_the_sample_gets_a_grade_between():
    out, _ = grade("--stage", "1", "--program", ECHO, "--format", "json",
                   status=1)
    percent = json.loads(out)["percent"]
    require(30 < percent < 100, f"the sample has {percent} %")


def test_nothing_is_left_running():
    marker = f"strata-litter-{os.getpid()}"
    with folder() as where:
        script = where / f"{marker}.py"
        script.write_text(LITTER)
        points(f"{PYTHON} {script}", cases="echo/get")
    require(not left(marker), f"processes are left: {left(marker)}")


def left(marker):
    """The processes of a program whose script is named so; not the grader,
    which has the name on its command line too."""
    return [p.parent.name for p in Path("/proc").glob("[0-9]*/cmdline")
            if marker in read(p) and "strata-grade\0" not in read(p)]


def read(path):
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def test_nothing_is_left_after_control_c():
    marker = f"strata-stop-{os.getpid()}"
    with folder() as where:
        script = where / f"{marker}.py"
        script.write_text(LITTER)
        env = dict(os.environ, TMPDIR=str(where))
        child = subprocess.Popen(
            [GRADE, "--stage", "1", "--program", f"{PYTHON} {script}"],
            cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        lib.wait_for(lambda: left(marker))
        lib.dawdle(1)  # so that more may have been started
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=lib.patience(30))
        require(child.returncode == 2, f"exit status {child.returncode}")
        require(b"stopped by a signal" in err, err)
        require(not left(marker), f"processes are left: {left(marker)}")
        require([p.name for p in where.iterdir()] == [script.name],
                "a folder is left")


def test_nothing_is_left_on_the_disk():
    with folder() as where:
        env = dict(os.environ, TMPDIR=str(where))
        subprocess.run([GRADE, "--stage", "1", "--program", ECHO, "--cases",
                        "echo/get"], cwd=ROOT, env=env, capture_output=True)
        require(not list(where.iterdir()), "a folder is left")


def test_a_failure_tells_what_to_do():
    out, _ = grade("--stage", "1", "--program", ECHO, "--cases",
                   "echo/body-in-chunks", status=1)
    for text in ("FAILED   echo/body-in-chunks", "hint     The echo is",
                 "see      01-echo#echo",
                 "corpus/echo/body-in-chunks.case:", "sent as written",
                 "c>  Transfer-Encoding: chunked\\r\\n",
                 "expected | HTTP/1.1 200 {any}",
                 "received | HTTP/1.1 501 Not Implemented", "printf 'POST",
                 "| nc 127.0.0.1 8080", "Grade of stage 1: 0 of 3 points, 0 %",
                 "0 passed, 1 failed"):
        require(text in out, f"the report does not say: {text}\n{out}")
    lines = out.splitlines()
    at = next(i for i, line in enumerate(lines) if "expected |" in line)
    caret = lines[at + 2].index("^")
    require(lines[at][:caret][-9:] == lines[at + 1][:caret][-9:] and
            lines[at][caret] != lines[at + 1][caret],
            "the caret does not stand at the first difference")


def test_by_hand_gives_the_same():
    """The line that reproduces a failure sends the bytes of the case."""
    out, _ = grade("--stage", "1", "--program", ECHO, "--cases",
                   "echo/body-in-chunks", status=1)
    line = next(line for line in out.splitlines() if "| nc 127" in line)
    command = line.strip().split("| nc")[0].replace("sleep 1; ", "")
    sent = subprocess.run(["sh", "-c", command], capture_output=True).stdout
    require(sent.endswith(b"0\r\nX-Trailer: 1\r\n\r\n") and
            sent.startswith(b"POST / HTTP/1.1\r\n"), f"it sends {sent}")


def test_json():
    out, _ = grade("--stage", "1", "--program", ECHO, "--cases", FEW,
                   "--format", "json", status=1)
    run = json.loads(out)
    require(run["stage"] == 1 and run["of"] > run["points"] > 0, "the sums")
    require(run["points"] == sum(c["points"] for c in run["cases"]), "points")
    require(len(run["cases"]) == run["passed"] + run["failed"], "the count")
    bad = next(c for c in run["cases"] if c["verdict"] == "failed")
    require(bad["hint"] and bad["see"] and bad["received"], "the details")


def test_tap():
    out, _ = grade("--stage", "1", "--program", ECHO, "--cases", FEW,
                   "--format", "tap", status=1)
    lines = out.splitlines()
    plan = int(re.fullmatch(r"1\.\.(\d+)", lines[1])[1])
    tests = [re.fullmatch(r"(ok|not ok) (\d+) - \S+", line) for line in lines
             if not line.startswith("#")][2:]
    require(lines[0] == "TAP version 14", "the first line")
    require(all(tests) and len(tests) == plan, "the tests and the plan")
    require([int(t[2]) for t in tests] == list(range(1, plan + 1)), "numbers")
    require({t[1] for t in tests} == {"ok", "not ok"}, "both verdicts")


def test_junit():
    out, _ = grade("--stage", "1", "--program", ECHO, "--cases", FEW,
                   "--format", "junit", status=1)
    suite = ElementTree.fromstring(out)
    cases = suite.findall("testcase")
    require(len(cases) == int(suite.get("tests")), "the count")
    require(len(suite.findall("testcase/failure")) ==
            int(suite.get("failures")) > 0, "the failures")
    require("\\r\\n" in suite.find("testcase/failure").text, "the details")


def test_gradescope():
    with folder() as where:
        results = where / "results.json"
        grade("--stage", "1", "--program", ECHO, "--cases", FEW, "--format",
              "gradescope", "--output", str(results), status=1)
        run = json.loads(results.read_text())
    require(run["score"] == sum(t["score"] for t in run["tests"]), "the score")
    require(run["score"] < sum(t["max_score"] for t in run["tests"]), "max")
    require(all({"name", "output", "visibility"} <= t.keys()
                for t in run["tests"]), "the fields")


def test_gradescope_keeps_partial_credit():
    """A grader that is shot leaves a whole document with the points so far."""
    with folder() as where:
        script = where / "server.py"
        script.write_text(HANG)
        results = where / "results.json"
        child = subprocess.Popen(
            [GRADE, "--stage", "1", "--program", f"{PYTHON} {script}",
             "--format", "gradescope", "--output", str(results), "--jobs",
             "1"], cwd=ROOT, stdout=subprocess.DEVNULL,
            env=dict(os.environ, TMPDIR=str(where)))
        lib.wait_for(results.exists, 60)
        child.send_signal(signal.SIGKILL)
        child.wait()
        run = json.loads(results.read_text())
        require(len(run["tests"]) > 1, "not all tests are listed")
        require(any(t["output"] == "not played yet" for t in run["tests"]),
                "it was not shot early enough to show anything")


HIDDEN_CASE = """
case    secret-name
title   A secret title
stage   1
points  5
see     01-echo#echo
source  RFC 9112 3
hint    A secret hint.
c connect
c>  GET /secret-path HTTP/1.1
c>  Host: x
c>
c<  HTTP/1.1 299 {any}
"""


def test_hidden_cases_stay_hidden():
    with folder() as where:
        (where / "secret-name.case").write_text(HIDDEN_CASE)
        for form in "text", "json", "tap", "junit", "gradescope":
            results = where / "results.json"
            words = ["--stage", "1", "--program", ECHO, "--hidden", str(where),
                     "--cases", "echo/get secret-name", "--format", form]
            if form == "gradescope":
                words += ["--output", str(results)]
            out, err = grade(*words, status=1)
            out += results.read_text() if form == "gradescope" else ""
            require("hidden-1" in out, f"{form} does not list it")
            require("secret" not in out + err, f"{form} shows it:\n{out}")
            require("299" not in out, f"{form} shows what was expected")


def test_a_folder_with_a_makefile():
    with folder() as where:
        (where / "Makefile").write_text(
            f"stage1:\n\techo '#!/bin/sh' > $@\n"
            f"\techo 'exec {ECHO} \"$$@\"' >> $@\n\tchmod +x $@\n")
        grade("--stage", "1", "--dir", str(where), "--cases", "echo/get",
              status=0)
    with folder() as where:
        shutil.copy(ROOT / "tests/runner/echo.py", where / "server.py")
        (where / "server.py").chmod(0o644)
        grade("--stage", "1", "--dir", str(where), "--cases", "echo/get",
              status=0)
    with folder() as where:
        _, err = grade("--stage", "1", "--dir", str(where), status=2)
        require("expected stage1, stage1.py, strata-echo" in err, err)
        (where / "Makefile").write_text("all:\n\tfalse\n")
        grade("--stage", "1", "--dir", str(where), status=2)


def small_corpus(where):
    for part in "www", "apps", "conf":
        shutil.copytree(ROOT / "corpus" / part, where / part)
    (where / "one").mkdir()


MISTAKES = {
    "stage 9": "x.case:2: \"9\" is no list of stages",
    "stage 1\nstage 2": "x.case:3: a second line \"stage\"",
    "stage 1\nsource Strata": "x.case:3: source \"Strata\": expected nginx/",
    "stage 1\nc jumps": "x.case:3: \"jumps\" is nothing that a client does",
    "stage 1\nc> {nosuch=thing}": "x.case:3: {nosuch=thing} is not known",
    "stage 1\nc> \\q": "x.case:3: \"\\q\" is no escape",
    "stage 1\nc> {any}": "x.case:3: {any} matches bytes; here they are sent",
    "stage 1": "x.case:1: the line \"see\" is missing",
    "stage 1\nwhat is this": "x.case:3: \"what is this\": neither",
    "stage 1\nc pause soon": "x.case:3: \"soon\": expected a time",
}


def test_mistakes_in_cases_are_named():
    for text, what in MISTAKES.items():
        with folder() as where:
            small_corpus(where)
            (where / "one/x.case").write_text(f"case one/x\n{text}\n")
            _, err = grade("--corpus", str(where), "--check", status=2)
            require(what in err, f"{text!r} gives {err!r}, not {what!r}")


def test_wrong_words_are_refused():
    for words in (["--stage", "7"], ["--stage", "1", "--format", "pdf"], [],
                  ["--stage", "1", "--cases", "no/such/case"],
                  ["--stage", "1", "--corpus", "/nowhere"],
                  ["--stage", "1", "--program", "'open"], ["--what"],
                  ["--stage", "1", "extra"]):
        _, err = grade(*words, status=2)
        require(err.strip(), f"{words}: nothing is said")


STATIC_CASE = """case one/x
stage 2
see 02-static#x
source nginx/1.22.1
hint None.
c connect
c> GET {path} HTTP/1.1
c> Host: x
c>
c< HTTP/1.1 404 {{any}}
c? Content-Length: {{digits}}
c? ETag: "wrong"
c! Server
c= nothing
c silent 50ms
"""


def test_record_writes_what_nginx_answers():
    with folder() as where:
        small_corpus(where)
        case = where / "one/x.case"
        case.write_text(STATIC_CASE.format(path="/a.txt"))
        grade("--corpus", str(where), "--verify", status=1)
        out, _ = grade("--corpus", str(where), "--record", status=0)
        text = case.read_text()
        for line in ("c<  HTTP/1.1 200 OK", "c? Content-Length: {digits}",
                     'c? ETag: "65920080-2"', "c? Server: nginx/", "c=  A\\n"):
            require(line in text, f"{line} is not in\n{text}\n{out}")
        require("+ c<  HTTP/1.1 200 OK" in out, f"no change is shown\n{out}")
        grade("--corpus", str(where), "--verify", status=0)


PACKET_CASE = """case one/x
stage 3
see 03-uwsgi#variables
source nginx/1.22.1
hint None.
c connect
c>  GET /a?b HTTP/1.1
c>  Host: x
c>  X-One: 1
c>
u1 accept
u1< uwsgi 0 0
      ?REMOTE_PORT={digits}
      ?SERVER_PORT={port}
      *DOCUMENT_ROOT={any}
      *HTTP_NONE=1
u1 only
u1>| HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n
u1 close
c<  HTTP/1.1 200 OK
"""


def test_record_writes_the_whole_packet():
    with folder() as where:
        small_corpus(where)
        case = where / "one/x.case"
        case.write_text(PACKET_CASE)
        out, _ = grade("--corpus", str(where), "--verify", status=1)
        require("a line that should not be there" in out, out)
        grade("--corpus", str(where), "--record", status=0)
        text = case.read_text()
        for line in ("?QUERY_STRING=b", "?PATH_INFO=/a", "?CONTENT_LENGTH=",
                     "?HTTP_X_ONE=1", "*HTTP_NONE=1", "u1 only"):
            require(text.count(line + "\n") == 1, f"{line} is not in\n{text}")
        grade("--corpus", str(where), "--verify", status=0)
        case.write_text(text.replace("?HTTP_X_ONE=1", "*HTTP_X_ONE=2"))
        out, _ = grade("--corpus", str(where), "--verify", status=1)
        require("may be there, but with another value" in out, out)


def test_differences_on_purpose_are_listed():
    with folder() as where:
        small_corpus(where)
        case = where / "one/x.case"
        case.write_text("differs nginx/1.22.1: on purpose\n" +
                        STATIC_CASE.format(path="/a.txt"))
        out, _ = grade("--corpus", str(where), "--verify", status=0)
        require("on purpose" in out and "1 differ on purpose" in out, out)


ENDS = """
while True:
    c, _ = s.accept()
    c.recv(65536)
    c.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
    {end}
"""
RESET = ("c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, "
         "b'\\1\\0\\0\\0\\0\\0\\0\\0'); c.close()")
END_CASE = """case one/x
stage 1
see 01-echo#x
source RFC 9112 9.6
hint None.
wait 700ms
c connect
c>| GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n
c< HTTP/1.1 200 OK
c {end}
"""


def test_a_reset_is_not_an_end():
    with folder() as where:
        small_corpus(where)
        for end in "eof", "reset", "silent 200ms":
            (where / "one/x.case").write_text(END_CASE.format(end=end))
            for server, action in (("eof", "c.close()"), ("reset", RESET),
                                   ("silent 200ms", "time.sleep(1000)")):
                script = where / "server.py"
                script.write_text(LISTEN + ENDS.format(end=action))
                grade("--corpus", str(where), "--stage", "1", "--program",
                      f"{PYTHON} {script}",
                      status=0 if server == end else 1)


# A server that does what the path says, and cases that each look at one thing:
# for every line of a script one that must pass and one that must fail.
OBEDIENT = LISTEN + """
def field(value):
    return b"X: " + value + b"\\r\\n"
HEAD = b"HTTP/1.1 200 OK\\r\\n"
ANSWERS = {
    b"/ok": HEAD + field(b"1") + b"Y: 1\\r\\nContent-Length: 3\\r\\n\\r\\nabc",
    b"/chunks": HEAD + b"Transfer-Encoding: chunked\\r\\n\\r\\n"
                b"1\\r\\na\\r\\n2\\r\\nbc\\r\\n0\\r\\n\\r\\n",
    b"/badchunks": HEAD + b"Transfer-Encoding: chunked\\r\\n\\r\\n"
                   b"1\\r\\nab\\r\\n0\\r\\n\\r\\n",
    b"/more": HEAD + b"Content-Length: 1\\r\\n\\r\\nabc",
    b"/less": HEAD + b"Content-Length: 9\\r\\n\\r\\nabc",
    b"/head": HEAD + b"Content-Length: 3\\r\\n\\r\\n",
    b"/lf": b"HTTP/1.1 200 OK\\nContent-Length: 0\\n\\n",
    b"/silent": b"",
}
while True:
    c, _ = s.accept()
    data = c.recv(65536)
    while data and not data.endswith(b"\\r\\n\\r\\n"):
        data += c.recv(65536)
    path = data.split()[1] if data else b""
    print("hello", 42, file=sys.stderr, flush=True)
    c.sendall(ANSWERS.get(path, HEAD + b"\\r\\nabc"))
    if path == b"/exit":
        os._exit(3)
    if path == b"/slow":
        time.sleep(0.3)
    if path == b"/reset":
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\\1" + bytes(7))
    if path in ANSWERS:
        c.settimeout(2)
        try:
            c.recv(1)
        except OSError:
            pass
    c.close()
"""
OK = "c< HTTP/1.1 200 OK\n"
LINES = [
    # path, lines, passes
    ("/ok", "c< HTTP/1.1 200 {any}", True),
    ("/ok", "c< HTTP/1.1 404 {any}", False),
    ("/ok", "c< HTTP/1.1 200 O", False),
    ("/lf", OK, False),
    ("/silent", OK, False),
    ("/ok", OK + "c? x: {digits}\nc? Y: 1", True),
    ("/ok", OK + "c? X: 2", False),
    ("/ok", OK + "c? Z: 1", False),
    ("/ok", OK + "c? X: 1\nc? X: 1", False),
    ("/ok", OK + "c? X: {v=any}\nc? Y: {v}", True),
    ("/ok", OK + "c? Content-Length: {v=any}\nc? Y: {v}", False),
    ("/ok", OK + "c! Z\nc! X: 2", True),
    ("/ok", OK + "c! X", False),
    ("/ok", OK + "c! X: 1", False),
    ("/ok", OK + "c? X: 1\nc? Y: 1\nc* Content-Length: 3\nc* Z: 9\nc only",
     True),
    ("/ok", OK + "c? X: 1\nc? Content-Length: 3\nc only", False),
    ("/ok", OK + "c* X: 2", False),
    ("/ok", OK + "c= abc", True),
    ("/ok", OK + "c= a\nc= bc", True),
    ("/ok", OK + "c= abd", False),
    ("/ok", OK + "c= ab", False),
    ("/ok", OK + "c=", False),
    ("/ok", OK + "c~ b\nc!~ d", True),
    ("/ok", OK + "c~ d", False),
    ("/ok", OK + "c!~ b", False),
    ("/ok", OK + "c nobody", False),
    ("/head", OK + "c nobody\nc silent 100ms", True),
    ("/head", OK + "c= abc", False),
    ("/chunks", OK + "c= abc", True),
    ("/chunks", OK + "c= abcd", False),
    ("/badchunks", OK, False),
    ("/more", OK + "c= a", False),
    ("/less", OK + "c= abc", False),
    ("/close", OK + "c= abc\nc eof", True),
    ("/close", OK + "c= ab\nc eof", False),
    ("/close", OK + "c reset", False),
    ("/ok", OK + "c eof 300ms", False),
    ("/slow", OK + "c eof 200ms..2s", True),
    ("/slow", OK + "c= abc\nc eof 200ms..2s", False),  # had ended before
    ("/slow", "c<| HTTP/1.1 200 OK\\r\\n\\r\\nabc\nc eof 200ms..2s", True),
    ("/slow", "c<| HTTP/1.1 200 OK\\r\\n\\r\\nabc\nc eof 900ms..2s", False),
    ("/slow", "c<| HTTP/1.1 200 OK\\r\\n\\r\\nabc\nc silent 100ms", True),
    ("/slow", "c<| HTTP/1.1 200 OK\\r\\n\\r\\nabc\nc silent 600ms", False),
    ("/ok", "c<| HTTP/1.1 {line}\\r\\nX: 1{any}abc\nc silent 50ms", True),
    ("/ok", "c<| HTTP/1.1 200 OK\\r\\nX: 2", False),
    ("/ok", "c<| HTTP/1.1 200 OK\\r\\nX: 1", False),
    ("/reset", "c<| HTTP/1.1 200 OK{any}abc\nc reset", True),
    ("/reset", "c<| HTTP/1.1 200 OK{any}abc\nc end", True),
    ("/reset", "c<| HTTP/1.1 200 OK{any}abc\nc eof", False),
    ("/ok", "c2 refused", False),
    ("/ok", OK + "log hello {digits}\nlog! bye", True),
    ("/ok", OK + "log bye", False),
    ("/ok", OK + "log! hello", False),
    ("/exit", "c<| {any}abc\nprogram exit 3", True),
    ("/exit", "c<| {any}abc\nprogram exit 0", False),
    ("/exit", "c<| {any}abc\nc end\nc pause 100ms", False),
    ("/ok", OK + "program exit 0 200ms", False),
    ("/ok", OK + "program alive\nprogram signal TERM\nprogram exit 0", False),
]
LINE_CASE = """case one/{name}
stage 1
see 01-echo#x
source RFC 9112 3
hint None.
wait 600ms
c connect
c>| GET {path} HTTP/1.1\\r\\n\\r\\n
{lines}
"""


def test_every_line_can_pass_and_fail():
    with folder() as where:
        small_corpus(where)
        script = where / "server.py"
        script.write_text(OBEDIENT)
        for i, (path, lines, _) in enumerate(LINES):
            name = f"line-{i:03}"
            (where / "one" / f"{name}.case").write_text(
                LINE_CASE.format(name=name, path=path, lines=lines))
        out, _ = grade("--corpus", str(where), "--stage", "1", "--program",
                       f"{PYTHON} {script}", "--format", "json", status=1)
        for got, (path, lines, passes) in zip(json.loads(out)["cases"], LINES):
            require((got["verdict"] == "passed") == passes,
                    f"{path} with {lines!r}: {got}")


READ_ONCE = LISTEN + """
while True:
    c, _ = s.accept()
    data = c.recv(65536)
    c.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Type: message/http\\r\\n"
              b"Connection: close\\r\\nContent-Length: %d\\r\\n\\r\\n%s"
              % (len(data), data))
    c.shutdown(socket.SHUT_WR)
    while c.recv(65536):
        pass
    c.close()
"""
CHOP_CASE = LINE_CASE.replace("wait", "{chop}\nwait") + "c= {{sent}}\n"


def test_cuts_are_cuts():
    """A server that takes one read for one request passes whole, and no cut."""
    with folder() as where:
        small_corpus(where)
        script = where / "server.py"
        script.write_text(READ_ONCE)
        for chop, text in (("chop whole", ""), ("chop lines", "line by line"),
                           ("chop bytes", "byte by byte"),
                           ("chop random:3", "at random cuts (seed 3)")):
            (where / "one/x.case").write_text(CHOP_CASE.format(
                name="x", path="/a-path-that-is-long-enough", lines=OK,
                chop=chop))
            out, _ = grade("--corpus", str(where), "--stage", "1", "--program",
                           f"{PYTHON} {script}", status=1 if text else 0)
            require(not text or f", sent {text}\n" in out, f"{chop}: {out}")


# A server that needs 0.3 s of a CPU for an answer, or is idle for 2 s.
SLOW = LISTEN + """
while True:
    c, _ = s.accept()
    c.recv(65536)
    {work}
    c.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
    c.recv(65536)
    c.close()
"""
COMPUTE = """end = time.process_time() + 0.3
    while time.process_time() < end:
        pass"""


def test_a_busy_machine_changes_no_verdict():
    """A wait of 600 ms is enough for 300 ms of work, however long that takes;
    and not for 2 s of idleness."""
    loops = [subprocess.Popen(["sh", "-c", "while :; do :; done"])
             for _ in range(4 * (os.cpu_count() or 1))]
    try:
        with folder() as where:
            small_corpus(where)
            script = where / "server.py"
            (where / "one/x.case").write_text(LINE_CASE.format(
                name="x", path="/", lines=OK))
            for work, status in (COMPUTE, 0), ("time.sleep(2)", 1):
                script.write_text(SLOW.format(work=work))
                grade("--corpus", str(where), "--stage", "1", "--program",
                      f"{PYTHON} {script}", status=status)
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


# The first answer is the last that the program gives, and nobody sees why.
ONCE = READ_ONCE.replace("    c.close()\n", "    c.close()\n    time.sleep(60)\n")


def test_a_case_is_not_to_blame_for_the_one_before():
    """Each case passes with a program of its own, so each passes."""
    with folder() as where:
        small_corpus(where)
        script = where / "server.py"
        script.write_text(ONCE)
        for name in "one", "two", "three":
            (where / "one" / f"{name}.case").write_text(
                LINE_CASE.format(name=name, path="/", lines=OK))
        grade("--corpus", str(where), "--stage", "1", "--jobs", "1",
              "--program", f"{PYTHON} {script}", status=0)


def test_what_cannot_be_played_is_broken():
    """The application behind stage 6 does not start: no fault of the front."""
    out, err = grade("--stage", "6", "--backend", "/bin/false", "--cases",
                     "wsgi/date wsgi/bytes-returned", "--format", "json",
                     status=2)
    run = json.loads(out)
    require(run["broken"] == len(run["cases"]) > 0 and not run["failed"], out)
    require("broken: the case or the grader is at fault" in err, err)


def main():
    tests = [(name, run) for name, run in globals().items()
             if name.startswith("test_")]
    chosen = sys.argv[1:]
    passed = failed = 0
    for name, run in tests:
        if chosen and name not in chosen:
            continue
        begin = time.monotonic()
        try:
            run()
        except (Failed, subprocess.TimeoutExpired, ValueError, LookupError,
                OSError) as problem:
            print(f"not ok {name}: {type(problem).__name__} {problem}")
            failed += 1
        else:
            print(f"ok {name} ({time.monotonic() - begin:.1f} s)")
            passed += 1
        sys.stdout.flush()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
