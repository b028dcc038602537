#!/usr/bin/python3
"""run: every test of the house, in one go; `make test` calls it.

    tests/run.py [SUITE...]      all suites, or the named ones and what they need
    tests/run.py --all           and nothing is left out: `make test-all`
    tests/run.py --list          the suites, one a line

A suite is a list of commands.  A command that closes with a line `N passed, N
failed` counts as that many tests, another one as a single test that passes
when its exit status is 0.  A suite that runs nothing has failed.

Twice as many commands run at once as there are processors, because most of
them wait more than they compute.  No command is ended because it takes long:
what is ended has given no sign of life (tests/life.py).  The whole output of each
suite is kept in build/test/SUITE.log.  The last line is the sum of all, and
the exit status is 0 when nothing failed.

docs/testing.md says what the suites show, and which part of what is slow is run
each time (tests/rotate.py).
"""

import functools
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
import life  # noqa: E402
import rotate  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "build/test"
COUNT = re.compile(r"^(?:.*\s)?(\d+) passed, (\d+) failed\b.*$", re.M)
LANES = 2 * len(os.sched_getaffinity(0))

# The builds, as words for make.  With clang the warnings, the unit tests and
# what its sanitizer sees and gcc's does not (NULL + 0, say) are what is wanted,
# and they are the same when nothing is optimised.
GCC = ["BUILD=build", "CC=gcc"]
CLANG = ["BUILD=build/clang", "CC=clang", "CFLAGS=-O0 -g1", "SANITIZE="
         "-fsanitize=undefined -fno-sanitize-recover=undefined"]
CLANG_O2 = ["BUILD=build/clang-O2", "CC=clang"]
# Here every buffer moves whenever it may and nothing is kept for its next user
# (src/01-echo/bytes.h), so that a span that has outlived its bytes is found.
# "None are kept" makes some comparisons trivial, which gcc would report.
ASAN = ["BUILD=build/asan", "CC=gcc",
        "CFLAGS=-O1 -g1 -DBYTES_RESTLESS -Wno-type-limits",
        "SANITIZE=-fsanitize=address,undefined "
        "-fno-sanitize-recover=undefined"]
VALGRIND = ("valgrind -q --error-exitcode=99 --leak-check=full "
            "--errors-for-leak-kinds=definite --show-leak-kinds=definite "
            "--vgdb=no --read-inline-info=no "
            f"--suppressions={ROOT}/tests/python.supp")
# Python's own allocator would hide references from the leak checks.
PLAIN_MALLOC = ("env", "PYTHONMALLOC=malloc")
STAGES = sorted(int(p.name[1]) for p in (ROOT / "src").glob("0[1-6]-*"))
# Of what Valgrind sees, a run does one part of so many.
UNIT_PARTS = 6
CASE_PARTS = {1: 12, 2: 24, 3: 24, 4: 60, 5: 8, 6: 60}


def make(*words):
    return ["make", "--no-print-directory", *words]


def folder(words):
    return words[0].removeprefix("BUILD=")


def build(words):
    """All programs and test programs, with every warning an error."""
    return lambda: [make("-j2", "--silent", *words, "all", "units",
                         f"{folder(words)}/bin/strata-grade")]


def units(words, *wrap, parts=1):
    """Every unit test program of a build, or this run's part of them."""
    def commands():
        names = sorted(p.stem for p in (ROOT / "tests/unit").glob("test_*.c"))
        return [[*wrap, f"{folder(words)}/tests/{name}"] for name in part(
            names, parts, lambda name: [f"tests/unit/{name}.c"])]
    return commands


def part(names, parts, files_of):
    """Those of this run's part, and those of which a file is changed."""
    return rotate.part(names, parts, rotate.number(), lambda name: any(
        map(rotate.files, files_of(name))))


@functools.lru_cache(None)
def cases(stage):
    """The names of the cases of a stage, from their line `stage`."""
    found = []
    for path in sorted((ROOT / "corpus").glob("*/*.case")):
        line = re.search(r"^stage\s+(.*)", path.read_text("utf-8", "replace"),
                         re.M)
        for word in line[1].split() if line else ():
            low, _, high = word.partition("..")
            if int(low) <= stage <= int(high or low):
                found.append(f"{path.parent.name}/{path.stem}")
    return found


def corpus():
    """The corpus against the programs as a reader builds them."""
    return [make(*GCC, "test-stage", f"N={n}") for n in STAGES]


