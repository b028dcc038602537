#!/usr/bin/python3
"""run: the bug zoo; small wrong servers that the corpus must tell from ours.

    tests/zoo/run.py [--wide] [WORD...]    those whose name (1/deaf-to-close)
                                           begins with a WORD; without one, this
                                           run's part (tests/rotate.py) and what
                                           has been changed since the last commit
    ROTATE=all tests/zoo/run.py            all variants

A variant is a file tests/zoo/STAGE/NAME.bug:

    breaks  RFC 9112 6.3: a request with two framings is refused
    caught  framing/length-and-chunked framing/chunked-and-length
    still   echo/get
    in      src/01-echo/http_request.c
    -    if (r->have_coding && r->have_length)
    +    if (false)

`breaks` says the rule, `caught` the cases that must fail, `still` those that
must pass all the same, for a program that fails everything proves nothing;
without it that is the first case of its stage in WELL.  Below `in` the text of
the `-` lines is replaced by that of the `+` lines; it must stand in the file
exactly once, however its blanks and line ends fall.  An empty line ends such a
replacement, and another may follow, in another file after another `in`.  A new
file begins with a `-` line that is empty.

Each variant is built from a copy of src/ and, for what it does not change, of
the libraries that are built already, and graded with the cases that it names;
--wide grades it with all cases of its stage and prints every one that catches
it.  BUILD= is the build directory with the grader and the libraries.  A
variant that no longer applies, does not compile, or is not caught, is a
failure.  The last line is
"N passed, N failed".
"""

import functools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import rotate  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
BUILT = os.environ.get("BUILD", "build")  # as make is told
BUILD = ROOT / BUILT
GRADE = BUILD / "bin/strata-grade"
PROGRAMS = {1: "strata-echo", 2: "strata-static", 3: "strata-uwsgi",
            4: "strata-wsgi", 5: "strata-prefork", 6: "strata-proxy"}
WELL = {1: "echo/get", 2: "static/get-file", 3: "gateway/absolute-form",
        4: "wsgi/status-line", 5: "prefork/processes-known",
        6: "return/text"}
AT_ONCE = 6  # most of the time is spent waiting for what does not come
PARTS = 8    # of which a run does one


class Mistake(Exception):
    """A variant that is not as it should be."""


