"""Accounts: registering, logging in and out, and who is there."""

from .signed_in import init_app
from .views import blueprint

__all__ = ["blueprint", "init_app"]
