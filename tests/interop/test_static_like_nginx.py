#!/usr/bin/python3
"""strata-static and strata-proxy serve the same site as real nginx, and are
asked the same questions: paths put together from everything that a path can
hold, conditions and ranges right and wrong.  Every answer must be nginx's, but
for the date, the server's name and the boundary between parts.

The questions are random but the same every time; SEED and QUESTIONS in the
environment ask others and more.  What is found once belongs into the corpus.
"""

import os
import random
import re
import threading

import lib

PORTS = {"nginx": 8080, "strata-static": 8081, "strata-proxy": 8082}
QUESTIONS = int(os.environ.get("QUESTIONS", "1500"))
SEED = int(os.environ.get("SEED", "2"))

SEGMENTS = """dir empty a.txt b.txt ten.txt index.html .. . %2e %2e%2e .%2e %2f
    %5c ... nix d.css in out odd %64ir a%2etxt none.txt %25 %00 % %c3%a9 ~ a+b
    loop dangling x;y # ? ?q=1 %23 %3f UP.HTML .hidden with%20space""".split()
SEGMENTS.append("")
DATES = ["Mon, 01 Jan 2024 00:00:00 GMT", "Mon, 01 Jan 2024 00:00:01 GMT",
         "Sun, 31 Dec 2023 23:59:59 GMT", "Monday, 01-Jan-24 00:00:00 GMT",
         "Mon Jan  1 00:00:00 2024", "yesterday", ""]
TAGS = ['"65920080-a"', 'W/"65920080-a"', '"65920080-2"', "*", '"x"', "", '"',
        '"x", "65920080-a"', '"x";"65920080-a"']
NUMBERS = ["", "0", "1", "5", "9", "10", "11", "100", "9223372036854775807",
           "9223372036854775808", " 3", "3 ", "x"]
CONDITIONS = {"If-None-Match": TAGS, "If-Match": TAGS,
              "If-Modified-Since": DATES, "If-Unmodified-Since": DATES,
              "If-Range": TAGS + DATES}


def make_site(t):
    """A site with directories, odd names and links; its path."""
    for name, text in {"a.txt": "A\n", "b.txt": "BB\n", "ten.txt": "0123456789",
                       "none.txt": "", "index.html": "<p>Home\n",
                       "dir/index.html": "<p>Dir\n", "dir/a.txt": "A in dir\n",
                       "UP.HTML": "up", ".hidden": "h", "with space/x": "x",
                       "d.css/a.txt": "x", "odd/index.html/x": "x"}.items():
        t.write("site/" + name, text)
    site = t.dir / "site"
    (site / "empty").mkdir()
    os.mkfifo(site / "pipe")
    for name, target in {"in": "a.txt", "out": "/etc/hostname",
                         "loop": "loop", "dangling": "nowhere"}.items():
        (site / name).symlink_to(target)
    for path in [site, *site.rglob("*")]:
        if not path.is_symlink():
            os.utime(path, (1704067200, 1704067200))
    return site


def conf(t, site, port, more=""):
    return t.write(f"{port}/nginx.conf", f"""\
daemon off; worker_processes 1; pid {t.dir}/{port}/pid; error_log stderr;
events {{ }}
http {{
    access_log off; {more}
    include {lib.ROOT}/corpus/conf/mime.types;
    server {{ listen {t.host}:{port}; root {site}; }}
}}
""")


def question(chance):
    """A request: its bytes, and whether it is HEAD."""
    pick = chance.choice
    method = pick(["GET"] * 8 + ["HEAD", "HEAD", "POST", "PUT"])
    if chance.random() < 0.5:
        path = "/" + "/".join(pick(SEGMENTS)
                              for _ in range(pick([1, 1, 2, 2, 3, 4])))
    else:
        path = pick(["/ten.txt"] * 4 + ["/a.txt", "/", "/dir/", "/dir",
                                        "/none.txt", "/pipe"])
    lines = [f"{method} {path} HTTP/1.{pick('1110')}",
             "Host: " + pick(["x", "X.y:8", "[::1]:1"])]
    for name, values in CONDITIONS.items():
        if chance.random() < 0.18:
            lines.append(f"{name}: {pick(values)}")
    if chance.random() < 0.5:
        ranges = ",".join(
            pick(NUMBERS) + pick(["-", "-", "-", " - ", ""]) + pick(NUMBERS)
            for _ in range(pick([1, 1, 1, 2, 3])))
        line = "Range: " + pick(["bytes=", "bytes=", "Bytes=", "items=",
                                 "bytes = "]) + ranges
        if method != "HEAD":  # which nginx gives, and RFC 9110 14.2 forbids
            lines.append(line)
    if chance.random() < 0.1:
        lines.append("Connection: " + pick(["close", "keep-alive", "x"]))
    return "".join(line + "\r\n" for line in [*lines, ""]).encode(), (
        method == "HEAD")


