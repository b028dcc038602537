#!/usr/bin/python3
"""The book's loom: what an item is, and that no fault of a quote goes unseen.

Each test writes a small house into a temporary directory, with one source
file and one chapter or more, and runs docs/weave.py on it as `make` does.
"""

import contextlib
import io
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "docs"))
import book  # noqa: E402
import citems  # noqa: E402
import pyitems  # noqa: E402
import weave  # noqa: E402
from chapter import Chapter  # noqa: E402

SOURCE = """\
/* demo: a file that is only here to be quoted. */

#include "demo.h"

#define FIRST 1

/* A pair. */
struct pair {
    int a, b;
};

static int add(int a, int b);

/* Adds; the "}" in this string is no end: see below. */
int add_twice(int a)
{
    const char *text = "}";
#if FIRST
    if (text[0] == '}') { /* } */
        a = add(a, a);
    }
#endif
    return a;
}

#define SECOND(x) \\
    ((x) + 1)
#define THIRD 3

static int add(int a, int b)
{
    return a + b;
}

static const struct pair table[] = {
    {1, 2},
    {3, 4},
};
"""

GOOD = """\
# A chapter

```c {file="src/01-echo/demo.c" item="opening"}
```

Prose.

```c {file="src/01-echo/demo.c" item="pair add_twice"}
```

```c {file="src/01-echo/demo.c" item="SECOND..table"}
```
"""


def names(text):
    return [(i.title(), i.first, i.last) for i in citems.divide(text)]


class Items(unittest.TestCase):
    def test_whole_file_is_divided(self):
        self.assertEqual(names(SOURCE), [
            ("opening", 1, 5), ("struct:pair", 7, 12), ("add_twice", 14, 24),
            ("SECOND", 26, 27), ("THIRD", 28, 28), ("add", 30, 33),
            ("table", 35, 38)])

    def test_only_an_opening(self):
        self.assertEqual(names("/* nothing */\n#define A 1\n"),
                         [("opening", 1, 2)])

    def test_guard_ends_in_the_last_item(self):
        self.assertEqual(
            names("/* x */\n\n#ifndef H\n#define H\n\nint a(void);\n"
                  "int b(void); /* two\n* lines */\n\n#endif\n"),
            [("opening", 1, 4), ("a", 6, 6), ("b", 7, 10)])

    def test_comment_that_stands_alone_goes_with_the_next(self):
        self.assertEqual(
            names("#include <a.h>\nint a;\n\n/* part two */\n\nint b;\n"),
            [("opening", 1, 1), ("a", 2, 2), ("b", 4, 6)])

    def test_every_kind_of_name(self):
        cases = {
            "static const char *const words[] = {\"a\", \"b\"};": "words",
            "struct x { int a; };": "struct:x",
            "enum x { A, B };": "enum:x",
            "union x { int a; };": "union:x",
            "struct x;": "struct:x",
            "typedef struct x { int a; } y;": "struct:x",
            "typedef bool f(void *context, struct span name);": "f",
            "typedef int (*f)(int (*g)(void));": "f",
            "bool f(struct a *a, void (*run)(void *what), void *what);": "f",
            "static void (*const run[])(void) = {a, b};": "run",
            "static __attribute__((noreturn)) void die(int x)\n{\n}": "die",
            "int f(const char *s, ...)\n"
            "    __attribute__((format(printf, 1, 2)));": "f",
            "struct x *f(int a)\n{\n    return 0;\n}": "f",
            "static struct x one = {.a = 1};": "one",
            "extern const struct x one;": "one",
            "conf_set f;": "f",
            "static unsigned char a[(1 + 2) * 3];": "a",
        }
        for text, name in cases.items():
            with self.subTest(text):
                found = names("/* o */\n\n" + text + "\n")
                self.assertEqual([n for n, _, _ in found], ["opening", name])

    def test_anonymous_enum_answers_to_its_constants(self):
        item = citems.divide("#include <a.h>\nenum { A = 1, B, };\n")[1]
        self.assertTrue(item.answers_to("A") and item.answers_to("B"))

    def test_tag_and_function_of_one_name(self):
        text = "#include <a.h>\nstruct x {\n    int a;\n};\n\nint x(void);\n"
        _, tag, function = citems.divide(text)
        self.assertTrue(tag.answers_to("struct:x"))
        self.assertTrue(function.answers_to("x()"))
        self.assertFalse(tag.answers_to("x()"))
        self.assertFalse(function.answers_to("struct:x"))

    def test_every_line_of_every_source_is_in_one_item(self):
        for path in sorted((ROOT / "src").rglob("*.[ch]")):
            with self.subTest(path.name):
                lines = path.read_text(encoding="utf-8").splitlines()
                held = [0] * (len(lines) + 1)
                for item in citems.divide("\n".join(lines) + "\n"):
                    for line in range(item.first, item.last + 1):
                        held[line] += 1
                for number, line in enumerate(lines, 1):
                    if line.strip():
                        self.assertEqual(held[number], 1, f"{path}:{number}")


