#!/usr/bin/python3
"""strata-wsgi remembers names and values of earlier requests.  Thousands of
random requests, which resemble each other as real ones do, show that each
application sees what its own request says and nothing of another's."""

import ast
import random
import socket
import struct
import threading

import lib

APP = '''\
def application(env, start_response):
    told = {key: value for key, value in env.items()
            if key.startswith(("HTTP_", "X_")) or key in (
                "PATH_INFO", "QUERY_STRING", "SCRIPT_NAME", "SERVER_NAME",
                "REQUEST_METHOD", "wsgi.url_scheme", "CONTENT_LENGTH")}
    env.clear()  # this dictionary is the application's
    env["X_LEFT"] = "left"
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [ascii(told).encode() + b"\\n"]
'''

SEED = random.randrange(1 << 32)
NAMES = [f"X-{n}" for n in range(12)] + ["X-Long-" + "n" * 80, "Cookie",
                                         "Accept"]
VALUES = [b"", b"1", b"2", b"same", b"caf\xe9", b"\xff", b"v" * 255,
          b"v" * 256, b"v" * 257, b"w" * 257, b"u" * 3000]


def variable(name):
    return "HTTP_" + name.upper().replace("-", "_")


def text(value):
    return value.decode("latin-1")


def http_request(dice, mounts):
    """A request and what its application should see."""
    method = dice.choice(["GET", "POST", "DELETE"])
    query = dice.choice(["", "a=1", "a=2"])
    path = dice.choice(["/", "/a", "/shop/a", "/shop", "/shopping"])
    told = {"REQUEST_METHOD": method, "QUERY_STRING": query,
            "SCRIPT_NAME": "", "PATH_INFO": path, "HTTP_HOST": "x",
            "SERVER_NAME": socket.gethostname(), "wsgi.url_scheme": "http"}
    if mounts and path.split("/")[1] == "shop":
        told.update(SCRIPT_NAME="/shop", PATH_INFO=path[5:])
    data = (f"{method} {path}{'?' if query else ''}{query} HTTP/1.1\r\n"
            "Host: x\r\n").encode()
    fields = dice.sample(NAMES, dice.choice([0, 1, 3, 3, 3, 15]))
    fields += dice.sample(fields, min(len(fields), dice.choice([0, 0, 1])))
    for name in fields:
        value = dice.choice(VALUES)
        data += name.encode() + b": " + value + b"\r\n"
        key = variable(name)
        between = "; " if name == "Cookie" else ", "
        told[key] = (told[key] + between if key in told else "") + text(value)
    if method == "POST":
        data += b"Content-Length: 1\r\n\r\nb"
        told["CONTENT_LENGTH"] = "1"
    else:
        data += b"\r\n"
    return data, told


def uwsgi_request(dice, mounts):
    """The same as a packet, with what only a front can say."""
    told = {"SCRIPT_NAME": "", "SERVER_NAME": socket.gethostname(),
            "wsgi.url_scheme": "http", "REQUEST_METHOD": "GET"}
    pairs = [("REQUEST_METHOD", b"GET")]
    for name in (*dice.sample(NAMES, dice.choice([0, 2, 2, 15])),
                 "Only-Here"):
        for value in dice.sample(VALUES, dice.choice([1, 1, 1, 2])):
            pairs.append((variable(name), value))
            told[variable(name)] = text(value)
    path = dice.choice(["/", "/shop", "/shop/x", "/else"])
    pairs.append(("PATH_INFO", path.encode()))
    told.update(PATH_INFO=path, QUERY_STRING="")
    if mounts and path.startswith("/shop"):
        told.update(SCRIPT_NAME="/shop", PATH_INFO=path[5:])
    for key, value, seen in (
            ("SERVER_NAME", b"", None), ("SERVER_NAME", b"site", "site"),
            ("HTTP_PROXY", b"http://evil/", None),
            ("wsgi.multithread", b"yes", None),
            ("X_" + "N" * 70, b"1", "1"), ("X_\xe9", b"2", "2")):
        if dice.random() < 0.2 and key not in dict(pairs):
            pairs.append((key, value))
            if seen is not None:
                told[key] = seen
    if dice.random() < 0.3:
        key, value = dice.choice([("HTTPS", b"on"), ("HTTPS", b"off"),
                                  ("REQUEST_SCHEME", b"https")])
        pairs.append((key, value))
        if value != b"off":
            told["wsgi.url_scheme"] = "https"
    block = b"".join(
        struct.pack("<H", len(key)) + key.encode("latin-1") +
        struct.pack("<H", len(value)) + value for key, value in pairs)
    return struct.pack("<BHB", 0, len(block), 0) + block, told


def bodies(s):
    """The bodies of the answers that come until the end."""
    out = b""
    while more := s.recv(1 << 20):
        out += more
    found = []
    while out:
        head, _, out = out.partition(b"\r\n\r\n")
        lengths = [line for line in head.split(b"\r\n")
                   if line.lower().startswith(b"content-length:")]
        length = int(lengths[0].split(b":")[1]) if lengths else len(out)
        found.append(out[:length])
        out = out[length:]
    return found


def compare(t, what, answers, expected):
    wrong = [(told, answer) for answer, told in zip(answers, expected)
             if not answer.startswith(b"{") or
             ast.literal_eval(answer.decode()) != told]
    t.ok(f"{what}: {len(expected)} requests",
         len(answers) == len(expected) and not wrong,
         f"seed {SEED}: {len(answers)} answers, {len(wrong)} wrong: "
         f"{lib.short(wrong[:1])}")


def over_http(t, dice, port, mounts):
    """A few hundred requests on one connection, sent at once."""
    for _ in range(10):
        requests = [http_request(dice, mounts) for _ in range(200)]
        data = b"".join(r for r, _ in requests)
        with lib.connect(t.host, port) as s:
            sender = threading.Thread(target=lambda: (
                s.sendall(data), s.shutdown(socket.SHUT_WR)))
            sender.start()
            answers = bodies(s)
            sender.join()
        compare(t, f"HTTP{' with mounts' if mounts else ''}", answers,
                [told for _, told in requests])


def over_uwsgi(t, dice, port, mounts):
    requests = [uwsgi_request(dice, mounts) for _ in range(1000)]
    answers = []
    for data, _ in requests:
        with lib.connect(t.host, port) as s:
            s.sendall(data)
            answers += bodies(s) or [b"nothing"]
    compare(t, f"uwsgi{' with mounts' if mounts else ''}", answers,
            [told for _, told in requests])


with lib.Test("each request has its own environ") as t:
    t.write("telling_all.py", APP)
    for number, more in enumerate(
            ([], ["--mount", "/shop=telling_all:application",
                  "--manage-script-name"])):
        port = 9130 + 2 * number
        t.start(["strata-wsgi", "--http-socket", f"{t.host}:{port}",
                 "--socket", f"{t.host}:{port + 1}", "-L", "-w",
                 "telling_all", *more], ready=(t.host, port + 1))
        dice = random.Random(SEED)
        over_http(t, dice, port, bool(more))
        over_uwsgi(t, dice, port + 1, bool(more))
