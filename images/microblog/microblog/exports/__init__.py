"""All of one's data as one file: asked for, made in the background, fetched for a while."""

from .views import blueprint

__all__ = ["blueprint"]
