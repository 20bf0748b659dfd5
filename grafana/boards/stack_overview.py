"""Is everything well, and if not, where to look: the board that Grafana opens with."""

from grafana.boards.board import Board, Row
from grafana.boards.limits import above, below, none, of_alert
from grafana.boards.panels import Column, graph, names, number, rows, timeline

DURATION = "job:microblog_http_request_duration_seconds"

BOARD = Board(
    uid="stack_overview",
    title="Stack overview",
    description="Is everything well, and if not, where to look.",
    rows=(
        Row(
            "Now",
            (
                number(
                    "Firing alerts",
                    "Alerts that fire now, without the Watchdog that always does.",
                    "short",
                    above(bad=1),
                    {"alerts": 'count(ALERTS{alertstate="firing", alertname!="Watchdog"}) or vector(0)'},
                    background=True,
                ),
                number(
                    "Targets down",
                    "Services that do not answer Prometheus.",
                    "short",
                    above(bad=1),
                    {"targets": 'count(up{job=~".+"} == 0) or vector(0)'},
                    background=True,
                ),
                number(
                    "Requests",
                    "What the microblog answers per second, over five minutes.",
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
                    "Error budget",
                    "What is left of the errors that are allowed in thirty days: 1 is all of it, 0 nothing.",
                    "percentunit",
                    below(doubtful=0.5, bad=0),
                    {"left": 'job:microblog_error_budget_left:ratio30d{job="microblog"}'},
                ),
                number(
                    "Fullest disk",
                    "The least space that is left on any file system of any host.",
                    "percentunit",
                    below(
                        doubtful=of_alert("HostFilesystemAlmostFull", "warning"),
                        bad=of_alert("HostFilesystemAlmostFull", "critical"),
                    ),
                    {"left": 'min(instance:node_filesystem_available:ratio{job="node_exporter"})'},
                ),
            ),
        ),
        Row(
            "What is wrong, and since when",
            (
                timeline(
                    "Services",
                    "When each service answered Prometheus; one of several that is down counts as down.",
                    {"{{job}}": 'min by (job) (up{job=~".+"})'},
                ),
                rows(
                    "Alerts",
                    "What fires now. The Watchdog always does: it shows that alerts can be seen here.",
                    ("alertname", "severity", "instance"),
                    (
                        Column(
                            "Firing",
                            'count by (alertname, severity, instance) (ALERTS{alertstate="firing"})',
                            "short",
                        ),
                    ),
                    width=12,
                    height=9,
                ),
            ),
        ),
        Row(
            "People",
            (
                graph(
                    "Requests by answer",
                    "What the microblog answers per second, by class of status.",
                    "reqps",
                    none(),
                    {
                        "{{class}}": """
                            sum by (class) (label_replace(
                              rate(microblog_http_requests_total{job="microblog"}[$__rate_interval]),
                              "class", "${1}xx", "status", "(.).."))
                        """
                    },
                    stacked=True,
                ),
                graph(
                    "Time to answer",
                    "Half, 95 % and 99 % of the requests take no longer than this.",
                    "s",
                    above(doubtful=1),
                    {
                        f"p{percent}": f'{DURATION}:p{percent}_rate5m{{job="microblog"}}'
                        for percent in (50, 95, 99)
                    },
                ),
                graph(
                    "Pages from outside",
                    "How long a page takes that is asked for through nginx, and 0 where there is none.",
                    "s",
                    above(doubtful=of_alert("ProbeSlow")),
                    {"{{instance}} {{path}}": 'probe_duration_seconds{job="blackbox"}'},
                ),
            ),
        ),
        Row(
            "Hosts",
            (
                graph(
                    "CPU",
                    "The share of all CPUs' time that is not idle.",
                    "percentunit",
                    above(doubtful=of_alert("HostCpuSaturated")),
                    {"{{instance}}": 'instance:node_cpu_busy:ratio_rate5m{job="node_exporter"}'},
                    most=1,
                ),
                graph(
                    "Memory that is left",
                    "The share of memory that programs can have without swapping.",
                    "percentunit",
                    below(doubtful=of_alert("HostMemoryPressure")),
                    {"{{instance}}": 'instance:node_memory_available:ratio{job="node_exporter"}'},
                    most=1,
                ),
                names(
                    "Version that serves",
                    "The microblog's version and the commit that it was built from, on every host.",
                    {
                        "{{version}} ({{revision}})": """
                            count by (version, revision) (microblog_build_info{job="microblog"})
                        """
                    },
                ),
            ),
        ),
    ),
)
