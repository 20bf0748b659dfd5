"""`python -m ec2`."""

from ec2.cli import main

main()
