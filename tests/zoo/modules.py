#!/usr/bin/python3
"""modules: takes each module out of the front's list, builds, and serves.

    tests/zoo/modules.py [NAME...]         these; without one, this run's part
    ROTATE=all tests/zoo/modules.py        all of them

A feature that is taken out is gone, and nothing else has changed: of the cases
of stage 6 those that have nothing to do with it (FEATURES) pass, and some of
the others do not.  Without what all requests need (NEEDED) nothing is served:
then the program says what it does not know, and ends.  Beside that a module of
a student's is put in: one file and one line.
"""

import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
spec = importlib.util.spec_from_file_location("run", HERE / "run.py")
zoo = importlib.util.module_from_spec(spec)
spec.loader.exec_module(zoo)

LIST = "src/06-proxy/7-process/modules.c"
PARTS = 6
# What stands in a case that has to do with the module: in its name or text.
UPSTREAM = r"\bu[1-9]\b|_pass\b|upstream|wsgi"
FEATURES = {
    "return": r"\breturn\b",
    "redirect": r"directory|redirect|slash|alias/nested|Location:",
    "gzip": r"gzip",
    "headers": r"add_header",
    "upstream": UPSTREAM,
    "call": UPSTREAM,
    "upstream_variables": r"\$upstream_",
    "proxy": r"proxy_|upstream",
    "uwsgi": UPSTREAM,
    "accepted": r"no-effect",
}
# Without these no request of any case is understood, or none is answered.
NEEDED = ("core", "error_log", "site", "listen", "server_name", "conversation",
          "location", "static", "request_variables", "connection_variables",
          "access_log", "chunked")
CONF = ("daemon off; master_process off; pid p; error_log e.log; events {} "
        "http { access_log a.log; server { listen 127.0.0.1:1; } }\n")
STUDENT = """\
/* hello: X-Hello, in every answer. */
#include "answer.h"
#include "module.h"

static bool hello_head(struct exchange *x)
{
    return answer_field(x, SPAN("X-Hello"), SPAN("world"));
}

static const struct filter hello_filter = {.head = hello_head};

const struct module hello_module = {
    .name = "hello", .index = MODULE_INDEX, .filter = &hello_filter};
"""


HELLO = """\
case    hello/said
stage   6
points  1
see     06-proxy-6-modules#return
source  RFC 9110 5.1
hint    A module is one file and one line.
c connect
c>  GET /a.txt HTTP/1.1
c>  Host: x
c>
c<  HTTP/1.1 200 {any}
c?  X-Hello: world
c=  A\\n
"""


def variant(folder, old, new):
    """The front with another list."""
    bug = folder / "6" / "list.bug"
    bug.parent.mkdir()
    bug.write_text(f"breaks the list\ncaught none\nin {LIST}\n"
                   f"-{old}\n+{new}\n", "utf-8")
    return zoo.Variant(bug)


def without(name, folder):
    program = variant(folder, f"MODULE({name})", "").build(folder)
    if name in NEEDED:
        return starts(folder, program)
    return serves(program, re.compile(FEATURES[name]))


def starts(folder, program):
    """It reads a configuration, or says what it does not know."""
    (folder / "c").write_text(CONF, "utf-8")
    done = subprocess.run([program, "-t", "-p", f"{folder}/", "-c", "c"],
                          text=True, errors="replace", check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode == 0 or (done.returncode == 1 and
                                "unknown" in done.stdout):
        return []
    return [f"ended with {done.returncode}: {done.stdout}"]


def serves(program, feature):
    """What fails has to do with the feature, and something does."""
    cases = zoo.grade(6, program, [])
    theirs = {c for c in cases if feature.search(c) or feature.search(
        (zoo.ROOT / f"corpus/{c}.case").read_text("utf-8"))}
    failed = {c for c, verdict in cases.items() if verdict == "failed"}
    faults = [f"{c} fails" for c in sorted(failed - theirs)]
    return faults if failed & theirs else [*faults, "nothing is gone"]


def with_one_more(folder):
    """One file and one line: its words stand in an answer."""
    front = variant(folder, "MODULE(gzip)", "MODULE(hello) MODULE(gzip)")
    (folder / "hello.c").write_text(STUDENT, "utf-8")
    compiling, link = zoo.commands(6)
    words = compiling["src/06-proxy/6-modules/return.c"]
    front.run([*words[:-1], f"{folder}/hello.c", "-o", f"{folder}/hello.o"])
    link.insert(1, f"{folder}/hello.o")
    try:
        program = front.build(folder)
    finally:
        link.pop(1)
    (folder / "corpus/hello").mkdir(parents=True)
    (folder / "corpus/hello/said.case").write_text(HELLO, "utf-8")
    for other in "apps", "conf", "www":
        (folder / f"corpus/{other}").symlink_to(zoo.ROOT / f"corpus/{other}")
    verdicts = zoo.grade(6, program, ["hello/said"], folder / "corpus")
    return [] if verdicts == {"hello/said": "passed"} else [str(verdicts)]


def main(words):
    text = (zoo.ROOT / LIST).read_text("utf-8")
    listed = re.findall(r"^    MODULE\((\w+)\)", text, re.M)
    unknown = set(listed) ^ {*FEATURES, *NEEDED}
    if unknown:
        print("not ok", *sorted(unknown), "stand in one list and not in both")
        return 1
    names = words or zoo.rotate.part(listed, PARTS, zoo.rotate.number())
    passed = failed = 0
    for name in [*names, "one more"]:
        with tempfile.TemporaryDirectory(prefix="modules-") as folder:
            try:
                faults = (with_one_more(Path(folder)) if name == "one more"
                          else without(name, Path(folder)))
            except zoo.Mistake as mistake:
                faults = [str(mistake)]
        passed, failed = passed + (not faults), failed + bool(faults)
        print("not ok" if faults else "ok",
              name if name == "one more" else f"without {name}", flush=True)
        print(*(f"    {f}" for f in faults), sep="\n", end="\n" * bool(faults))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
