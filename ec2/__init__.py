"""Where the stack runs: the launcher for EC2, and the local EC2 that it is rehearsed on."""
