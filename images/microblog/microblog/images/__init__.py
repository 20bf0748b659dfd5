"""Pictures in posts: taken in, made harmless in a process of its own, and shown as long as their post is."""

from .views import blueprint

__all__ = ["blueprint"]
