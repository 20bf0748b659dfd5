#!/bin/bash
# GF_SECTION_KEY__FILE=/a/file becomes GF_SECTION_KEY with what is in the file, as in the official image:
# a file that cannot be read leaves the setting empty.
set -e

for from_file in $(compgen -v | grep -E '^GF_[A-Z0-9_]+__FILE$'); do
    setting=${from_file%__FILE}
    if [[ -n ${!setting} ]]; then
        echo "ERROR: Both $setting and $from_file are set (but are exclusive)" >&2
        exit 1
    fi
    export "$setting=$(cat "${!from_file}")"
    unset "$from_file"
done

exec /usr/share/grafana/grafana.py
