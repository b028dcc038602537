#!/usr/bin/python3
"""same_grade: a program's grade is the same whatever else the machine does.

    tests/runner/same_grade.py                 a short look, a few cases a stage
    tests/runner/same_grade.py --times 5 --busy 8 --all [STAGE...]

For each stage a naive program (echo.py, naive_*.py beside this file) is graded
TIMES times as the machine is and TIMES times with BUSY endless loops beside it,
and the verdicts are compared case by case.  A stage is a test; the last line is
"N passed, N failed".
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
GRADE = Path(os.environ.get("BUILD", ROOT / "build")) / "bin/strata-grade"
SAMPLES = {1: "echo.py", 2: "naive_static.py", 3: "naive_uwsgi.py",
           4: "naive_wsgi.py", 5: "naive_prefork.py", 6: "naive_proxy.py"}

# The short look: cases that pass and cases that fail, some of them by hanging,
# by a deadline, by the order of two things, or by what is sent in pieces.
FEW = {1: "echo/get timeouts/silent timeouts/next chunked/ends-after",
       2: "timeouts/silent static/date static/big static/get-file",
       3: "gateway/silent gateway/variables uwsgi/packet-never uwsgi/body-fol",
       4: "wsgi/closed-once wsgi-input/aborted wsgi/sys-exit",
       5: "prefork/slow prefork/waits prefork/harakiri",
       6: "next-upstream/off static/date packet/expect proxy/reply-dribbles"}


@contextlib.contextmanager
def loops(count):
    """That many processes that compute all the time."""
    children = [subprocess.Popen(["sh", "-c", "while :; do :; done"])
                for _ in range(count)]
    try:
        yield
    finally:
        for child in children:
            child.kill()
            child.wait()


def verdicts(stage, cases):
    """The verdict of each case, and how slow the machine was found to be."""
    words = [GRADE, "--stage", str(stage), "--format", "json", "--cases", cases,
             "--program", f"/usr/bin/python3 tests/runner/{SAMPLES[stage]}"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        print(f"  exit status {done.returncode}: {done.stderr.strip()}")
    run = json.loads(done.stdout)
    return {case["name"]: case for case in run["cases"]}, run


def show(stage, name, seen):
    print(f"  {name}: " + " ".join(run[name]["verdict"] for run in seen))
    for run in seen:
        if run[name]["verdict"] != "passed":
            print(f"    {run[name]['what']}")
            return


def same(stage, cases, times, busy):
    """Plays; true when all runs agree."""
    seen = []
    for count in [0] * times + [busy] * times:
        begin = time.monotonic()
        with loops(count):
            cases_seen, run = verdicts(stage, cases)
        seen.append(cases_seen)
        print(f"  stage {stage}, {count} loops: {run['points']} of {run['of']} "
              f"points, {run['passed']} passed, {run['failed']} failed, "
              f"{run['broken']} broken, {run['again']} played again, "
              f"{run['slower']:.1f} times slower, "
              f"{time.monotonic() - begin:.0f} s", flush=True)
    differ = [name for name in seen[0]
              if len({run[name]["verdict"] for run in seen}) > 1
              or seen[0][name]["verdict"] == "broken"]
    for name in differ:
        show(stage, name, seen)
    return not differ


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--times", type=int, default=1)
    words.add_argument("--busy", type=int, default=2 * (os.cpu_count() or 1))
    words.add_argument("--all", action="store_true", help="all cases")
    words.add_argument("--cases", help="cases whose name begins so")
    words.add_argument("stages", type=int, nargs="*", choices=[[], *SAMPLES],
                       default=[], metavar="STAGE")
    o = words.parse_args()
    stages = o.stages or list(SAMPLES)
    passed = 0
    for stage in stages:
        cases = o.cases or ("" if o.all else FEW[stage])
        good = same(stage, cases, o.times, o.busy)
        passed += good
        print(f"{'ok' if good else 'not ok'} stage {stage}", flush=True)
    print(f"{passed} passed, {len(stages) - passed} failed")
    return 0 if passed == len(stages) else 1


if __name__ == "__main__":
    sys.exit(main())
