#!/usr/bin/python3
"""Broken configurations: strata-proxy says what nginx says, file and line.

The messages are those of nginx/1.22.1, recorded with `nginx -t -p DIR -c
nginx.conf`; DIR stands for the directory.  `test_proxy_conf_errors.py nginx`
asks the nginx that is installed instead, which is how to record more.  Where
ours says more than nginx, the third text is what it says more, in front of the
place.  Where nginx takes what ours refuses (None) it is all that ours says.
"""

import os
import re
import sys

import lib

EVENTS = "events { }\n"

FILES = {"broken.inc": "daemon on;\n}\n", "open.inc": "events {\n"}

# Who is not root cannot be another user, so `user` is not looked at.
NEEDS_ROOT = ("getpwnam", "getgrnam")

CASES = [
    ('foo bar;\n',
     'unknown directive "foo" in DIR/nginx.conf:1'),
    (EVENTS +
     'http {\n'
     '    server {\n'
     '        location / {\n'
     '            foo on;\n'
     '        }\n'
     '    }\n'
     '}\n',
     'unknown directive "foo" in DIR/nginx.conf:5'),
    ('daemon off',
     'unexpected end of file, expecting ";" or "}" in DIR/nginx.conf:1'),
    ('daemon off\n# nothing follows\n',
     'unexpected end of file, expecting ";" or "}" in DIR/nginx.conf:3'),
    (EVENTS + 'http {\n    log_format main "no end;\n}\n',
     'unexpected end of file, expecting ";" or "}" in DIR/nginx.conf:5'),
    ('events {\n',
     'unexpected end of file, expecting "}" in DIR/nginx.conf:2'),
    (EVENTS +
     'http {\n'
     '    server {\n'
     '        location / {\n'
     '        }\n'
     '}\n',
     'unexpected end of file, expecting "}" in DIR/nginx.conf:7'),
    ('}\n',
     'unexpected "}" in DIR/nginx.conf:1'),
    (EVENTS + '}\n',
     'unexpected "}" in DIR/nginx.conf:2'),
    ('daemon off }\n',
     'unexpected "}" in DIR/nginx.conf:1'),
    ('; events { }\n',
     'unexpected ";" in DIR/nginx.conf:1'),
    ('{ }\n',
     'unexpected "{" in DIR/nginx.conf:1'),
    ('daemon "on"x;\n',
     'unexpected "x" in DIR/nginx.conf:1'),
    ('events;\n',
     'directive "events" has no opening "{" in DIR/nginx.conf:1'),
    ('daemon on {\n}\n',
     'directive "daemon" is not terminated by ";" in DIR/nginx.conf:1'),
    (EVENTS + 'http {\n    server;\n}\n',
     'directive "server" has no opening "{" in DIR/nginx.conf:3'),
    ('daemon;\n',
     'invalid number of arguments in "daemon" directive in '
     'DIR/nginx.conf:1'),
    ('daemon on off;\n',
     'invalid number of arguments in "daemon" directive in '
     'DIR/nginx.conf:1'),
    ('events now { }\n',
     'invalid number of arguments in "events" directive in '
     'DIR/nginx.conf:1'),
    (EVENTS + 'http {\n    server {\n        location { }\n    }\n}\n',
     'invalid number of arguments in "location" directive in '
     'DIR/nginx.conf:4'),
    ('listen 80;\n',
     '"listen" directive is not allowed here in DIR/nginx.conf:1'),
    (EVENTS + 'http {\n    worker_processes 1;\n}\n',
     '"worker_processes" directive is not allowed here in DIR/nginx.conf:3'),
    (EVENTS + 'http {\n    location / { }\n}\n',
     '"location" directive is not allowed here in DIR/nginx.conf:3'),
    (EVENTS + 'server { }\n',
     '"server" directive is not allowed here in DIR/nginx.conf:2'),
    ('events { http { } }\n',
     '"http" directive is not allowed here in DIR/nginx.conf:1'),
    ('daemon on;\ndaemon on;\n',
     '"daemon" directive is duplicate in DIR/nginx.conf:2'),
    (EVENTS + 'events { }\n',
     '"events" directive is duplicate in DIR/nginx.conf:2'),
    (EVENTS + 'http { }\nhttp { }\n',
     '"http" directive is duplicate in DIR/nginx.conf:3'),
    ('daemon maybe;\n',
     'invalid value "maybe" in "daemon" directive, it must be "on"'
     ' or "off" in DIR/nginx.conf:1'),
    ('daemon "on\\;";\n',
     'invalid value "on\\;" in "daemon" directive, it must be "on" '
     'or "off" in DIR/nginx.conf:1'),
    ('worker_processes x;\n',
     '"worker_processes" directive invalid value in DIR/nginx.conf:1'),
    ('worker_processes -1;\n',
     '"worker_processes" directive invalid value in DIR/nginx.conf:1'),
    ('worker_rlimit_nofile many;\n',
     '"worker_rlimit_nofile" directive invalid number in DIR/nginx.conf:1'),
    ('worker_shutdown_timeout soon;\n',
     '"worker_shutdown_timeout" directive invalid value in '
     'DIR/nginx.conf:1'),
    ('worker_cpu_affinity 01x;\n',
     'invalid character "x" in "worker_cpu_affinity" in DIR/nginx.conf:1'),
    ('worker_priority low;\n',
     '"worker_priority" directive invalid number in DIR/nginx.conf:1'),
    ('events {\n    worker_connections a;\n}\n',
     'invalid number "a" in DIR/nginx.conf:2'),
    ('events {\n'
     '    worker_connections 5;\n'
     '    worker_connections 6;\n'
     '}\n',
     '"worker_connections" directive is duplicate in DIR/nginx.conf:3'),
    ('events {\n    use kqueue;\n}\n',
     'invalid event type "kqueue" in DIR/nginx.conf:2'),
    ('events {\n    multi_accept x;\n}\n',
     'invalid value "x" in "multi_accept" directive, it must be '
     '"on" or "off" in DIR/nginx.conf:2'),
    ('user no-such-user;\nevents { }\n',
     'getpwnam("no-such-user") failed in DIR/nginx.conf:1'),
    ('user root no-such-group;\nevents { }\n',
     'getgrnam("no-such-group") failed in DIR/nginx.conf:1'),
    ('error_log e.log loud;\n',
     'invalid log level "loud" in DIR/nginx.conf:1'),
    ('error_log e.log info warn;\n',
     'duplicate log level "warn" in DIR/nginx.conf:1'),
    ('include none.conf;\n',
     'open() "DIR/none.conf" failed (2: No such file or directory)'
     ' in DIR/nginx.conf:1'),
    ('include broken.inc;\nevents { }\n',
     'unexpected "}" in DIR/broken.inc:2'),
    ('include open.inc;\n} events { }\n',
     'unexpected end of file, expecting "}" in DIR/open.inc:2'),
    (EVENTS + 'http {\n    types { text/html html { } }\n}\n',
     'unexpected "{" in DIR/nginx.conf:3'),
    (EVENTS +
     'http {\n'
     '    server {\n'
     '        keepalive_timeout 1x;\n'
     '    }\n'
     '}\n',
     '"keepalive_timeout" directive invalid value in DIR/nginx.conf:4'),
    (EVENTS + 'http {\n    client_max_body_size 1t;\n}\n',
     '"client_max_body_size" directive invalid value in DIR/nginx.conf:3'),
    (EVENTS + 'http {\n    client_max_body_size 1m 2m;\n}\n',
     'invalid number of arguments in "client_max_body_size" '
     'directive in DIR/nginx.conf:3'),
    (EVENTS + 'http {\n    sendfile maybe;\n}\n',
     'invalid value "maybe" in "sendfile" directive, it must be '
     '"on" or "off" in DIR/nginx.conf:3'),
    (EVENTS + 'http {\n    sendfile on;\n    sendfile off;\n}\n',
     '"sendfile" directive is duplicate in DIR/nginx.conf:4'),
    (EVENTS +
     'http {\n'
     '    server {\n'
     '        root a;\n'
     '        root b;\n'
     '    }\n'
     '}\n',
     '"root" directive is duplicate in DIR/nginx.conf:5'),
    (EVENTS +
     'http {\n'
     '    server {\n'
     '        listen 127.0.0.1:8080;\n'
     '        listen 127.0.0.1:8080;\n'
     '    }\n'
     '}\n',
     'a duplicate listen 127.0.0.1:8080 in DIR/nginx.conf:5'),
    (EVENTS +
     'http {\n'
     '    server {\n'
     '        listen 127.0.0.1:99999;\n'
     '    }\n'
     '}\n',
     'invalid port in "127.0.0.1:99999" of the "listen" directive '
     'in DIR/nginx.conf:4'),
    (EVENTS +
     'http {\n'
     '    server {\n'
     '        listen 127.0.0.1:8080 fast;\n'
     '    }\n'
     '}\n',
     'invalid parameter "fast" in DIR/nginx.conf:4'),
    (EVENTS +
     'http {\n'
     '    server {\n'
     '        location /a { }\n'
     '        location /a { }\n'
     '    }\n'
     '}\n',
     'duplicate location "/a" in DIR/nginx.conf:5'),
    (EVENTS +
     'http {\n'
     '    server {\n'
     '        location ~ "(" { }\n'
     '    }\n'
     '}\n',
     'pcre2_compile() failed: missing closing parenthesis in "(" '
     'in DIR/nginx.conf:4'),
    (EVENTS +
     'http {\n'
     '    server {\n'
     '        location % /a { }\n'
     '    }\n'
     '}\n',
     'invalid location modifier "%" in DIR/nginx.conf:4'),
    (EVENTS +
     'http {\n'
     '    server {\n'
     '        location /a { location /b { } }\n'
     '    }\n'
     '}\n',
     'location "/b" is outside location "/a" in DIR/nginx.conf:4'),
    (EVENTS +
     'http {\n'
     '    server {\n'
     '        location / { return 200 $nothing; }\n'
     '    }\n'
     '}\n',
     'unknown "nothing" variable'),
    (EVENTS + 'http {\n    gzip_comp_level 10;\n}\n',
     'value must be between 1 and 9 in DIR/nginx.conf:3', ', not "10"'),
    (EVENTS + 'http {\n    uwsgi_modifier1 256;\n}\n',
     'value must be between 0 and 255 in DIR/nginx.conf:3', ', not "256"'),
    (EVENTS + 'http {\n    large_client_header_buffers 0 8k;\n}\n',
     '"large_client_header_buffers" directive invalid value in '
     'DIR/nginx.conf:3', ', value must be between 1 and 2147483647'),
    (EVENTS + 'http {\n    large_client_header_buffers 4 x;\n}\n',
     '"large_client_header_buffers" directive invalid value in '
     'DIR/nginx.conf:3', ', value must be between 1 and 1073741824'),
    (EVENTS + 'http {\n    keepalive_timeout 5 x;\n}\n',
     '"keepalive_timeout" directive invalid value in DIR/nginx.conf:3'),
    (EVENTS + 'http {\n    upstream a { server 127.0.0.1 weight=0; }\n}\n',
     'invalid parameter "weight=0" in DIR/nginx.conf:3',
     ', value must be between 1 and 2147483647'),
    (EVENTS + 'http {\n    upstream a { server 127.0.0.1 max_fails=x; }\n}\n',
     'invalid parameter "max_fails=x" in DIR/nginx.conf:3',
     ', value must be between 0 and 2147483647'),
    (EVENTS + 'http { server {\n    listen 127.0.0.1:81 backlog=0;\n} }\n',
     'invalid backlog "backlog=0" in DIR/nginx.conf:3',
     ', value must be between 1 and 2147483647'),
    (EVENTS + 'http { server {\n    return 1000;\n} }\n',
     'invalid return code "1000" in DIR/nginx.conf:3',
     ', value must be between 0 and 999'),
    (EVENTS + 'http {\n    gzip_buffers 4 0;\n}\n',
     '"gzip_buffers" directive invalid value in DIR/nginx.conf:3',
     ', value must be between 1 and 1073741824'),
    (EVENTS + 'http {\n    output_buffers x 1;\n}\n',
     '"output_buffers" directive invalid value in DIR/nginx.conf:3',
     ', value must be between 1 and 2147483647'),
    (EVENTS + 'http {\n    output_buffers 4;\n}\n',
     'invalid number of arguments in "output_buffers" directive in '
     'DIR/nginx.conf:3'),
    (EVENTS + 'http {\n    types_hash_max_size 4k;\n}\n',
     '"types_hash_max_size" directive invalid number in DIR/nginx.conf:3'),
    (EVENTS + 'http {\n    server { types_hash_max_size 8; '
     'server_names_hash_max_size 8; }\n}\n',
     '"server_names_hash_max_size" directive is not allowed here in '
     'DIR/nginx.conf:3'),
    (EVENTS + 'http {\n    variables_hash_bucket_size 64;\n'
     '    variables_hash_bucket_size 64;\n}\n',
     '"variables_hash_bucket_size" directive is duplicate in '
     'DIR/nginx.conf:4'),
    ('pcre_jit maybe;\n',
     'invalid value "maybe" in "pcre_jit" directive, it must be "on" or "off" '
     'in DIR/nginx.conf:1'),
    (EVENTS + 'http {\n    client_body_temp_path t 1 2 8;\n}\n',
     '"client_body_temp_path" directive invalid value in DIR/nginx.conf:3',
     ', each level must be between 1 and 10, and all together at most 10'),
    (EVENTS + 'http {\n    scgi_temp_path t 0;\n}\n',
     '"scgi_temp_path" directive invalid value in DIR/nginx.conf:3',
     ', each level must be between 1 and 10, and all together at most 10'),
    (EVENTS + 'http {\n    fastcgi_temp_path t x;\n}\n',
     '"fastcgi_temp_path" directive invalid value in DIR/nginx.conf:3',
     ', each level must be between 1 and 10, and all together at most 10'),
    (EVENTS + 'http {\n    uwsgi_temp_path t 1 2 3 4;\n}\n',
     'invalid number of arguments in "uwsgi_temp_path" directive in '
     'DIR/nginx.conf:3'),
    (EVENTS + 'http {\n    proxy_temp_path t;\n    proxy_temp_path u;\n}\n',
     '"proxy_temp_path" directive is duplicate in DIR/nginx.conf:4'),
    (EVENTS + 'http { server { location / {\n'
     '    underscores_in_headers on;\n} } }\n',
     '"underscores_in_headers" directive is not allowed here in '
     'DIR/nginx.conf:3'),
    (EVENTS + 'http { server { location / {\n'
     '    reset_timedout_connection on;\n'
     '    ignore_invalid_headers on;\n} } }\n',
     '"ignore_invalid_headers" directive is not allowed here in '
     'DIR/nginx.conf:4'),
    (EVENTS + 'http { server {\n    listen 127.0.0.1:81 deferred=1;\n} }\n',
     'invalid parameter "deferred=1" in DIR/nginx.conf:3'),
    # What nginx takes, and then cannot count with.
    (EVENTS + 'http {\n    send_timeout 9223372036854775807ms;\n}\n', None,
     'value must be between 0ms and 3153600000000ms, not '
     '"9223372036854775807ms"'),
    (EVENTS + 'http {\n    client_header_buffer_size 0;\n}\n', None,
     'value must be between 1 and 1073741824, not "0"'),
    (EVENTS + 'http {\n    proxy_buffer_size 4294967296;\n}\n', None,
     'value must be between 1 and 32768, not "4294967296"'),
    ('worker_priority -100;\nevents { }\n', None,
     'value must be between -20 and 20, not "-100"'),
    ('worker_processes 0;\nevents { }\n', None,
     'value must be between 1 and 512, not "0"'),
    ('worker_processes 1;\n',
     'no "events" section in configuration'),
    ('',
     'no "events" section in configuration'),
    ('error_log none/error.log;\nevents { }\n',
     'open() "DIR/none/error.log" failed (2: No such file or directory)'),
    ('pid none/pid;\nevents { }\n',
     'open() "DIR/none/pid" failed (2: No such file or directory)'),
    ('events { worker_connections 0; }\n',
     '0 worker_connections are not enough for 0 listening sockets'),
]


