"""`python -m ec2`."""

from ec2 import cli_daily, cli_power, cli_releases, cli_secrets, cli_ways  # noqa: F401 - each adds its commands
from ec2.cli import main

main()
