#!/usr/bin/env bash
# Installs what is missing, for `make run` (install.sh run) or for the tests and checks (install.sh test).
# Python packages go into .venv, from a lock with hashes; Debian packages only as root, after printing the line.
set -euo pipefail
cd "$(dirname "$0")/.."
wanted=${1:?run or test}

say() { printf '• %s\n' "$*"; }
stop() { printf '\n%s\n' "$*" >&2; exit 1; }
has_library() { { /sbin/ldconfig -p 2>/dev/null || true; } | grep -q "$1"; }
has_command() { command -v "$1" >/dev/null 2>&1; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3.11 python3; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    stop "Python 3.11 is needed and was not found. Install it (on Debian 12: apt-get install python3), or say where it is: PYTHON=/path/to/python3.11"
}

venv_works() { .venv/bin/python -c 'import pip' 2>/dev/null; }
venv_missing() { ! venv_works && ! "$python" -c 'import ensurepip, venv' 2>/dev/null; }

# What is missing is asked of the machine, not of its package list, so that other sources of a library count too.
missing_packages() {
    required=() optional=()
    has_library 'libpango-1\.0\.so\.0' || required+=(libpango-1.0-0)
    has_library 'libpangoft2-1\.0\.so\.0' || required+=(libpangoft2-1.0-0)
    has_library 'libharfbuzz-subset\.so\.0' || optional+=(libharfbuzz-subset0)
    has_command msgfmt || required+=(gettext)
    if venv_missing; then required+=(python3-venv); fi
    if [ "$wanted" = test ]; then
        has_command chromium || required+=(chromium)
        has_command redis-server || required+=(redis-server)
        has_command qpdf || required+=(qpdf)
        has_command pdftotext || required+=(poppler-utils)
        [ -x /usr/sbin/nginx ] || required+=(nginx)
        has_command openssl || required+=(openssl)
        has_command curl || required+=(curl)
        [ -x /usr/lib/postgresql/15/bin/postgres ] || required+=(postgresql-15)
    fi
}

# Debian's way to install a server without starting it: a policy that says no, for as long as we install.
install_packages() {
    local policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        trap "rm -f $policy" EXIT
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 755 $policy
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update
    apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 install "$@" >/dev/null
    if [ -n "$(trap -p EXIT)" ]; then
        rm -f $policy
        trap - EXIT
    fi
}

debian_packages() {
    missing_packages
    local all=("${required[@]}" "${optional[@]}") line
    [ ${#all[@]} -gt 0 ] || return 0
    line="apt-get install --no-install-recommends ${all[*]}"
    if has_command apt-get && [ "$(id -u)" = 0 ]; then
        say "Installing Debian packages: $line"
        install_packages "${all[@]}" || say "Debian's packages could not all be installed."
        missing_packages
        all=("${required[@]}" "${optional[@]}")
        line="apt-get install --no-install-recommends ${all[*]}"
    fi
    [ ${#required[@]} = 0 ] || stop "This is still missing. As root, run

    $line

and then the same command again."
    [ ${#optional[@]} = 0 ] || say "Going on without ${optional[*]} (PDF files take longer and their bytes differ). To install it, as root: $line"
}

python_packages() {
    local lock=requirements/$1.txt stamp=.venv/.installed-$1 digest
    digest=$(sha256sum "$lock" | cut -d' ' -f1)
    if venv_works && [ "$(cat "$stamp" 2>/dev/null)" = "$digest" ]; then return; fi
    if ! venv_works; then
        say "Making .venv with $("$python" --version)"
        "$python" -m venv --clear .venv
    fi
    say "Installing Python packages from $lock into .venv"
    .venv/bin/python -m pip install --disable-pip-version-check --no-input --progress-bar off \
        --require-hashes --no-deps -r "$lock" 2> >(grep -v '^WARNING' >&2) | sed -un 's/^Collecting \([^ ]*\).*/    \1/p'
    echo "$digest" >"$stamp"
    # The test lock holds every line of the run lock (scripts/check_tree.py), so what runs is there too.
    if [ "$1" = test ]; then sha256sum requirements/run.txt | cut -d' ' -f1 >.venv/.installed-run; fi
}

python=$(find_python)
debian_packages
python_packages "$wanted"
