#!/usr/bin/python3
"""The driver of `make test`: what it counts, and that nothing passes unseen."""

import io
import os
import re
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
import life  # noqa: E402
import rotate  # noqa: E402
import run  # noqa: E402


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Driver(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=run.LOGS.parent)
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def drive(self, *suites, names=(), patience=20, spin=1500, out=None):
        """Runs suites, each (name, [shell commands]); (status, output)."""
        out = out or io.StringIO()
        with mock.patch.multiple(run, LOGS=self.folder, SUITES=[]), \
                mock.patch.multiple(life, PATIENCE=patience, SPIN=spin), \
                mock.patch.object(run.Run, "LOOK", 0.05), \
                mock.patch.dict(os.environ, {"ROTATE": "3"}):
            run.SUITES += [
                run.Suite(name, lambda c=commands: [["/bin/sh", "-c", x]
                                                    for x in c], after)
                for name, commands, *after in suites]
            status = run.main(list(names), out)
        return status, out.getvalue()

    def last(self, *suites):
        status, out = self.drive(*suites)
        return status, out.splitlines()[-1]

    def test_sum_of_all(self):
        self.assertEqual(self.last(
            ("a", ["echo 'x: 2 passed, 0 failed'", "true"]),
            ("b", ["echo 3 passed, 0 failed"])), (0, "6 passed, 0 failed"))

    def test_a_failed_test(self):
        self.assertEqual(self.last(
            ("a", ["echo 2 passed, 1 failed; exit 1"])),
            (1, "2 passed, 1 failed"))

    def test_the_last_count_of_a_command_counts(self):
        self.assertEqual(self.last(
            ("a", ["echo 2 passed, 0 failed; echo all: 9 passed, 0 failed"])),
            (0, "9 passed, 0 failed"))

    def test_status_without_a_count(self):
        self.assertEqual(self.last(("a", ["exit 3"])),
                         (1, "0 passed, 1 failed"))

    def test_good_count_and_bad_status(self):
        self.assertEqual(self.last(("a", ["echo 2 passed, 0 failed; exit 9"])),
                         (1, "2 passed, 1 failed"))

    def test_a_command_that_runs_nothing(self):
        self.assertEqual(self.last(("a", ["echo 0 passed, 0 failed"])),
                         (1, "0 passed, 1 failed"))

    def test_what_cannot_be_tried_here_says_so(self):
        untried = "echo 'ok - nothing was tried: no moon'; " \
                  "echo 0 passed, 0 failed"
        status, out = self.drive(("a", [untried, "true"]))
        self.assertEqual((status, out.splitlines()[-1]),
                         (0, "1 passed, 0 failed"))
        self.assertIn("a: not tried: no moon", out)
        self.assertEqual(self.last(("a", [untried])),
                         (1, "0 passed, 1 failed"))

    def test_a_suite_without_commands(self):
        self.assertEqual(self.last(("a", [])), (1, "0 passed, 1 failed"))

    def test_what_rests_on_a_suite_that_failed(self):
        status, out = self.drive(("a", ["echo no; exit 1"]),
                                 ("b", ["echo 5 passed, 0 failed"], "a"))
        self.assertEqual((status, out.splitlines()[-1]),
                         (1, "0 passed, 2 failed"))
        self.assertIn("run: not run, because a failed", out)

    def test_a_program_that_is_not_there(self):
        with mock.patch.object(run.Job, "run",
                               side_effect=FileNotFoundError("no such file")):
            status, out = self.drive(("a", ["true"]))
        self.assertEqual((status, out.splitlines()[-1]),
                         (1, "0 passed, 1 failed"))
        self.assertIn("run: not run: no such file", out)

    def test_a_command_that_hangs(self):
        status, out = self.drive(("a", ["sleep 1000000"]))
        self.assertEqual((status, out.splitlines()[-1]),
                         (1, "0 passed, 1 failed"))
        self.assertRegex(out, "run: ended: no output and no work for ")

    def test_what_hangs_is_ended_with_all_that_it_started(self):
        file = self.folder / "pid"
        self.drive(("a", [f"setsid sleep 1000000 & echo $! >{file}; wait"]))
        self.assertTrue(self.gone(int(file.read_text())))

    def test_an_endless_loop(self):
        status, out = self.drive(("a", ["while :; do :; done"]), spin=20)
        self.assertEqual((status, out.splitlines()[-1]),
                         (1, "0 passed, 1 failed"))
        self.assertRegex(out, "run: ended: no output in .* of its own time")

    def test_what_speaks_is_never_ended(self):
        """Three times as long as the patience with a command that is silent."""
        pause = life.known_work()
        self.assertEqual(self.last(
            ("a", [f"for i in $(seq 60); do echo; sleep {pause}; done"])),
            (0, "1 passed, 0 failed"))

    def test_what_computes_is_never_ended(self):
        """A loop that takes many times the patience, in its own time."""
        work = life.known_work()
        loop = ("import time\n"
                f"while time.process_time() < {60 * work}: pass")
        self.assertEqual(self.last(
            ("a", [f"{sys.executable} -c '{loop}'"])),
            (0, "1 passed, 0 failed"))

    def test_what_its_children_compute_counts(self):
        work = life.known_work()
        loop = ("import time\n"
                f"while time.process_time() < {60 * work}: pass")
        self.assertEqual(self.last(
            ("a", [f"setsid {sys.executable} -c '{loop}' & wait"])),
            (0, "1 passed, 0 failed"))

    def test_the_machine_is_measured_anew(self):
        """It was quick at the start, and is slow now: there is more time."""
        paces = iter([0.001] + [1000] * 1000)
        with mock.patch.object(life, "known_work", lambda: next(paces)):
            self.assertEqual(self.last(("a", ["sleep 1"])),
                             (0, "1 passed, 0 failed"))

    def test_how_far_it_is(self):
        """Plain lines, one for a tenth; a terminal has a line that stays."""
        suites = [(name, ["echo 1 passed, 0 failed; sleep 0.2"] * 5)
                  for name in "ab"]
        for out in io.StringIO(), Terminal():
            _, text = self.drive(*suites, out=out)
            lines = re.findall(r"(\d+) %, about \d+:\d\d left: [ab]", text)
            self.assertTrue(lines)
            self.assertEqual("\r\033[K" in text, out.isatty())
            self.assertEqual(text.splitlines()[-1], "10 passed, 0 failed")
        self.assertTrue((self.folder / run.Clock.FILE).exists())

    def test_the_last_run_tells_how_long_it_will_take(self):
        """Of two suites, the second took nine tenths of the time."""
        (self.folder / run.Clock.FILE).write_text('{"a": 10, "b": 90}')
        suite = [run.Suite("a", list), run.Suite("b", list)]
        for one in suite:
            one.jobs = [run.Job(one, 0, ["true"])]
        with mock.patch.object(run, "LOGS", self.folder):
            clock = run.Clock([j for s in suite for j in s.jobs])
        suite[0].jobs[0].state = run.DONE
        self.assertEqual(clock.share(), 0.1)
        clock.begin = time.monotonic() - 20
        self.assertGreater(clock.left(), 0.9 * 20)

    def gone(self, pid):
        for _ in range(500):
            try:
                stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
                if stat.rpartition(")")[2].split()[0] == "Z":
                    return True
            except OSError:
                return True
            time.sleep(0.02)
        return False

    def test_what_is_left_behind_is_ended(self):
        file = self.folder / "pid"
        self.drive(("a", [f"sleep 60 & echo $! >{file}"]))
        self.assertTrue(self.gone(int(file.read_text())))

    def test_a_named_suite_brings_what_it_needs(self):
        status, out = self.drive(
            ("a", ["echo 1 passed, 0 failed"]),
            ("b", ["echo 1 passed, 0 failed"]),
            ("c", ["echo 1 passed, 0 failed"], "a"), names=["c"])
        self.assertEqual((status, out.splitlines()[-1]),
                         (0, "2 passed, 0 failed"))

    def test_an_unknown_suite(self):
        with self.assertRaises(SystemExit) as stopped:
            self.drive(("a", ["true"]), names=["z"])
        self.assertIn("no suite z", str(stopped.exception))

    def test_an_extra_suite_runs_when_it_is_asked_for(self):
        suites = [run.Suite("a", list), run.Suite("b", list, extra=True)]
        with mock.patch.object(run, "SUITES", suites):
            self.assertEqual(run.wanted([], False), suites[:1])
            self.assertEqual(run.wanted([], True), suites)
            self.assertEqual(run.wanted(["b"], False), suites[1:])

    def test_the_interpreters_are_the_systems(self):
        with mock.patch.dict(os.environ, {"PATH": "/shims:/usr/bin",
                                          "VIRTUAL_ENV": "/venv"}):
            env = run.environment()
        self.assertTrue(env["PATH"].startswith("/usr/sbin:/usr/bin:"))
        self.assertNotIn("VIRTUAL_ENV", env)
        for folder in "tests", "docs", "src":
            for path in (ROOT / folder).rglob("*"):
                if path.is_file():
                    with open(path, "rb") as f:
                        self.assertNotRegex(f.readline(), rb"^#!.*\benv\b",
                                            path)


