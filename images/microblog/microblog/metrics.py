"""What Prometheus reads: requests, sign-ins, posts, workers and database connections."""

from flask import Flask, Response, g, request
from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import QueuePool

from .request_log import QUIET_ENDPOINTS, elapsed_seconds

UNMATCHED = "unmatched"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
COUNTED_FROM_ZERO = frozenset(METHODS[:5])
SERVER_ERRORS = ("500", "503")

requests_total = Counter(
    "microblog_http_requests_total", "Requests answered.", ["method", "endpoint", "status"]
)
request_seconds = Histogram(
    "microblog_http_request_duration_seconds",
    "Time from the first line of a request to its answer.",
    ["method", "endpoint"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
in_progress = Gauge(
    "microblog_http_requests_in_progress", "Requests being answered now.", multiprocess_mode="livesum"
)
workers = Gauge("microblog_workers", "Worker processes configured.", multiprocess_mode="mostrecent")
worker_threads = Gauge(
    "microblog_worker_threads", "Threads of each worker process.", multiprocess_mode="mostrecent"
)
logins = Counter("microblog_logins_total", "Attempts to log in.", ["outcome"])
registrations = Counter("microblog_registrations_total", "People who registered.")
letters = Counter("microblog_letters_total", "Mails handed to the mail server, or not.", ["outcome"])
jobs = Counter("microblog_jobs_total", "Tries of background jobs that ended.", ["kind", "outcome"])
posts_created = Counter("microblog_posts_created_total", "Posts written.")
build = Gauge("microblog_build_info", "Always 1.", ["version", "revision"], multiprocess_mode="mostrecent")
pool_connections = Gauge(
    "microblog_database_pool_connections",
    "Database connections in use, and how many there may be.",
    ["state"],
    multiprocess_mode="livesum",
)


def init_app(app: Flask, version: str, revision: str) -> None:
    """Count and time every request but those of the probes and of Prometheus itself."""
    build.labels(version, revision).set(1)
    for outcome in ("success", "failure"):
        logins.labels(outcome)
    for outcome in ("sent", "failed"):
        letters.labels(outcome)
    for outcome in ("done", "failed"):
        jobs.labels("export", outcome)
    for state in ("in_use", "size"):
        pool_connections.labels(state)
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_leave)


def start_error_series_at_zero(app: Flask) -> None:
    """A counter that first appears at 1 has no increase for an alert to see."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint in QUIET_ENDPOINTS:
            continue
        for method in COUNTED_FROM_ZERO & (rule.methods or set()):
            for status in SERVER_ERRORS:
                requests_total.labels(method, rule.endpoint, status)


def watch_pool(engine: Engine) -> None:
    """Follow how many connections an engine lends out."""
    pool = engine.pool
    if not isinstance(pool, QueuePool):
        return
    event.listen(pool, "connect", lambda *_: pool_connections.labels("size").set(pool.size()))
    event.listen(pool, "checkout", lambda *_: pool_connections.labels("in_use").inc())
    event.listen(pool, "checkin", lambda *_: pool_connections.labels("in_use").dec())


def _begin() -> None:
    if request.endpoint not in QUIET_ENDPOINTS:
        g.counted = True
        in_progress.inc()


def _end(response: Response) -> Response:
    if "counted" in g:
        method = request.method if request.method in METHODS else "other"
        endpoint = request.endpoint or UNMATCHED
        requests_total.labels(method, endpoint, str(response.status_code)).inc()
        request_seconds.labels(method, endpoint).observe(elapsed_seconds())
    return response


def _leave(_error: BaseException | None) -> None:
    if g.pop("counted", False):
        in_progress.dec()
