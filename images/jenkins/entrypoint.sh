#!/bin/bash
# The official start, from the plugins that this image has: what was installed, upgraded or left there before is gone.
# It would keep whatever is newer than the image's, and all that the image does not have.
set -euo pipefail

# Of a home in which nothing can be removed the official start says what is wrong with it.
rm --force --recursive "$JENKINS_HOME/plugins" || true
exec /usr/local/bin/jenkins.sh "$@"
