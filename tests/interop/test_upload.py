#!/usr/bin/python3
"""100 MB through the whole stack and back, byte for byte, with curl."""

import hashlib
from pathlib import Path

import lib
import pair

SIZE = 100 * 1024 * 1024


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def peak(pid):
    """The most memory that a process ever had resident, in MB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
    return 0


def workers(t, name):
    return [pid for pid, words in t.processes() if name in words]


with lib.Test("100 MB through the stack") as t:
    t.start([*lib.HOST, "--socket", f"{t.host}:9090", "--master",
             "--processes", "1", "--wsgi-file", pair.APP],
            ready=(t.host, 9090))
    pair.start_front(t, lib.FRONT,
                     pair.nginx_conf(t, f"{t.host}:9090"))
    sent, got = t.dir / "sent", t.dir / "got"
    with open("/dev/urandom", "rb") as source, open(sent, "wb") as out:
        for _ in range(SIZE // 1048576):
            out.write(source.read(1048576))
    for title, words in {
            "with a length": [],
            "in chunks": ["-H", "Transfer-Encoding: chunked"]}.items():
        status, out = t.run(
            ["curl", "-sS", "-o", got, "-w", "%{http_code} %{size_download}",
             "-H", "Expect:", *words, "--data-binary", f"@{sent}",
             f"http://{t.host}:8080/echo"], seconds=90)
        t.equal(f"{title}: curl's report", (status, out), (0, f"200 {SIZE}"))
        t.equal(f"{title}: what came back is what was sent",
                digest(got) if got.exists() else None, digest(sent))
        got.unlink(missing_ok=True)
    for name in (Path(lib.FRONT[0]).name, Path(lib.HOST[0]).name):
        most = max((peak(p) for p in workers(t, name)), default=0)
        t.ok(f"{name} kept less than 80 MB of it in memory ({most} MB)",
             0 < most < 80)
    big = t.write("static/static/big.bin", sent.read_bytes())
    status, out = t.run(["curl", "-sS", "-o", got, "-w", "%{http_code}",
                         f"http://{t.host}:8080/static/big.bin"], seconds=60)
    t.equal("a file of 100 MB: curl's report", (status, out), (0, "200"))
    t.equal("a file of 100 MB: the same bytes", digest(got), digest(big))
