"""One's own account: address, password, where one is logged in, tokens, and leaving."""

from . import token_views
from .mailed import blueprint as mailed
from .views import blueprint

__all__ = ["blueprint", "mailed", "token_views"]
