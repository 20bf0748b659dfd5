#!/bin/sh
# shellcheck disable=SC2154  # release.sh, which comes before it, sets them
# End what served before, write down what was done, and keep of older releases only the last.
#
# usage: finish.sh ROOT ID RECORD
alone
write_down "$1"
clear_up
