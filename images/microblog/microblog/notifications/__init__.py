"""Notifications: the page of them, and how many are new."""

from .views import blueprint

__all__ = ["blueprint"]
