"""A local EC2: AWS's control plane on loopback, and real Debian hosts as system containers behind it."""