class PythonItems(unittest.TestCase):
    def test_whole_file_is_divided(self):
        text = ('"""Doc."""\n\nimport os\n\n# Why.\nA = 1\n\n\n'
                '# Alone.\n\n@deco\ndef f():\n    pass\n\n\n'
                'class C:\n    x = 1\n\n\nif A:\n    f()\n# end\n')
        self.assertEqual(
            [(i.title(), i.first, i.last) for i in pyitems.divide(text)],
            [("opening", 1, 3), ("A", 5, 9), ("f", 11, 13), ("C", 16, 22)])


class House(unittest.TestCase):
    """A house of one file and one chapter, in a temporary directory."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = Path(self.folder.name)
        self.source = self.root / "src/01-echo/demo.c"
        self.chapter = self.root / "chapters/01-echo.md"
        self.source.parent.mkdir(parents=True)
        self.chapter.parent.mkdir()
        self.source.write_text(SOURCE)

    def run_weave(self, command, *names):
        done = subprocess.run(
            [sys.executable, str(ROOT / "docs/weave.py"),
             "--root", str(self.root), command, *names],
            capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    def woven(self, text=GOOD):
        self.chapter.write_text(text)
        return self.run_weave("weave")

    def expect_problem(self, *parts):
        status, out = self.run_weave("check")
        self.assertEqual(status, 1, out)
        for part in parts:
            self.assertIn(part, out)


class Quotes(House):
    def test_woven_book_is_good(self):
        self.assertEqual(self.woven(), (0, ""))
        self.assertEqual(self.run_weave("check")[0], 0)
        text = self.chapter.read_text()
        self.assertIn("Prose.\n", text)
        self.assertIn("/* A pair. */\nstruct pair {\n", text)
        self.assertIn("static int add(int a, int b);\n\n/* Adds;", text)

    def test_weaving_twice_changes_nothing(self):
        self.woven()
        before = self.chapter.read_text()
        self.run_weave("weave")
        self.assertEqual(self.chapter.read_text(), before)

    def test_empty_quote_is_stale(self):
        self.chapter.write_text(GOOD)
        self.expect_problem("chapters/01-echo.md:3:", "stale")

    def test_changed_source_is_stale(self):
        self.woven()
        self.source.write_text(SOURCE.replace("{3, 4}", "{3, 5}"))
        self.expect_problem("chapters/01-echo.md:34:", "stale")

    def test_changed_quote_is_stale(self):
        self.woven()
        self.chapter.write_text(
            self.chapter.read_text().replace("int a, b;", "int a, c;"))
        self.expect_problem("stale")

    def test_new_definition_is_missing(self):
        self.woven()
        self.source.write_text(SOURCE + "\nint more;\n")
        self.expect_problem("chapters/01-echo.md: src/01-echo/demo.c:40:",
                            "more stands in no listing")

    def test_new_file_is_missing(self):
        self.woven()
        (self.source.parent / "other.h").write_text("/* x */\n")
        self.expect_problem("src/01-echo/other.h:1: opening stands in no")

    def test_unquoted_opening_is_missing(self):
        self.woven(GOOD.replace(' item="opening"', ' item="add"'))
        self.expect_problem("opening stands in no listing",
                            "add stands in 2 listings")

    def test_double_line(self):
        self.woven(GOOD + '\n```c {file="src/01-echo/demo.c" item="THIRD"}\n'
                   "```\n")
        self.expect_problem("THIRD stands in 2 listings",
                            "chapters/01-echo.md:34, chapters/01-echo.md:50")

    def test_unknown_name(self):
        status, out = self.woven(GOOD.replace("pair", "pear"))
        self.assertEqual(status, 1)
        self.assertIn("chapters/01-echo.md:8: src/01-echo/demo.c has no item "
                      "pear", out)
        self.expect_problem("no item pear", "struct:pair stands in no listing")

    def test_ambiguous_name(self):
        self.source.write_text(SOURCE + "\nint pair(void)\n{\n}\n")
        self.woven()
        self.expect_problem("has 2 items pair")

    def test_run_in_the_wrong_order(self):
        status, out = self.woven(GOOD.replace("SECOND..table",
                                              "table..SECOND"))
        self.assertEqual(status, 1)
        self.assertIn("SECOND stands before table", out)

    def test_pieces_that_cannot_be_typed_in_turn(self):
        self.woven(GOOD.replace('item="opening"', 'item="SECOND..table"')
                   .replace('item="pair add_twice"', 'item="opening"')
                   .replace('item="SECOND..table"}\n```',
                            'item="pair add_twice"}\n```'))
        self.expect_problem("chapters/01-echo.md:", "demo.c:1 comes after "
                            "what stands below it")

    def test_unknown_file(self):
        self.woven(GOOD.replace("demo.c", "gone.c", 1))
        self.expect_problem("there is no file src/01-echo/gone.c")

    def test_block_that_never_ends(self):
        self.chapter.write_text(GOOD + "\n```c\n")
        self.expect_problem("chapters/01-echo.md:14: this block is never")

    def test_a_fence_that_pandoc_would_not_see(self):
        self.woven(GOOD + "\n~~~c\n~~~\n")
        self.expect_problem("chapters/01-echo.md:50: a block begins with ```")

    def test_longer_fence_where_the_source_has_one(self):
        self.source.write_text("/*\n```\n*/\n")
        quote = '```c {file="src/01-echo/demo.c"}\n```\n'
        status, out = self.woven(quote)
        self.assertEqual(status, 1)
        self.assertIn("use a longer fence", out)
        self.assertEqual(self.woven(quote.replace("```", "````"))[0], 0)
        self.assertEqual(self.run_weave("check")[0], 0)

    def test_pictures_are_exempt_and_other_text_is_not(self):
        self.woven()
        (self.source.parent / "a.png").write_bytes(b"\x89PNG\0\xff")
        self.assertEqual(self.run_weave("check")[0], 0)
        (self.source.parent / "a.conf").write_text("x;\n")
        self.expect_problem("src/01-echo/a.conf:1: file stands in no listing")
        self.woven(GOOD + '\n```nginx {file="src/01-echo/a.conf"}\n```\n')
        self.assertEqual(self.run_weave("check")[0], 0)

    def test_one_chapter_alone(self):
        self.woven()
        other = self.root / "src/02-static/b.c"
        other.parent.mkdir()
        other.write_text("int b;\n")
        self.assertEqual(self.run_weave("check", "1")[0], 0)
        self.assertEqual(self.run_weave("check")[0], 1)


    def test_neighbours_without_an_empty_line_are_one_listing(self):
        self.woven(GOOD.replace(
            'item="SECOND..table"}\n```', 'item="SECOND"}\n```\n\n'
            '```c {file="src/01-echo/demo.c" item="THIRD..table"}\n```'))
        self.expect_problem("no empty line is above src/01-echo/demo.c:28")

    def test_empty_lines_that_nobody_would_type(self):
        for text in (SOURCE + "\n", SOURCE.replace("\n\n", "\n\n\n", 1)):
            self.source.write_text(text)
            self.woven()
            self.expect_problem("src/01-echo/demo.c: two empty lines together")

    def test_what_is_not_of_src_is_not_listed(self):
        (self.root / "a.txt").write_text("one\n")
        status, out = self.woven(GOOD + '\n```text {file="a.txt"}\n```\n')
        self.assertEqual(status, 0, out)
        self.expect_problem("a.txt is not of src/")


def excerpt(words):
    return ('\n```c {.excerpt file="src/01-echo/demo.c" ' + words
            + '}\n```\n')


class Excerpts(House):
    def test_what_is_not_typed_yet_is_not_asked_for(self):
        self.woven(GOOD)
        ahead = self.chapter.parent / "00-ahead.md"
        ahead.write_text(excerpt('item="pair"'))
        self.run_weave("weave")
        self.source.unlink()
        self.assertEqual(self.run_weave("check", "0")[0], 0)
        self.assertEqual(self.run_weave("check")[0], 1)
        ahead.write_text(ahead.read_text().replace("demo.c", "gone.c"))
        self.assertEqual(self.run_weave("check", "0")[0], 1)

    def shown(self, words):
        """What an excerpt before the listings is filled in with."""
        status, out = self.woven(excerpt(words) + GOOD)
        self.assertEqual((status, out), (0, ""))
        status, out = self.run_weave("check")
        self.assertEqual(status, 0, out)
        block = weave.blocks("x.md", self.chapter.read_text())[0]
        return block.body

    def test_it_is_not_counted_and_may_stand_ahead(self):
        self.assertEqual(self.shown('item="pair"')[1:3],
                         ["struct pair {", "    int a, b;"])

    def test_from_and_to_are_lines_of_the_item(self):
        lines = SOURCE.splitlines()
        self.assertEqual(
            self.shown('item="add_twice" from="#if" to="#endif"'),
            lines[17:22])
        self.assertEqual(self.shown('item="add_twice" from="#if"'),
                         lines[17:24])
        self.assertEqual(self.shown('item="add_twice" to="(text"'),
                         lines[13:19])
        self.assertEqual(self.shown('from="/* A pair" to="add("'),
                         lines[6:12])

    def test_the_last_line_is_looked_for_below_the_first(self):
        self.assertEqual(self.shown('from="{" to="{"'),
                         SOURCE.splitlines()[7:16])

    def test_words_that_no_line_holds(self):
        for words, sentence in (
                ('from="gone"', "no line holds gone"),
                ('from="return" to="#if"', "no line below it holds #if")):
            status, out = self.woven(
                GOOD + excerpt(f'item="add_twice" {words}'))
            self.assertEqual(status, 1)
            self.assertIn(f"chapters/01-echo.md:14: {sentence}", out)
            self.expect_problem(f"chapters/01-echo.md:50: {sentence}")

    def test_it_has_five_to_thirty_lines(self):
        for words, lines in (('item="add"', 4), ("", 38)):
            self.woven(GOOD + excerpt(words))
            self.expect_problem(f"this excerpt has {lines} lines: 5 to 30")
        self.shown('item="pair..table" to="return a;"')

    def test_it_is_checked_for_freshness(self):
        self.woven(GOOD + excerpt('item="add_twice"'))
        self.chapter.write_text(self.chapter.read_text().rstrip("`\n")
                                + " \n```\n")
        self.expect_problem("chapters/01-echo.md:50:", "stale")

    def test_a_listing_has_no_from(self):
        self.woven(GOOD.replace('item="opening"', 'item="opening" from="#"'))
        self.expect_problem("from= and to= are for excerpts")

    def test_it_may_be_of_any_file(self):
        (self.root / "tests").mkdir()
        (self.root / "tests/a.txt").write_text("one\n" * 5)
        status, out = self.woven(
            GOOD + '\n```text {.excerpt file="tests/a.txt"}\n```\n')
        self.assertEqual((status, out), (0, ""))
        self.assertEqual(self.run_weave("check")[0], 0)
        self.assertIn("one\none\n", self.chapter.read_text())


FOLD = """\
Prose.

