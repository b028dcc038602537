#!/usr/bin/python3
"""weave: fills the quotes of the book from the source, and checks them.

    weave.py weave [CHAPTER...]    fill in the quotes of all or some chapters
    weave.py check [CHAPTER...]    fail when a quote is stale, a name does not
                                   match, a line of src/ is not listed once,
                                   the pieces of a file are out of order or in
                                   another part than their room's, or a
                                   finished chapter has too little prose
    weave.py type FOLDER [CHAPTER...]
                                   write FOLDER/src as one who types in what
                                   the listings show, from the first to the last
    weave.py items FILE...         list the names that a quote of FILE can use

CHAPTER is a number, which means all parts of the chapter too, or a file; with
it, `check` looks at that chapter's quotes and at the files of its stage, or of
its room.  A quote is a fenced block whose info line names its file:

    ```c {file="src/01-echo/net.h"}                      the whole file
    ```c {file="src/01-echo/net.c" item="opening"}       up to the first definition
    ```c {file="src/01-echo/net.c" item="net_listen"}    one definition
    ```c {file="src/01-echo/net.c" item="a b c"}         several
    ```c {file="src/01-echo/net.c" item="first..last"}   a run of neighbours

Where a tag and a function share a name, `struct:name` is the one and `name()`
the other.  What an item is, citems.py says, and pyitems.py for Python.  Any
other file is quoted as a whole.

These are listings: each line of src/ stands in exactly one.  An excerpt shows
five to thirty lines again, or ahead, where the text speaks of them:

    ```c {.excerpt file="src/01-echo/net.c" item="net_listen"
          from="bind(" to="return"}

(on one line).  It begins in the first line of the item that holds the one text,
and ends in the next that holds the other; without them it is the whole item.

A listing that is routine is folded (chapter.py says how).  What a reader meets
unfolded has at least WORDS words of prose for each line of code, and at most RUN
lines of code without prose between; `check` prints a table of it, and insists
where a chapter is FINISHED.
"""

import argparse
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
import citems  # noqa: E402
import pyitems  # noqa: E402
from chapter import Chapter, Problem, blocks  # noqa: E402,F401

DIVIDE = {".c": citems.divide, ".h": citems.divide, ".py": pyitems.divide}
EXCERPT = (5, 30)  # lines
WORDS, RUN = 2.5, 40
# The chapters and parts that keep to WORDS and RUN.  None ever leaves the list.
FINISHED = ("06-proxy", "06-proxy-1-loop", "06-proxy-2-language",
            "06-proxy-3-conversation", "06-proxy-4-site",
            "06-proxy-5-upstream", "06-proxy-6-modules", "06-proxy-7-process")


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

    def excerpt(self, wanted, begin, end):
        """The lines of an excerpt's body."""
        lines = self.quote(wanted)
        first, last = 0, len(lines) - 1
        if begin is not None:
            first = self.line_with(begin, lines, 0)
        if end is not None:
            last = self.line_with(end, lines, first + (begin is not None))
        lines = lines[first:last + 1]
        if not EXCERPT[0] <= len(lines) <= EXCERPT[1]:
            raise Problem(f"this excerpt has {len(lines)} lines: {EXCERPT[0]} "
                          f"to {EXCERPT[1]} are wanted (from= and to= choose)")
        return lines

    def line_with(self, text, lines, start):
        for number in range(start, len(lines)):
            if text in lines[number]:
                return number
        raise Problem(f"no line {'below it ' if start else ''}holds {text}")


