#!/usr/bin/python3
"""Debian's own nginx.conf, as the package nginx brings it: strata-proxy reads it
as far as its TLS lines, and without them as far as try_files.  Without those
lines of the two kinds it has nothing to object to."""

import re
import shutil

import lib

ETC = "/etc/nginx"


def main():
    with lib.Test("Debian's nginx.conf") as t:
        shutil.copytree(ETC, f"{t.dir}/nginx", symlinks=False)
        conf = t.dir / "nginx/nginx.conf"
        site = t.dir / "nginx/sites-enabled/default"
        for file in (conf, site):
            text = file.read_text().replace(f"{ETC}/", f"{t.dir}/nginx/")
            text = text.replace("/var/log/nginx/", f"{t.dir}/")
            file.write_text(text.replace("/run/nginx.pid", f"{t.dir}/pid"))

        def check(what, expected):
            _, output = t.run(["strata-proxy", "-t", "-p", t.dir, "-c", conf])
            t.contains(what, output, expected)

        def without(file, name):
            text = re.sub(rf"(?m)^\s*{name}\b.*;.*$", "", file.read_text())
            file.write_text(text)

        check("as far as its TLS lines", 'unknown directive "ssl_protocols"')
        without(conf, r"ssl_\w+")
        check("and as far as try_files", 'unknown directive "try_files"')
        without(site, "try_files")
        check("and no further objection", "test is successful")


main()
