"""`python -m ec2`."""

try:
    from ec2 import cli_daily, cli_power, cli_releases, cli_secrets, cli_ways  # noqa: F401 - each adds its commands
    from ec2.cli import main
except KeyboardInterrupt:
    # Nothing has begun; what a shell says of a program that Ctrl-C ended.
    raise SystemExit(130) from None

main()
