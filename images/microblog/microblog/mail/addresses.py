"""Addresses as every mail server reads them: ASCII, a host in other letters as registries write it."""

from email.errors import HeaderParseError
from email.headerregistry import Address


def in_ascii(address: str) -> str:
    """The same address in ASCII. Raises ValueError where nothing can be sent to it."""
    local, _, host = address.rpartition("@")
    registered = host.lower().encode("idna").decode("ascii")
    # Python knows the rules of 2003, which write some letters as others: that would be another host.
    if not host.isascii() and registered.encode().decode("idna") != host.lower():
        raise ValueError("a host of other letters")
    if not local.isascii():
        raise ValueError("letters that few mail servers take before the @")
    try:
        return Address(addr_spec=f"{local}@{registered}").addr_spec
    except (HeaderParseError, IndexError) as error:
        raise ValueError("no address") from error
