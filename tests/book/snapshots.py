#!/usr/bin/python3
"""snapshots: the source of stages 1 to N alone is a program that passes N.

    tests/book/snapshots.py [N...]         without a number, this run's turn
                                           (tests/rotate.py)
    ROTATE=all tests/book/snapshots.py     all stages

For each stage a temporary folder gets src/ of the stages up to it, the tests,
the corpus and the Makefile, and nothing else; there `make` builds the programs
and `make test-stage N` grades the last.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests"))
import rotate  # noqa: E402


def snapshot(stage, folder):
    """Builds and grades one snapshot: None, or what went wrong."""
    for part in sorted((ROOT / "src").glob("0[1-6]-*")):
        if int(part.name[:2]) <= stage:
            shutil.copytree(part, folder / "src" / part.name)
    for part in ("tests", "corpus"):
        shutil.copytree(ROOT / part, folder / part, symlinks=True)
    shutil.copy(ROOT / "Makefile", folder)
    env = {k: v for k, v in os.environ.items() if "MAKE" not in k}
    for words in (["-j2", "CFLAGS=-O0", "all"],
                  ["CFLAGS=-O0", "test-stage", f"N={stage}"]):
        done = subprocess.run(["make", "--silent", *words], cwd=folder,
                              env=env, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            return f"make {' '.join(words)}\n{done.stdout[-4000:]}"
    return None


def main(numbers):
    stages = [int(n) for n in numbers]
    if not stages:
        stages = sorted(int(p.name[1]) for p in (ROOT / "src").glob("0[1-6]-*"))
        turn = rotate.number()
        if turn is not None:
            stages = [stages[turn % len(stages)]]
    passed = failed = 0
    for stage in stages:
        with tempfile.TemporaryDirectory(prefix="strata-snapshot-") as folder:
            problem = snapshot(stage, Path(folder))
        passed += problem is None
        failed += problem is not None
        print(f"{'not ok' if problem else 'ok'} - stages 1 to {stage} build "
              f"alone and pass stage {stage}", flush=True)
        if problem:
            print(problem)
    print(f"snapshots: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
