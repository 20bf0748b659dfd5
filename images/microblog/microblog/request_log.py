"""Each request has an id, a moment it began at, and one line in the log when it ends."""

import logging
import re
import time
import uuid

from flask import Flask, Response, g, request

QUIET_ENDPOINTS = frozenset({"health.healthz", "health.readyz", "health.metrics"})
SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

access = logging.getLogger("microblog.access")


def init_app(app: Flask) -> None:
    """Name and time every request."""
    app.before_request(_begin)
    app.after_request(_end)


def elapsed_seconds() -> float:
    """The time since this request began."""
    return time.perf_counter() - float(g.began)


def _begin() -> None:
    g.began = time.perf_counter()
    offered = request.headers.get("X-Request-ID", "")
    g.request_id = offered if SANE_ID.fullmatch(offered) else uuid.uuid4().hex


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    if request.endpoint not in QUIET_ENDPOINTS:
        access.info(
            "%s %s %d",
            request.method,
            request.path,
            response.status_code,
            extra={
                "status": response.status_code,
                "duration_ms": round(elapsed_seconds() * 1000, 1),
                "remote_address": request.remote_addr,
            },
        )
    return response
