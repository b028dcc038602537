#!/usr/bin/python3
"""strata-proxy and clients that do not behave: slow ones, ones that leave, ones
that send more than they should, and very many at once.  After each of them an
ordinary client is served as if nothing had happened.
"""

import os
import resource
import select
import signal
import socket
import struct
import threading

import lib

GET = b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /a.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def start(t, port, http="", events="worker_connections 4000;", words=(),
          before=""):
    """A front of its own on this port, with `http` in its server and `before`
    before that; the process."""
    conf = t.write(f"{port}/nginx.conf", f"""\
daemon off; master_process on; worker_processes 1; user root;
pid {t.dir}/{port}/pid; error_log {t.dir}/{port}/error.log info;
events {{ {events} }}
http {{
    access_log {t.dir}/{port}/access.log; keepalive_requests 100000;
    client_body_temp_path {t.dir}/{port}/body;
    default_type text/plain;
    {before}
    server {{
        listen {t.host}:{port}; root {t.dir}/site;
        {http}
    }}
}}
""")
    return t.start([*words, *lib.FRONT, "-p", t.dir / str(port), "-c", conf],
                   ready=(t.host, port))


def connect(t, port):
    return lib.connect(t.host, port)


def read_to_end(s):
    """What comes until the end, and how it ended."""
    data = bytearray()
    try:
        while more := s.recv(1 << 16):
            data += more
        how = "end"
    except ConnectionResetError:
        how = "reset"
    except TimeoutError:
        how = "silence"
    return bytes(data), how


def alive(t, port, what):
    answer = lib.raw(t.host, port, LAST)
    t.ok(f"{what}: others are served", answer.startswith(b"HTTP/1.1 200 ")
         and answer.endswith(b"A\n"), repr(answer[:100]))


def worker_of(t, port):
    master = int((t.dir / str(port) / "pid").read_text())
    children = lib.Path(f"/proc/{master}/task/{master}/children")
    return int(children.read_text().split()[0])


def memory(pid):
    """Bytes of memory that the process alone uses."""
    for line in lib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1]) * 1024
    return 0


def slow_head(t, port):
    with connect(t, port) as s:
        with lib.Stopwatch() as watch:
            s.sendall(GET[:-4])
            lib.dribble(s)
        t.in_time("a head that dribbles is cut off at its timeout", watch, 0.9,
                  4)
        data, how = read_to_end(s)
        t.ok("with 408 or without a word", how != "silence" and
             (not data or b" 408 " in data), f"{data} {how}")


def slow_body(t, port):
    with connect(t, port) as s:
        s.sendall(b"POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n"
                  b"\r\nabc")
        data, how = read_to_end(s)
        t.ok("a body that stops is answered 408 and closed",
             how != "silence" and (not data or b" 408 " in data), repr(data))


def late_body(t, port):
    """The answer is there before the body, and the connection ends with it."""
    with connect(t, port) as s:
        s.sendall(LAST[:-2] + b"Content-Length: 10\r\n\r\n")
        data, how = read_to_end(s)
        t.ok("an answer may come before the body", how == "end" and
             data.startswith(b"HTTP/1.1 200 ") and data.endswith(b"A\n"), data)
        try:
            s.sendall(b"01234")
            lib.raw(t.host, port, LAST)  # a reset would be here by now
            s.sendall(b"56789")
            how = "heard"
        except OSError as problem:
            how = str(problem)
        t.equal("and the body is heard out", how, "heard")


def slow_reader(t, port):
    with connect(t, port) as s:
        s.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        log = t.dir / f"{port}/access.log"
        with lib.Stopwatch() as watch:
            lib.wait_for(lambda: "GET /big" in log.read_text())
        t.in_time("a client that takes nothing has its time", watch, 0.9, 4)
        data, _ = read_to_end(s)
        t.ok("and is cut off",
             0 < len(data) < 64 << 20, str(len(data)))


def resets(t, port):
    """A reset in each state of a connection."""
    starts = [b"", b"GET /a", GET, GET * 50,
              b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n",
              b"POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\nab",
              b"POST /up HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
              b"\r\n5\r\nab", b"\x00" * 20000, b"GET / HTTP/1.1\r\nHost: x\r\n"
              b"Connection: close\r\n\r\n" + b"x" * 100000]
    for data in starts:
        for heard in (False, True):
            s = connect(t, port)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         struct.pack("ii", 1, 0))
            s.sendall(data)
            if heard:  # whatever can be read
                lib.raw(t.host, port, LAST)
            s.close()
    alive(t, port, "after resets in every state")


