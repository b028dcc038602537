#!/usr/bin/python3
"""run: the solutions of the exercises, applied and graded.

    tests/exercises/run.py [WORD...]    those whose name (01-echo/keep-alive)
                                        begins with a WORD; without one, this
                                        run's part (tests/rotate.py)
    ROTATE=all tests/exercises/run.py   all solutions

A solution is a file tests/exercises/CHAPTER/NAME.solution, written as the
variants of the bug zoo are (tests/zoo/run.py):

    asks    one connection may carry several requests
    differs echo/one-request-a-connection
    in      src/01-echo/main.c
    -    http_conn_close(&c, answered);
    +    ...

Its cases are tests/exercises/CHAPTER/NAME/*.case, in the grammar of the corpus
(corpus/README.md); a case's topic is the solution's NAME, and a chapter's folder
is a corpus of its own, with the www of the other.  Each of them must
fail with the program as it stands in src/ and pass with the solution, and the
solution must pass every case of its stage in the corpus but those that it
`differs` from on purpose, which must fail.  So a reader who solves the exercise
otherwise can grade it:

    make test-stage 1 CORPUS=tests/exercises/01-echo CASES=keep-alive/

What the wire does not show has a unit test instead of cases, or beside them:
NAME.c, which fails, or does not compile, with src/ as it stands.  A reader says

    make build/exercises/06-proxy-1-loop/mark && build/exercises/06-proxy-1-loop/mark

BUILD= is the build directory with the grader and the objects.  The last line
is "N passed, N failed".
"""

import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parent / "zoo"))
import rotate  # noqa: E402
import run as zoo  # noqa: E402

AT_ONCE = 6
PARTS = 5  # of which a run does one


class Solution(zoo.Change):
    """One .solution file, read."""

    sentence, lists = "asks", ("differs",)

    def __init__(self, path):
        super().__init__(path)
        self.folder = path.with_suffix("")
        self.cases = [f"{path.stem}/{p.stem}"
                      for p in sorted(self.folder.glob("*.case"))]
        self.unit = path.with_suffix(".c")
        if not self.cases and not self.unit.is_file():
            raise zoo.Mistake(f"{path}: there is no case in {self.folder}, "
                              f"and no {self.unit.name}")
        stage = path.parent.name
        exercises = "".join(
            chapter.read_text("utf-8").partition("\n## Exercises")[2]
            for chapter in (zoo.ROOT / "chapters").glob(f"{stage}*.md"))
        if f"`{path.stem}`" not in exercises:
            raise zoo.Mistake(f"{path}: {stage} names no such exercise")

    def passes_unit(self, root, objects):
        """Whether its unit test passes: with the headers below root, and what
        the objects have instead of the libraries'."""
        compiling, link = zoo.commands(self.stage)
        main = next(s for s in compiling if s.endswith("/main.c")
                    and s.startswith(f"src/0{self.stage}-"))
        with tempfile.TemporaryDirectory(prefix="exercise-") as folder:
            program = f"{folder}/{self.path.stem}"
            try:
                self.run([re.sub("^(-I)?src/", rf"\1{root}/src/", w)
                          for w in compiling[main][:-1] if w != "-c"]
                         + ["-Itests/unit", "-o", program, str(self.unit),
                            *map(str, objects),
                            *(w for w in link[1:] if not w.endswith("/main.o")),
                            "-lcunit"])
            except zoo.Mistake:
                return False
            return subprocess.run([program], stdout=subprocess.DEVNULL,
                                  check=False).returncode == 0


def others(verdicts, wanted):
    """The cases whose verdict is not the wanted one."""
    return sorted(name for name, verdict in verdicts.items()
                  if verdict != wanted and verdict != "skipped")


def check(solution):
    """Builds and grades one solution; gives what is wrong with it, by line."""
    wrong = []
    with tempfile.TemporaryDirectory(prefix="exercise-") as name:
        stage, corpus = solution.stage, solution.path.parent
        program = solution.build(Path(name))
        if solution.unit.is_file():
            objects = [o for o in sorted(Path(name).glob("*.o"))
                       if not o.name.endswith("-main.c.o")]
            if not solution.passes_unit(name, objects):
                wrong.append(f"{solution.unit.name} fails with the solution")
            if solution.passes_unit(zoo.ROOT, []):
                wrong.append(f"{solution.unit.name} passes without the solution")
        ours = zoo.BUILD / "bin" / zoo.PROGRAMS[stage]
        own, before = (zoo.grade(stage, p, solution.cases, corpus)
                       if solution.cases else {} for p in (program, ours))
        whole = zoo.grade(stage, program, [])
    if sorted(own) != sorted(solution.cases):
        wrong.append(f"graded were {', '.join(own) or 'no cases'}")
    for case in others(own, "passed"):
        wrong.append(f"{case} fails with the solution")
    for case in others(before, "failed"):
        wrong.append(f"{case} passes without the solution")
    failed = others(whole, "passed")
    for case in failed:
        if case not in solution.words["differs"]:
            wrong.append(f"{case} of the corpus fails with the solution")
    for case in solution.words["differs"]:
        if case not in failed:
            wrong.append(f"{case} is said to differ, and does not")
    return wrong, len(whole)


def judge(path):
    """(good, what to print) for one file."""
    name = f"{path.parent.name}/{path.stem}"
    try:
        solution = Solution(path)
        wrong, count = check(solution)
    except zoo.Mistake as mistake:
        wrong = [str(mistake)]
    if wrong:
        return False, "\n    ".join([f"not ok {name}:", *wrong])
    own = f"{len(solution.cases)} cases of its own" if solution.cases else (
        "a unit test of its own")
    return True, f"ok {name}: {own}, and {count} of the corpus"


def main(words):
    found = {f"{p.parent.name}/{p.stem}": p
             for p in sorted(HERE.glob("*/*.solution"))}
    if words:
        names = [name for name in found if name.startswith(tuple(words))]
    else:
        names = rotate.part(found, PARTS, rotate.number(), lambda name: any(
            map(rotate.files, (f"tests/exercises/{name}{end}"
                               for end in ("", ".c", ".solution")))))
        print(f"{len(names)} of {len(found)} solutions", flush=True)
    found = [found[name] for name in names]
    passed = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for good, text in pool.map(judge, found):
            passed += good
            print(text, flush=True)
    print(f"{passed} passed, {len(found) - passed} failed")
    return 1 if passed < len(found) or not found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
