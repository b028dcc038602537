#!/usr/bin/python3
"""checkpoints: what the chapters show in console blocks is what happens.

    tests/book/checkpoints.py [CHAPTER...]      without one, all of them

CHAPTER is a number, which means all parts of the chapter too, or a file.

The commands of a chapter are run in order by one shell, from the top of the
repository, with build/bin first on PATH.  `[...]` alone on a line stands for
any lines, within a line for any text.  A command that ends with ` &` is a
server: it runs until the chapter's end, and the next command waits until the
ports that it names accept; what it prints is compared if the block shows any.

A command may take as long as it needs; it is ended when it gives no sign of
life (tests/life.py).  On a busy machine what a reader would wait for takes
longer: there `sleep` and `--max-time` mean as many times more as a known piece
of work takes more.

The chapters name ports.  Where the system lets us, which is for root, they are
those of a network of our own, so that nobody else can have them.
"""

import ctypes
import fcntl
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "docs"))
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "tests/interop"))
import lib  # noqa: E402
import life  # noqa: E402
import weave  # noqa: E402

LOOK = 0.5  # seconds between two looks at what runs
MARK = "STRATA_CHECKPOINT"
WAITS = r"(?<![\w.-])(sleep|--max-time) (\d+(?:\.\d+)?)(?![\w.])"


class Command:
    def __init__(self, place, text):
        self.place, self.text, self.expected = place, text, []


def commands(path):
    """The commands of a chapter's console blocks, with what they print."""
    found = []
    for block in weave.blocks(path.relative_to(ROOT), path.read_text("utf-8")):
        if block.language != "console":
            continue
        command = None
        for number, line in enumerate(block.body, block.line + 1):
            if command and command.text.endswith("\\") and (
                    not command.expected):
                command.text += "\n" + line
            elif line.startswith("$ "):
                command = Command(f"{block.path}:{number}", line[2:])
                found.append(command)
            elif command:
                command.expected.append(line)
    return found


def pattern(lines):
    """A regular expression for the output that a block shows."""
    out = ""
    for line in lines:
        if line.strip() == "[...]":
            out += r"(?:.*\n)*?"
        else:
            out += ".*?".join(re.escape(part) for part in
                              line.rstrip().split("[...]")) + r"[ \t]*\n"
    return re.compile(out)


def fits(shown, text):
    """Whether a command printed what a block shows."""
    return pattern(tidy(shown)).fullmatch(
        "".join(line + "\n" for line in tidy(text)))


def tidy(text):
    """Output as a block would show it: no CR, no blanks at line ends."""
    lines = [line.rstrip() for line in text.replace("\r", "").split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def stretched(text, pace):
    """A command whose waits last as much longer as this machine is slower,
    now, than one that is not busy."""
    if not re.search(WAITS, text):
        return text
    times = max(1, pace(True) / life.NORMAL)
    return re.sub(WAITS, lambda m: f"{m[1]} {float(m[2]) * times:.2f}", text)


class Shell:
    """One shell for a chapter; a command's output goes to a file."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.mark = f"{os.getpid()}-{folder}"
        env = {k: v for k, v in os.environ.items()
               if "MAKE" not in k and k != "VIRTUAL_ENV"}
        env.update({MARK: self.mark, "LC_ALL": "C.UTF-8",
                    # What the reader types runs what the system has.
                    "PATH": f"{ROOT}/build/bin:/usr/sbin:/usr/bin:/sbin:/bin"
                            f":{env['PATH']}"})
        self.shell = subprocess.Popen(
            ["/bin/bash", "--norc"], cwd=ROOT, env=env, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, start_new_session=True)
        self.count = 0
        self.pace = life.Pace()

    def run(self, text, shown):
        """Runs a command: its output, or None, and why it was ended.  A server
        is given a while to print what is shown."""
        text = stretched(text, self.pace)
        self.count += 1
        script = self.folder / f"{self.count}.sh"
        out = self.folder / f"{self.count}.out"
        script.write_text(text + "\n")
        out.touch()
        watch = life.Watch(self.shell.pid, out)
        try:
            self.shell.stdin.write(f". {script} </dev/null >{out} 2>&1\n"
                                   "echo done\n")
            self.shell.stdin.flush()
        except BrokenPipeError:
            return None, "the shell has ended"
        while not select.select([self.shell.stdout], [], [], LOOK)[0]:
            why = watch.look(life.processes(), self.pace)
            if why:
                return None, why
        if not self.shell.stdout.readline():
            return None, "the shell has ended"
        if text.rstrip().endswith("&"):
            why = self.wait_until_up(text, watch)
            if why:
                return None, why
            lib.wait_for(lambda: not tidy(shown) or
                         fits(shown, out.read_text("utf-8", "replace")),
                         max(1, 20 * self.pace()))
        return out.read_text("utf-8", "replace"), None

    def wait_until_up(self, text, watch):
        """A server accepts at the last port that it names, for a gateway names
        its backend before itself.  None, or why it will not."""
        ports = re.findall(r"(?<!\d)18\d\d\d(?!\d)", text)
        why = None
        while ports and not why and not lib.wait_for(
                lambda: lib.listening("127.0.0.1", int(ports[-1])) or
                lib.listening("0.0.0.0", int(ports[-1])), LOOK):
            why = watch.look(life.processes(), self.pace)
        return why

    def end(self):
        """Ends the shell and everything that was started in it."""
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            left = self.processes()
            for pid in left:
                try:
                    os.kill(pid, sign)
                except ProcessLookupError:
                    pass
            if sign == signal.SIGINT:
                self.shell.kill()
                self.shell.wait()
            if lib.wait_for(lambda: not self.processes(),
                            max(3, 60 * self.pace())):
                return

    def processes(self):
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and (
                        f"{MARK}={self.mark}\0".encode()
                        in (entry / "environ").read_bytes()):
                    found.append(int(entry.name))
            except OSError:
                pass
        return [p for p in found if p != self.shell.pid]


def own_network():
    """Enters a network namespace and turns its loopback device on."""
    clone_newnet, set_flags, up_and_running = 0x40000000, 0x8914, 0x41
    if ctypes.CDLL(None).unshare(clone_newnet) == 0:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            fcntl.ioctl(s, set_flags, struct.pack("16sH14x", b"lo",
                                                  up_and_running))


def run_chapter(path):
    """Runs a chapter's commands: (passed, failed)."""
    found = commands(path)
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="strata-book-") as folder:
        shell = Shell(folder)
        for command in found:
            shown = "\n".join(command.expected)
            text, why = shell.run(command.text, shown)
            if why:
                print(f"not ok {command.place}: {command.text}\n    it did not"
                      f" end: {why}; the rest of the chapter was not run")
                failed += 1
                break
            lines, expected = tidy(text), tidy(shown)
            server = command.text.rstrip().endswith("&")
            if (server and not expected) or fits(shown, text):
                passed += 1
                continue
            failed += 1
            print(f"not ok {command.place}: $ {command.text}")
            print("".join(f"    expected: {line}\n" for line in expected)
                  + "".join(f"    printed:  {line}\n" for line in lines))
        shell.end()
    return passed, failed


def main(wanted):
    own_network()
    passed = failed = 0
    for path in weave.Book(ROOT, wanted).paths:
        good, bad = run_chapter(path)
        print(f"{path.relative_to(ROOT)}: {good} commands did what is shown, "
              f"{bad} did not", flush=True)
        passed += good
        failed += bad
    print(f"checkpoints: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