def half_close(t, port):
    with connect(t, port) as s:
        s.sendall(GET * 3)
        s.shutdown(socket.SHUT_WR)
        data, how = read_to_end(s)
        t.equal("a client that says no more gets all its answers",
                (data.count(b"HTTP/1.1 200 "), how), (3, "end"))


def pipeline(t, port, count=10000):
    with connect(t, port) as s:
        sender = threading.Thread(
            target=lambda: s.sendall(GET * (count - 1) + LAST))
        sender.start()
        data, how = read_to_end(s)
        sender.join()
        t.equal(f"a pipeline of {count} requests",
                (data.count(b"HTTP/1.1 200 "), how), (count, "end"))


def cut_everywhere(t, port):
    """Every prefix of a request, then the end."""
    request = (b"POST /a.txt?b=c HTTP/1.1\r\nHost: x\r\nExpect: x\r\n"
               b"Transfer-Encoding: chunked\r\n\r\n3;e=1\r\nabc\r\n0\r\nT: u"
               b"\r\n\r\n")
    answers = []
    for cut in range(len(request)):
        with connect(t, port) as s:
            s.sendall(request[:cut])
            s.shutdown(socket.SHUT_WR)
            answers.append(read_to_end(s)[1])
    t.ok("a request cut anywhere ends", "silence" not in answers)
    alive(t, port, "after requests cut everywhere")


def fast_sender(t, port):
    """One who sends without a pause does not hold up the others."""
    stop = threading.Event()
    begun = []

    def send(head, block):
        with connect(t, port) as s:
            try:
                s.sendall(head)
                while not stop.is_set():
                    s.sendall(block)
                    begun.append(1)
            except OSError:
                begun.extend([1] * 9)  # who is refused may go

    heads = [(b"POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: "
              b"99999999999\r\n\r\n", b"x" * (1 << 20)),
             (b"PUT /a.txt HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked"
              b"\r\n\r\n", b"100000\r\n" + b"x" * (1 << 20) + b"\r\n"),
             (b"bad\r\n\r\n", b"x" * (1 << 20))]
    senders = [threading.Thread(target=send, args=h) for h in heads]
    for s in senders:
        s.start()
    lib.wait_for(lambda: len(begun) > 9)
    with lib.Stopwatch() as watch:
        for _ in range(20):
            watch.lap(lib.raw, t.host, port, LAST)
    stop.set()
    for s in senders:
        s.join()
    t.no_lap_over("clients that never stop sending do not hold up others",
                  watch, 1)


def idle_connections(t, port, count=5000):
    """Memory for each idle keep-alive connection."""
    worker = worker_of(t, port)
    lib.raw(t.host, port, LAST)
    before = memory(worker)
    clients = []
    for _ in range(count):
        s = connect(t, port)
        s.sendall(GET)
        clients.append(s)
    for s in clients:
        s.recv(4096)
    each = (memory(worker) - before) / count
    # A sanitizer keeps what was freed, so there it is not looked at.
    if "asan" not in lib.Path(f"/proc/{worker}/maps").read_text():
        t.ok(f"{count} idle connections take less than 1500 bytes each",
             each < 1500, f"{each:.0f} bytes each")
    clients[0].sendall(GET)
    t.ok("the first of them is still served",
         clients[0].recv(4096).startswith(b"HTTP/1.1 200"))
    alive(t, port, f"beside {count} idle connections")
    for s in clients:
        s.close()


def too_many(t, port):
    """worker_connections 16: idle connections make room."""
    clients, served = [], 0
    for _ in range(40):
        s = connect(t, port)
        s.sendall(GET)
        served += s.recv(4096).startswith(b"HTTP/1.1 200")
        clients.append(s)
    t.equal("idle connections make room for new ones", served, 40)
    clients[-1].sendall(GET)
    t.ok("the youngest connection is still open",
         clients[-1].recv(4096).startswith(b"HTTP/1.1 200"))
    for s in clients:
        s.close()
    alive(t, port, "after more clients than worker_connections")


def too_few_descriptors(t, port):
    clients = []
    for _ in range(60):
        s = connect(t, port)
        s.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        clients.append(s)
    def served():
        return select.select(clients, [], [], 0)[0]

    lib.wait_for(lambda: len(served()) > 5)
    heads = 0
    for s in served():
        try:
            heads += s.recv(20).startswith(b"HTTP/1.1 ")
        except OSError:
            pass
    t.ok("without descriptors some are served", heads > 5, str(heads))
    for s in clients:
        s.close()
    alive(t, port, "after all descriptors were in use")


