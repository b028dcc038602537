#!/bin/sh
# The Debian packages that this repository needs, and what to do about those
# that are missing.
#
#     tests/packages.sh check SET...     status 1 and the line to type, if any is
#     tests/packages.sh install SET...   installs what is missing
#     tests/packages.sh doctor           what is there and what is not
#
# install: root installs at once; a person at a terminal is asked, and sudo is
# used; without a terminal or sudo, the line to type is printed and the status is
# 1.

# shellcheck disable=SC2086 # the lists of names are words on purpose
set -u
export LC_ALL=C

build="gcc libc6-dev pkg-config python3 python3-dev libjansson-dev
       libpcre2-dev zlib1g-dev"
grade="libcunit1-dev"
test="clang libclang-rt-dev valgrind nginx uwsgi-core
      uwsgi-plugin-python3 python3-flask python3-django python3-bottle
      python3-falcon python3-pyramid python3-whitenoise curl procps
      apache2-utils nghttp2-client wget wrk"
docs="pandoc"
bench="wrk nginx uwsgi-core uwsgi-plugin-python3"
browser="chromium"

# The names of the packages of some sets.
packages() {
    for set in "$@"; do
        case $set in
        build) echo $build ;;
        grade) echo $build $grade ;;
        test) echo $build $grade $test ;;
        docs) echo python3 $docs ;;
        bench) echo $build $bench ;;
        browser) echo $browser ;;
        esac
    done
}

installed() {
    dpkg-query -W -f '${Status}' "$1" 2>/dev/null |
        grep -q '^install ok installed$' ||
        # another package may stand in for it, as pkgconf for pkg-config
        dpkg-query -W -f '${Status} ${Provides}\n' 2>/dev/null |
        grep -q "^install ok installed .*\b$1\b\( \|,\|$\)"
}

missing() {
    for package in $(packages "$@" | tr ' ' '\n' | sort -u); do
        installed "$package" || printf '%s ' "$package"
    done
}

# Installs quietly.  A package that carries a service (nginx) must not start it
# now, nor at the next boot: the tests start their own.
install() {
    policy=/usr/sbin/policy-rc.d
    made=
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy && made=1
    fi
    trap '[ -z "$made" ] || rm -f $policy' EXIT
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q -o Acquire::Retries=3 update &&
        apt-get -q -y --no-install-recommends install "$@" || return 1
    case " $* " in
    *" nginx "*)
        ! command -v systemctl >/dev/null ||
            systemctl disable nginx >/dev/null 2>&1 || true
        ;;
    esac
}

# The line to type, for who we are: root needs no sudo, and others may have none.
line() {
    line="apt-get install -y --no-install-recommends $*"
    if [ "$(id -u)" = 0 ]; then
        echo "$line"
    elif command -v sudo >/dev/null; then
        echo "sudo $line"
    else
        echo "su -c '$line'"
    fi
}

case "${1:-}" in
check | install) ;;
as-root)
    shift
    install "$@"
    exit
    ;;
doctor)
    for set in build grade test docs bench browser; do
        if absent=$(missing $set) && [ -n "$absent" ]; then
            printf '%-7s missing: %s\n' $set "$absent"
            echo "       type: $(line $absent)"
        else
            printf '%-7s complete\n' $set
        fi
    done
    exit
    ;;
*)
    sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2
    exit 1
    ;;
esac

action=$1
shift
for set in "$@"; do
    case $set in
    build | grade | test | docs | bench | browser) ;;
    *)
        echo "packages: there is no set $set; expected build, grade, test," \
            "docs, bench or browser" >&2
        exit 1
        ;;
    esac
done
if ! command -v dpkg-query >/dev/null; then
    echo "packages: this is no Debian; see to it that these are there:" \
        "$(packages "$@" | tr '\n' ' ')" >&2
    exit 0
fi
absent=$(missing "$@")
[ -n "$absent" ] || exit 0
if [ "$action" = check ]; then
    echo "Packages are missing.  Type: $(line $absent)" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    install $absent
elif [ -t 0 ] && [ -t 1 ] && [ -z "${CI:-}" ] && command -v sudo >/dev/null; then
    printf 'These packages are missing: %s\nInstall them with sudo? [Y/n] ' \
        "$absent"
    read -r answer
    case $answer in
    '' | [Yy]*) sudo "$0" as-root $absent ;;
    *)
        echo "Then type: $(line $absent)"
        exit 1
        ;;
    esac
else
    echo "Packages are missing.  Type: $(line $absent)" >&2
    exit 1
fi || {
    echo "packages: could not install $absent" >&2
    exit 1
}
