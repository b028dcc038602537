#!/usr/bin/env python3
"""run: every test of the house, in one go; `make test` calls it.

    tests/run.py [SUITE...]      all suites, or the named ones and what they need
    tests/run.py --list          the suites, one a line

A suite is a list of commands.  A command that closes with a line `N passed, N
failed` counts as that many tests, another one as a single test that passes
when its exit status is 0.  A suite that runs nothing has failed.

Suites run three at a time, because most of them wait more than they compute;
their reports are printed one after the other, in the order of the list.  The
whole output of each is kept in build/test/SUITE.log.  The last line is the sum
of all, and the exit status is 0 when nothing failed.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "build/test"
COUNT = re.compile(r"^(?:.*\s)?(\d+) passed, (\d+) failed\b.*$", re.M)
LANES = 3
PATIENCE = 400  # seconds, for one command

# The three builds, as words for make.
GCC = ["BUILD=build", "CC=gcc"]
CLANG = ["BUILD=build/clang", "CC=clang"]
ASAN = ["BUILD=build/asan", "CC=gcc", "CFLAGS=-O1 -g", "SANITIZE=-fsanitize="
        "address,undefined -fno-sanitize-recover=undefined"]
VALGRIND = ("valgrind -q --error-exitcode=99 --leak-check=full "
            "--errors-for-leak-kinds=definite --show-leak-kinds=definite "
            "--vgdb=no --read-inline-info=no "
            f"--suppressions={ROOT}/tests/python.supp")
# Python's own allocator would hide references from the leak checks.
PLAIN_MALLOC = ("env", "PYTHONMALLOC=malloc")
STAGES = sorted(int(p.name[1]) for p in (ROOT / "src").glob("0[1-6]-*"))


def make(*words):
    return ["make", "--no-print-directory", *words]


def folder(words):
    return words[0].removeprefix("BUILD=")


def build(words):
    """All programs and test programs, with every warning an error."""
    return lambda: [make("-j2", "--silent", *words, "all", "units",
                         f"{folder(words)}/bin/strata-grade")]


def units(words, *wrap):
    """Every unit test program of a build."""
    return lambda: [[*wrap, f"{folder(words)}/tests/{p.stem}"] for p in sorted(
        (ROOT / "tests/unit").glob("test_*.c"))]


def corpus(words, *more, only=None):
    """The corpus against the programs of a build; all that is started has the
    allocator that its checker wants.  `only`: the cases of a stage, where not
    all are played."""
    env = PLAIN_MALLOC if words is ASAN else ()
    cases = only or {}
    return lambda: [[*env, *make(*words, "test-stage", f"N={n}", *more,
                                 f"CASES={cases.get(n, '')}")]
                    for n in STAGES]


def scripts(*patterns):
    """Test programs of their own, each with its closing line."""
    def commands():
        found = [p for pattern in patterns
                 for p in sorted((ROOT / "tests").glob(pattern))]
        return [[sys.executable, str(p)] if p.suffix == ".py" else [str(p)]
                for p in found if os.access(p, os.X_OK) or p.suffix == ".py"]
    return commands


class Suite:
    def __init__(self, name, commands, after=()):
        self.name, self.commands, self.after = name, commands, after
        self.passed = self.failed = 0
        self.seconds = 0.0
        self.done = threading.Event()
        self.log = LOGS / f"{name}.log"


# What takes long begins early, so that nothing long is left for the end.
SUITES = [
    Suite("build-gcc", build(GCC)),
    Suite("loom", scripts("loom/*.py")),
    Suite("check-book", lambda: [make("--silent", "check-book")]),
    Suite("docs", lambda: [make("--silent", "docs")]),
    Suite("build-asan", build(ASAN), ["build-gcc"]),
    Suite("build-clang", build(CLANG), ["build-asan"]),
    # Each worker starts its own program, and under Valgrind a start is dear.
    # What stage 5 has not of its own is stage 4's, cases and code.
    Suite("corpus-valgrind", corpus(GCC, "SCALE=10", "JOBS=2",
                                    f"WRAP={VALGRIND}", only={5: "prefork/"}),
          ["build-gcc"]),
    Suite("zoo", scripts("zoo/run.py"), ["build-gcc"]),
    Suite("interop", scripts("interop/test_*", "interop/prefork_*",
                             "interop/proxy_*"),
          ["build-gcc"]),
    Suite("runner", scripts("runner/test_*"), ["build-gcc"]),
    Suite("unit-valgrind", units(GCC, *shlex.split(VALGRIND)), ["build-gcc"]),
    Suite("unit", units(GCC), ["build-gcc"]),
    Suite("unit-asan", units(ASAN, *PLAIN_MALLOC), ["build-asan"]),
    Suite("unit-clang", units(CLANG), ["build-clang"]),
    Suite("corpus", corpus(GCC), ["build-gcc"]),
    Suite("corpus-asan", corpus(ASAN, "SCALE=3"), ["build-asan"]),
    Suite("exercises", scripts("exercises/run.py"), ["build-gcc"]),
    Suite("verify-corpus", lambda: [make("verify-corpus")], ["build-gcc"]),
    Suite("cost", lambda: [make("--silent", *GCC, "cost")], ["build-gcc"]),
    Suite("snapshots", scripts("book/snapshots.py"), ["build-gcc"]),
    Suite("checkpoints", scripts("book/checkpoints.py"), ["build-gcc"]),
    Suite("sketches", scripts("book/sketches.py")),
]


def environment():
    """Ours, without what `make` or a person left there for one run."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith("MAKE") and k not in (
               "MFLAGS", "PROGRAM", "DIR", "FORMAT", "CASES", "WRAP", "SCALE",
               "HIDDEN", "CORPUS", "N", "BUILD", "CHAPTER")}
    env["LC_ALL"] = "C.UTF-8"
    env["UBSAN_OPTIONS"] = "print_stacktrace=1"
    # What CPython itself never gives back is listed; ours is not.
    env["LSAN_OPTIONS"] = f"suppressions={ROOT}/tests/python.lsan"
    return env


