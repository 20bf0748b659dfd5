"""One's own account: address, password, where one is logged in, and leaving."""

from .mailed import blueprint as mailed
from .views import blueprint

__all__ = ["blueprint", "mailed"]
