"""rotate: which part of the slow tests is run this time.

What takes long and says twice what is known is run a part at a time: of what is
divided into k parts, one run does one, and k runs that follow each other do all.
The number of a run is ROTATE=n, or else the count of commits, so that each
commit is tried with another part than the one before it; where the history is
not there, it is the day's number.  Which part a thing belongs to depends on its
name alone: what is added or removed moves nothing else.

ROTATE=all runs everything; `make test-all` sets it.  What has been changed
since the last commit is run in any case, for it is what you are working on.
"""

import functools
import os
import subprocess
import time
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DAY = 24 * 60 * 60


def git(*words):
    """What git says of this repository; None where there is none."""
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *words], text=True,
                              stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def number():
    """The number of this run, or None: everything is to be run."""
    said = os.environ.get("ROTATE", "")
    if said == "all":
        return None
    if said:
        return int(said)
    top = git("rev-parse", "--show-toplevel", "--is-shallow-repository")
    if top == f"{ROOT}\nfalse\n":
        return int(git("rev-list", "--count", "HEAD"))
    return int(time.time()) // DAY


@functools.lru_cache(None)
def changed():
    """The files that differ from the last commit, or are not in it."""
    said = git("status", "--porcelain", "-z", "--no-renames",
               "--untracked-files=all", "--", str(ROOT))
    return frozenset(line[3:] for line in (said or "").split("\0"))


def chosen(name, parts, n):
    """Whether run n does this thing, of what is divided into so many parts."""
    return n is None or zlib.crc32(name.encode()) % parts == n % parts


def files(name):
    """The changed files among `name`'s: that file, or what lies in it."""
    return [f for f in changed() if f == name or f.startswith(name + "/")]


def part(names, parts, n, touched=lambda name: False):
    """What run n does of some things: their names, in their order.  It is
    never nothing: the first stands in for a part that is empty."""
    return [name for name in names
            if chosen(name, parts, n) or touched(name)] or list(names)[:1]
