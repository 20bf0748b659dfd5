"""The instance metadata service, version 2: what a host asks at 169.254.169.254 about itself."""