class Rotation(unittest.TestCase):
    names = [f"{n % 6}/variant-{n}" for n in range(600)]

    def number(self, **env):
        with mock.patch.dict(os.environ, env):
            return rotate.number()

    def test_as_many_runs_as_there_are_parts_do_everything(self):
        for parts in 1, 2, 7, 12, 40:
            for first in 0, 1234:
                runs = [rotate.part(self.names, parts, n)
                        for n in range(first, first + parts)]
                self.assertEqual(sorted(sum(runs, [])), sorted(self.names))

    def test_a_part_is_small(self):
        for n in range(12):
            self.assertLess(len(rotate.part(self.names, 12, n)), 600 / 12 * 2)

    def test_a_part_stays_what_it_is_when_another_thing_comes(self):
        before = rotate.part(self.names, 12, 5)
        after = rotate.part(["0/new", *self.names], 12, 5)
        self.assertEqual([n for n in after if n != "0/new"], before)

    def test_what_is_touched_is_run_in_any_case(self):
        for n in range(12):
            self.assertIn("3/variant-3", rotate.part(
                self.names, 12, n, lambda name: name == "3/variant-3"))

    def test_all(self):
        self.assertEqual(self.number(ROTATE="all"), None)
        self.assertEqual(rotate.part(self.names, 12, None), self.names)

    def test_a_number_that_is_said(self):
        self.assertEqual(self.number(ROTATE="17"), 17)

    def test_without_a_history_it_is_the_day(self):
        with mock.patch.object(rotate, "git", lambda *_: None), \
                mock.patch.object(time, "time", lambda: 20000.5 * 86400):
            self.assertEqual(self.number(ROTATE=""), 20000)

    def test_the_count_of_commits(self):
        said = {"rev-parse": f"{rotate.ROOT}\nfalse\n", "rev-list": "631\n"}
        with mock.patch.object(rotate, "git", lambda *w: said[w[0]]):
            self.assertEqual(self.number(ROTATE=""), 631)

    def test_a_part_is_never_empty(self):
        for n in range(40):
            self.assertEqual(rotate.part(["one"], 40, n), ["one"])

    def test_the_parts_of_the_corpus_are_all_of_it(self):
        """Valgrind sees, one run after the other, every case of a stage."""
        def played(n):
            with mock.patch.dict(os.environ, {"ROTATE": str(n)}):
                return [w[len("CASES="):].split() for command in
                        run.corpus_valgrind() for w in command
                        if w.startswith("CASES=")]
        runs = [played(n) for n in range(max(run.CASE_PARTS.values()))]
        for at, stage in enumerate(run.STAGES):
            seen = {name for one in runs for name in one[at]}
            self.assertEqual(seen, set(run.for_valgrind(stage)))
            self.assertTrue(seen)


if __name__ == "__main__":
    run.LOGS.mkdir(parents=True, exist_ok=True)
    done = unittest.main(exit=False).result
    bad = len(done.failures) + len(done.errors)
    print(f"driver: {done.testsRun - bad} passed, {bad} failed")
    sys.exit(bad > 0 or done.testsRun == 0)
