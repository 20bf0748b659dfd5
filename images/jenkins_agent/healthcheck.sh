#!/bin/bash
# Healthy: sshd greets on port 2222.
exec 3<>/dev/tcp/127.0.0.1/2222 || exit 1
IFS= read -r -t 2 banner <&3 && [[ $banner == SSH-2.0-* ]]
