"""`python -m ec2.rehearsal`."""

from ec2.rehearsal.cli import main

main()
