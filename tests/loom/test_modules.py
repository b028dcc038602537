#!/usr/bin/python3
"""test_modules: a line of modules.c is a feature, and nothing else.

Each feature is taken out of the list.  What is left must build, must not know
the feature's directive, and must answer everything else byte for byte as
before.  Then a module of a student's is put in: one file and one line.
Programs are built as the zoo's are: what has changed, with the libraries that
stand in $BUILD.
"""

import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/zoo"))
import run as zoo  # noqa: E402

LIST = "src/06-proxy/7-process/modules.c"
# A module, and a directive that only it knows.
FEATURES = {
    "return": "return 204;",
    "redirect": "absolute_redirect off;",
    "gzip": "gzip on;",
    "headers": "add_header X-A b;",
    "access_log": "access_log off;",
    "accepted": "tcp_nopush on;",
    "proxy": "location /p { proxy_pass http://127.0.0.1:9; }",
    "uwsgi": "location /u { uwsgi_pass 127.0.0.1:9; }",
}
SERVER = """daemon off; master_process off; error_log e; pid pid;
events { }
http { server { listen unix:%s/s; root %s/www; server_name x; %s
    location /no/ { internal; } } }
"""
REQUESTS = ("GET /a.txt", "HEAD /a.txt", "GET /", "GET /none", "POST /a.txt",
            "GET /no/a", "OPTIONS *", "BAD")
STUDENT = """
#include "answer.h"
#include "exchange.h"
#include "module.h"

static int teapot(struct exchange *x)
{
    const int64_t *on;
    extern const struct module teapot_module;

    on = CONF_OF(x->scope, &teapot_module);
    return *on ? 418 : NEXT_HANDLER;
}

static const struct conf_row rows[] = {CONF_FLAG("teapot", CONF_SERVER, 0, 0),
                                       {0}};
static const struct handler handlers[] = {{ACCESS, teapot}, {0}};

const struct module teapot_module = {
    .name = "teapot",
    .index = MODULE_INDEX,
    .rows = rows,
    .settings = sizeof(int64_t),
    .handlers = handlers,
};
"""


def build(folder, change, more=()):
    """The program with another list, and with more files."""
    compiling, link = zoo.commands(6)
    text = change((ROOT / LIST).read_text("utf-8"))
    sources = {folder / "modules.c": text, **dict(more)}
    objects = []
    for path, text in sources.items():
        path.write_text(text, "utf-8")
        words = [w for w in compiling[LIST] if w != LIST]
        objects.append(str(path) + ".o")
        subprocess.run([*words, str(path), "-o", objects[-1]], cwd=ROOT,
                       check=True)
    program = folder / "strata-proxy"
    main = [w for w in link if w.endswith("/main.o")]
    subprocess.run([link[0], "-o", str(program), *main, *objects,
                    *(w for w in link[1:] if w not in main)],
                   cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    return program


def configure(folder, directive=""):
    (folder / "www").mkdir(exist_ok=True)
    (folder / "www/a.txt").write_text("a file\n")
    (folder / "logs").mkdir(exist_ok=True)
    (folder / "c").write_text(SERVER % (folder, folder, directive))
    return ["-p", f"{folder}/", "-c", f"{folder}/c"]


def ask(path, line):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(str(path))
        s.sendall(f"{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                  "Accept-Encoding: gzip\r\n\r\n".encode())
        answer = b""
        while more := s.recv(65536):
            answer += more
    return re.sub(rb"(Date|Last-Modified|ETag): [^\r]*", rb"\1", answer)


def answers(program, folder, directive="", requests=REQUESTS):
    words = configure(folder, directive)
    with subprocess.Popen([str(program), *words],
                          stderr=subprocess.DEVNULL) as server:
        try:
            until = time.monotonic() + 20
            while not (folder / "s").exists():
                if server.poll() is not None or time.monotonic() > until:
                    return "it does not start"
                time.sleep(0.01)
            found = [ask(folder / "s", line) for line in requests]
            return found if server.poll() is None else "it ended"
        except OSError as error:
            return f"{error}"
        finally:
            server.terminate()


def without(name):
    def change(text):
        text, n = re.subn(rf"    MODULE\({name}\) *\\\n", "", text)
        assert n == 1, f"{name} stands {n} times in {LIST}"
        return text
    return change


def refuses(program, folder, directive):
    done = subprocess.run([str(program), "-t", *configure(folder, directive)],
                          capture_output=True, text=True, check=False)
    return done.returncode != 0 and "unknown directive" in done.stderr


def main():
    results = []

    def told(good, what):
        results.append(good)
        print("ok" if good else "not ok", what, flush=True)

    with tempfile.TemporaryDirectory() as name:
        top = Path(name)

        def fresh(what):
            (top / what).mkdir()
            return top / what

        folder = fresh("whole")
        whole = build(folder, lambda text: text)
        expected = answers(whole, folder)
        told(isinstance(expected, list)
             and expected[0].startswith(b"HTTP/1.1 200")
             and expected[0].endswith(b"a file\n"),
             f"the whole list serves: {expected[0]}")
        for feature, directive in FEATURES.items():
            told(not refuses(whole, folder, directive),
                 f"{feature} is known while it is in the list")
            out = fresh(feature)
            program = build(out, without(feature))
            told(refuses(program, out, directive),
                 f"without {feature} its directive is unknown")
            told(answers(program, out) == expected,
                 f"without {feature} all other answers are as before")
        folder = fresh("student")
        program = build(
            folder, lambda text: text.replace(
                "    MODULE(return)", "    MODULE(teapot) MODULE(return)"),
            {folder / "teapot.c": STUDENT}.items())
        told(answers(program, folder) == expected,
             "a module more changes nothing while nobody asks for it")
        (folder / "s").unlink(missing_ok=True)
        found = answers(program, folder, "teapot on;", ("GET /a.txt",))
        told(isinstance(found, list) and found[0].startswith(b"HTTP/1.1 418"),
             "one file and one line are a feature")
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
