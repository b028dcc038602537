"""Clients that believe what a server promises.

An answer that does not say `Connection: close` promises that another request
may follow.  `Clients` are a number of connections that live by it: each sends
its next request when it has its answer, at once or after a moment, and opens a
new connection only when it was told to.  A request whose answer does not come
is lost.
"""

import heapq
import random
import selectors
import time

import lib

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
PAUSES = 0, 0, .001, .004  # seconds between an answer and the next request


class Answer:
    """One answer, off the front of `data`; whole is false when there is
    more to come."""

    def __init__(self, data):
        head, end, rest = data.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1)
                      for line in head.split(b"\r\n")[1:] if b": " in line)
        self.length = int(fields.get(b"content-length", b"0"))
        self.whole = bool(end) and len(rest) >= self.length
        self.status = head[9:12]
        self.last = fields.get(b"connection") == b"close"
        self.body, self.rest = rest[:self.length], rest[self.length:]


class Connection:
    """A kept connection that is used by hand."""

    def __init__(self, address):
        self.socket = lib.connect(*address)

    def send(self, data=REQUEST):
        self.socket.sendall(data)

    def answer(self):
        """The next answer; None when the connection ends instead."""
        data = b""
        try:
            while more := self.socket.recv(65536):
                data += more
                found = Answer(data)
                if found.whole:
                    return found
        except OSError:
            pass
        return None

    def ask(self):
        self.send()
        return self.answer()

    def end(self):
        """How the server ends it."""
        try:
            return self.socket.recv(1) or "a clean end"
        except OSError as error:
            return str(error)
        finally:
            self.socket.close()


def last_answers(t, name, connections, is_right):
    """Each of the pairs of words and a connection gets one more answer, whose
    body is_right() knows, that says it is the last; then a clean end."""
    for what, c in connections:
        answer = c.answer()
        t.ok(f"{name}: {what}, answered", answer and is_right(answer.body))
        t.ok(f"{name}: {what}, says that it is the last",
             answer and answer.last)
        t.equal(f"{name}: {what}, ends", c.end(), "a clean end")


class Clients:
    def __init__(self, address, count=6):
        self.address = address
        self.sent = self.answered = self.closed = 0
        self.lost = []
        self.seen = [set() for _ in range(count)]  # bodies, by connection
        self.data = [b""] * count
        self.sockets = [None] * count
        self.due = [(0, i) for i in range(count)]
        self.selector = selectors.DefaultSelector()

    def counts(self):
        return (f"{self.sent} sent, {self.answered} answered, "
                f"{self.closed} of them the last, {len(self.lost)} lost")

    def send(self, i):
        try:
            if self.sockets[i] is None:
                self.sockets[i] = lib.connect(*self.address)
                self.selector.register(self.sockets[i], selectors.EVENT_READ,
                                       i)
            self.data[i] = b""
            self.sent += 1
            self.sockets[i].sendall(REQUEST)
        except OSError as error:
            self.lose(i, error)

    def drop(self, i, pause):
        if self.sockets[i] is not None:
            self.selector.unregister(self.sockets[i])
            self.sockets[i].close()
            self.sockets[i] = None
        self.again(i, pause)

    def again(self, i, pause):
        heapq.heappush(self.due, (time.monotonic() + pause, i))

    def lose(self, i, why):
        self.lost.append(f"{why} after {self.data[i][:200]!r}")
        self.drop(i, .01)

    def receive(self, i):
        try:
            more = self.sockets[i].recv(65536)
        except OSError as error:
            self.lose(i, error)
            return
        if not more:  # between two requests it does no harm
            if any(k == i for _, k in self.due):
                self.due = [d for d in self.due if d[1] != i]
                heapq.heapify(self.due)
                self.drop(i, 0)
            else:
                self.lose(i, "the end")
            return
        self.data[i] += more
        answer = Answer(self.data[i])
        if not answer.whole:
            return
        if answer.status != b"200":
            self.lose(i, "an error")
            return
        self.answered += 1
        self.seen[i].add(answer.body)
        if answer.last:
            self.closed += 1
            self.drop(i, 0)
        else:
            self.again(i, random.choice(PAUSES))

    def run(self, done, seconds=60):
        """Until done() is true, or nothing new was answered for so many seconds
        of a quiet machine."""
        moved, count = time.monotonic(), 0
        while not done():
            now = time.monotonic()
            if self.answered > count:
                moved, count = now, self.answered
            if now - moved > seconds and now - moved > lib.patience(seconds):
                return False
            while self.due and self.due[0][0] <= now:
                self.send(heapq.heappop(self.due)[1])
            wait = max(0, self.due[0][0] - now) if self.due else seconds
            for key, _ in self.selector.select(wait):
                self.receive(key.data)
        return True

    def forget(self):
        """Waits from here on for answers of other processes than those that
        have answered so far."""
        self.before = set().union(*self.seen)
        for seen in self.seen:
            seen.clear()

    def all_moved(self):
        return all(seen - self.before for seen in self.seen)

    def close(self):
        for i, s in enumerate(self.sockets):
            if s is not None:
                self.drop(i, 0)
        self.selector.close()
