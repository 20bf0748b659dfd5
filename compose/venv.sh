#!/bin/sh
# A virtual environment with exactly what a lock file names, in .venv unless another folder is given.
#
# usage: venv.sh PYTHON LOCK_FILE [FOLDER]
# Behind a proxy with a certificate authority of its own, pip believes those in $CA_BUNDLE.
set -eu
[ -z "${CA_BUNDLE:-}" ] || export PIP_CERT="$CA_BUNDLE"
python=$1
lock=$2
# By its real name, which its programs begin with: another checkout may lead here by a link that will be gone.
folder=$(realpath --canonicalize-missing "${3:-.venv}")

fail() {
    printf 'venv: %s\ntry: %s\n' "$1" "$2" >&2
    exit 1
}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    fail "$python is not Python 3.11 or newer" "make PYTHON=python3.12, or install a newer Python"

# Debian and Ubuntu keep ensurepip in a package of its own.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" -eq 0 ]; then
        apt-get update --quiet >/dev/null && apt-get install --yes --quiet --no-install-recommends python3-venv >/dev/null
    else
        fail "this Python cannot make virtual environments" "sudo apt-get install python3-venv"
    fi
fi

# One that an interruption left without pip begins anew; a folder that is none is not cleared.
if ! "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
    clear=''
    [ ! -e "$folder/pyvenv.cfg" ] || clear=--clear
    "$python" -m venv $clear "$folder"
fi
echo "venv: installing what $lock names" >&2
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement "$lock"
