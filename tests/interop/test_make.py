#!/usr/bin/python3
"""What a user of the Makefile sees: help, install, and missing packages."""

import os
import re
import shutil
import stat

import lib

PACKAGES = lib.ROOT / "tests/packages.sh"


def fake(t, name, text):
    """A command that comes first on the path of fake_env."""
    path = t.write(f"fake/{name}", "#!/bin/sh\n" + text)
    path.chmod(0o755)


def nobody(words):
    """The same command as a user without rights, when we have them."""
    if os.getuid():
        return words
    return [shutil.which("setpriv"), "--reuid=65534", "--regid=65534",
            "--clear-groups", *words]


with lib.Test("make") as t:
    make = ["make", "--no-print-directory", "-C", lib.ROOT]
    status, out = t.run([*make, "help"])
    t.equal("make help", status, 0)
    lines = out.splitlines()
    makefile = (lib.ROOT / "Makefile").read_text()
    for target in ("run", "test", "test-stage", "install", "clean", "docs",
                   "doctor", "weave", "check-book", "fuzz", "bench", "record",
                   "verify-corpus"):
        t.ok(f"make help has a line for {target}",
             any(re.match(rf"make {target}\b", line) for line in lines), out)

    status, out = t.run([*make, "install", f"DESTDIR={t.dir}/root",
                         "PREFIX=/opt"], seconds=120)
    t.equal("make install", status, 0)
    for name in ("echo", "static", "uwsgi", "wsgi", "prefork", "proxy"):
        path = t.dir / "root/opt/bin" / f"strata-{name}"
        good = path.exists() and path.stat().st_mode & stat.S_IXOTH
        t.ok(f"installed: {path.name}", good, out)
        if good:
            status, out = t.run([path, "-v" if name == "proxy"
                                 else "--version"])
            t.ok(f"{path.name} says its version", status == 0 and
                 "strata" in out and re.search(r"\d\.\d", out), out)
    for name in ("uwsgi_params", "mime.types"):
        t.ok(f"installed: {name}",
             (t.dir / "root/opt/share/strata" / name).exists())

    fake(t, "dpkg-query", "exit 1\n")
    fake(t, "apt-get", 'echo "apt-get $*" >>"$0.log"\n')
    fake(t, "systemctl", 'echo "systemctl $*" >>"$0.log"\n')
    fake(t, "sudo", "exit 1\n")
    env = {"PATH": f"{t.dir}/fake:/usr/bin:/bin", "CI": "true"}
    status, out = t.run(nobody([PACKAGES, "doctor"]), env=env)
    t.ok("doctor names what is missing and the line to type", status == 0 and
         ": sudo apt-get install" in out and "libpcre2-dev" in out, out)
    status, out = t.run(nobody([PACKAGES, "install", "build"]), env=env)
    t.ok("no rights and no terminal: the line to type, status 1",
         status == 1 and ": sudo apt-get install" in out and "gcc" in out, out)
    if os.getuid() == 0:
        status, out = t.run([PACKAGES, "check", "build"], env=env)
        t.ok("root is told no sudo", status == 1 and
             ": apt-get install" in out and "gcc" in out, out)
    bare = t.dir / "bare"
    bare.mkdir()
    for name in ("sh", "id", "tr", "sort", "grep"):
        (bare / name).symlink_to(f"/usr/bin/{name}")
    (bare / "dpkg-query").symlink_to(t.dir / "fake/dpkg-query")
    status, out = t.run(nobody([shutil.which("sh"), PACKAGES, "check",
                                "build"]), env={"PATH": str(bare)})
    t.ok("and where there is none, su", status == 1 and
         ": su -c 'apt-get install" in out and "gcc" in out, out)
    log = t.dir / "fake/apt-get.log"
    t.ok("and nothing was installed", not log.exists())
    status, out = t.run([PACKAGES, "check", "nonsense"], env=env)
    t.ok("a set that is not there", status == 1 and "nonsense" in out, out)
    if os.getuid() == 0 and os.path.exists("/usr/sbin/policy-rc.d"):
        status, out = t.run([PACKAGES, "install", "test"], env=env)
        said = log.read_text() if log.exists() else ""
        t.ok("root: installed at once", status == 0 and
             "--no-install-recommends install" in said and "nginx" in said,
             out + said)
        t.contains("nginx's service is not enabled",
                   (t.dir / "fake/systemctl.log").read_text(),
                   "disable nginx")