def shrinking(t, port):
    path = t.write("site/shrink", b"x" * (32 << 20))
    with connect(t, port) as s:
        s.sendall(b"GET /shrink HTTP/1.1\r\nHost: x\r\n\r\n")
        s.recv(1000)
        os.truncate(path, 10)
        data, how = read_to_end(s)
        t.ok("a file that shrinks ends the connection early",
             how != "silence" and len(data) < 32 << 20, how)
    alive(t, port, "after a file that shrank")


def over_4_gib(t, port):
    size = (4 << 30) + 10
    with open(t.dir / "site/huge", "wb") as f:
        f.truncate(size)
        f.seek(size - 3)
        f.write(b"end")
    answer = lib.ask(t.host, port, "HEAD", "/huge")
    t.equal("the length of a file over 4 GiB", answer.get("Content-Length"),
            str(size))
    answer = lib.ask(t.host, port, "GET", "/huge",
                     [("Range", f"bytes={size - 5}-")])
    t.equal("its last bytes", (answer.status, answer.body),
            (206, b"\0\0end"))


def compressing(t, port):
    """A huge file that is compressed does not hold up the others."""
    stop, begun = threading.Event(), threading.Event()

    def drink():
        with connect(t, port) as s:
            s.sendall(b"GET /huge HTTP/1.1\r\nHost: x\r\n"
                      b"Accept-Encoding: gzip\r\n\r\n")
            while not stop.is_set() and s.recv(1 << 20):
                begun.set()

    reader = threading.Thread(target=drink)
    reader.start()
    lib.wait_for(begun.is_set)
    with lib.Stopwatch() as watch:
        for _ in range(10):
            watch.lap(lib.raw, t.host, port, LAST)
    stop.set()
    reader.join()
    t.no_lap_over("a huge file that is compressed does not hold up others",
                  watch, 0.5)


def no_place_for_bodies(t, port):
    os.chmod(t.dir / f"{port}/body", 0)
    body = b"x" * 100000
    # Root may write anywhere; a path that is a file stops it too.
    os.rmdir(t.dir / f"{port}/body")
    (t.dir / f"{port}/body").write_text("")
    answer = lib.ask(t.host, port, "POST", "/up", [], body)
    t.equal("a body that cannot be stored", answer.status, 500)
    alive(t, port, "after a body that could not be stored")


def quit_while_busy(t, port, child):
    """QUIT: what runs is finished, then the process ends."""
    idle = connect(t, port)
    idle.sendall(GET)
    idle.recv(4096)
    reading = connect(t, port)
    reading.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
    sending = connect(t, port)
    sending.sendall(b"POST /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                    b"\r\nab")
    lib.taken(sending)
    reading.recv(1)
    child.send_signal(signal.SIGQUIT)
    t.equal("QUIT closes idle connections", read_to_end(idle), (b"", "end"))
    sending.sendall(b"cd")
    data, how = read_to_end(sending)
    t.ok("QUIT lets an upload end", b"HTTP/1.1 405" in data and how == "end",
         repr(data))
    data, how = read_to_end(reading)
    t.ok("QUIT lets a download end",
         len(data) > 64 << 20 and how == "end", f"{len(data)} {how}")
    t.equal("then the process ends", t.ended(child), 0)


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (12000, 12000))
    with lib.Test("strata-proxy and difficult clients") as t:
        t.write("site/a.txt", "A\n")
        t.write("site/big", b"x" * (64 << 20))
        up = f"location /up {{ client_max_body_size 0; proxy_pass http://{t.host}:9; }}"
        start(t, 8080, up + " location /huge { gzip on; gzip_types *; }")
        resets(t, 8080)
        half_close(t, 8080)
        late_body(t, 8080)
        pipeline(t, 8080)
        cut_everywhere(t, 8080)
        fast_sender(t, 8080)
        shrinking(t, 8080)
        over_4_gib(t, 8080)
        compressing(t, 8080)
        no_place_for_bodies(t, 8080)
        start(t, 8081, "client_header_timeout 1s; client_body_timeout 1s; "
              "send_timeout 1s; " + up)
        slow_head(t, 8081)
        slow_body(t, 8081)
        slow_reader(t, 8081)
        alive(t, 8081, "after slow clients")
        child = start(t, 8082, events="worker_connections 12000;")
        idle_connections(t, 8082)
        quit_while_busy(t, 8082, child)
        start(t, 8083, events="worker_connections 16;")
        too_many(t, 8083)
        start(t, 8084, words=["prlimit", "--nofile=40"])
        too_few_descriptors(t, 8084)


if __name__ == "__main__":
    main()
