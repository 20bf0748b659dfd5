"""Deployments: when, how often, how they ended, and how long they took."""

from grafana.boards.board import Board, Row, annotation
from grafana.boards.limits import above, none
from grafana.boards.panels import Column, bars, graph, names, number, rows

ITS = '{job="node_exporter"}'
# Every host tells of every deployment that it had part in, so what they say is not added up.
DONE = 'stack_deployments_total{job="node_exporter", action="deploy", outcome="done"}'
FAILED = 'stack_deployments_total{job="node_exporter", outcome="failed"}'
BACK = 'stack_deployments_total{job="node_exporter", action="rollback", outcome="done"}'
ENDED = 'stack_deployments_total{job="node_exporter"}'
STAGES = 'stack_deployment_stage_seconds{job="node_exporter", action="deploy"}'
SERVING = 'stack_deployment_timestamp_seconds{job="node_exporter", outcome="done"}'


def counted(series: str, window: str) -> str:
    """How many there were in the window."""
    return f"max(increase({series}[{window}]))"


BOARD = Board(
    uid="delivery",
    title="Delivery",
    description="Deployments: when, how often, how they ended, and how long they took.",
    since="now-7d",
    extra_annotations=(
        annotation(
            "Deployments",
            "green",
            f'max by (action) (changes({ENDED[:-1]}, outcome="done"}}[$__interval])) > 0',
            "{{action}}",
            "serves on every host",
        ),
        annotation(
            "Failed deployments",
            "red",
            f"max by (action) (changes({FAILED}[$__interval])) > 0",
            "{{action}} failed",
            "every host is as it was",
        ),
    ),
    rows=(
        Row(
            "Now",
            (
                names(
                    "Release that serves",
                    "The release and the commit that it is of; several lines mean hosts that differ.",
                    {"{{release}} ({{commit}})": f"count by (release, commit) (stack_release_info{ITS})"},
                ),
                number(
                    "Last deployment",
                    "Time since the last one that serves.",
                    "s",
                    none(),
                    {"since": f"time() - max({SERVING} > 0)"},
                ),
                number(
                    "Deployments",
                    "Deployments that serve, in the time that is shown.",
                    "short",
                    none(),
                    {"deployments": counted(DONE, "$__range")},
                ),
                number(
                    "Failures",
                    "The share of deployments and rollbacks that ended with everything as it was.",
                    "percentunit",
                    above(doubtful=0.15, bad=0.5),
                    {
                        "failed": f"""max(increase({FAILED}[$__range]))
                            / (max(sum by (instance) (increase({ENDED}[$__range]))) > 0)"""
                    },
                ),
                number(
                    "Rollbacks",
                    "Rollbacks that somebody asked for, in the time that is shown.",
                    "short",
                    above(doubtful=1),
                    {"rollbacks": counted(BACK, "$__range")},
                ),
            ),
        ),
        Row(
            "How often, and how it ended",
            (
                graph(
                    "Deployments in a day",
                    "Deployments and rollbacks in the day before, by how they ended.",
                    "short",
                    none(),
                    {"{{action}} {{outcome}}": f"max by (action, outcome) (increase({ENDED}[1d]))"},
                    width=12,
                ),
                rows(
                    "Hosts",
                    "What each host runs, and when that came.",
                    ("instance", "release"),
                    (
                        Column(
                            "Serves since",
                            f"""1000 * max by (instance, release) (stack_release_info{ITS}
                                * on (instance) group_left () max by (instance) (
                                  {SERVING}))""",
                            "dateTimeAsIso",
                        ),
                    ),
                    width=12,
                ),
            ),
        ),
        Row(
            "How long it took",
            (
                graph(
                    "Stages",
                    "Seconds that each stage of the last deployment, and the last rollback, took.",
                    "s",
                    none(),
                    {"{{action}} {{stage}}": f"max by (action, stage) (stack_deployment_stage_seconds{ITS})"},
                    width=12,
                    stacked=True,
                ),
                bars(
                    "Stages of the last one",
                    "Seconds that each stage of the last deployment took.",
                    "s",
                    above(doubtful=120, bad=600),
                    {"{{stage}}": f"max by (stage) ({STAGES})"},
                    width=6,
                ),
                number(
                    "Sent",
                    "Bytes that left the deployer's uplink for the last deployment.",
                    "bytes",
                    none(),
                    {"sent": f"max(stack_deployment_uplink_bytes{ITS})"},
                    width=6,
                ),
            ),
        ),
    ),
)
