#!/bin/sh
# A virtual environment with exactly what a lock file names, in .venv unless another folder is given.
#
# usage: venv.sh PYTHON LOCK_FILE [FOLDER]
set -eu
python=$1
lock=$2
folder=${3:-.venv}

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

# By its real name, which its programs begin with: another checkout may lead here by a link that will be gone.
[ -x "$folder/bin/python" ] || "$python" -m venv "$(realpath "$folder")"
echo "venv: installing what $lock names" >&2
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement "$lock"
