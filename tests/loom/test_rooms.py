#!/usr/bin/python3
"""test_rooms: a floor rests on the floors below, and a room on lower rooms.

    tests/loom/test_rooms.py           the law, on examples and on src/
    tests/loom/test_rooms.py WORD      the faults in whose line WORD stands

By what is written (the #include lines) and by what is compiled (the names that
an object needs): no file of a floor or room may use one of a higher, and no
circle of files that need each other is longer than two.  A file is a .c with
its .h.  The objects are those of $BUILD.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = Path(os.environ.get("BUILD", ROOT / "build"))
INCLUDE = re.compile(r'^#include "([^"]+)"', re.M)


class House:
    """The files of a src/ and of its objects, and what each needs."""

    def __init__(self, src, objects):
        self.src = src
        self.floor = {}  # file, without its ending -> its folder
        self.needs = {}  # file -> {file it needs: how}
        paths = sorted(p for p in src.rglob("*.[ch]"))
        for path in paths:
            name = str(path.relative_to(src).with_suffix(""))
            self.floor[name] = str(Path(name).parent)
            self.needs.setdefault(name, {})
        by_name = {}
        for name in self.floor:
            by_name.setdefault(Path(name).name, []).append(name)
        for path in paths:
            name = str(path.relative_to(src).with_suffix(""))
            for word in INCLUDE.findall(path.read_text("utf-8")):
                for other in self.seen_from(name, by_name.get(Path(word).stem, ())):
                    self.add(name, other, f'#include "{word}"')
        self.read_objects(objects)

    def seen_from(self, name, others):
        """Files of one name: the one that stands nearest below is meant."""
        below = [o for o in others if self.floor[o] <= self.floor[name]]
        return [max(below)] if below else list(others)[:1]

    def add(self, name, other, how):
        if other != name:
            self.needs[name].setdefault(other, how)

    def read_objects(self, folder):
        defined, wanted = {}, []
        for path in sorted(folder.rglob("*.o")):
            name = str(path.relative_to(folder).with_suffix(""))
            if not (self.src / f"{name}.c").is_file():
                continue  # built before its source was taken away
            lines = subprocess.run(["nm", "-P", str(path)], text=True,
                                   check=True, stdout=subprocess.PIPE).stdout
            for line in lines.splitlines():
                symbol, kind = line.split()[:2]
                if kind == "U":
                    wanted.append((name, symbol))
                elif kind.isupper() and symbol != "main":
                    defined[symbol] = name
        for name, symbol in wanted:
            if symbol in defined:
                self.add(name, defined[symbol], symbol)

    def upward(self):
        for name, needs in sorted(self.needs.items()):
            for other, how in sorted(needs.items()):
                if self.floor[other] > self.floor[name]:
                    yield f"{name} looks up to {other}: {how}"

    def circles(self):
        """Groups of three files and more that all reach each other."""
        reach = {}
        for name in self.needs:
            seen, todo = set(), [name]
            while todo:
                for other in self.needs[todo.pop()]:
                    if other not in seen:
                        seen.add(other)
                        todo.append(other)
            reach[name] = seen
        told = set()
        for name in sorted(reach):
            ring = sorted(o for o in reach[name] if name in reach[o])
            if len(ring) > 2 and name not in told:
                told.update(ring)
                ties = [f"    {a} -> {b}: {self.needs[a][b]}" for a in ring
                        for b in ring if b in self.needs[a]]
                yield "\n".join([f"a circle of {len(ring)} files:", *ties])

    def faults(self):
        return [*self.upward(), *self.circles()]


# Houses that break the law: {file: text}, and what has to be said of them.
BROKEN = {
    "an include": ({"1-a/low.h": '#include "high.h"\n', "2-b/high.h": ""},
                   '1-a/low looks up to 2-b/high: #include "high.h"'),
    "a call": ({"1-a/low.c": "void high(void); void low(void) { high(); }\n",
                "2-b/high.c": "void high(void) { }\n"},
               "1-a/low looks up to 2-b/high: high"),
    "a circle of three": ({f"1-a/{a}.c": f"void {b}(void); void {a}(void) "
                           f"{{ {b}(); }}\n"
                           for a, b in ("xy", "yz", "zx")},
                          "a circle of 3 files:"),
    "a circle by headers": ({"1-a/x.h": '#include "y.h"\n',
                             "1-a/y.c": '#include "z.h"\n',
                             "1-a/z.h": '#include "x.h"\n'},
                            "a circle of 3 files:"),
}
SOUND = {"1-a/x.c": "void y(void); void x(void) { y(); }\n",
         "1-a/y.c": "void x(void); void y(void) { x(); }\n",
         "2-b/z.c": "void x(void); void z(void) { x(); }\n"}


def faults_of(files):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in files.items():
            path = folder / "src" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            if path.suffix == ".c":
                out = (folder / "obj" / file).with_suffix(".o")
                out.parent.mkdir(parents=True, exist_ok=True)
                body = INCLUDE.sub("", text)
                subprocess.run(["cc", "-x", "c", "-c", "-o", str(out), "-"],
                               input=body, text=True, check=True)
        return House(folder / "src", folder / "obj").faults()


def main(words):
    house = House(ROOT / "src", BUILD / "obj").faults()
    if words:
        found = [line for fault in house for line in fault.splitlines()
                 if any(word in line for word in words)]
        print(*found, f"{len(found)} lines", sep="\n")
        return 1 if found else 0
    passed = failed = 0

    def told(good, what, lines=()):
        nonlocal passed, failed
        passed, failed = passed + good, failed + (not good)
        print("ok" if good else "not ok", what, *lines, sep="\n" if lines else " ")

    for what, (files, expected) in BROKEN.items():
        found = faults_of(files)
        told(any(f.startswith(expected) for f in found), f"{what} is found",
             [] if found else ["nothing was said"])
    told(not faults_of(SOUND), "two files may know each other")
    told(not house, "the rooms of src/ keep the law", house)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