def run_command(words, log):
    """Runs one command in a group of its own; gives (status, output)."""
    log.write(("$ " + shlex.join(words) + "\n").encode())
    log.flush()
    start = log.tell()
    child = subprocess.Popen(words, cwd=ROOT, env=environment(), stdout=log,
                             stderr=subprocess.STDOUT, start_new_session=True,
                             stdin=subprocess.DEVNULL)
    try:
        status = child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        status = None
    try:  # whatever is left of the group was left behind
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()
    log.seek(start)
    text = log.read().decode("utf-8", "replace")
    log.seek(0, os.SEEK_END)
    if status is None:
        log.write(f"run: stopped after {PATIENCE} seconds\n".encode())
    return status, text


def run_suite(suite, suites):
    for name in suite.after:
        if name in suites:
            suites[name].done.wait()
    begin = time.monotonic()
    with open(suite.log, "w+b") as log:
        for words in suite.commands():
            status, text = run_command(words, log)
            counts = COUNT.findall(text)
            passed, failed = map(int, counts[-1]) if counts else (
                int(status == 0), int(status != 0))
            if status != 0 and not failed:
                failed = 1
                log.write(f"run: exit status {status}\n".encode())
            if not passed + failed:
                failed = 1
                log.write(b"run: this command ran no test\n")
            suite.passed += passed
            suite.failed += failed
        if not suite.passed + suite.failed:
            suite.failed = 1
            log.write(b"run: this suite ran nothing\n")
    suite.seconds = time.monotonic() - begin
    suite.done.set()


def report(suite):
    """What a suite printed, shortened to what a person would read."""
    lines = suite.log.read_text("utf-8", "replace").splitlines()
    keep = 250 if suite.failed else 12
    print(f"=== {suite.name}")
    if len(lines) > keep:
        print(f"[...] {suite.log.relative_to(ROOT)} has all of it")
        lines = lines[-keep:]
    print("\n".join(lines))
    print(f"=== {suite.name}: {suite.passed} passed, {suite.failed} failed "
          f"in {suite.seconds:.1f} s\n", flush=True)


def wanted(names):
    """The named suites and what they need, in the order of the list."""
    known = {s.name: s for s in SUITES}
    chosen, queue = set(), list(names) or list(known)
    while queue:
        name = queue.pop()
        if name not in known:
            sys.exit(f"run: there is no suite {name}; there are: "
                     + " ".join(known))
        if name not in chosen:
            chosen.add(name)
            queue += known[name].after
    return [s for s in SUITES if s.name in chosen]


def main(argv):
    if argv == ["--list"]:
        print("\n".join(s.name for s in SUITES))
        return 0
    suites = wanted(argv)
    # Started in the background we may be told to ignore Ctrl+C; what is tested
    # must not inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    LOGS.mkdir(parents=True, exist_ok=True)
    by_name = {s.name: s for s in suites}
    begin = time.monotonic()
    with ThreadPoolExecutor(LANES) as lanes:
        jobs = [lanes.submit(run_suite, s, by_name) for s in suites]
        for suite, job in zip(suites, jobs):
            job.result()
            report(suite)
    for suite in suites:
        mark = "FAILED" if suite.failed else "ok"
        print(f"{suite.name:16} {suite.seconds:7.1f} s  {suite.passed:5} passed"
              f" {suite.failed:5} failed  {mark}")
    print(f"{'all':16} {time.monotonic() - begin:7.1f} s")
    failed = sum(s.failed for s in suites)
    print(f"{sum(s.passed for s in suites)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
