#!/bin/sh
# Whether only documents differ from the last commit that went well, so that nothing has to be built or tested.
#
# That commit is what Jenkins says, else where this branch left main. Exit 0: yes. Exit 1: no, or nobody knows.
set -eu
since=${GIT_PREVIOUS_SUCCESSFUL_COMMIT:-$(git merge-base HEAD origin/main 2>/dev/null || true)}

say() {
    printf 'documentation-only: %s\n' "$1"
    exit "$2"
}

git cat-file -e "${since:-none}^{commit}" 2>/dev/null || say 'no commit is known that went well' 1
# A renamed file would be told by its new name alone.
changed=$(git diff --no-renames --name-only "$since" HEAD)
[ -n "$changed" ] || say "nothing changed since $since" 1
others=$(printf '%s\n' "$changed" | grep --invert-match --extended-regexp '^docs/|\.md$' || true)
[ -z "$others" ] || say "$(printf '%s\n' "$others" | wc -l) files that are no documents" 1
say 'only documents changed' 0