def corpus_asan():
    """The corpus against those of the restless build, with the allocator that
    the checker wants, and no frame used again before its pointers are dead.  The
    grader is the plain one.  Of stage 6 every variable is logged."""
    commands = []
    for n in STAGES:
        own = {1: "echo", 2: "static", 3: "uwsgi", 4: "wsgi", 5: "prefork"}
        program = (f"{ROOT}/{folder(ASAN)}/bin/strata-{own[n]}" if n < 6 else
                   f"{ROOT}/tests/runner/every-variable")
        commands.append([
            *PLAIN_MALLOC, "ASAN_OPTIONS=detect_stack_use_after_return=1",
            f"PROXY={ROOT}/{folder(ASAN)}/bin/strata-proxy",
            *make(*GCC, "test-stage", f"N={n}", "SCALE=3",
                  f"PROGRAM={program}")])
    return commands


def for_valgrind(stage):
    """What stage 5 does not have of its own is stage 4's, cases and code.  And a
    case that sets the program a deadline would measure Valgrind."""
    return [name for name in cases(stage)
            if (stage != 5 or name.startswith("prefork/")) and not re.search(
                r"^(option|config).*[-_](timeout|harakiri)\b",
                (ROOT / f"corpus/{name}.case").read_text("utf-8", "replace"),
                re.M)]


def corpus_valgrind():
    """The corpus under Valgrind, where every start is dear: this run's part."""
    commands = []
    for n in STAGES:
        some = part(for_valgrind(n), CASE_PARTS[n],
                    lambda name: [f"corpus/{name}.case"])
        commands.append(make(*GCC, "test-stage", f"N={n}", "SCALE=10",
                             "JOBS=2", f"WRAP={VALGRIND}",
                             f"CASES={' '.join(some)}"))
    return commands


def scripts(*patterns):
    """Test programs of their own, each with its closing line."""
    def commands():
        found = [p for pattern in patterns
                 for p in sorted((ROOT / "tests").glob(pattern))]
        return [[sys.executable, str(p)] if p.suffix == ".py" else [str(p)]
                for p in found if os.access(p, os.X_OK) or p.suffix == ".py"]
    return commands


def same_grade():
    """A grade, quiet and busy: of this run's stage."""
    n = rotate.number()
    stages = [] if n is None else [str(STAGES[n % len(STAGES)])]
    return [[sys.executable, str(ROOT / "tests/runner/same_grade.py"),
             *stages]]


class Suite:
    """A name, the commands, the suites that must have run before, and the
    seconds that it takes alone: a guess, for the first run.  What is `extra`
    is run by --all, or when it is named."""

    def __init__(self, name, commands, after=(), guess=5, extra=False):
        self.name, self.commands, self.after = name, commands, after
        self.guess, self.extra = guess, extra
        self.jobs = []
        self.log = LOGS / f"{name}.log"

    @property
    def passed(self):
        return sum(j.passed for j in self.jobs)

    @property
    def failed(self):
        return sum(j.failed for j in self.jobs)

    def done(self):
        return all(j.state == DONE for j in self.jobs)


