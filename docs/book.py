#!/usr/bin/python3
"""book: the book as HTML, with pandoc, and a check of what it points to.

    docs/book.py FOLDER      writes FOLDER/index.html and a page a chapter

The pages need no network, no server and no JavaScript.  A link, an anchor or
a picture that leads nowhere is an error: pandoc itself would let it pass.
"""

import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "docs"))
import weave  # noqa: E402

PICTURES = {".svg", ".png", ".jpg", ".gif"}
PART = re.compile(r"(\d\d-\w+)-\d-\w")  # of which chapter a file is a part
QUOTE = re.compile(r"""^(```+\w*\ *\{((?:[^"}\n]|"[^"\n]*")*)\})$""", re.M)


class Page(HTMLParser):
    """What a page points to, and what in it can be pointed to."""

    def __init__(self, path):
        super().__init__()
        self.path, self.ids, self.links, self.title = path, set(), [], ""
        self.in_title = self.code = False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if attrs.get("id"):
            self.ids.add(attrs["id"])
        for name in ("href", "src"):
            if attrs.get(name):
                self.links.append(attrs[name])
        if tag == "script":
            raise ValueError(f"{self.path}: a page with JavaScript")
        self.in_title = tag == "h1" and not self.title

    def handle_endtag(self, tag):
        self.in_title = False

    def handle_data(self, data):
        if self.in_title:
            self.title += data


def sources():
    """The Markdown files of the book, in reading order."""
    return [*weave.reading_order(ROOT),
            *sorted((ROOT / "docs").glob("*.md")), ROOT / "corpus/README.md"]


def page_of(path):
    """The name of a file's page, without .html."""
    return path.parent.name if path.stem == "README" else path.stem


def title_of(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            return re.sub(r"\s*\{[^}]*\}\s*$", "", line[2:]).strip()
    return path.stem


def navigation(files, number):
    """The links to the neighbours, as HTML."""
    words = ['<nav><a href="index.html">Contents</a>']
    if number > 0:
        words.append(f'<a href="{page_of(files[number - 1])}.html" rel="prev">'
                     f"← {title_of(files[number - 1])}</a>")
    if number + 1 < len(files):
        words.append(f'<a href="{page_of(files[number + 1])}.html" rel="next">'
                     f"{title_of(files[number + 1])} →</a>")
    return " ".join(words) + "</nav>\n"


def pandoc(text, out, title, links=""):
    """Makes one page of Markdown text; with links, it gets a table of its
    sections too.  Its style is book.css alone: --css keeps pandoc's away."""
    work = out.with_suffix(".parts")
    work.mkdir(exist_ok=True)
    (work / "links").write_text(links, encoding="utf-8")
    done = subprocess.run(
        ["pandoc", "--from", "commonmark_x", "--to", "html5", "--standalone",
         *(["--toc", "--toc-depth=2"] if links else []),
         "--css", "book.css", "--no-highlight",
         "--metadata", f"pagetitle={title} · Strata", "--variable", "lang=en",
         "--include-before-body", str(work / "links"),
         "--include-after-body", str(work / "links"),
         "--output", str(out)],
        input=text, text=True, capture_output=True, check=False)
    shutil.rmtree(work)
    if done.returncode or done.stderr:
        return f"{out.name}: pandoc: {done.stderr.strip()}"
    return None


def to_pages(text):
    """Links to other Markdown files become links to their pages, and each
    quote of a file says above it which file it is."""
    def page(match):
        return f"]({page_of(Path(match.group(1)))}.html{match.group(2) or ''})"
    text = re.sub(r"\]\((?!\w+:)([\w./-]+)\.md(#[\w-]+)?\)", page, text)
    text = re.sub(r"\]\((?:\.\./)?(?:chapters/|docs/)?([\w-]+\.(?:svg|png))\)",
                  r"](\1)", text)
    return QUOTE.sub(label, text)


def label(match):
    """What stands above a quote: the name of its file."""
    name = re.search(r'file="([^"]+)"', match[2])
    if not name:
        return match[1]
    kind = "An excerpt of " if ".excerpt" in match[2].split() else ""
    return f"[{kind}`{name[1]}`]{{.file}}\n\n{match[1]}"


def contents(files):
    """The first page: what the book is, and its chapters with their parts."""
    lines = ["# Strata", "", "A book whose every line of code runs, and a web "
             "server whose every line is explained.", ""]
    lines += [f"{'  ' if PART.match(f.stem) else ''}- [{title_of(f)}]"
              f"({page_of(f)}.html)" for f in files]
    return "\n".join(lines) + "\n"


def check(folder):
    """Every link, anchor and picture that leads nowhere."""
    pages = {p.name: Page(p) for p in sorted(folder.glob("*.html"))}
    for name, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme in ("http", "https", "mailto"):
                continue
            target = unquote(parts.path) or name
            if not (folder / target).is_file():
                yield f"{name}: {link}: there is no such file"
            elif parts.fragment and unquote(parts.fragment) not in (
                    pages[target].ids if target in pages else ()):
                yield f"{name}: {link}: there is no such place"


def check_cases(folder):
    """Every `see CHAPTER#SECTION` of the corpus that leads nowhere."""
    pages = {p.stem: Page(p) for p in sorted(folder.glob("*.html"))}
    for path in sorted((ROOT / "corpus").rglob("*.case")):
        text = path.read_text(encoding="utf-8", errors="replace")
        for see in re.findall(r"^see\s+(\S+)", text, flags=re.M):
            chapter, _, section = see.partition("#")
            if chapter not in pages or section not in pages[chapter].ids:
                yield (f"{path.relative_to(ROOT)}: see {see}: there is no "
                       "such section")


def main(argv):
    if len(argv) != 1:
        print(__doc__.strip(), file=sys.stderr)
        return 1
    folder = Path(argv[0])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "docs/book.css", folder)
    for part in ("chapters", "docs"):
        for path in (ROOT / part).iterdir():
            if path.suffix in PICTURES:
                shutil.copy(path, folder)
    files = sources()
    jobs = []
    with ThreadPoolExecutor(2) as pool:
        for number, path in enumerate(files):
            links = navigation(files, number)
            jobs.append(pool.submit(
                pandoc, to_pages(path.read_text(encoding="utf-8")),
                folder / f"{page_of(path)}.html", title_of(path), links))
        jobs.append(pool.submit(pandoc, contents(files),
                                folder / "index.html", "Contents"))
    problems = [j.result() for j in jobs if j.result()]
    problems += check(folder)
    problems += check_cases(folder)
    for problem in problems:
        print(problem)
    print(f"{len(files) + 1} pages, from {folder}/index.html on, "
          f"{len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
