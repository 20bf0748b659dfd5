"""Jenkins: what waits, what runs, and what failed."""

from grafana.boards.board import Board, Row
from grafana.boards.limits import above, below, none, of_alert, steps
from grafana.boards.panels import UP_OR_DOWN, Column, graph, number, rows, timeline

ITS = '{job="jenkins"}'
BUILDS = "default_jenkins_builds"
# The plugin makes its figures anew every two minutes, so a rate over less sees nothing happen.
RESULTS = {
    0: ("success", "green"),
    1: ("unstable", "orange"),
    2: ("failure", "red"),
    3: ("not built", "blue"),
    4: ("aborted", "purple"),
}


def ended(how: str) -> str:
    """Builds that ended so in an hour; since some version of the plugin its counters are called totals."""
    return " or ".join(
        f"sum(increase({BUILDS}_{how}_build_count{suffix}{ITS}[1h]))" for suffix in ("", "_total")
    )


BOARD = Board(
    uid="jenkins",
    title="Jenkins",
    description="Jenkins: what waits, what runs, and what failed. Its figures are two minutes old at most.",
    since="now-24h",
    rows=(
        Row(
            "Now",
            (
                number(
                    "Jenkins",
                    "Whether Jenkins answers Prometheus.",
                    "short",
                    below(bad=1),
                    {"{{instance}}": f"up{ITS}"},
                    words=UP_OR_DOWN,
                ),
                number(
                    "Health",
                    "The share of Jenkins's own health checks that pass.",
                    "percentunit",
                    below(bad=1),
                    {"{{instance}}": f"jenkins_health_check_score{ITS}"},
                ),
                number(
                    "Waiting",
                    "Builds in the queue.",
                    "short",
                    above(doubtful=5),
                    {"waiting": f"jenkins_queue_size_value{ITS}"},
                ),
                number(
                    "Stuck",
                    "Builds in the queue that Jenkins itself calls stuck.",
                    "short",
                    above(bad=1),
                    {"stuck": f"jenkins_queue_stuck_value{ITS}"},
                ),
                number(
                    "Nodes offline",
                    "Nodes that Jenkins does not reach.",
                    "short",
                    above(bad=1),
                    {"offline": f"jenkins_node_offline_value{ITS}"},
                ),
                number(
                    "Heap",
                    "The share of Java's heap that is in use.",
                    "percentunit",
                    above(doubtful=of_alert("JenkinsHeapHigh")),
                    {"heap": f"vm_memory_heap_usage{ITS}"},
                ),
            ),
        ),
        Row(
            "Builds",
            (
                timeline(
                    "Results",
                    "How the last build of each job ended.",
                    {"{{jenkins_job}}": f"{BUILDS}_last_build_result_ordinal{ITS}"},
                    words=RESULTS,
                ),
                rows(
                    "Last builds",
                    "The last build of each job: how it ended, how long it took, and its tests.",
                    ("jenkins_job",),
                    (
                        Column(
                            "Result",
                            f"max by (jenkins_job) ({BUILDS}_last_build_result_ordinal{ITS})",
                            "short",
                            steps((None, "green"), (1, "orange"), (2, "red"), (3, "blue")),
                        ),
                        Column(
                            "Took",
                            f"max by (jenkins_job) ({BUILDS}_last_build_duration_milliseconds{ITS})",
                            "ms",
                        ),
                        Column(
                            "Tests",
                            f"max by (jenkins_job) ({BUILDS}_last_build_tests_total{ITS})",
                            "short",
                        ),
                        Column(
                            "Failing tests",
                            f"max by (jenkins_job) ({BUILDS}_last_build_tests_failing{ITS})",
                            "short",
                            above(bad=1),
                        ),
                    ),
                    width=12,
                    height=9,
                ),
                graph(
                    "Builds in an hour",
                    "Builds that ended, by how, in the hour before.",
                    "short",
                    none(),
                    {
                        "well": ended("success"),
                        "failed": ended("failed"),
                    },
                    width=12,
                ),
                graph(
                    "How long builds take",
                    "The duration of the last build of each job.",
                    "ms",
                    none(),
                    {"{{jenkins_job}}": f"{BUILDS}_last_build_duration_milliseconds{ITS}"},
                    width=12,
                ),
            ),
        ),
        Row(
            "Queue and executors",
            (
                graph(
                    "Queue",
                    "Builds that wait, by what for.",
                    "short",
                    none(),
                    {
                        state: f"jenkins_queue_{state}_value{ITS}"
                        for state in ("blocked", "buildable", "pending", "stuck")
                    },
                    stacked=True,
                ),
                graph(
                    "Executors",
                    "Executors that build, and that are free.",
                    "short",
                    none(),
                    {
                        "busy": f"jenkins_executor_in_use_value{ITS}",
                        "free": f"jenkins_executor_free_value{ITS}",
                    },
                    stacked=True,
                ),
                graph(
                    "Nodes",
                    "Nodes that are online and offline.",
                    "short",
                    none(),
                    {
                        "online": f"jenkins_node_online_value{ITS}",
                        "offline": f"jenkins_node_offline_value{ITS}",
                    },
                    stacked=True,
                ),
            ),
        ),
    ),
)
