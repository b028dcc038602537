#!/usr/bin/python3
"""bench: ours beside nginx and uWSGI, on this machine, in one run.

    tests/bench/bench.py BIN        BIN holds our programs; `make bench` calls it

tests/bench/wsgi_cpu.py is about the Python host alone.

Both sides get the same configuration and the same load (wrk), in turns, three
times; the better of each side counts, because noise only ever slows down.  The
figure to look at is the ratio: above 1, ours answered more requests.  Figures
of different runs or machines are not to be compared.
"""

import os
import re
import signal
import sys
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
if len(sys.argv) > 1:
    os.environ["STRATA_BIN"] = str(Path(sys.argv[1]).resolve())
sys.path.insert(0, str(ROOT / "tests/interop"))
import lib  # noqa: E402
import pair  # noqa: E402

ROUNDS, SECONDS = 3, 2
LOADS = [  # title, path, connections, more words for wrk
    ("a file of 1 KB", "/static/1k.txt", 64, []),
    ("a file of 1 MB", "/static/1m.bin", 16, []),
    ("a file that the client has", "/static/1k.txt", 64,
     ["-H", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"]),
    ("an application behind the front", "/", 32, []),
]


def measure(t, url, connections, words):
    """Requests a second, by wrk."""
    status, out = t.run(["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s",
                         *words, url], timeout=SECONDS + 20)
    found = re.search(r"Requests/sec:\s+([\d.]+)", out)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    if status or not found or bad:
        t.ok(f"wrk {url}", False, out)
        return 0.0
    return float(found.group(1))


def start_side(t, front, host, number):
    """One front and its host; the front's port."""
    t.start([*host, "--socket", f"{t.host}:{9090 + number}", "--master",
             "--processes", "1", "--wsgi-file", pair.APP],
            ready=(t.host, 9090 + number), end=signal.SIGINT)
    conf = pair.nginx_conf(t, f"{t.host}:{9090 + number}", 8080 + number,
                           real=front is lib.NGINX)
    text = conf.read_text()
    conf = t.write(f"nginx-{number}.conf", re.sub(
        "access_log .*;", "access_log off;", text).replace(
            "nginx.pid", f"nginx-{number}.pid"))
    pair.start_front(t, front, conf, 8080 + number)
    return 8080 + number


with lib.Test("bench") as t:
    real = start_side(t, lib.NGINX, [
        *lib.UWSGI, "--disable-logging"], 0)
    ours = start_side(t, ["strata-proxy"], [
        "strata-prefork", "--disable-logging"], 1)
    t.write("static/static/1k.txt", "0123456789abcde\n" * 64)
    t.write("static/static/1m.bin", os.urandom(1 << 20))
    print(f"{'':34}{'nginx, uWSGI':>14}{'ours':>12}{'ratio':>8}")
    for title, path, connections, words in LOADS:
        best = {real: 0.0, ours: 0.0}
        for _ in range(ROUNDS):
            for port in best:
                best[port] = max(best[port], measure(
                    t, f"http://{t.host}:{port}{path}", connections, words))
        ratio = best[ours] / best[real] if best[real] else 0.0
        print(f"{title:34}{best[real]:12.0f}/s{best[ours]:10.0f}/s"
              f"{ratio:8.2f}", flush=True)