# In the order in which they begin: what others wait for, then what takes long,
# so that nothing long is left for the end.
SUITES = [
    Suite("build-gcc", build(GCC), guess=15),
    Suite("checkpoints", scripts("book/checkpoints.py"), ["build-gcc"], 75),
    Suite("build-asan", build(ASAN), ["build-gcc"], 25),
    Suite("runner", lambda: scripts("runner/test_*")() + same_grade(),
          ["build-gcc"], 60),
    Suite("interop", scripts("interop/test_*", "interop/prefork_*",
                             "interop/proxy_*"), ["build-gcc"], 240),
    Suite("zoo", scripts("zoo/*.py"), ["build-gcc"], 90),
    # The corpus and the unit tests where every mistake with memory shows.
    Suite("corpus-asan", corpus_asan, ["build-asan"], 60),
    Suite("unit-asan", units(ASAN, *PLAIN_MALLOC), ["build-asan"], 25),
    Suite("build-clang", build(CLANG), ["build-asan"], 10),
    Suite("corpus-valgrind", corpus_valgrind, ["build-gcc"], 60),
    Suite("verify-corpus", lambda: [make("verify-corpus")], ["build-gcc"], 40),
    Suite("exercises", scripts("exercises/run.py"), ["build-gcc"], 15),
    Suite("snapshots", scripts("book/snapshots.py"), ["build-gcc"], 15),
    Suite("unit", units(GCC), ["build-gcc"], 20),
    Suite("unit-clang", units(CLANG), ["build-clang"], 20),
    Suite("corpus-clang", lambda: [make(*CLANG, "test-stage", f"N={n}",
                                        "CASES=uwsgi/ wsgi-uwsgi/ front-uwsgi/")
                                   for n in (3, 4, 6)], ["build-clang"], 10),
    Suite("unit-valgrind", units(GCC, *shlex.split(VALGRIND),
                                 parts=UNIT_PARTS), ["build-gcc"], 20),
    Suite("corpus", corpus, ["build-gcc"], 25),
    Suite("build-clang-O2", build(CLANG_O2), ["build-clang"], 15, extra=True),
    Suite("unit-clang-O2", units(CLANG_O2), ["build-clang-O2"], 20,
          extra=True),
    Suite("docs", lambda: [make("--silent", "docs")], guess=3),
    Suite("loom", scripts("loom/*.py"), ["build-gcc"], 10),
    Suite("cost", lambda: [make("--silent", *GCC, "cost")], ["build-gcc"]),
    Suite("sketches", scripts("book/sketches.py"), guess=2),
    Suite("check-book", lambda: [make("--silent", "check-book")], guess=1),
]


