"""life: whether a command that runs still does something.

No command is ended because it takes long: on a busy machine everything does.
What is ended has given no sign of life, for as long as this machine, measured
then, should need many times over.  A sign is output, a process that wants the
processor or the disk when we look, or work: at least IDLE of a processor since
the look before.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 1500  # so many times the known work may nothing be seen
SPIN = 60000     # so many times may it compute, and print nothing
IDLE = 0.02      # the part of a processor that counts as nothing
NORMAL = 0.05    # seconds of the known work on a machine that is not busy


def known_work():
    """The seconds that a known piece of work takes here and now: Python starts
    and adds some numbers."""
    begin = time.monotonic()
    subprocess.run([sys.executable, "-I", "-S", "-c", "sum(range(500000))"],
                   check=True)
    return time.monotonic() - begin


class Pace:
    """The known work, measured at the start and whenever it is asked for."""

    def __init__(self):
        self.seconds = known_work()

    def __call__(self, anew=False):
        if anew:
            self.seconds = known_work()
        return self.seconds


def processes():
    """What runs: {pid: (parent, session, wants to run, seconds of work)}."""
    tick = os.sysconf("SC_CLK_TCK")
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text("utf-8", "replace")
            except OSError:
                continue
            words = text.rpartition(")")[2].split()
            found[int(entry.name)] = (int(words[1]), int(words[3]),
                                      words[0] in "RD",
                                      sum(map(int, words[11:15])) / tick)
    return found


def family(pid, table):
    """A process, its session, and what descends from them."""
    children = {}
    for other, (parent, *_) in table.items():
        children.setdefault(parent, []).append(other)
    found = set()
    queue = [p for p, (_, session, *_) in table.items() if pid in (p, session)]
    while queue:
        one = queue.pop()
        if one not in found:
            found.add(one)
            queue += children.get(one, ())
    return found


def end(pid, table):
    """Ends a command with all that it has started."""
    for one in family(pid, table):
        try:
            os.kill(one, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Watch:
    """Looks after one command, the leader of a session, and the file to which
    its output goes."""

    def __init__(self, pid, output):
        self.pid, self.output = pid, output
        self.size = self.work = self.spun = 0.0
        self.looked = self.alive = time.monotonic()

    def look(self, table, pace):
        """None, or why it is to be ended."""
        now = time.monotonic()
        mine = [table[p] for p in family(self.pid, table)]
        work = sum(seconds for *_, seconds in mine)
        # What has ended, and nobody waited for, takes its time away.
        more = max(0.0, work - self.work)
        size = self.output.stat().st_size
        spoke = size != self.size
        busy = (any(wants for _, _, wants, _ in mine) or
                more >= IDLE * (now - self.looked))
        self.spun = 0.0 if spoke else self.spun + more
        self.size, self.work, self.looked = size, work, now
        if spoke or busy:
            self.alive = now
        quiet = now - self.alive
        # Before anything is ended, the machine is measured as it now is.
        if quiet > PATIENCE * pace() and quiet > PATIENCE * pace(True):
            return (f"no output and no work for {quiet:.0f} s, "
                    f"{quiet / pace():.0f} times what starting Python takes "
                    "here")
        if self.spun > SPIN * pace() and self.spun > SPIN * pace(True):
            return f"no output in {self.spun:.0f} s of its own time"
        return None
