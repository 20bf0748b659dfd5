"""What a person outside meets first: nginx, and the pages as it delivers them."""

from grafana.boards.board import Board, Choice, Row
from grafana.boards.limits import above, below, none, of_alert
from grafana.boards.panels import UP_OR_DOWN, graph, number, timeline

NGINX = '{job="nginx_exporter", instance=~"$instance"}'
PROBES = '{job="blackbox"}'

BOARD = Board(
    uid="edge",
    title="Edge",
    description="What a person outside meets first: nginx, and the pages as it delivers them.",
    choice=Choice('nginx_up{job="nginx_exporter"}'),
    rows=(
        Row(
            "Now",
            (
                number(
                    "nginx",
                    "Whether nginx gives its exporter the status page.",
                    "short",
                    below(bad=1),
                    {"{{instance}}": f"nginx_up{NGINX}"},
                    words=UP_OR_DOWN,
                ),
                number(
                    "Pages that answer",
                    "The share of probed pages that answer with a success.",
                    "percentunit",
                    below(bad=1),
                    {"pages": f"avg(probe_success{PROBES})"},
                ),
                number(
                    "Slowest page",
                    "The longest that a probed page takes.",
                    "s",
                    above(doubtful=of_alert("ProbeSlow")),
                    {"slowest": f"max(probe_duration_seconds{PROBES})"},
                ),
                number(
                    "Requests",
                    "Requests that reach nginx per second, those for pictures and styles too.",
                    "reqps",
                    none(),
                    {"requests": f"sum(rate(nginx_http_requests_total{NGINX}[$__rate_interval]))"},
                ),
                number(
                    "Certificate",
                    "Days until the certificate that ends first; none where no https address is probed.",
                    "d",
                    below(
                        doubtful=of_alert("TlsCertificateExpiringSoon", "warning"),
                        bad=of_alert("TlsCertificateExpiringSoon", "critical"),
                    ),
                    {"left": 'min(instance:probe_ssl_earliest_cert_expiry:days{job=~".+"})'},
                ),
                number(
                    "Dropped connections",
                    "Connections that were accepted and not handled, per second: no worker is free.",
                    "cps",
                    above(bad=0.001),
                    {
                        "dropped": f"""sum(rate(nginx_connections_accepted{NGINX}[$__rate_interval]))
                            - sum(rate(nginx_connections_handled{NGINX}[$__rate_interval]))"""
                    },
                ),
            ),
        ),
        Row(
            "The pages as a person gets them",
            (
                timeline(
                    "Pages",
                    "When each page answered with a success.",
                    {"{{instance}} {{path}}": f"probe_success{PROBES}"},
                    width=8,
                ),
                graph(
                    "Where the time goes",
                    "The phases of asking for a page, the mean of all: name, network, handshake, answer.",
                    "s",
                    none(),
                    {"{{phase}}": f"avg by (phase) (probe_http_duration_seconds{PROBES})"},
                    stacked=True,
                ),
                graph(
                    "Status of the pages",
                    "What each page is answered with; 0 where nothing answers.",
                    "short",
                    above(bad=400),
                    {"{{instance}} {{path}}": f"probe_http_status_code{PROBES}"},
                ),
            ),
        ),
        Row(
            "nginx",
            (
                graph(
                    "Requests",
                    "Requests per second, by instance.",
                    "reqps",
                    none(),
                    {"{{instance}}": f"rate(nginx_http_requests_total{NGINX}[$__rate_interval])"},
                ),
                graph(
                    "Connections by what they do",
                    "Connections on which a request is read, answered, or waited for.",
                    "short",
                    none(),
                    {
                        state: f"sum(nginx_connections_{state}{NGINX})"
                        for state in ("reading", "writing", "waiting")
                    },
                    stacked=True,
                ),
                graph(
                    "Accepted and handled",
                    "New connections per second; both lines are one as long as none is dropped.",
                    "cps",
                    none(),
                    {
                        state: f"sum(rate(nginx_connections_{state}{NGINX}[$__rate_interval]))"
                        for state in ("accepted", "handled")
                    },
                ),
            ),
        ),
    ),
)
