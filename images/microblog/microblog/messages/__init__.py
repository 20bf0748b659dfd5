"""Messages between two people."""

from .views import blueprint

__all__ = ["blueprint"]