def message(output, folder):
    """The first error, without the time and process that nginx may add."""
    found = re.search(r"\[emerg\] (?:\d+#\d+: )?(.*)", output)
    return found and found.group(1).replace(f"{folder}/", "DIR/")


def extended(expected, more):
    """What ours says: `more` before the place, if there is one."""
    if expected is None:
        return more
    words, place, rest = expected.partition(" in DIR")
    return words + more + place + rest


def main():
    name = "nginx" if sys.argv[1:] == ["nginx"] else "strata-proxy"
    program = lib.NGINX if name == "nginx" else [name]
    with lib.Test("broken configurations") as t:
        for file, text in FILES.items():
            t.write(file, text)
        for text, expected, *more in CASES:
            if more and program != lib.NGINX:
                expected = extended(expected, more[0])
            if os.geteuid() != 0 and (expected or "").startswith(NEEDS_ROOT):
                expected = None
            t.write("nginx.conf", text)
            status, output = t.run([*program, "-t", "-e", "stderr", "-p",
                                    t.dir, "-c", "nginx.conf"])
            said = message(output, t.dir)
            if expected and " in DIR" not in expected:
                said = re.sub(" in DIR/nginx.conf:[0-9]+$", "", said or "")
            t.equal(expected or text, said, expected)
            if expected is None:
                continue
            t.equal("  status", status, 1)
            t.contains("  last line", output, f"{name}: configuration file "
                       f"{t.dir}/nginx.conf test failed\n")


main()
