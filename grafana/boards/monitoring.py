"""The monitoring itself: does it see everything, does it reach anybody, and what does it cost."""

from grafana.boards.board import Board, Row
from grafana.boards.limits import above, below, none, of_alert
from grafana.boards.panels import UP_OR_DOWN, Column, graph, number, rows, timeline

PROMETHEUS = '{job="prometheus"}'
ALERTMANAGER = '{job="alertmanager"}'
GRAFANA = '{job="grafana"}'
MONITORS = '{job=~"prometheus|alertmanager|.*_exporter|grafana"}'
RATE = "[$__rate_interval]"
STORED = (
    f"(prometheus_tsdb_storage_blocks_bytes{PROMETHEUS} + prometheus_tsdb_wal_storage_size_bytes{PROMETHEUS})"
)
ALLOWED = f"(prometheus_tsdb_retention_limit_bytes{PROMETHEUS} > 0)"

NOW = Row(
    "Now",
    (
        number(
            "Targets up",
            "The share of targets that answer.",
            "percentunit",
            below(bad=1),
            {"up": 'avg(up{job=~".+"})'},
        ),
        number(
            "Configuration",
            "Whether Prometheus runs by the configuration that it was given last.",
            "short",
            below(bad=1),
            {"Prometheus": f"prometheus_config_last_reload_successful{PROMETHEUS}"},
            words={0: ("refused", "red"), 1: ("in force", "green")},
        ),
        number(
            "Alertmanagers",
            "How many Alertmanagers Prometheus tells; without one alerts reach nobody.",
            "short",
            below(bad=1),
            {"known": f"prometheus_notifications_alertmanagers_discovered{PROMETHEUS}"},
        ),
        number(
            "Rules that fail",
            "Evaluations of rules that failed, in the time that is shown.",
            "short",
            above(bad=1),
            {"failed": f"sum(increase(prometheus_rule_evaluation_failures_total{PROMETHEUS}[$__range]))"},
        ),
        number(
            "Series",
            "Series that Prometheus follows now.",
            "short",
            above(doubtful=50_000, bad=100_000),
            {"series": f"prometheus_tsdb_head_series{PROMETHEUS}"},
        ),
        number(
            "Space used",
            "The share of the space that Prometheus may use; it drops the oldest data at 1.",
            "percentunit",
            above(doubtful=of_alert("PrometheusStorageNearLimit")),
            {"used": f"instance:prometheus_storage_used:ratio{PROMETHEUS}"},
        ),
    ),
)

SCRAPING = Row(
    "Does it see everything",
    (
        timeline(
            "Targets",
            "When each target answered.",
            {"{{job}} {{instance}}": 'min by (job, instance) (up{job=~".+"})'},
            width=8,
        ),
        graph(
            "Time of a scrape",
            "How long the slowest target of each job takes to give its figures.",
            "s",
            above(doubtful=5, bad=10),
            {"{{job}}": 'max by (job) (scrape_duration_seconds{job=~".+"})'},
        ),
        rows(
            "Series of each job",
            "How many series the targets of each job give, and how many of them are new each hour.",
            ("job",),
            (
                Column("Series", 'sum by (job) (scrape_samples_post_metric_relabeling{job=~".+"})', "short"),
                Column(
                    "New in an hour",
                    'sum by (job) (sum_over_time(scrape_series_added{job=~".+"}[1h]))',
                    "short",
                ),
            ),
            width=8,
            height=9,
        ),
    ),
)

