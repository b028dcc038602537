#!/usr/bin/python3
"""The book's loom: what an item is, and that no fault of a quote goes unseen.

Each test writes a small house into a temporary directory, with one source
file and one chapter, and runs docs/weave.py on it as `make` does.
"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "docs"))
import citems  # noqa: E402
import pyitems  # noqa: E402

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

~~~c {file="src/01-echo/demo.c" item="SECOND..table"}
~~~
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
                   .replace('item="SECOND..table"}\n~~~',
                            'item="pair add_twice"}\n~~~'))
        self.expect_problem("chapters/01-echo.md:", "demo.c:1 comes after "
                            "what stands below it")

    def test_unknown_file(self):
        self.woven(GOOD.replace("demo.c", "gone.c", 1))
        self.expect_problem("there is no file src/01-echo/gone.c")

    def test_block_that_never_ends(self):
        self.chapter.write_text(GOOD + "\n```c\n")
        self.expect_problem("chapters/01-echo.md:14: this block is never")

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


if __name__ == "__main__":
    done = unittest.main(exit=False).result
    bad = len(done.failures) + len(done.errors)
    print(f"loom: {done.testsRun - bad} passed, {bad} failed")
    sys.exit(bad > 0 or done.testsRun == 0)
