"""The hosts: every instance of the API is a booted Debian 13 in a container of its own."""
