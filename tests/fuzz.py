#!/usr/bin/python3
"""fuzz: runs the fuzzers, two at a time, for a number of seconds in all.

    tests/fuzz.py SECONDS PROGRAM...

They start from what the clients of the corpus send: the whole of it, the part
behind the first empty line, and the variables of packets; and from what its
upstreams answer.  What a fuzzer finds stays in
build/fuzz/found, one file each; the program, run with that file as its
argument, shows it again.
"""

import re
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "0": "\0", "\\": "\\"}


def unescape(text):
    """Bytes as a case writes them."""
    return re.sub(
        r"\\(?:x([0-9A-Fa-f]{2})|(.))",
        lambda m: chr(int(m[1], 16)) if m[1] else ESCAPES.get(m[2], m[2]),
        text).encode("latin-1", "replace")


def said(lines, who):
    """What the first client ("c") of a case sends, or an upstream ("u1")."""
    out = b""
    for line in lines:
        exact = re.match(who + r">\|\s?(.*)", line)
        plain = re.match(who + r">(?:  ?(.*))?$", line)
        if exact:
            out += unescape(exact[1])
        elif plain and not line.startswith(f"{who}> uwsgi "):
            out += unescape(plain[1] or "") + b"\r\n"
    return out


def pairs(lines):
    """The variables that stand in a case, sent or expected, as a packet has
    them."""
    out = b""
    for line in lines:
        pair = re.match(r"\s+[+?*]([^=]*)=(.*)", line)
        for word in pair.groups() if pair else ():
            word = unescape(word)
            out += struct.pack("<H", len(word)) + word
    return out


def plant(folder):
    """Makes the first inputs.  Some fuzzers take their first bytes for choices
    of their own."""
    for n, case in enumerate(sorted((ROOT / "corpus").rglob("*.case"))):
        lines = case.read_text("utf-8").splitlines()
        whole = said(lines, "c")
        body = whole.partition(b"\r\n\r\n")[2]
        for kind, choices, data in (
                ("head", 0, whole), ("whole", 2, whole), ("body", 3, body),
                ("packet", 0, pairs(lines)), ("reply", 1, said(lines, "u1"))):
            if data:
                (folder / f"{kind}-{n}").write_bytes(
                    bytes(choices) + data[:4096])


def fuzz(program, seconds):
    """Runs one fuzzer: (good, a line about it)."""
    name = Path(program).name
    seeds = ROOT / "build/fuzz/seeds" / name
    found = ROOT / "build/fuzz/found"
    for folder in (seeds, found):
        folder.mkdir(parents=True, exist_ok=True)
    plant(seeds)
    done = subprocess.run(
        [program, f"-max_total_time={seconds}", "-print_final_stats=1",
         "-max_len=4096", "-timeout=5", f"-artifact_prefix={found}/{name}-",
         str(seeds)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        check=False)
    text = done.stdout.decode("utf-8", "replace")
    runs = re.search(r"number_of_executed_units: (\d+)", text)
    if done.returncode == 0 and runs:
        return True, f"ok     {name}: {int(runs.group(1)):,} inputs"
    return False, f"not ok {name}:\n{text[-5000:]}"


def main(argv):
    if len(argv) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 1
    programs = argv[1:]
    seconds = max(2, int(argv[0]) * 2 // len(programs))
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda p: fuzz(p, seconds), programs))
    for _, line in results:
        print(line)
    good = sum(ok for ok, _ in results)
    print(f"fuzz: {good} passed, {len(results) - good} failed")
    return 0 if good == len(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
