#!/usr/bin/python3
"""head_cost: what it costs to parse a request head, in instructions.

    tests/bench/head_cost.py HEAD_COST UWSGI_COST     `make cost` builds them

Instructions are counted by callgrind, so the figures are the same in every run
on one machine and with one compiler; seconds would not be.  The first table is
of heads that come whole.  The second is of heads that come byte by byte, the
worst that a network can do: eight times the bytes must cost eight times the
instructions.  A parser that begins anew with each byte would need 64 times.

Where the library libh2o0.13 is installed, the rows `pico` show what the parser in
it, picohttpparser, takes for the same heads, in the same run.

The third table is of what a uwsgi gateway and server do: decode and encode a
packet of many pairs, parse the head of an answer that comes byte by byte, make
variables of fields.  Eight times as much must cost eight times as much; the
fields are sorted by name, which may cost a little more.

The last line is "N passed, N failed".
"""

import re
import subprocess
import sys
import tempfile

WHOLE = [  # head, instructions per byte that it may cost at most
    ("curl", 20), ("browser", 7), ("cookies", 6)]
BYTEWISE = [1024, 8192]
UWSGI = [  # what is done, instructions per byte, growth at eight times the size
    ("decode", 12, 8.5), ("encode", 60, 8.5), ("reply", 90, 8.5),
    ("variables", 40, 11)]


def measure(program, head, how):
    """The length of a head, and the instructions that parsing it took; None
    when there is no such parser."""
    with tempfile.TemporaryDirectory(prefix="head-cost-") as folder:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--toggle-collect=measured",
             f"--callgrind-out-file={folder}/out", program, str(head), how],
            capture_output=True, text=True, check=False)
    if done.returncode == 3:
        return None
    count = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not count:
        sys.exit(f"head_cost: {head} {how}: {done.stderr}")
    return int(done.stdout), int(count.group(1))


def main(argv):
    if len(argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    verdicts = []

    def row(name, how, bound=None, program=argv[0]):
        found = measure(program, name, how)
        if found is None:
            return None
        size, count = found
        good = bound is None or count < bound * size
        if bound:
            verdicts.append(good)
        print(f"{name!s:10}{how:8}{size:8}{count:15}{count / size:11.2f}"
              f"{'' if good else f'   more than {bound}'}")
        return count

    print(f"{'head':10}{'comes':8}{'bytes':>8}{'instructions':>15}"
          f"{'per byte':>11}")
    for name, bound in WHOLE:
        row(name, "whole", bound)
        row(name, "pico")
    short, long = (row(size, "bytes", 120) for size in BYTEWISE)
    verdicts.append(7.5 < long / short < 8.5)
    print(f"eight times the bytes cost {long / short:.2f} times as much"
          f"{'' if verdicts[-1] else ', not eight times'}")
    for name, bound, most in UWSGI:
        short, long = (row(name, str(size), bound, argv[1])
                       for size in BYTEWISE)
        verdicts.append(7 < long / short < most)
        print(f"eight times the size costs {long / short:.2f} times as much"
              f"{'' if verdicts[-1] else f', more than {most}'}")
    print(f"{sum(verdicts)} passed, {len(verdicts) - sum(verdicts)} failed")
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