def answer(host, port, request, head_only):
    """One answer, to the end that its head promises."""
    with lib.connect(host, port) as s:
        s.sendall(request)
        out = b""
        while b"\r\n\r\n" not in out:
            more = s.recv(65536)
            if not more:
                return out
            out += more
        end = out.index(b"\r\n\r\n") + 4
        length = re.search(rb"(?i)content-length: (\d+)", out[:end])
        if head_only or b" 304 " in out[:20] or not length:
            return out
        while len(out) < end + int(length.group(1)):
            more = s.recv(65536)
            if not more:
                break
            out += more
        return out


def tidy(text, port):
    """An answer without what may differ.  The name in a page is as long as the
    other's, or Content-Length would tell them apart."""
    text = re.sub(rb"\r\n(Date|Server): [^\r]*", b"", text)
    page = re.search(rb"<hr><center>([^<]*)</center>", text)
    if page:
        extra = len(page.group(1)) - len(b"nginx")
        text = text.replace(page.group(0), b"<hr><center>NAME</center>")
        text = re.sub(rb"Content-Length: (\d+)", lambda m: b"Content-Length: "
                      + str(int(m.group(1)) - extra).encode(), text, count=1)
    elif b"Content-Type: text/html" in text and text.endswith(b"\r\n\r\n"):
        text = re.sub(rb"Content-Length: \d+", b"Content-Length: N", text)
    text = re.sub(rb"\d{20}", b"BOUNDARY", text)
    return text.replace(b":%d/" % port, b":PORT/")


def compare(t, name):
    """Asks nginx and `name`; one line for all answers."""
    chance = random.Random(SEED)
    different = []
    for _ in range(QUESTIONS):
        request, head_only = question(chance)
        wanted, found = (
            tidy(answer(t.host, PORTS[who], request, head_only), PORTS[who])
            for who in ("nginx", name))
        if wanted != found:
            different.append((request, wanted, found))
    t.equal(f"{name}: {QUESTIONS} answers are nginx's", len(different), 0)
    for request, wanted, found in different[:3]:
        print(f"#   asked {request}\n#   nginx {wanted[:600]}\n"
              f"#   {name} {found[:600]}")


def slow_reader(t):
    """Who takes nothing is cut off, and the next one served."""
    with open(t.dir / "site/huge", "wb") as file:
        file.truncate(300 << 20)
    with lib.connect(t.host, PORTS["strata-static"]) as slow:
        with lib.Stopwatch() as watch:
            slow.sendall(b"GET /huge HTTP/1.1\r\nHost: x\r\n\r\n")
            next_one = answer(t.host, PORTS["strata-static"],
                              b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n",
                              False)
        t.ok("the next client is served", next_one.endswith(b"\r\n\r\nA\n"))
        t.in_time("when the slow one's time is over", watch, 1, 5)


def steady_reader(t):
    """Who takes a little now and again has his time, and then his turn ends."""
    with lib.connect(t.host, PORTS["strata-static"]) as slow:
        slow.sendall(b"GET /huge HTTP/1.1\r\nHost: x\r\n\r\n")
        done, begun = threading.Event(), threading.Event()

        def sip():
            while not done.is_set() and slow.recv(65536):
                begun.set()
                lib.dawdle(0.02)

        reader = threading.Thread(target=sip)
        reader.start()
        lib.wait_for(begun.is_set)
        with lib.Stopwatch() as watch:
            next_one = answer(t.host, PORTS["strata-static"],
                              b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n",
                              False)
        done.set()
        reader.join()
        t.ok("a steady slow reader does not keep the next client out",
             next_one.endswith(b"\r\n\r\nA\n"))
        t.in_time("for longer than the deadline", watch, 0, 4)


with lib.Test("files as nginx serves them") as t:
    site = make_site(t)
    t.start([*lib.NGINX, "-p", t.dir, "-c", conf(
        t, site, PORTS["nginx"], lib.nginx_temp(t.dir))],
            ready=(t.host, PORTS["nginx"]))
    t.start(["strata-static", "--root", site, "--links", "follow",
             "--send-timeout", "1", f"{t.host}:{PORTS['strata-static']}"],
            ready=(t.host, PORTS["strata-static"]))
    t.start(["strata-proxy", "-p", t.dir, "-c",
             conf(t, site, PORTS["strata-proxy"])],
            ready=(t.host, PORTS["strata-proxy"]))
    compare(t, "strata-static")
    compare(t, "strata-proxy")
    slow_reader(t)
    steady_reader(t)
