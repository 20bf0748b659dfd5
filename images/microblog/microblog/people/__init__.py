"""People: profiles, following, and editing one's own."""

from .views import blueprint

__all__ = ["blueprint"]
