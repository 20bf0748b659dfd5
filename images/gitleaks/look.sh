#!/bin/sh
# Reads a git bundle, writes gitleaks' findings in its whole history as JSON. Exit 2: the bundle is none.
set -eu
cd /tmp
cat >bundle
git -c advice.detachedHead=false -c init.defaultBranch=main clone --quiet bundle checkout || exit 2
settings=''
[ ! -f checkout/.gitleaks.toml ] || settings='--config=checkout/.gitleaks.toml'
# What it finds is never printed whole: a log is read by more people than a repository.
gitleaks detect --source=checkout ${settings:+"$settings"} --redact --no-banner --log-level=warn \
    --report-format=json --report-path=found.json --exit-code=0 >&2
cat found.json
