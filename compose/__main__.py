"""`python -m compose`: the whole stack on this machine."""

from compose.cli import main

main()