class Change:
    """A file that says how src/ is to be changed: a sentence, lists of cases,
    replacements.  Its folder begins with the number of the stage."""

    sentence = ""  # the word before the sentence
    lists = ()     # the words before the lists

    def __init__(self, path):
        self.path = path
        self.stage = int(re.match("0?([1-6])", path.parent.name)[1])
        self.name = f"{path.parent.name}/{path.stem}"
        self.changes = []  # (file, old text, new text)
        self.words = {word: [] for word in (self.sentence, *self.lists)}
        self.read()

    def read(self):
        file, old, new = None, [], []

        def finish():
            if old or new:
                if not old or file is None:
                    raise Mistake(f"{self.path}: a replacement needs an `in` "
                                  "and a `-` line")
                self.changes.append((file, "\n".join(old), "\n".join(new)))
            old.clear()
            new.clear()

        for line in [*self.path.read_text("utf-8").splitlines(), ""]:
            word, _, rest = line.partition(" ")
            if line[:1] == "-" and not new:
                old.append(line[1:])
            elif line[:1] == "+":
                new.append(line[1:])
            elif line[:1] == "-":
                finish()
                old.append(line[1:])
            elif word == "in":
                finish()
                file = rest.strip()
            elif word in self.words:
                self.words[word].extend(rest.split())
            elif line:
                raise Mistake(f"{self.path}: what is '{line}'?")
            else:
                finish()
        if not (self.words[self.sentence] and self.changes):
            raise Mistake(f"{self.path}: `{self.sentence}` and a replacement "
                          "are expected")

    def applied(self, folder):
        """The files that it changes, as they become: {file: text}."""
        texts = {}
        for file, old, new in self.changes:
            path = folder / file
            text = texts.get(file) or (
                path.read_text("utf-8") if path.is_file() else "")
            pattern = r"\s+".join(map(re.escape, old.split()))
            found = list(re.finditer(pattern, text))
            if len(found) != 1:
                raise Mistake(f"{self.path}: this stands {len(found)} times "
                              f"in {file}, not once:\n{old}")
            at = found[0]
            texts[file] = text[:at.start()] + new.lstrip() + text[at.end():]
        return texts

    def build(self, folder):
        """Makes the program of the variant; gives its path."""
        for source in sorted((ROOT / "src").glob("0[1-6]-*")):
            if int(source.name[1]) <= self.stage:
                shutil.copytree(source, folder / "src" / source.name)
        for file, text in self.applied(folder).items():
            (folder / file).write_text(text, "utf-8")
        compiling, link = commands(self.stage)
        changed = {file for file, _, _ in self.changes}
        compiling = with_new(compiling, changed)
        # What depends on a header is not looked up: all is compiled.
        sources = [s for s in compiling if s in changed or
                   any(file.endswith(".h") for file in changed)]
        objects = []
        for source in sources:
            objects.append(f"{folder}/{source.replace('/', '-')}.o")
            self.run([re.sub("^(-I)?src/", rf"\1{folder}/src/", w)
                      for w in compiling[source]] + ["-o", objects[-1]])
        # An object that stands before the libraries takes the place of theirs.
        main = [w for w in link if w.endswith("/main.o")
                and not any(s.endswith("/main.c") for s in sources)]
        program = folder / PROGRAMS[self.stage]
        self.run([link[0], "-o", f"{program}", *main, *objects,
                  *(w for w in link[1:] if not w.endswith("/main.o"))])
        return program

    def run(self, words):
        done = subprocess.run(words, cwd=ROOT, env=environment(), text=True,
                              errors="replace", stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            raise Mistake(f"{self.path}: it does not compile:\n{done.stdout}")


def with_new(compiling, changed):
    """The words to compile each source, and those for one that is new: as for
    its neighbours."""
    compiling = dict(compiling)
    for file in changed - compiling.keys():
        folder = os.path.dirname(file)
        for source in list(compiling):
            if file.endswith(".c") and os.path.dirname(source) == folder:
                compiling[file] = [file if w == source else w
                                   for w in compiling[source]]
    return compiling


@functools.lru_cache(None)
def commands(stage):
    """What make types for the program of a stage: {source: words} to compile,
    and the words to link; without their outputs."""
    target = f"{BUILT}/bin/{PROGRAMS[stage]}"
    words = ["make", f"BUILD={BUILT}", "CFLAGS=-O0", "WARN=-w", target]
    for more in ["--silent"], ["--dry-run", "--always-make", "V=1"]:
        done = subprocess.run(words + more, cwd=ROOT, env=environment(),
                              text=True, stdout=subprocess.PIPE, check=True)
    compiling, link = {}, None
    for line in done.stdout.splitlines():
        words = shlex.split(line)
        if "-o" not in words:
            continue
        at = words.index("-o")
        output = words[at + 1]
        words = [w for w in words[:at] + words[at + 2:]
                 if w not in ("-MMD", "-MP")]
        if output == target:
            link = words
        else:
            compiling[words[-1]] = words
    return compiling, link


class Variant(Change):
    """One .bug file, read."""

    sentence, lists = "breaks", ("caught", "still")

    def __init__(self, path):
        super().__init__(path)
        self.breaks = " ".join(self.words["breaks"])
        self.caught = self.words["caught"]
        self.still = self.words["still"] or [WELL[self.stage]]
        if not self.caught:
            raise Mistake(f"{path}: `caught` is expected")


def environment():
    """Ours, without what the make above us has left there."""
    return {k: v for k, v in os.environ.items()
            if not k.startswith("MAKE") and k not in (
                "MFLAGS", "BUILD", "CFLAGS", "SANITIZE", "WARN", "WERROR",
                "N")}


def grade(stage, program, cases, corpus=ROOT / "corpus"):
    """The verdicts of the grader: {case: "passed", "failed", ...}."""
    words = [str(GRADE), "--stage", str(stage), "--program", str(program),
             "--cases", " ".join(sorted(cases)), "--format", "json",
             "--corpus", str(corpus),
             "--bin", str(BUILD / "bin"), "--jobs", "2"]
    done = subprocess.run(words, cwd=ROOT, env=environment(), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    try:
        result = json.loads(done.stdout)
    except ValueError:
        raise Mistake(f"{shlex.join(words)}:\n{done.stdout}{done.stderr}")
    return {case["name"]: case["verdict"] for case in result["cases"]}


def touched(variant):
    """Whether it, a case of its, or a file that it changes is not as in the
    last commit."""
    return any(map(rotate.files, [
        f"tests/zoo/{variant.name}.bug", *(file for file, *_ in variant.changes),
        *(f"corpus/{case}.case" for case in variant.caught)]))


def this_time(variants):
    """This run's part of the variants."""
    named = {v.name: v for v in variants}
    names = rotate.part(named, PARTS, rotate.number(),
                        lambda name: touched(named[name]))
    print(f"{len(names)} of {len(variants)} variants", flush=True)
    return [named[name] for name in names]


def check(variant, wide):
    """Builds and grades one variant; gives (good, what to print)."""
    try:
        with tempfile.TemporaryDirectory(prefix="zoo-") as folder:
            program = variant.build(Path(folder))
            # A case that cuts by time may meet a kernel that joins the pieces
            # again: what was not caught is tried twice more.
            for _ in range(3):
                verdicts = grade(variant.stage, program, [] if wide else
                                 variant.caught + variant.still)
                if all(verdicts.get(name) == "failed"
                       for name in variant.caught):
                    break
    except Mistake as mistake:
        return False, f"not ok {variant.name}: {mistake}"
    failed = [name for name, verdict in verdicts.items()
              if verdict == "failed"]
    missed = [name for name in variant.caught if name not in failed]
    ill = [name for name in variant.still if verdicts.get(name) != "passed"]
    text = f"{variant.name}: caught by {', '.join(sorted(failed)) or 'nobody'}"
    for name in missed:
        text += (f"\n    {name} should have caught it, but "
                 f"{verdicts.get(name, 'there is no such case')}"
                 f"\n    it breaks {variant.breaks}")
    for name in ill:
        text += f"\n    it is more than one bug: {name} does not pass"
    good = not missed and not ill
    return good, ("ok " if good else "not ok ") + text


def check_ours(stage, variants):
    """Our own program passes every case that a variant is to fail."""
    cases = {c for v in variants for c in v.caught + v.still}
    verdicts = grade(stage, BUILD / "bin" / PROGRAMS[stage], cases)
    ill = [name for name, verdict in verdicts.items() if verdict != "passed"]
    text = f"{stage}/ours: {len(verdicts)} cases pass"
    if ill:
        text = f"{stage}/ours: our own program fails {', '.join(ill)}"
    return not ill, ("not ok " if ill else "ok ") + text


def main(words):
    wide = "--wide" in words
    names = tuple(w for w in words if w != "--wide")
    passed = failed = 0

    def count(result):
        nonlocal passed, failed
        passed += result[0]
        failed += not result[0]
        print(result[1], flush=True)

    variants = []
    for path in sorted((ROOT / "tests/zoo").glob("[1-6]/*.bug")):
        try:
            variant = Variant(path)
            variant.applied(ROOT)  # of all is asked whether they still fit
            variants.append(variant)
        except Mistake as mistake:
            count((False, f"not ok {mistake}"))
    variants = ([v for v in variants if v.name.startswith(names)] if names
                else this_time(variants))
    for stage in sorted({v.stage for v in variants}):
        count(check_ours(stage, [v for v in variants if v.stage == stage]))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for result in pool.map(lambda v: check(v, wide), variants):
            count(result)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not variants else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
