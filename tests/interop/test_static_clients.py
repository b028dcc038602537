#!/usr/bin/python3
"""curl, wget, ab, wrk and h2load talk to strata-static, and it takes no harm.

The server has one client at a time, so those that load it come with one or two
connections: what is tried is that each understands it, not how fast it is."""

import re

import lib

with lib.Test("clients of strata-static") as t:
    large = b"0123456789abcdef" * 200000
    t.write("site/a.txt", "A\n")
    t.write("site/large.bin", large)
    t.write("site/dir/index.html", '<p><a href="../a.txt">a</a>'
            '<img src="../large.bin">')
    t.start(["strata-static", "--root", t.dir / "site", "--idle-timeout",
             "0.5", f"{t.host}:8080"], ready=(t.host, 8080))
    url = f"http://{t.host}:8080"

    status, out = t.run(["curl", "-sf", f"{url}/a.txt", f"{url}/a.txt",
                         "-w", "%{num_connects} "])
    t.equal("curl: two files over one connection", (status, out),
            (0, "A\n1 A\n0 "))
    t.run(["curl", "-sf", "-r", "0-99999", "-o", "part", f"{url}/large.bin"])
    status, _ = t.run(["curl", "-sf", "-C", "-", "-o", "part",
                       f"{url}/large.bin"])
    t.ok("curl: a broken load goes on where it stopped",
         status == 0 and (t.dir / "part").read_bytes() == large)
    status, out = t.run(["curl", "-sf", "-o", "new", "-z", "part", "-w",
                         "%{http_code}", f"{url}/a.txt"])
    t.equal("curl: what is known is not sent again", (status, out), (0, "304"))

    status, out = t.run(["wget", "-nv", "--no-proxy", "-r", "-p", "-P", "copy",
                         f"{url}/dir"])
    copy = t.dir / f"copy/{t.host}:8080"
    t.ok("wget: a site is copied through a redirect",
         (copy / "a.txt").exists() and
         (copy / "large.bin").read_bytes() == large, out)
    (copy / "large.bin").write_bytes(large[:100000])
    status, out = t.run(["wget", "-nv", "--no-proxy", "-c", "-O",
                         copy / "large.bin", f"{url}/large.bin"])
    t.ok("wget: -c goes on", status == 0 and
         (copy / "large.bin").read_bytes() == large, out)
    status, out = t.run(["wget", "-nv", "--no-proxy", "-N", "-P", copy,
                         f"{url}/a.txt"])
    t.equal("wget: -N takes nothing that is not newer", (status, out), (0, ""))

    for words in (["-k", "-c", "1"], ["-c", "2"]):
        status, out = t.run(["ab", "-q", "-s", "600", "-n", "500", *words,
                             f"{url}/a.txt"])
        good = (status == 0 and re.search(r"Complete requests:\s+500\n", out)
                and re.search(r"Failed requests:\s+0\n", out)
                and "Non-2xx" not in out)
        t.ok(f"ab {' '.join(words)}", good, out)

    with lib.Stopwatch() as watch:
        status, out = t.run(["wrk", "-t1", "-c1", "-d1s", "--timeout", "600s",
                             f"{url}/a.txt"])
    count = re.search(r"(\d+) requests in", out)
    t.ok("wrk", status == 0 and count and
         int(count.group(1)) > 100 / watch.rate and
         "Socket errors" not in out and "Non-2xx" not in out, out)

    status, out = t.run(["h2load", "--h1", "-n", "900", "-c", "1",
                         f"{url}/a.txt"])
    t.ok("h2load --h1", status == 0 and "900 succeeded, 0 failed, 0 errored" in
         out and "900 2xx" in out, out)
    status, out = t.run(["h2load", "--h1", "-n", "900", "-c", "1", "-m", "10",
                         f"{url}/large.bin", "-n", "20"])
    t.ok("h2load --h1 of something large", status == 0 and
         "20 succeeded, 0 failed, 0 errored" in out, out)
    t.equal("and it is still there", lib.ask(t.host, 8080, "GET",
                                             "/a.txt").body, b"A\n")
