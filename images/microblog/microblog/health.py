"""Is the process alive, can it work, and how does it do: for Docker, nginx and Prometheus."""

import os

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from . import database

blueprint = Blueprint("health", __name__)
SCHEMA = database.read_schema()


@blueprint.after_request
def _not_stored(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Alive; touches nothing."""
    return jsonify(status="alive")


@blueprint.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Ready when the database answers and has the schema of this code."""
    reason = database.why_not_ready(SCHEMA)
    if reason:
        return jsonify(status="not ready", reason=reason), 503
    return jsonify(status="ready", schema=SCHEMA.head)


@blueprint.get("/metrics")
def metrics() -> Response:
    """The measurements of every worker together, or of this process where it is the only one."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
