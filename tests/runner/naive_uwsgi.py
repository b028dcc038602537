#!/usr/bin/python3
"""naive_uwsgi: a first solution of stage 3, as a student might hand it in.

    make test-stage 3 PROGRAM="/usr/bin/python3 tests/runner/naive_uwsgi.py"

The server shows what it decoded; the gateway passes requests on.  One request
a connection, a thread for each, and nothing that is malformed is looked for.
"""

import socket
import struct
import sys
import threading


def exactly(stream, n):
    data = stream.read(n)
    if len(data) < n:
        raise EOFError
    return data


def read_packet(stream):
    """The variables, as pairs of bytes."""
    _, size, _ = struct.unpack("<BHB", exactly(stream, 4))
    block, at, words = exactly(stream, size), 0, []
    while at < size:
        n, = struct.unpack_from("<H", block, at)
        words.append(block[at + 2:at + 2 + n])
        at += 2 + n
    return list(zip(words[::2], words[1::2]))


def show(text):
    return b"".join(b"%c" % b if 0x20 <= b < 0x7f and b != 0x5c
                    else b"\\x%02X" % b for b in text)


def serve(client, stream):
    pairs = read_packet(stream)
    named = dict(pairs)
    body = exactly(stream, int(named.get(b"CONTENT_LENGTH") or 0))
    text = b"".join(b"%s=%s\n" % (show(k), show(v)) for k, v in pairs)
    text += b"\n" + body
    version = named.get(b"SERVER_PROTOCOL", b"HTTP/1.0")
    client.sendall(version + b" 200 OK\r\nContent-Type: text/plain\r\n"
                   b"Content-Length: %d\r\n\r\n" % len(text) + text)


def read_request(stream):
    """The words of the first line, the fields and the body."""
    words = stream.readline().decode("latin-1").split()
    fields = {}
    while (line := stream.readline().rstrip(b"\r\n")):
        name, _, value = line.partition(b":")
        fields[name.decode("latin-1").upper().replace("-", "_")] = value.strip()
    return words, fields, exactly(stream, int(fields.get("CONTENT_LENGTH", 0)))


def variables(client, words, fields):
    method, target, version = words
    path, _, query = target.partition("?")
    named = {"QUERY_STRING": query, "REQUEST_METHOD": method,
             "CONTENT_TYPE": fields.get("CONTENT_TYPE", b""),
             "CONTENT_LENGTH": fields.get("CONTENT_LENGTH", b""),
             "REQUEST_URI": target, "PATH_INFO": path,
             "SERVER_PROTOCOL": version, "REQUEST_SCHEME": "http",
             "REMOTE_ADDR": client.getpeername()[0],
             "REMOTE_PORT": str(client.getpeername()[1]),
             "SERVER_PORT": str(client.getsockname()[1]),
             "SERVER_NAME": "localhost"}
    named |= {"HTTP_" + k: v for k, v in fields.items()
              if k not in ("CONTENT_TYPE", "CONTENT_LENGTH")}
    return b"".join(struct.pack("<H", len(word)) + word
                    for pair in named.items()
                    for word in (w if isinstance(w, bytes) else w.encode()
                                 for w in pair))


def pass_on(client, stream, backend):
    words, fields, body = read_request(stream)
    try:
        with socket.create_connection(backend) as server:
            block = variables(client, words, fields)
            server.sendall(struct.pack("<BHB", 0, len(block), 0) + block + body)
            while (data := server.recv(65536)):
                client.sendall(data)
    except OSError:
        client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n"
                       b"Connection: close\r\n\r\n")


def handle(client, backend):
    try:
        with client, client.makefile("rb") as stream:
            if backend:
                pass_on(client, stream, backend)
            else:
                serve(client, stream)
    except (EOFError, OSError, ValueError, struct.error):
        pass  # the client has left, or it sent nonsense


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


def main(words):
    backend = None
    if "--to" in words:
        backend = address(words[words.index("--to") + 1])
    with socket.create_server(address(words[-1]), backlog=128) as listener:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=handle, args=(client, backend),
                             daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1:])
