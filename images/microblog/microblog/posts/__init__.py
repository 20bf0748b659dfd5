"""Posts: the home timeline, everybody's posts, writing and deleting."""

from .views import blueprint

__all__ = ["blueprint"]