RULES = Row(
    "Rules and notifications",
    (
        graph(
            "Time of the rules",
            "How long the last evaluation of each group of rules took; it must be less than its interval.",
            "s",
            above(doubtful=1, bad=10),
            {
                "{{group}}": f"""label_replace(
                    max by (rule_group) (prometheus_rule_group_last_duration_seconds{PROMETHEUS}),
                    "group", "$1", "rule_group", ".*;(.*)")"""
            },
        ),
        graph(
            "Notifications",
            "What Alertmanager sends per minute, and what of it fails, by kind of receiver.",
            "cpm",
            none(),
            {
                "{{integration}} sent": f"""60 * sum by (integration) (
                    rate(alertmanager_notifications_total{ALERTMANAGER}{RATE}))""",
                # Failures carry a label that the others lack.
                "{{integration}} failed": f"""60 * sum by (integration) (
                    rate(alertmanager_notifications_failed_total{ALERTMANAGER}{RATE}))""",
            },
        ),
        graph(
            "Alerts that Alertmanager has",
            "Alerts by whether they are told, or held back by a silence or by a greater one.",
            "short",
            none(),
            {"{{state}}": f"sum by (state) (alertmanager_alerts{ALERTMANAGER})"},
            stacked=True,
        ),
        graph(
            "From Prometheus to Alertmanager",
            "Alerts per minute that were handed over, that failed to be, and that were dropped.",
            "cpm",
            none(),
            {
                word: f"60 * sum(rate(prometheus_notifications_{series}_total{PROMETHEUS}{RATE}))"
                for word, series in (("sent", "sent"), ("errors", "errors"), ("dropped", "dropped"))
            },
            width=12,
        ),
        timeline(
            "Configurations",
            "When Prometheus and Alertmanager ran by what they were given last.",
            {
                "Prometheus": f"prometheus_config_last_reload_successful{PROMETHEUS}",
                "Alertmanager": f"alertmanager_config_last_reload_successful{ALERTMANAGER}",
            },
            words={0: ("refused", "red"), 1: ("in force", "green")},
        ),
    ),
)

COST = Row(
    "What it costs",
    (
        graph(
            "Memory",
            "Memory of Prometheus, Alertmanager, Grafana and the exporters.",
            "bytes",
            above(doubtful=250 * 1024**2),
            {"{{job}} {{instance}}": f"process_resident_memory_bytes{MONITORS}"},
        ),
        graph(
            "CPU",
            "The share of one CPU that each of them uses.",
            "percentunit",
            above(doubtful=0.2),
            {"{{job}} {{instance}}": f"rate(process_cpu_seconds_total{MONITORS}{RATE})"},
        ),
        graph(
            "Stored",
            "Bytes on the disk, and how many there may be.",
            "bytes",
            none(),
            {"stored": STORED, "allowed": ALLOWED},
        ),
        graph(
            "Samples",
            "Samples that are stored, per second.",
            "wps",
            none(),
            {"samples": f"instance:prometheus_samples_appended:rate5m{PROMETHEUS}"},
        ),
        graph(
            "Series",
            "Series that are followed, and that are new per second: many new ones fill the memory.",
            "short",
            none(),
            {
                "followed": f"prometheus_tsdb_head_series{PROMETHEUS}",
                "new": f"rate(prometheus_tsdb_head_series_created_total{PROMETHEUS}{RATE})",
            },
        ),
        graph(
            "Writing to the disk",
            "How long it takes to have the log on the disk, in one of a hundred cases.",
            "s",
            above(doubtful=0.5),
            {"p99": 'prometheus_tsdb_wal_fsync_duration_seconds{job="prometheus", quantile="0.99"}'},
        ),
    ),
)

GRAFANA_ITSELF = Row(
    "Grafana",
    (
        number(
            "Grafana",
            "Whether Grafana answers Prometheus.",
            "short",
            below(bad=1),
            {"{{instance}}": f"up{GRAFANA}"},
            words=UP_OR_DOWN,
        ),
        graph(
            "Requests",
            "What Grafana answers per second, by status.",
            "reqps",
            none(),
            {
                "{{status_code}}": f"""sum by (status_code) (
                    rate(grafana_http_request_duration_seconds_count{GRAFANA}{RATE}))"""
            },
            width=10,
        ),
        graph(
            "Time to answer",
            "Nineteen of twenty requests take no longer than this.",
            "s",
            above(doubtful=2),
            {
                "p95": f"""histogram_quantile(0.95, sum by (le) (
                    rate(grafana_http_request_duration_seconds_bucket{GRAFANA}{RATE})))"""
            },
            width=10,
        ),
    ),
)

BOARD = Board(
    uid="monitoring",
    title="Monitoring",
    description="The monitoring itself: does it see everything, reach anybody, and what does it cost.",
    rows=(NOW, SCRAPING, RULES, COST, GRAFANA_ITSELF),
)
