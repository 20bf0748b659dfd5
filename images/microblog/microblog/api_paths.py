"""Which requests are programs', not browsers': they carry a token, and never a cookie."""

from flask import request

API = "/api"


def asked_by_a_program() -> bool:
    """Whether this request is for the API, be there such a resource or not."""
    return request.path == API or request.path.startswith(f"{API}/")
