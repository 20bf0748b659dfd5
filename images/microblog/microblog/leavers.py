"""People whose accounts end in the moment in which something is done by them, or with them."""


class HasLeft(Exception):
    """Somebody without whom a change makes no sense is gone; nothing of it may be stored."""
