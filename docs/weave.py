#!/usr/bin/python3
"""weave: fills the quotes of the book from the source, and checks them.

    weave.py weave [CHAPTER...]    fill in the quotes of all or some chapters
    weave.py check [CHAPTER...]    fail when a quote is stale, a name does not
                                   match, a line of src/ is not quoted once, or
                                   the pieces of a file of C are out of order
    weave.py items FILE...         list the names that a quote of FILE can use

CHAPTER is a number or a file; with it, `check` looks at that chapter's quotes
and at the files of its stage.  A quote is a fenced block whose info line names
its file:

    ```c {file="src/01-echo/net.h"}                      the whole file
    ```c {file="src/01-echo/net.c" item="opening"}       up to the first definition
    ```c {file="src/01-echo/net.c" item="net_listen"}    one definition
    ```c {file="src/01-echo/net.c" item="a b c"}         several
    ```c {file="src/01-echo/net.c" item="first..last"}   a run of neighbours

Where a tag and a function share a name, `struct:name` is the one and `name()`
the other.  What an item is, citems.py says, and pyitems.py for Python.  Any
other file is quoted as a whole.
"""

import argparse
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
import citems  # noqa: E402
import pyitems  # noqa: E402

FENCE = re.compile(r"^(`{3,}|~{3,})[ ]*([^`]*?)[ ]*$")
ATTRIBUTES = re.compile(r"\{(.*)\}")
DIVIDE = {".c": citems.divide, ".h": citems.divide, ".py": pyitems.divide}
PAIR = re.compile(r'([\w-]+)="([^"]*)"')


class Problem(Exception):
    """One sentence about a quote that cannot be filled."""


class Block:
    """A fenced block of a chapter: its info line and its body."""

    def __init__(self, path, fence, info, line):
        self.path, self.fence, self.info = path, fence, info
        self.line = line  # of the opening fence, from 1
        self.body = []
        found = ATTRIBUTES.search(info)
        self.attributes = dict(PAIR.findall(found.group(1))) if found else {}
        self.language = info.split("{")[0].strip()

    def __str__(self):
        return f"{self.path}:{self.line}"


def blocks(path, text):
    """Every fenced block of a chapter, in order."""
    found, block = [], None
    for number, line in enumerate(text.splitlines(), 1):
        match = FENCE.match(line)
        if block and match and match.group(1).startswith(block.fence) and (
                not match.group(2)):
            found.append(block)
            block = None
        elif block:
            block.body.append(line)
        elif match:
            block = Block(path, match.group(1), match.group(2), number)
    if block:
        raise Problem(f"{block}: this block is never closed")
    return found


class Source:
    """A file that may be quoted, with its lines and its items."""

    def __init__(self, root, name):
        path = root / name
        if not path.is_file():
            raise Problem(f"there is no file {name}")
        try:
            self.text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise Problem(f"{name} is not text") from None
        self.name = name
        self.lines = self.text.splitlines()
        self.items = None
        for suffix, divide in DIVIDE.items():
            if name.endswith(suffix):
                self.items = divide(self.text)

    def is_c(self):
        """C has to have seen what it uses, so the order matters."""
        return self.name.endswith((".c", ".h"))

    def find(self, wanted):
        if self.items is None:
            raise Problem(f"{self.name} has no items: quote it as a whole")
        found = [i for i in self.items if i.answers_to(wanted)]
        if not found:
            raise Problem(f"{self.name} has no item {wanted}; it has: "
                          + " ".join(i.title() for i in self.items))
        if len(found) > 1:
            raise Problem(
                f"{self.name} has {len(found)} items {wanted}: say struct:"
                f"{wanted} or {wanted}() for the tag or the function")
        return found[0]

    def ranges(self, wanted):
        """The (first, last) lines that the words of an item= name."""
        if wanted is None:
            return [(1, len(self.lines))]
        found = []
        for word in wanted.split():
            first, dots, last = word.partition("..")
            a = self.find(first)
            b = self.find(last) if dots else a
            if b.first < a.first:
                raise Problem(f"{self.name}: {last} stands before {first}")
            found.append((a.first, b.last))
        if not found:
            raise Problem(f'item="" names nothing of {self.name}')
        return found

    def quote(self, wanted):
        """The lines of a quote's body."""
        out, before = [], None
        for first, last in self.ranges(wanted):
            if before is not None and first != before + 1:
                out.append("")
            out += self.lines[first - 1:last]
            before = last
        while out and not out[-1].strip():
            out.pop()
        return out


