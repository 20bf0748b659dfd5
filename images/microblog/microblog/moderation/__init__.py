"""Moderation: reports, what is decided about them, suspended people, and the audit trail's page."""

from . import decided_views, people_views, report_views
from .views import blueprint

__all__ = ["blueprint", "decided_views", "people_views", "report_views"]