def environment():
    """Ours, without what `make` or a person left there for one run.  What the
    system has comes first on the path: a version manager's Python, say, would
    start slowly, and it is not the one that the host embeds."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(("MAKE", "PYTHON", "PYENV_", "CONDA_")) and
           k not in ("MFLAGS", "PROGRAM", "DIR", "FORMAT", "CASES", "WRAP",
                     "SCALE", "HIDDEN", "CORPUS", "N", "BUILD", "CHAPTER",
                     "VIRTUAL_ENV", "CC", "CFLAGS", "LDFLAGS", "SANITIZE")}
    env["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin:" + env.get("PATH", "")
    env["LC_ALL"] = "C.UTF-8"
    env["WERROR"] = "-Werror"
    env["UBSAN_OPTIONS"] = "print_stacktrace=1"
    # What CPython itself never gives back is listed; ours is not.
    env["LSAN_OPTIONS"] = f"suppressions={ROOT}/tests/python.lsan"
    return env


WAITING, RUNNING, DONE = range(3)


class Job:
    """One command of a suite."""

    def __init__(self, suite, number, words):
        self.suite, self.words = suite, words
        self.log = LOGS / f"{suite.name}.{number}.log"
        self.state = WAITING
        self.passed = self.failed = 0
        self.begin = self.seconds = self.cpu = 0.0
        self.verdict = ""  # why it was ended, if it was
        self.untried = []  # why it was not tried, if it was not
        self.pid = None

    @property
    def label(self):
        """The suite, and what tells this command from its others."""
        for word in self.words:
            if re.fullmatch("N=[1-6]", word):
                return f"{self.suite.name} stage {word[2:]}"
        last = Path(self.words[-1]).stem
        return f"{self.suite.name} {last}" if "/" in self.words[-1] else (
            self.suite.name)

    def lose(self, why):
        """It cannot be run, which is a failure."""
        self.begin = time.monotonic()
        self.failed = 1
        self.log.write_text(f"$ {shlex.join(self.words)}\nrun: {why}\n",
                            "utf-8")

    def run(self):
        begin = time.monotonic()
        with open(self.log, "w+b") as log:
            log.write(("$ " + shlex.join(self.words) + "\n").encode())
            log.flush()
            start = log.tell()
            child = subprocess.Popen(
                self.words, cwd=ROOT, env=environment(), stdout=log,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                start_new_session=True)
            self.begin, self.pid, self.state = begin, child.pid, RUNNING
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = status = os.waitstatus_to_exitcode(status)
            try:  # whatever is left of the group was left behind
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            log.seek(start)
            text = log.read().decode("utf-8", "replace")
            log.write(self.judge(status, text).encode())
        self.cpu = used.ru_utime + used.ru_stime
        self.seconds = time.monotonic() - begin

    def judge(self, status, text):
        """Counts; what is to be added to the log."""
        counts = COUNT.findall(text)
        self.passed, self.failed = map(int, counts[-1]) if counts else (
            int(status == 0), int(status != 0))
        if self.verdict:
            self.failed = max(1, self.failed)
            return f"run: {self.verdict}\n"
        if status != 0 and not self.failed:
            self.failed = 1
            return f"run: exit status {status}\n"
        # A script may say that it cannot be tried here, and why.
        self.untried = re.findall("^ok - nothing was tried: (.*)", text, re.M)
        if not self.passed + self.failed and not self.untried:
            self.failed = 1
            return "run: this command ran no test\n"
        return ""


class Clock:
    """How far it is and how long it will take, from what the last run took."""

    FILE = "seconds.json"

    def __init__(self, jobs):
        try:
            kept = json.loads((LOGS / self.FILE).read_text("utf-8"))
        except (OSError, ValueError):
            kept = {}
        self.jobs, self.kept = jobs, kept
        self.guess = {j: kept.get(j.label) or max(
            0.1, j.suite.guess / len(j.suite.jobs)) for j in jobs}
        self.total = sum(self.guess.values()) or 1
        self.begin = time.monotonic()

    def share(self):
        """The part that is done, from 0 to 1."""
        done = 0.0
        for job in self.jobs:
            if job.state == DONE:
                done += self.guess[job]
            elif job.state == RUNNING:
                done += min(time.monotonic() - job.begin,
                            0.95 * self.guess[job])
        return done / self.total

    def left(self):
        """The seconds that are left: those of the guess, corrected by what
        has become of it so far."""
        share, gone = self.share(), time.monotonic() - self.begin
        first = self.total / LANES
        return (1 - share) * (first * (1 - share) + gone if share else first)

    def says(self):
        left = int(self.left() + 5) // 10 * 10
        return (f"{100 * self.share():.0f} %, about "
                f"{left // 60}:{left % 60:02d} left")

    def keep(self):
        self.kept.update({j.label: round(j.seconds, 2) for j in self.jobs})
        (LOGS / self.FILE).write_text(json.dumps(self.kept, indent=1), "utf-8")


class Screen:
    """Where it is told: in a terminal with a line that always says what runs;
    elsewhere with plain lines, one each tenth of the way."""

    def __init__(self, clock, out):
        self.clock, self.out = clock, out
        self.terminal = out.isatty()
        self.tenth = 0

    def line(self, text):
        print(("\r\033[K" if self.terminal else "") + text, file=self.out,
              flush=True)

    def now(self, running):
        names = ", ".join(j.label for j in running)
        if self.terminal:
            width = shutil.get_terminal_size().columns - 1
            text = f"{self.clock.says()}: {names}"[:width]
            print(f"\r\033[K{text}", end="", file=self.out, flush=True)
        elif running and int(10 * self.clock.share()) > self.tenth:
            self.tenth = int(10 * self.clock.share())
            self.line(f"--- {self.clock.says()}: {names}")

    def end(self):
        if self.terminal:
            print("\r\033[K", end="", file=self.out, flush=True)


class Run:
    """The suites of one run, and the lanes that work on them."""

    LOOK = 1.0  # seconds between two looks at what runs

    def __init__(self, suites):
        self.suites = suites
        self.names = {s.name for s in suites}
        for suite in suites:
            suite.jobs = [Job(suite, n, words)
                          for n, words in enumerate(suite.commands())]
        self.jobs = [j for s in suites for j in s.jobs]
        self.told = set()
        self.turn = threading.Condition()
        self.broken = None

    def next(self):
        """The first job whose suite may begin; None when none is left."""
        by_name = {s.name: s for s in self.suites}
        with self.turn:
            while not self.broken:
                left = [j for j in self.jobs if j.state == WAITING]
                if not left:
                    return None
                for job in left:
                    if all(by_name[name].done() for name in job.suite.after
                           if name in self.names):
                        job.begin = time.monotonic()
                        job.state = RUNNING
                        return job
                self.turn.wait()
        return None

    def lane(self):
        while job := self.next():
            lacks = [s.name for s in self.suites
                     if s.name in job.suite.after and s.failed]
            try:
                if lacks:
                    job.lose(f"not run, because {' and '.join(lacks)} failed")
                else:
                    job.run()
            except OSError as error:
                job.lose(f"not run: {error}")
            except Exception as error:  # pylint: disable=broad-except
                self.broken = error
            with self.turn:
                job.state = DONE
                self.turn.notify_all()

    def report(self, screen):
        """One line for each suite that has ended since; what failed, whole."""
        for suite in self.suites:
            if suite in self.told or not suite.done():
                continue
            self.told.add(suite)
            with open(suite.log, "wb") as log:
                for job in suite.jobs:
                    log.write(job.log.read_bytes())
                    job.log.unlink()
                    if job.failed:
                        log.write(f"run: {job.failed} failed\n".encode())
                if not suite.jobs:
                    suite.jobs = [Job(suite, 0, ["true"])]
                    suite.jobs[0].state = DONE
                if not suite.passed + suite.failed:
                    suite.jobs[0].failed = 1
                    log.write(b"run: this suite ran nothing\n")
            if suite.failed:
                screen.line(f"=== {suite.name}: what failed; "
                            f"{suite.log.relative_to(suite.log.parents[2])} "
                            "has all of it")
                for text in tail(suite.log):
                    screen.line(text)
            for why in (why for job in suite.jobs for why in job.untried):
                screen.line(f"{suite.name}: not tried: {why}")
            screen.line(told(suite))

    def go(self, out):
        clock = Clock(self.jobs)
        screen = Screen(clock, out)
        pace, watches = life.Pace(), {}
        lanes = [threading.Thread(target=self.lane, daemon=True)
                 for _ in range(LANES)]
        for lane in lanes:
            lane.start()
        while any(lane.is_alive() for lane in lanes):
            with self.turn:
                self.turn.wait(self.LOOK)
            running = [j for j in self.jobs if j.state == RUNNING and j.pid]
            table = life.processes()
            for job in running:
                if job not in watches:
                    watches[job] = life.Watch(job.pid, job.log)
                why = watches[job].look(table, pace)
                if why and not job.verdict:
                    job.verdict = f"ended: {why}"
                    life.end(job.pid, table)
            self.report(screen)
            screen.now(running)
        if self.broken:
            raise self.broken
        self.report(screen)
        screen.end()
        clock.keep()


def tail(log, keep=250):
    """The end of a log, and before it the lines that say what failed."""
    lines = log.read_text("utf-8", "replace").splitlines()
    above = [x for x in lines[:-keep] if re.match(r"\s*not ok|run: ", x)]
    return above[-50:] + lines[-keep:]


def told(suite):
    seconds = max(j.begin + j.seconds for j in suite.jobs) - min(
        j.begin for j in suite.jobs)
    cpu = sum(j.cpu for j in suite.jobs)
    return (f"{suite.name:15} {suite.passed:5} passed {suite.failed:4} failed"
            f" {seconds:7.1f} s {cpu:7.1f} s of work"
            f"  {'FAILED' if suite.failed else 'ok'}")


def wanted(names, everything):
    """The named suites and what they need, in the order of the list."""
    known = {s.name: s for s in SUITES}
    chosen, queue = set(), list(names) or [
        s.name for s in SUITES if everything or not s.extra]
    while queue:
        name = queue.pop()
        if name not in known:
            sys.exit(f"run: there is no suite {name}; there are: "
                     + " ".join(known))
        if name not in chosen:
            chosen.add(name)
            queue += known[name].after
    return [s for s in SUITES if s.name in chosen]


def main(argv, out=None):
    if argv == ["--list"]:
        print("\n".join(s.name for s in SUITES))
        return 0
    everything = "--all" in argv
    if everything:
        os.environ["ROTATE"] = "all"
    suites = wanted([a for a in argv if a != "--all"], everything)
    # Started in the background we may be told to ignore Ctrl+C; what is tested
    # must not inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # This run, and all that it starts, does one and the same part.
    n = rotate.number()
    os.environ["ROTATE"] = "all" if n is None else str(n)
    LOGS.mkdir(parents=True, exist_ok=True)
    out = out or sys.stdout
    print("everything is run" if n is None else
          f"part {n} of what is run in turns: ROTATE={n} repeats it, "
          "`make test-all` runs everything", file=out, flush=True)
    begin = time.monotonic()
    Run(suites).go(out)
    for suite in suites:
        print(told(suite), file=out)
    cpu = sum(j.cpu for s in suites for j in s.jobs)
    print(f"all: {time.monotonic() - begin:.0f} s, {cpu:.0f} s of work",
          file=out)
    failed = sum(s.failed for s in suites)
    print(f"{sum(s.passed for s in suites)} passed, {failed} failed", file=out)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
