#!/usr/bin/python3
"""checkpoints: what the chapters show in console blocks is what happens.

    tests/book/checkpoints.py [CHAPTER...]      numbers; without, all of them

The commands of a chapter are run in order by one shell, from the top of the
repository, with build/bin first on PATH.  `[...]` alone on a line stands for
any lines, within a line for any text.  A command that ends with ` &` is a
server: it runs until the chapter's end, and the next command waits until the
ports that it names accept; what it prints is compared if the block shows any.

The chapters name ports.  Where the system lets us, which is for root, they are
those of a network of our own, so that nobody else can have them.
"""

import ctypes
import fcntl
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "docs"))
sys.path.insert(0, str(ROOT / "tests/interop"))
import lib  # noqa: E402
import weave  # noqa: E402

PATIENCE = 60
MARK = "STRATA_CHECKPOINT"


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


def tidy(text):
    """Output as a block would show it: no CR, no blanks at line ends."""
    lines = [line.rstrip() for line in text.replace("\r", "").split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


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

    def run(self, text):
        """Runs a command; its output, or None when it does not end."""
        self.count += 1
        script = self.folder / f"{self.count}.sh"
        out = self.folder / f"{self.count}.out"
        script.write_text(text + "\n")
        alarm = signal.alarm(PATIENCE)
        try:
            self.shell.stdin.write(f". {script} </dev/null >{out} 2>&1\n"
                                   "echo done\n")
            self.shell.stdin.flush()
            answer = self.shell.stdout.readline()
        except (TimeoutError, BrokenPipeError):
            return None
        finally:
            signal.alarm(alarm)
        if not answer:
            return None
        if text.rstrip().endswith("&"):
            self.wait_until_up(text)
            time.sleep(0.2)
        return out.read_text("utf-8", "replace")

    @staticmethod
    def wait_until_up(text):
        ports = [int(p) for p in re.findall(r"(?<!\d)18\d\d\d(?!\d)", text)]
        first = ports[-1:]  # a gateway names its backend before itself
        for port in first:
            lib.wait_for(lambda p=port: lib.listening("127.0.0.1", p) or
                         lib.listening("0.0.0.0", p), 10)
        if not first:
            time.sleep(0.5)

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
            if lib.wait_for(lambda: not self.processes(), 3):
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


def on_alarm(*_):
    raise TimeoutError


def run_chapter(path):
    """Runs a chapter's commands: (passed, failed)."""
    found = commands(path)
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="strata-book-") as folder:
        shell = Shell(folder)
        for command in found:
            text = shell.run(command.text)
            if text is None:
                print(f"not ok {command.place}: {command.text}\n    it did not"
                      f" end within {PATIENCE} seconds; the rest of the "
                      "chapter was not run")
                failed += 1
                break
            lines = tidy(text)
            expected = tidy("\n".join(command.expected))
            server = command.text.rstrip().endswith("&")
            if (server and not expected) or pattern(expected).fullmatch(
                    "".join(line + "\n" for line in lines)):
                passed += 1
                continue
            failed += 1
            print(f"not ok {command.place}: $ {command.text}")
            print("".join(f"    expected: {line}\n" for line in expected)
                  + "".join(f"    printed:  {line}\n" for line in lines))
        shell.end()
    return passed, failed


def main(numbers):
    signal.signal(signal.SIGALRM, on_alarm)
    own_network()
    passed = failed = 0
    for path in sorted((ROOT / "chapters").glob("*.md")):
        if numbers and path.name[:2] not in [n.zfill(2) for n in numbers]:
            continue
        good, bad = run_chapter(path)
        print(f"{path.relative_to(ROOT)}: {good} commands did what is shown, "
              f"{bad} did not", flush=True)
        passed += good
        failed += bad
    print(f"checkpoints: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