class Book:
    def __init__(self, root, wanted=()):
        self.root = root
        self.sources = {}
        self.wanted = [str(w) for w in wanted]
        self.all = reading_order(root)
        self.stems = {c.stem for c in self.all}
        self.paths = [c for c in self.all if self.is_wanted(c.stem)]
        if self.wanted and not self.paths:
            raise Problem("no chapter matches " + " ".join(self.wanted))

    def is_wanted(self, stem):
        """True when a chapter or part is meant by the words."""
        for word in self.wanted:
            if word.isdigit():
                if stem.startswith(word.zfill(2) + "-"):
                    return True
            elif Path(word).name in (stem, stem + ".md"):
                return True
        return not self.wanted

    def home(self, name):
        """The chapter that lists a file of src/: the part of its room, where
        there is one, or the chapter of its stage."""
        folders = Path(name).parts[1:-1]
        part = "-".join(folders[:2])
        return part if part in self.stems else folders[0]

    def source(self, name):
        if name not in self.sources:
            self.sources[name] = Source(self.root, name)
        return self.sources[name]

    def read(self, path):
        return Chapter(path.relative_to(self.root),
                       path.read_text(encoding="utf-8"))

    def body(self, block):
        """What should stand in a quote."""
        source = self.source(block.attributes["file"])
        item, begin, end = map(block.attributes.get, ("item", "from", "to"))
        if block.excerpt:
            body = source.excerpt(item, begin, end)
        elif begin is not None or end is not None:
            raise Problem("from= and to= are for excerpts: a listing holds "
                          "whole items")
        else:
            body = source.quote(item)
        if any(line.startswith(block.fence) for line in body):
            raise Problem(f"{source.name} has a line that begins with "
                          f"{block.fence}: use a longer fence")
        return body

    def weave(self):
        """Fills all quotes in; returns the problems."""
        problems = []
        for path in self.paths:
            try:
                chapter = self.read(path)
            except Problem as problem:
                problems.append(str(problem))
                continue
            woven = list(chapter.lines)
            for block in reversed(chapter.blocks):
                if "file" not in block.attributes:
                    continue
                try:
                    woven[block.line:block.line + len(block.body)] = (
                        self.body(block))
                except Problem as problem:
                    problems.append(f"{block}: {problem}")
            if woven != chapter.lines:
                path.write_text("\n".join(woven) + "\n", encoding="utf-8")
        return problems

    def check(self):
        """Every problem of the book, as a list of sentences."""
        problems = []
        covered = {}  # file name -> line -> the listings that hold it
        typed = {}    # file name -> the last line that was listed so far
        self.table = []  # the chapters that were looked at
        self.later = []  # what will be a problem when a part is finished
        chapters = {path: self.read(path) for path in self.all}
        self.listed = {block.attributes.get("file")
                       for chapter in chapters.values()
                       for block in chapter.blocks if not block.excerpt}
        for path, chapter in chapters.items():
            mine = path in self.paths
            found = []
            for block in chapter.blocks:
                if "file" in block.attributes:
                    found += self.check_quote(block, covered, typed)
            found += chapter.problems
            if path.stem in FINISHED:
                found += bounds(chapter)
            if mine:
                problems += found
                self.table.append(chapter)
        for name in self.source_files():
            problems += self.coverage(name, covered.get(name, {}))
        return problems

    def check_quote(self, block, covered, typed):
        """The problems of one quote; a listing is entered as covered."""
        name = block.attributes["file"]
        if block.excerpt and name in self.listed and not (
                self.root / name).is_file():
            return  # who types the book in has not come to its listing yet
        try:
            source = self.source(name)
            if not block.excerpt and not source.name.startswith("src/"):
                raise Problem(f"{source.name} is not of src/: of it there are "
                              "excerpts only")
            ranges = source.ranges(block.attributes.get("item"))
            if self.body(block) != block.body:
                yield (f"{block}: the quote of {source.name} is stale: run "
                       "`make weave`")
        except Problem as problem:
            yield f"{block}: {problem}"
            return
        if block.excerpt:
            return
        home = self.home(source.name)
        if block.path.stem != home:
            place = (f"{block}: {source.name} is listed in chapters/{home}.md:"
                     " here it can be an excerpt")
            if {block.path.stem, home} & set(FINISHED):
                yield place
            elif self.is_wanted(block.path.stem):
                self.later.append(place)
        lines = covered.setdefault(source.name, {})
        for first, last in ranges:
            if first > 1 and source.lines[first - 2].strip():
                yield (f"{block}: no empty line is above {source.name}:{first}"
                       ", and who types it puts one: list it with what stands "
                       "above it, as one..other")
            if source.is_c() and first < typed.get(source.name, 0):
                yield (f"{block}: {source.name}:{first} comes after what "
                       "stands below it: who types the file in goes from its "
                       "first line to its last")
            typed[source.name] = last
            for line in range(first, last + 1):
                lines.setdefault(line, []).append(block)

    def type(self, folder):
        """Writes what the listings show into FOLDER; returns the problems."""
        files = {}
        for path in self.paths:
            for block in self.read(path).blocks:
                name = block.attributes.get("file", "")
                if name.startswith("src/") and not block.excerpt:
                    files.setdefault(name, []).append("\n".join(block.body))
        there = [name for name in files if (folder / name).exists()]
        if there:
            return [f"{folder / name} is there already" for name in there]
        for name, listings in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("\n\n".join(listings) + "\n",
                                       encoding="utf-8")
        return []

    def source_files(self):
        """Every text file of src/, of the wanted stages or rooms."""
        for path in sorted((self.root / "src").rglob("*")):
            name = path.relative_to(self.root)
            if path.is_file() and "__pycache__" not in name.parts and (
                    self.is_wanted(self.home(name))) and is_text(path):
                yield str(name)

    def coverage(self, name, covered):
        """Lines in no listing and lines in two, a sentence for each item."""
        source = self.source(name)
        if source.is_c() and re.search(r"\n\n(\n|\Z)", source.text):
            yield (f"{name}: two empty lines together, or one at the end: who "
                   "types in the listings puts none there")
        items = source.items or [
            citems.Item([("", "file")], 1, len(source.lines))]
        for item in items:
            missing, double = [], []
            for line in range(item.first, item.last + 1):
                listings = covered.get(line, [])
                if not listings and source.lines[line - 1].strip():
                    missing.append(line)
                elif len(listings) > 1:
                    double.append(line)
            if missing:
                yield (f"chapters/{self.home(name)}.md: {name}:{missing[0]}: "
                       f"{item.title()} stands in no listing ({len(missing)} "
                       "lines)")
            if double:
                places = ", ".join(map(str, covered[double[0]]))
                yield (f"{places}: {name}:{double[0]}: {item.title()} stands "
                       f"in {len(covered[double[0]])} listings")


