#!/bin/bash
# The stand-in's start: the reference folder into JENKINS_HOME, then the controller.
set -euo pipefail

log=$JENKINS_HOME/copy_reference_file.log
touch "$log" || { echo "Can not write to $log. Wrong volume permissions?"; exit 1; }

# As in the official image: a file that is already there stays as it is.
while IFS= read -r -d '' source; do
    copy=$JENKINS_HOME/${source#"$REF"/}
    [[ -e $copy ]] && continue
    mkdir --parents "$(dirname "$copy")"
    cp --no-dereference "$source" "$copy"
done < <(find "$REF" \( -type f -o -type l \) -print0)

if [[ $# -gt 0 && $1 != --* ]]; then exec "$@"; fi
exec python3 /usr/share/jenkins/controller.py
