#!/usr/bin/python3
"""The driver of `make test`: what it counts, and that nothing passes unseen."""

import contextlib
import io
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
import run  # noqa: E402


class Driver(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=run.LOGS.parent)
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def drive(self, *suites, names=()):
        """Runs suites, each (name, [shell commands]); (status, output)."""
        kept = run.SUITES, run.LOGS, run.PATIENCE
        run.LOGS, run.PATIENCE = self.folder, 1
        run.SUITES = [
            run.Suite(name, lambda c=commands: [["sh", "-c", x] for x in c],
                      after) for name, commands, *after in suites]
        out = io.StringIO()
        try:
            with contextlib.redirect_stdout(out):
                status = run.main(list(names))
        finally:
            run.SUITES, run.LOGS, run.PATIENCE = kept
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

    def test_a_suite_without_commands(self):
        self.assertEqual(self.last(("a", [])), (1, "0 passed, 1 failed"))

    def test_a_command_that_hangs(self):
        begin = time.monotonic()
        self.assertEqual(self.last(("a", ["sleep 60"])),
                         (1, "0 passed, 1 failed"))
        self.assertLess(time.monotonic() - begin, 20)

    def test_what_is_left_behind_is_ended(self):
        file = self.folder / "pid"
        self.drive(("a", [f"sleep 60 & echo $! >{file}"]))
        pid = int(file.read_text())
        time.sleep(0.1)
        stat = Path(f"/proc/{pid}/stat")
        self.assertTrue(not stat.exists() or
                        stat.read_text().split()[2] == "Z")

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


if __name__ == "__main__":
    run.LOGS.mkdir(parents=True, exist_ok=True)
    done = unittest.main(exit=False).result
    bad = len(done.failures) + len(done.errors)
    print(f"driver: {done.testsRun - bad} passed, {bad} failed")
    sys.exit(bad > 0 or done.testsRun == 0)