<details>
<summary>The table, and what
stands above it.</summary>

```c {file="src/01-echo/demo.c" item="SECOND..table"}
```

</details>

More prose.
"""
FOLDED = GOOD[:GOOD.rindex("```c")] + FOLD


class Folds(House):
    def faulty(self, before, after, sentence):
        self.assertEqual(FOLDED.count(before), 1)
        self.woven(FOLDED.replace(before, after))
        self.expect_problem(sentence)

    def test_what_is_folded_is_woven_and_counted(self):
        self.assertEqual(self.woven(FOLDED), (0, ""))
        status, out = self.run_weave("check")
        self.assertEqual(status, 0, out)
        self.assertIn("    {3, 4},\n};\n```\n\n</details>\n",
                      self.chapter.read_text())
        self.woven(FOLDED.replace("SECOND..table", "SECOND..THIRD"))
        self.expect_problem("table stands in no listing")

    def test_a_fold_says_what_it_holds(self):
        for after in ("", "<summary></summary>\n", "The table.\n"):
            self.faulty("<summary>The table, and what\nstands above it."
                        "</summary>\n", after, "01-echo.md:36: a fold begins "
                        "with a line <details> and, below it, <summary>")

    def test_in_one_plain_sentence(self):
        for sentence in ("The table", "The table. And what is above.",
                         "The `table`."):
            self.faulty("The table, and what\nstands above it.", sentence,
                        "01-echo.md:36: a <summary> is one sentence")

    def test_an_open_fold_is_no_fold(self):
        self.faulty("<details>", "<details open>", "a fold begins with")

    def test_a_code_host_needs_empty_lines(self):
        self.faulty("</summary>\n\n", "</summary>\n",
                    "01-echo.md:38: an empty line stands between a <summary>")
        self.faulty("</summary>\n", "</summary> The table:\n",
                    "an empty line stands between a <summary>")
        self.faulty("```\n\n</details>", "```\n</details>",
                    "an empty line stands before and after </details>")
        self.faulty("</details>\n\nMore", "</details>\nMore",
                    "an empty line stands before and after </details>")
        self.faulty("Prose.\n\n<details>", "Prose.\n<details>",
                    "an empty line stands before <details>")
        self.faulty("</summary>\n\n", "</summary>\n\nCode:\n",
                    "an empty line stands before and after a block")

    def test_tags_come_in_pairs(self):
        self.faulty("\n</details>\n", "", "01-echo.md:36: this <details> is "
                    "never closed")
        self.faulty("\n</details>\n", "\n</details>\n\n</details>\n",
                    "this </details> closes nothing")
        self.faulty("</summary>\n\n", "</summary>\n\n<details>\n<summary>Two."
                    "</summary>\n\n",
                    "a tag in the <details> of line 36")
        self.faulty("More prose.", "<summary>Alone.</summary>",
                    "a fold begins with")

    def test_a_fold_holds_something(self):
        self.faulty("</details>", "</details>\n\n<details>\n<summary>Nothing."
                    "</summary>\n\n</details>", "this <details> holds no block")

    def test_the_page_shows_code_folded_and_open(self):
        self.woven(FOLDED + excerpt('item="add_twice" from="#if"'))
        out = self.root / "page.html"
        self.assertIsNone(book.pandoc(
            book.to_pages(self.chapter.read_text()), out, "A page"))
        page = out.read_text()
        fold = page[page.index("<details>"):page.index("</details>")]
        self.assertRegex(fold, r"(?s)<summary>The table, and what\s+stands "
                         r"above it\.</summary>.*<code>src/01-echo/demo\.c"
                         r"</code>.*<pre[^>]*><code>#define SECOND\(x\)")
        self.assertNotIn("```", page)
        self.assertIn("<p>More prose.</p>", page)
        self.assertRegex(page, r'An excerpt of\s<code>src/01-echo/demo\.c</code>'
                         r'</span></p>\s*<pre class="excerpt c"')


def measured(text):
    chapter = Chapter("x.md", text)
    return chapter.words, chapter.open, chapter.folded, chapter.longest()


def code(lines, info="c"):
    return f"```{info}\n" + "x;\n" * lines + "```\n\n"


class Measure(unittest.TestCase):
    def words(self, text, expected):
        self.assertEqual(measured(text)[0], expected, text)

    def test_prose_is_paragraphs_lists_tables_and_quotes(self):
        self.words("One two,\nthree - four.\n\n> five six\n", 6)
        self.words("- one two\n\n    three four\n\n1. five\n", 5)
        self.words("| one | two |\n|---|:-:|\n| `three` | |\n", 3)
        self.words("[one two](a.md#three-four) *five*\n", 3)

    def test_headings_pictures_commands_and_folds_are_none(self):
        self.words("# One two {#three}\n\n## Four\n", 0)
        self.words("![one\ntwo](three.svg)\n\n---\n", 0)
        self.words("One:\n\n    make two\n    make three\n\nFour.\n", 2)
        self.words("<!-- one two -->\n\n[three]: four\n", 0)
        self.words("<details>\n<summary>One.</summary>\n\nTwo.\n\n"
                   + code(1) + "</details>\n", 0)
        self.words(code(2) + code(2, "console") + code(1, ""), 0)

    def test_code_is_quotes_sketches_and_what_names_a_language(self):
        self.assertEqual(measured(
            code(1) + code(2, 'c {file="a"}') + code(4, '{.excerpt file="a"}')
            + code(8, 'c {sketch="a"}') + code(16, "nginx") + code(32, "")
            + code(64, "console") + code(128, "text"))[1:3], (31, 0))

    def test_what_is_folded_is_counted_apart(self):
        self.assertEqual(measured(
            code(3) + "<details>\n<summary>Five.</summary>\n\n" + code(5)
            + "</details>\n")[1:3], (3, 5))

    def test_only_prose_ends_a_run(self):
        for between in ("", "## A heading\n\n", "    make\n\n", "---\n\n",
                        "![a](b.svg)\n\n", code(50, "console"),
                        "<details>\n<summary>Five.</summary>\n\n" + code(50)
                        + "</details>\n\n"):
            self.assertEqual(measured("One.\n\n" + code(3) + between + code(4))
                             [3], [7, 3], between)
        for between in ("Prose.\n\n", "- one\n\n"):
            self.assertEqual(measured("One.\n\n" + code(3) + between + code(4))
                             [3], [4, 9 + between.count("\n")], between)


class Bounds(House):
    """A chapter of which is asked what is asked of finished ones."""

    def check(self, text, finished=("01-echo",)):
        self.woven(text)
        out = io.StringIO()
        with mock.patch.object(weave, "FINISHED", finished), \
                contextlib.redirect_stdout(out), \
                contextlib.redirect_stderr(io.StringIO()):
            status = weave.main(["--root", str(self.root), "check"])
        return status, out.getvalue()

    def test_two_and_a_half_words_a_line(self):
        for more, status in (1, 0), (0, 1):
            # FOLDED has four words, and 23 lines that are open.
            found, out = self.check("word " * (53 + more) + "\n\n" + FOLDED)
            self.assertEqual(found, status, out)
            self.assertRegex(out, rf"01-echo\* +{57 + more} +23 +2\.5 +18 +13")
        self.assertIn("chapters/01-echo.md: 57 words of prose for 23 lines of "
                      "open code: at least 2.5 a line are wanted", out)
        self.assertEqual(self.check(FOLDED, ())[0], 0)

    def test_forty_lines_without_prose(self):
        for lines, status in (40, 0), (41, 1):
            found, out = self.check(
                FOLDED + "word " * 200 + "\n\n" + code(4, 'c {sketch="a"}')
                + code(lines - 4))
            self.assertEqual(found, status, out)
        self.assertIn("chapters/01-echo.md:61: 41 lines of open code without "
                      "prose between: at most 40", out)


class Rooms(House):
    """A chapter in parts, as its floor has rooms."""

    def setUp(self):
        super().setUp()
        for room, other in (("1-low", "2-high"), ("2-high", "1-low")):
            (self.root / "src/01-echo" / room).mkdir()
            (self.root / "src/01-echo" / room / "a.c").write_text("int a;\n")
            self.write(room, f"src/01-echo/{room}/a.c")
        self.woven()

    def write(self, part, *names):
        (self.chapter.parent / f"01-echo-{part}.md").write_text("".join(
            f'```c {{file="{name}"}}\n```\n\n' for name in names))

    def test_a_chapter_is_read_before_its_parts(self):
        (self.chapter.parent / "02-static.md").write_text("# Two\n")
        (self.chapter.parent / "01-echo-2-high.md").write_text("# High\n")
        (self.chapter.parent / "01-echo-1-low.md").write_text("# Low\n")
        order = ["01-echo", "01-echo-1-low", "01-echo-2-high", "02-static"]
        paths = weave.reading_order(self.root)
        self.assertEqual([p.stem for p in paths], order)
        self.assertEqual(book.contents(paths).splitlines()[4:], [
            "- [A chapter](01-echo.html)", "  - [Low](01-echo-1-low.html)",
            "  - [High](01-echo-2-high.html)", "- [Two](02-static.html)"])

    def test_a_number_means_all_parts(self):
        for name in ("01-echo", "01-echo-1-low", "01-echo-2-high"):
            with self.subTest(name):
                (self.chapter.parent / f"{name}.md").write_text(
                    '```c {file="src/gone.c"}\n```\n')
                for word in ("1", name, f"chapters/{name}.md"):
                    self.assertIn(f"chapters/{name}.md:1: there is no file",
                                  self.run_weave("check", word)[1])
                self.assertIn("there is no file",
                              self.run_weave("weave", "1")[1])
                self.setUp()

    def test_a_missing_line_is_looked_for_in_its_room_s_part(self):
        self.write("2-high")
        self.expect_problem("chapters/01-echo-2-high.md: src/01-echo/2-high/"
                            "a.c:1: opening stands in no listing")
        (self.chapter.parent / "01-echo-2-high.md").unlink()
        self.expect_problem("chapters/01-echo.md: src/01-echo/2-high/a.c:1:")

    def test_one_part_alone(self):
        self.write("2-high")
        self.assertEqual(self.run_weave("check", "01-echo-1-low")[0], 0)
        self.assertEqual(self.run_weave("check", "01-echo-2-high")[0], 1)

    def test_a_listing_stands_in_its_room_s_part(self):
        self.write("1-low", "src/01-echo/1-low/a.c", "src/01-echo/2-high/a.c")
        self.write("2-high")
        self.run_weave("weave")
        place = ("chapters/01-echo-1-low.md:5: src/01-echo/2-high/a.c is "
                 "listed in chapters/01-echo-2-high.md: here it can be an "
                 "excerpt")
        for finished, status in (((), 0), (("01-echo-1-low",), 1),
                                 (("01-echo-2-high",), 1), (("01-echo",), 0)):
            out = io.StringIO()
            with mock.patch.object(weave, "FINISHED", finished), \
                    mock.patch.object(weave, "WORDS", 0), \
                    contextlib.redirect_stdout(out), \
                    contextlib.redirect_stderr(out):
                self.assertEqual(weave.main(["--root", str(self.root),
                                             "check"]), status)
            self.assertEqual(place in out.getvalue().splitlines(), status,
                             out.getvalue())
            self.assertEqual(f"later: {place}" in out.getvalue(), not status)


class Type(House):
    def type(self, *words):
        return self.run_weave("type", str(self.root / "mine"), *words)

    def test_who_types_the_listings_has_the_file(self):
        self.woven(excerpt('item="pair"') + FOLDED
                   + excerpt('item="add_twice"'))
        self.assertEqual(self.type(), (0, ""))
        self.assertEqual((self.root / "mine/src/01-echo/demo.c").read_text(),
                         SOURCE)

    def test_he_types_what_is_shown(self):
        self.woven()
        self.source.write_text("int other;\n")
        self.type()
        self.assertEqual((self.root / "mine/src/01-echo/demo.c").read_text(),
                         SOURCE)

    def test_what_is_there_stays(self):
        self.woven()
        mine = self.root / "mine/src/01-echo/demo.c"
        mine.parent.mkdir(parents=True)
        mine.write_text("mine\n")
        status, out = self.type()
        self.assertEqual((status, mine.read_text()), (1, "mine\n"))
        self.assertIn("demo.c is there already", out)

    def test_some_chapters(self):
        self.woven()
        (self.chapter.parent / "02-static.md").write_text(
            '```c {file="src/02-static/a.c"}\nint a;\n```\n')
        self.assertEqual(self.type("2"), (0, ""))
        self.assertEqual([p.name for p in (self.root / "mine").rglob("*.c")],
                         ["a.c"])


class ThisBook(unittest.TestCase):
    def test_what_the_listings_show_is_src(self):
        """Byte for byte, the order of one file of Python aside."""
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(weave.Book(ROOT).type(Path(folder)), [])
            for path in sorted((ROOT / "src").rglob("*")):
                name = path.relative_to(ROOT)
                if (not path.is_file() or not weave.is_text(path)
                        or "__pycache__" in name.parts):
                    continue
                with self.subTest(str(name)):
                    typed = (Path(folder) / name).read_text("utf-8")
                    text = path.read_text("utf-8")
                    if name.name == "wsgi.py":
                        typed, text = (sorted(t.split("\n"))
                                       for t in (typed, text))
                        typed, text = (list(filter(None, t))
                                       for t in (typed, text))
                    self.assertEqual(typed, text)

    def test_finished_chapters_are_there(self):
        stems = weave.Book(ROOT).stems
        self.assertEqual([f for f in weave.FINISHED if f not in stems], [])


if __name__ == "__main__":
    done = unittest.main(exit=False).result
    bad = len(done.failures) + len(done.errors)
    print(f"loom: {done.testsRun - bad} passed, {bad} failed")
    sys.exit(bad > 0 or done.testsRun == 0)
