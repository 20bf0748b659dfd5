"""The services of hosts, as the Docker Engine of each counts them."""

from grafana.boards.board import Row
from grafana.boards.limits import above, below, none, of_alert
from grafana.boards.panels import Column, graph, rows


def services(hosts: str) -> Row:
    """A line for each service on the hosts that the selector means, and what they use over time."""
    by = "(instance, service)"
    return Row(
        "Services",
        (
            rows(
                "Services",
                "Every service of the hosts: whether all of its containers are healthy, and what they use.",
                ("instance", "service"),
                (
                    Column(
                        "Healthy", f"min by {by} (service:container_healthy:min{hosts})", "bool", below(bad=1)
                    ),
                    Column("CPUs", f"sum by {by} (container:container_cpu:rate5m{hosts})", "short"),
                    Column(
                        "Memory, of the limit",
                        f"max by {by} (container:container_memory_used:ratio{hosts})",
                        "percentunit",
                        above(doubtful=of_alert("ContainerMemoryNearLimit")),
                    ),
                    Column(
                        "Restarts in an hour",
                        f"sum by {by} (container:container_restarts:increase1h{hosts})",
                        "short",
                        above(doubtful=1, bad=of_alert("ContainerRestartLoop")),
                    ),
                ),
                width=12,
                height=9,
            ),
            graph(
                "CPUs of services",
                "How many CPUs each service uses.",
                "short",
                none(),
                {"{{instance}} {{service}}": f"sum by {by} (container:container_cpu:rate5m{hosts})"},
                width=6,
                stacked=True,
            ),
            graph(
                "Memory of services",
                "Memory of each service that cannot be given back.",
                "bytes",
                none(),
                {"{{instance}} {{service}}": f"sum by {by} (container_memory_working_set_bytes{hosts})"},
                width=6,
                stacked=True,
            ),
        ),
    )