class Book:
    def __init__(self, root, wanted=()):
        self.root = root
        self.sources = {}
        self.wanted = [str(w) for w in wanted]
        self.all = sorted((root / "chapters").glob("*.md"),
                          key=lambda path: path.stem)
        self.chapters = [c for c in self.all if self.is_wanted(c.name)]
        if self.wanted and not self.chapters:
            raise Problem("no chapter matches " + " ".join(self.wanted))

    def is_wanted(self, name):
        """True when a chapter or a stage's folder is meant by the words."""
        for word in self.wanted:
            if word.isdigit():
                if name.startswith(word.zfill(2) + "-"):
                    return True
            elif Path(word).name in (name, name + ".md"):
                return True
        return not self.wanted

    def source(self, name):
        if name not in self.sources:
            self.sources[name] = Source(self.root, name)
        return self.sources[name]

    def quotes(self, chapters):
        for path in chapters:
            text = path.read_text(encoding="utf-8")
            for block in blocks(path.relative_to(self.root), text):
                if "file" in block.attributes:
                    yield block

    def body(self, block):
        """What should stand in a quote."""
        source = self.source(block.attributes["file"])
        body = source.quote(block.attributes.get("item"))
        if any(line.startswith(block.fence) for line in body):
            raise Problem(f"{source.name} has a line that begins with "
                          f"{block.fence}: use a longer fence")
        return body

    def weave(self):
        """Fills all quotes in; returns the problems."""
        problems = []
        for path in self.chapters:
            text = path.read_text(encoding="utf-8")
            lines = text.splitlines()
            try:
                found = blocks(path.relative_to(self.root), text)
            except Problem as problem:
                problems.append(str(problem))
                continue
            for block in reversed(found):
                if "file" not in block.attributes:
                    continue
                try:
                    lines[block.line:block.line + len(block.body)] = (
                        self.body(block))
                except Problem as problem:
                    problems.append(f"{block}: {problem}")
            woven = "\n".join(lines) + "\n"
            if woven != text:
                path.write_text(woven, encoding="utf-8")
        return problems

    def check(self):
        """Every problem of the book, as a list of sentences."""
        problems = []
        covered = {}  # file name -> line -> the blocks that quote it
        typed = {}    # file name -> the last line that was quoted so far
        for block in self.quotes(self.all):
            mine = not self.wanted or self.is_wanted(block.path.name)
            try:
                source = self.source(block.attributes["file"])
                ranges = source.ranges(block.attributes.get("item"))
                if mine and self.body(block) != block.body:
                    problems.append(f"{block}: the quote of {source.name} is "
                                    "stale: run `make weave`")
            except Problem as problem:
                if mine:
                    problems.append(f"{block}: {problem}")
                continue
            lines = covered.setdefault(source.name, {})
            for first, last in ranges:
                if mine and source.is_c() and first < typed.get(
                        source.name, 0):
                    problems.append(
                        f"{block}: {source.name}:{first} comes after what "
                        "stands below it: who types the file in goes from "
                        "its first line to its last")
                typed[source.name] = last
                for line in range(first, last + 1):
                    lines.setdefault(line, []).append(block)
        for name in self.source_files():
            problems += self.coverage(name, covered.get(name, {}))
        return problems

    def source_files(self):
        """Every text file of src/, of the wanted stages."""
        for path in sorted((self.root / "src").rglob("*")):
            name = path.relative_to(self.root)
            if path.is_file() and "__pycache__" not in name.parts and (
                    self.is_wanted(name.parts[1])) and is_text(path):
                yield str(name)

    def coverage(self, name, covered):
        """Lines in no quote and lines in two, one sentence for each item."""
        source = self.source(name)
        chapter = f"chapters/{Path(name).parts[1]}.md"
        items = source.items or [
            citems.Item([("", "file")], 1, len(source.lines))]
        for item in items:
            missing, double = [], []
            for line in range(item.first, item.last + 1):
                quotes = covered.get(line, [])
                if not quotes and source.lines[line - 1].strip():
                    missing.append(line)
                elif len(quotes) > 1:
                    double.append(line)
            if missing:
                yield (f"{chapter}: {name}:{missing[0]}: {item.title()} "
                       f"stands in no quote ({len(missing)} lines)")
            if double:
                places = ", ".join(map(str, covered[double[0]]))
                yield (f"{places}: {name}:{double[0]}: {item.title()} stands "
                       f"in {len(covered[double[0]])} quotes")


def is_text(path):
    """Pictures and the like are not quoted."""
    data = path.read_bytes()
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in data


def main(argv):
    parser = argparse.ArgumentParser(
        description="Fill and check the quotes of the book.")
    parser.add_argument("--root", type=Path,
                        default=Path(__file__).resolve().parent.parent)
    parser.add_argument("command", choices=["weave", "check", "items"])
    parser.add_argument("names", nargs="*")
    args = parser.parse_args(argv)
    try:
        if args.command == "items":
            for name in args.names:
                source = Source(args.root, name)
                for item in source.items or []:
                    print(f"{name}:{item.first}-{item.last} {item.title()}")
            return 0
        book = Book(args.root, args.names)
        problems = book.weave() if args.command == "weave" else book.check()
    except Problem as problem:
        problems = [str(problem)]
    for problem in problems:
        print(problem)
    if problems:
        print(f"{args.command}: {len(problems)} problems", file=sys.stderr)
    elif args.command == "check":
        print("check: every quote is fresh, every line is quoted once")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
