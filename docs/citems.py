"""citems: the items of a C source, so that a book can quote them by name.

A file is divided, without a gap, into its opening and its definitions:

- the opening runs from line 1 to before the first definition: the comment,
  the includes, and the macros that come first;
- an item is one definition at top level (function, prototype, struct, enum,
  union, typedef, variable, macro) with the comment right above it;
- what has no name of its own belongs to the item before it: #endif, #undef, a
  static assertion, a declaration of what the same file defines elsewhere.

This is no C compiler.  It knows comments, strings, brackets and directives,
and trusts that the source is formatted as this house formats it.
"""

import re

ATTRIBUTE = re.compile(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)")
TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)
      | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      | (?P<directive>(?:(?<=\n)|(?<=\A))[ \t]*\#(?:\\\n|/\*.*?\*/|[^\n])*)
      | (?P<open>[({\[]) | (?P<close>[)}\]])
      | (?P<space>\s+)
      | (?P<word>\w+)
      | (?P<other>.)""",
    re.X | re.S,
)
TAGGED = re.compile(r"\b(struct|union|enum)\s+(\w+)?\s*\{\}")
NOT_NAMES = {"static", "const", "extern", "struct", "union", "enum", "void"}


class Piece:
    """A comment, a directive or a declaration at top level, by its lines."""

    def __init__(self, kind, first, last, names=(), body=False):
        self.kind = kind
        self.first, self.last = first, last  # line numbers from 1, inclusive
        self.names = list(names)  # (space, name); space "" or "struct", ...
        self.body = body  # says what the thing is, not only that it is


class Item:
    """What a quote can name: a run of whole lines."""

    def __init__(self, names, first, last):
        self.names, self.first, self.last = names, first, last

    def answers_to(self, wanted):
        """`name` is any name, `struct:name` a tag, `name()` not a tag."""
        if wanted.endswith("()"):
            return ("", wanted[:-2]) in self.names
        if ":" in wanted:
            return tuple(wanted.split(":", 1)) in self.names
        return any(name == wanted for _, name in self.names)

    def title(self):
        space, name = self.names[0]
        return f"{space}:{name}" if space else name


def pieces(text):
    """The top level of a C file, in order."""
    found, line, depth = [], 1, 0
    first, words, enumerators, function = 0, [], [], False

    def end_of_declaration(last):
        nonlocal words, enumerators, function
        found.append(declaration(words, enumerators, function, first, last))
        words, enumerators, function = [], [], False

    for match in TOKEN.finditer(text):
        kind, token = match.lastgroup, match.group()
        begin, line = line, line + token.count("\n")
        if kind == "space":
            if words and words[-1] != " ":
                words.append(" ")
        elif kind == "directive" and not depth and not words:
            found.append(directive(token, begin, line))
        elif kind in ("comment", "directive"):
            if depth or words:
                continue
            if found and found[-1].last == begin:
                found[-1].last = line  # a comment at the end of the line
            else:
                found.append(Piece("comment", begin, line))
        else:
            if not words:
                first = begin
            if kind == "open":
                if not depth and token == "{":
                    plain = ATTRIBUTE.sub("", "".join(words)).rstrip()
                    function = plain.endswith(")") and "=" not in plain
                depth += 1
                words.append(token if depth == 1 or token != "{" else "")
            elif kind == "close":
                depth -= 1
                words.append(token if depth == 0 or token != "}" else "")
                if not depth and token == "}" and function:
                    end_of_declaration(line)
            elif depth and in_braces(words):
                enumerators.append(token)
            else:
                words.append('""' if kind == "string" else token)
                if token == ";" and not depth:
                    end_of_declaration(line)
    return found


def in_braces(words):
    """True inside {...}; what stands there is not part of the head."""
    text = "".join(words)
    return text.count("{") > text.count("}")


def directive(token, first, last):
    match = re.match(r"\s*#\s*(\w+)\s*(\w+)?", token)
    word, name = match.groups() if match else ("", None)
    if word == "define":
        return Piece("define", first, last, [("", name)], True)
    kind = "tail" if word in ("endif", "undef") else "lead"
    return Piece(kind, first, last)


def declaration(words, inside, function, first, last):
    """What the tokens of one declaration define."""
    text = ATTRIBUTE.sub("", "".join(words))
    text = re.sub(r"\{[^}]*\}", "{}", text).strip()
    head = text.split("=")[0].rstrip("; ")
    body = "{}" in text or "=" in text
    names = []
    if re.match(r"(_Static_assert|static_assert)\b", head):
        return Piece("tail", first, last)
    if function:
        names.append(("", before_paren(head)))
        return Piece("definition", first, last, names, True)
    tag = TAGGED.search(head)
    if tag and tag.group(2):
        names.append((tag.group(1), tag.group(2)))
    if tag and not tag.group(2) and tag.group(1) == "enum":
        names += [("", w) for w in enumerator_names(inside)]
    bare = re.fullmatch(r"(struct|union|enum)\s+(\w+)", head)
    if bare:
        names.append(bare.groups())
    else:
        declarator = head[tag.end():] if tag else head
        name = declared(declarator)
        if name:
            names.append(("", name))
    kind = "definition" if names else "tail"
    return Piece(kind, first, last, names, body)


def enumerator_names(tokens):
    """A, B = 2, C gives A, B, C."""
    names, expected = [], True
    for token in tokens:
        if expected and re.match(r"[A-Za-z_]\w*$", token):
            names.append(token)
        expected = token == ","
    return names


def before_paren(text):
    match = re.search(r"(\w+)\s*\(", text)
    return match.group(1) if match else ""


def declared(text):
    """The name that a declarator declares."""
    text = re.sub(r"\[[^\]]*\]", "", text)
    pointer = re.match(r"[^(]*\(\s*\*+\s*(?:const\s+)?(\w+)", text)
    if pointer:
        return pointer.group(1)
    if "(" in text:
        return before_paren(text)
    words = re.findall(r"\w+", re.split(r"[,:]", text)[0])
    return words[-1] if words and words[-1] not in NOT_NAMES else ""


def divide(text):
    """The items of a C file; the first is always the opening."""
    top = pieces(text)
    defined = {n for p in top if p.kind != "define" and p.body for n in p.names}
    for p in top:
        if p.kind == "definition" and not p.body and set(p.names) & defined:
            p.kind = "tail"  # a declaration ahead of its definition
    items = [Item([("", "opening")], 1, 1)]
    waiting = []

    def to_the_last(piece=None):
        last = waiting + ([piece] if piece else [])
        if last:
            items[-1].last = max(items[-1].last, last[-1].last)
        waiting.clear()

    for p in top:
        opening = len(items) == 1
        if p.kind in ("comment", "lead"):
            waiting.append(p)
        elif p.kind == "tail" or (p.kind == "define" and opening):
            to_the_last(p)
        elif p.first <= items[-1].last and not opening:
            items[-1].names += p.names  # two definitions on one line
            to_the_last(p)
        else:
            first = p.first
            if opening:
                close = []
                while waiting and waiting[-1].last == first - 1:
                    close.insert(0, waiting.pop())
                    first = close[0].first
                if first == 1:  # the only comment is the file's
                    first = p.first
                    waiting, close = close, []
                to_the_last()
            elif waiting:
                first = waiting[0].first
                waiting.clear()
            items.append(Item(p.names, first, p.last))
    to_the_last()
    return items