def reading_order(root):
    """The chapters of the book, each before its parts."""
    return sorted((root / "chapters").glob("*.md"), key=lambda p: p.stem)


def bounds(chapter):
    """What a finished chapter has too much or too little of."""
    if chapter.words < WORDS * chapter.open:
        yield (f"{chapter.path}: {chapter.words} words of prose for "
               f"{chapter.open} lines of open code: at least {WORDS} a line "
               "are wanted")
    for lines, place in chapter.runs:
        if lines > RUN:
            yield (f"{chapter.path}:{place}: {lines} lines of open code "
                   f"without prose between: at most {RUN} are wanted")


def print_table(chapters):
    """What a reader meets, for each chapter and part."""
    print(f"{'chapter':28}{'words':>7}{'open':>7}{'w/line':>8}{'run':>6}"
          f"{'folded':>8}  the longest run begins in line")
    for c in chapters:
        rate = f"{c.words / c.open:.1f}" if c.open else "-"
        lines, place = c.longest()
        mark = "*" if c.path.stem in FINISHED else ""
        print(f"{c.path.stem + mark:28}{c.words:7}{c.open:7}{rate:>8}"
              f"{lines:6}{c.folded:8}  {place or '-'}")
    print(f"(* finished: {WORDS} words a line of open code or more, {RUN} "
          "lines without prose or fewer)")


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
    parser.add_argument("command",
                        choices=["weave", "check", "type", "items"])
    parser.add_argument("names", nargs="*")
    args = parser.parse_args(argv)
    if args.command == "type" and not args.names:
        parser.error("type: which folder?")
    try:
        if args.command == "items":
            for name in args.names:
                source = Source(args.root, name)
                for item in source.items or []:
                    print(f"{name}:{item.first}-{item.last} {item.title()}")
            return 0
        if args.command == "type":
            problems = Book(args.root, args.names[1:]).type(
                Path(args.names[0]))
        elif args.command == "weave":
            problems = Book(args.root, args.names).weave()
        else:
            book = Book(args.root, args.names)
            problems = book.check()
            print_table(book.table)
            for sentence in book.later:
                print(f"later: {sentence}")
    except Problem as problem:
        problems = [str(problem)]
    for problem in problems:
        print(problem)
    if problems:
        print(f"{args.command}: {len(problems)} problems", file=sys.stderr)
    elif args.command == "check":
        print("check: every quote is fresh, every line is listed once")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
