"""`python -m scans`."""

from scans.cli import main

main()
