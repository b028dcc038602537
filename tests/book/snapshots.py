#!/usr/bin/python3
"""snapshots: the source of stages 1 to N alone is a program that passes N, and
who has typed in a room has what its tests pass.

    tests/book/snapshots.py [N or PART...]    without one, this run's turn
                                              (tests/rotate.py)
    ROTATE=all tests/book/snapshots.py        all stages, all finished parts

For each stage a temporary folder gets src/ of the stages up to it, the tests,
the corpus and the Makefile, and nothing else; there `make` builds the programs
and `make test-stage N` grades the last.  For each part of a chapter (and each
chapter) that is finished, as docs/weave.py counts them, the folder gets what the
listings show up to its end, as if typed in, and there the unit tests of its
modules are built and run.
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
sys.path.insert(0, str(ROOT / "docs"))
import rotate  # noqa: E402
import weave  # noqa: E402


def snapshot(stage, folder):
    """Builds and grades one snapshot: None, or what went wrong."""
    for part in sorted((ROOT / "src").glob("0[1-6]-*")):
        if int(part.name[:2]) <= stage:
            shutil.copytree(part, folder / "src" / part.name)
    equip(folder)
    return run(folder, ["make", "--silent", "-j2", "CFLAGS=-O0", "all"],
               ["make", "--silent", "CFLAGS=-O0", "test-stage", f"N={stage}"])


def typed(part, folder):
    """Types in the listings up to a part's end and tries what it adds."""
    read = [p.stem for p in weave.reading_order(ROOT) if p.stem <= part]
    if part not in read:
        return f"there is no chapter {part}"
    problems = weave.Book(ROOT, read).type(folder)
    if problems:
        return "\n".join(problems)
    equip(folder)
    book = weave.Book(ROOT)
    modules = sorted(f.stem for f in (folder / "src").rglob("*.c")
                     if book.home(f.relative_to(folder)) == part)
    units = [f"build/tests/test_{m}" for m in modules
             if (folder / f"tests/unit/test_{m}.c").is_file()]
    if modules and not units:
        return f"none of its {len(modules)} modules has a test"
    return units and run(
        folder, ["make", "--silent", "-j2", "CFLAGS=-O0", *units],
        *([unit] for unit in units)) or None


def equip(folder):
    """What a reader has beside src/."""
    for part in ("tests", "corpus"):
        shutil.copytree(ROOT / part, folder / part, symlinks=True)
    shutil.copy(ROOT / "Makefile", folder)


def run(folder, *commands):
    """Runs commands: None, or what the first that failed says."""
    env = {k: v for k, v in os.environ.items() if "MAKE" not in k}
    for words in commands:
        done = subprocess.run(words, cwd=folder, env=env, text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            return f"{' '.join(words)}\n{done.stdout[-4000:]}"
    return None


def main(wanted):
    if not wanted:
        wanted = [*sorted(p.name[1] for p in (ROOT / "src").glob("0[1-6]-*")),
                  *weave.FINISHED]
        turn = rotate.number()
        if turn is not None:
            wanted = [wanted[turn % len(wanted)]]
    passed = failed = 0
    for name in wanted:
        with tempfile.TemporaryDirectory(prefix="strata-snapshot-") as folder:
            if name.isdigit():
                said = f"stages 1 to {name} build alone and pass stage {name}"
                problem = snapshot(int(name), Path(folder))
            else:
                said = f"who has typed to the end of {name} has what its tests pass"
                problem = typed(name, Path(folder))
        passed += problem is None
        failed += problem is not None
        print(f"{'not ok' if problem else 'ok'} - {said}", flush=True)
        if problem:
            print(problem)
    print(f"snapshots: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
