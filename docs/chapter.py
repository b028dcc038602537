"""chapter: what stands in a chapter's Markdown: blocks, folds and prose.

A fold is what a reader opens only if he wants to.  On a code host and in the
HTML book it works without a script:

    <details>
    <summary>The rows of the three directives.</summary>

    ```c {file="src/06-proxy/1-loop/event.c" item="rows"}
    ```

    </details>

Its tags stand between empty lines: otherwise the fences would be shown, not
the code.  The summary is one sentence, in plain words: HTML knows no `quotes`.

Prose is what stands in paragraphs, lists, tables and block quotes outside of
folds.  Headings, pictures, commands that are only indented and what is in a
fold are none.  Code is each quote, each sketch, and each block that names a
language; `console` is none, for it shows what is done with the code.
"""

import re

FENCE = re.compile(r"^(`{3,})[ ]*([^`]*?)[ ]*$")
ATTRIBUTES = re.compile(r"\{(.*)\}")
PAIR = re.compile(r'([\w-]+)="([^"]*)"')
CLASS = re.compile(r"(?<!\S)\.([\w-]+)")
FOLD_TAG = re.compile(r"\s*</?(details|summary)\b")
HEAD = re.compile(r"<details>\n<summary>(.*?)</summary>(.*)", re.S)
HEADING = re.compile(r"#{1,6} ")
LIST = re.compile(r"\s*([-*+]|\d+[.)]) ")
# Pictures, remarks, definitions of links and the numbers of items are no prose.
UNSEEN = re.compile(r"!\[[^\]]*\]\([^)]*\)|<!--.*?-->"
                    r"|^\[[^\]]+\]:.*$|\{[#.][^}]*\}|^\s*\d+[.)] ", re.S | re.M)
WORD = re.compile(r"\S*\w\S*")


class Problem(Exception):
    """One sentence about a quote that cannot be filled."""


class Block:
    """A fenced block of a chapter: its info line and its body."""

    def __init__(self, path, fence, info, line, folded=False):
        self.path, self.fence, self.info = path, fence, info
        self.line = line  # of the opening fence, from 1
        self.folded = folded
        self.body = []
        found = ATTRIBUTES.search(info)
        text = found.group(1) if found else ""
        self.attributes = dict(PAIR.findall(text))
        self.language = info.split("{")[0].strip()
        self.excerpt = "excerpt" in CLASS.findall(PAIR.sub("", text))

    def __str__(self):
        return f"{self.path}:{self.line}"

    def is_code(self):
        return bool({"file", "sketch"} & self.attributes.keys()) or (
            self.language not in ("", "console", "text"))


class Chapter:
    """A chapter or a part of one, read.

    blocks      its fenced blocks, in order
    problems    what is wrong with its folds, as sentences
    words       of prose
    open, folded    lines of code that a reader meets, and that he may open
    runs        (lines, line): open code without prose between, and its place
    """

    def __init__(self, path, text):
        self.path = path
        self.lines = text.splitlines()
        self.blocks, self.problems, self.runs = [], [], []
        self.words = self.open = self.folded = 0
        self.fold = None  # (line, blocks before it) of the fold that is open
        self.paragraph, self.in_list, self.run = [], False, None
        self.read()

    def read(self):
        number, block = 1, None
        while number <= len(self.lines):
            line = self.lines[number - 1]
            fence = FENCE.match(line)
            if block and fence and fence[1].startswith(block.fence) and (
                    not fence[2]):
                self.end_block(block, number)
                block = None
            elif block:
                block.body.append(line)
            elif fence:
                self.end_paragraph()
                block = Block(self.path, fence[1], fence[2], number,
                              self.fold is not None)
            elif FOLD_TAG.match(line):
                self.end_paragraph()
                number = self.read_tag(number)
            else:
                if line.startswith("~~~"):
                    self.problem(number, "a block begins with ```: below a "
                                 "paragraph pandoc takes ~~~ for a definition")
                self.read_text(line)
            number += 1
        if block:
            raise Problem(f"{block}: this block is never closed")
        self.end_paragraph()
        if self.fold:
            self.problem(self.fold[0], "this <details> is never closed")

    def problem(self, number, sentence):
        self.problems.append(f"{self.path}:{number}: {sentence}")

    def is_empty(self, number):
        return not (1 <= number <= len(self.lines)) or (
            not self.lines[number - 1].strip())

    def end_block(self, block, number):
        self.blocks.append(block)
        if block.folded and not (self.is_empty(block.line - 1) and
                                 self.is_empty(number + 1)):
            self.problem(block.line, "in a <details> an empty line stands "
                         "before and after a block")
        if not block.is_code():
            return
        if block.folded:
            self.folded += len(block.body)
            return
        self.open += len(block.body)
        if not self.run:
            self.run = [0, block.line]
            self.runs.append(self.run)
        self.run[0] += len(block.body)

    def read_text(self, line):
        """A line that is in no block and no tag."""
        if HEADING.match(line):
            self.end_paragraph()
            self.in_list = False
        elif line.strip():
            if not self.paragraph and LIST.match(line):
                self.in_list = True
            elif not self.paragraph and not line.startswith(" "):
                self.in_list = False
            self.paragraph.append(line)
        else:
            self.end_paragraph()

    def end_paragraph(self):
        lines, self.paragraph = self.paragraph, []
        if not lines or self.fold or (
                lines[0].startswith("    ") and not self.in_list):
            return
        words = len(WORD.findall(UNSEEN.sub("", "\n".join(lines))))
        self.words += words
        if words:
            self.run = None

    def read_tag(self, number):
        """A line with a tag of a fold; returns the last line that it took."""
        line = self.lines[number - 1]
        if line.strip() == "</details>":
            self.close_fold(number)
            return number
        last = number
        while not self.is_empty(last + 1) and not FENCE.match(
                self.lines[last]):
            last += 1
        head = HEAD.fullmatch("\n".join(self.lines[number - 1:last]))
        if self.fold:
            self.problem(number, "a tag in the <details> of line "
                         f"{self.fold[0]}: a fold holds blocks")
            return last
        if line.startswith("<details"):
            self.fold = (number, len(self.blocks))
        if not head or not head[1].strip():
            self.problem(number, "a fold begins with a line <details> and, "
                         "below it, <summary>One sentence that says what it "
                         "holds.</summary>")
        elif head[2].strip() or not self.is_empty(last + 1):
            self.problem(last, "an empty line stands between a <summary> and "
                         "what it holds: else a code host shows the fences, "
                         "not the code")
        elif not is_sentence(" ".join(head[1].split())):
            self.problem(number, "a <summary> is one sentence that ends with "
                         "a full stop, in plain words (HTML knows no `quotes`:"
                         " say <code>)")
        if not self.is_empty(number - 1):
            self.problem(number, "an empty line stands before <details>")
        return last

    def close_fold(self, number):
        if not self.fold:
            self.problem(number, "this </details> closes nothing")
            return
        if len(self.blocks) == self.fold[1]:
            self.problem(self.fold[0], "this <details> holds no block")
        if not self.is_empty(number - 1) or not self.is_empty(number + 1):
            self.problem(number, "an empty line stands before and after "
                         "</details>")
        self.fold = None

    def longest(self):
        """The longest run of open code without prose, and where it begins."""
        return max(self.runs, key=lambda r: r[0], default=[0, 0])


def is_sentence(text):
    """One sentence, as a tag of HTML holds it."""
    return text.endswith(".") and "`" not in text and not re.search(
        r"[.!?] ", text)


def blocks(path, text):
    """Every fenced block of a chapter, in order."""
    return Chapter(path, text).blocks
