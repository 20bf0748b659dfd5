"""The application as its users feel it: rate, errors, duration, and what it has to spare."""

from grafana.boards.board import Board, Choice, Row
from grafana.boards.limits import above, none, of_alert
from grafana.boards.panels import Column, graph, names, number, rows, spectrum

REQUESTS = 'microblog_http_requests_total{job="microblog", instance=~"$instance"}'
ERRORS = 'microblog_http_requests_total{job="microblog", instance=~"$instance", status=~"5.."}'
BUSY = 'instance:microblog_threads_busy:ratio{job="microblog", instance=~"$instance"}'
BUCKETS = 'microblog_http_request_duration_seconds_bucket{job="microblog", instance=~"$instance"}'
RATE = "[$__rate_interval]"


def rate(series: str) -> str:
    """Per second."""
    return f'rate(microblog_{series}{{job="microblog", instance=~"$instance"}}{RATE})'


def quantile(part: str, by: str = "le") -> str:
    """So long the fastest part of the requests takes at most."""
    return f"histogram_quantile({part}, sum by ({by}) (rate({BUCKETS}{RATE})))"


BOARD = Board(
    uid="microblog",
    title="Microblog",
    description="The application as its users feel it: rate, errors, duration, and what it has to spare.",
    choice=Choice('microblog_workers{job="microblog"}'),
    rows=(
        Row(
            "Now",
            (
                number(
                    "Requests",
                    "Answers per second, over five minutes, of every instance.",
                    "reqps",
                    none(),
                    {"requests": 'job:microblog_http_requests:rate5m{job="microblog"}'},
                ),
                number(
                    "Errors",
                    "The share of requests that end in a 5xx, over five minutes.",
                    "percentunit",
                    above(
                        doubtful=of_alert("MicroblogErrorBudgetSlowBurn"),
                        bad=of_alert("MicroblogErrorBudgetFastBurn"),
                    ),
                    {"errors": 'job:microblog_http_errors:ratio_rate5m{job="microblog"}'},
                ),
                number(
                    "Slow",
                    "The share of requests that take longer than a second, over five minutes.",
                    "percentunit",
                    above(doubtful=of_alert("MicroblogLatencyHigh")),
                    {"slow": 'job:microblog_http_slow_requests:ratio_rate5m{job="microblog"}'},
                ),
                number(
                    "Busy threads",
                    "The share of threads that answer somebody right now; at 1 further requests wait.",
                    "percentunit",
                    above(doubtful=of_alert("MicroblogSaturated"), bad=1),
                    {"{{instance}}": BUSY},
                ),
                names(
                    "Version that serves",
                    "Version and commit, one line for each that runs.",
                    {
                        "{{version}} ({{revision}})": """count by (version, revision) (
                            microblog_build_info{job="microblog", instance=~"$instance"})"""
                    },
                ),
            ),
        ),
        Row(
            "Rate",
            (
                graph(
                    "Requests by endpoint",
                    "Answers per second, by what was asked for.",
                    "reqps",
                    none(),
                    {"{{endpoint}}": f"sum by (endpoint) (rate({REQUESTS}{RATE}))"},
                    width=12,
                    stacked=True,
                ),
                graph(
                    "Requests by status",
                    "Answers per second, by status.",
                    "reqps",
                    none(),
                    {"{{status}}": f"sum by (status) (rate({REQUESTS}{RATE}))"},
                    width=12,
                    stacked=True,
                ),
            ),
        ),
        Row(
            "Errors",
            (
                graph(
                    "Errors by endpoint",
                    "Answers with a 5xx per second, by what was asked for.",
                    "reqps",
                    above(doubtful=0.1),
                    {"{{endpoint}}": f"sum by (endpoint) (rate({ERRORS}{RATE}))"},
                    width=12,
                ),
                graph(
                    "Share of errors",
                    "The share of requests that end in a 5xx, over five minutes, and what the alert allows.",
                    "percentunit",
                    above(
                        doubtful=of_alert("MicroblogErrorBudgetSlowBurn"),
                        bad=of_alert("MicroblogErrorBudgetFastBurn"),
                    ),
                    {"errors": 'job:microblog_http_errors:ratio_rate5m{job="microblog"}'},
                    width=12,
                ),
            ),
        ),
        Row(
            "Duration",
            (
                graph(
                    "Time to answer",
                    "Half, 95 % and 99 % of the requests take no longer than this.",
                    "s",
                    above(doubtful=1),
                    {"p50": quantile("0.5"), "p95": quantile("0.95"), "p99": quantile("0.99")},
                    width=12,
                ),
                spectrum(
                    "How long answers take",
                    "How many requests per second took how long; two stripes are two kinds of requests.",
                    "s",
                    f"sum by (le) (rate({BUCKETS}{RATE}))",
                ),
                rows(
                    "Endpoints",
                    "What is asked for, how long it takes, and how often it fails.",
                    ("endpoint",),
                    (
                        Column("Requests", f"sum by (endpoint) (rate({REQUESTS}{RATE}))", "reqps"),
                        Column("p50", quantile("0.5", "le, endpoint"), "s", above(doubtful=1)),
                        Column("p95", quantile("0.95", "le, endpoint"), "s", above(doubtful=1)),
                        Column(
                            "Errors",
                            f"sum by (endpoint) (rate({ERRORS}{RATE}))",
                            "reqps",
                            above(doubtful=0.001),
                        ),
                    ),
                ),
            ),
        ),
        Row(
            "Saturation",
            (
                graph(
                    "Requests in progress",
                    "Requests being answered now, and how many threads there are.",
                    "short",
                    none(),
                    {
                        "in progress {{instance}}": """sum by (instance) (
                            microblog_http_requests_in_progress{job="microblog", instance=~"$instance"})""",
                        "threads {{instance}}": """sum by (instance) (
                            microblog_workers{job="microblog", instance=~"$instance"}
                            * microblog_worker_threads{job="microblog", instance=~"$instance"})""",
                    },
                ),
                graph(
                    "Busy threads",
                    "The share of threads that answer somebody.",
                    "percentunit",
                    above(doubtful=of_alert("MicroblogSaturated")),
                    {"{{instance}}": BUSY},
                    most=1,
                ),
                graph(
                    "Database connections",
                    "Connections to MariaDB that are lent to requests, and how many each instance may have.",
                    "short",
                    none(),
                    {
                        "{{state}} {{instance}}": """sum by (instance, state) (
                            microblog_database_pool_connections{job="microblog", instance=~"$instance"})"""
                    },
                ),
            ),
        ),
        Row(
            "What people do",
            (
                graph(
                    "Logging in",
                    "Attempts to log in per minute, by how they end; many failures are somebody guessing.",
                    "cpm",
                    none(),
                    {
                        "{{outcome}}": f"""60 * sum by (outcome) (
                            {rate("logins_total")})"""
                    },
                ),
                graph(
                    "Posts and registrations",
                    "Posts written and people who registered, per minute.",
                    "cpm",
                    none(),
                    {
                        "posts": f"""60 * sum(
                            {rate("posts_created_total")})""",
                        "registrations": f"""60 * sum(
                            {rate("registrations_total")})""",
                    },
                ),
                graph(
                    "Mails and background jobs",
                    "Mails handed over and tries of background jobs, per minute, by how they end.",
                    "cpm",
                    none(),
                    {
                        "mail {{outcome}}": f"""60 * sum by (outcome) (
                            {rate("letters_total")})""",
                        "{{kind}} {{outcome}}": f"""60 * sum by (kind, outcome) (
                            {rate("jobs_total")})""",
                    },
                ),
            ),
        ),
    ),
)
