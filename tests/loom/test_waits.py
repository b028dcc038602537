#!/usr/bin/python3
"""That no test goes by the wall clock.

Who waits, waits by tests/interop/lib.py, tests/unit/unit.h or
tests/runner/pace.c, whose bounds grow with the slowness of the machine.  A bare
sleep, or a bound that is a number, stands only where ALLOWED says why.
"""

import re
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
TESTS = Path(__file__).resolve().parent.parent
FOLDERS = "interop", "unit", "runner"
SUFFIXES = ".py", ".c", ".h", ".sh"

CLOCK = re.compile(r"""
      \b(?:u|nano|clock_nano)?sleep\s*\(           # time.sleep(0.1), usleep(5)
    | \bsettimeout\s*\(\s*[\d.]                    # s.settimeout(2)
    | (?<![\w-])timeout\s*=\s*[\d.]                # run(..., timeout=30)
    | \.(?:wait|join|communicate)\s*\(\s*[\d.]     # child.wait(30)
    | \bcreate_connection\s*\(.*\)\s*,\s*[\d.]     # create_connection(a, 5)
    | \bselect\s*\(.*,\s*(?:[1-9]|\d*\.\d)         # select([s], [], [], 5)
    | \bpoll\s*\((?!\))(?:.*,)?\s*[1-9]\d*\s*\)     # poll(&fd, 1, 5000)
""", re.VERBOSE)

APPLICATION = "in an application: that it takes a while is the subject"
GRADED = "in a program that is graded: its slowness is the subject"
HELPER = "the pause between two looks of a wait that has a bound"

# (file, the line as it stands, why it may)
ALLOWED = [
    ("interop/lib.py", "time.sleep(pause)", HELPER),
    ("interop/lib.py", "time.sleep(seconds)", "dawdle() itself"),
    ("interop/lib.py", "while not self.over.wait(0.2):",
     "how often a Stopwatch measures"),
    ("unit/unit.h", "usleep(us);", "unit_dawdle() itself"),
    ("unit/unit.h", "usleep(1000);", HELPER),
    ("runner/pace.c", "usleep(REST_LOOK);", HELPER),
    ("runner/peer.c", "usleep(taken < 0 ? READ_UNKNOWN : READ_LOOK);", HELPER),
    ("runner/process.c", "usleep(LISTEN_CHECK * 1000);", HELPER),
    ("runner/process.c", "usleep(1000);", HELPER),
    ("runner/process.c", "usleep(10000);",
     "the pause between two of many rounds, each of which kills what is left"),
    ("interop/prefork_processes.py", "time.sleep(0.005)", APPLICATION),
    ("interop/test_wsgi_gil.py", "time.sleep(0.002)",
     "in an application: the beat that shows whether it may run"),
    ("interop/test_wsgi_host.py", "time.sleep(0.01)",
     "in an application: the beat that shows whether it may run"),
    ("interop/test_wsgi_host.py", "time.sleep(0.1)",
     "in an application: a thread may read meanwhile; if not, as well"),
    ("interop/test_wsgi_host.py",
     r'''"\n    time.sleep(0.01)\n    start_response('200 OK', [])"''',
     APPLICATION),
    ("runner/echo.py", "client.settimeout(1)",
     "how long a program that is graded lingers at a close"),
    ("runner/test_grader.py", r'HANG = LISTEN + "time.sleep(1000)\n"', GRADED),
    ("runner/test_grader.py", "time.sleep(1000)", GRADED),
    ("runner/test_grader.py", "time.sleep(0.3)", GRADED),
    ("runner/test_grader.py", "c.settimeout(2)", GRADED),
    ("runner/test_grader.py", 'require(script_points('
     '"import time; time.sleep(1000)", seconds=30) == 0,', GRADED),
    ("runner/test_grader.py", '("silent 200ms", "time.sleep(1000)")):',
     GRADED),
    ("runner/test_grader.py",
     'for work, status in (COMPUTE, 0), ("time.sleep(2)", 1):', GRADED),
    ("runner/test_grader.py", r'ONCE = READ_ONCE.replace('
     r'"    c.close()\n", "    c.close()\n    time.sleep(60)\n")', GRADED),
]


def waits():
    """Every line that goes by the clock: (file, line, its number)."""
    for folder in FOLDERS:
        for path in sorted((TESTS / folder).rglob("*")):
            if path.suffix not in SUFFIXES or not path.is_file():
                continue
            lines = path.read_text("utf-8").splitlines()
            for number, line in enumerate(lines, 1):
                if CLOCK.search(line):
                    name = path.relative_to(TESTS).as_posix()
                    yield name, line.strip(), number


class Waits(unittest.TestCase):
    def test_no_test_goes_by_the_clock(self):
        allowed = {(name, line) for name, line, _ in ALLOWED}
        self.assertEqual([f"tests/{name}:{number}: {line}"
                          for name, line, number in waits()
                          if (name, line) not in allowed], [])

    def test_what_is_allowed_is_there(self):
        found = {(name, line) for name, line, _ in waits()}
        self.assertEqual([(name, line) for name, line, _ in ALLOWED
                          if (name, line) not in found], [])

    def test_what_is_found(self):
        for line in ("time.sleep(1.2)", "    sleep(2);", "usleep(5000);",
                     "nanosleep(&t, NULL);", "sleep (1);",
                     "s.settimeout(30)", "s.settimeout( .5 )",
                     "run(words, timeout=30)", "timeout = 0.5)",
                     "child.wait(30)", "thread.join(5)",
                     "child.communicate(5)", "child.wait(timeout=5)",
                     "socket.create_connection((host, port), 5)",
                     "select.select([s], [], [], 2)",
                     "select.select([s], [], [], 0.5)",
                     "poll(&fd, 1, 5000)", "poller.poll(100)"):
            self.assertTrue(CLOCK.search(line), line)

    def test_what_is_not(self):
        for line in ("lib.wait_for(ready)", "child.wait()", "thread.join()",
                     "s.settimeout(lib.patience())",
                     "run(words, timeout=lib.patience(30))",
                     "go.wait(lib.patience(60))", "lib.dawdle(1.2)",
                     "unit_dawdle(5000);", "child.poll() is None",
                     "wait_for(lambda: child.poll() is None, 30)",
                     '"--http-timeout=3"', "keepalive_timeout=3",
                     "select.select([s], [], [], 0)", "poll(&in, 1, 0)",
                     "poll(&fd, 1, unit_patience())", "poll(fds, n, -1)",
                     "socket.create_connection((host, 80), patience())",
                     "socket.create_connection((host, 80))", "lib.sleeps(p)"):
            self.assertFalse(CLOCK.search(line), line)


if __name__ == "__main__":
    done = unittest.main(exit=False).result
    bad = len(done.failures) + len(done.errors)
    print(f"waits: {done.testsRun - bad} passed, {bad} failed")
    sys.exit(bad > 0 or done.testsRun == 0)
