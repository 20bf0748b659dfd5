"""Posts: timelines, threads, writing and deleting, likes and reposts."""

from . import fresh, reaction_views
from .views import blueprint

__all__ = ["blueprint", "fresh", "reaction_views"]
