"""Search over posts and people, in the database's own full text."""

from .views import blueprint

__all__ = ["blueprint"]
