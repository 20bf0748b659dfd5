"""Every host in a line: what it uses, and what it waits for."""

from grafana.boards.board import Board, Row
from grafana.boards.limits import above, below, none, of_alert
from grafana.boards.panels import Column, graph, rows
from grafana.boards.services import services

NODE = '{job="node_exporter"}'
DEVICES = 'job="node_exporter", device=~"(nvme|xvd|sd|vd).*"'
LINKS = 'job="node_exporter", device!="lo"'
DISK = below(
    doubtful=of_alert("HostFilesystemAlmostFull", "warning"),
    bad=of_alert("HostFilesystemAlmostFull", "critical"),
)

BOARD = Board(
    uid="hosts",
    title="Hosts",
    description="Every host in a line: what it uses, and what it waits for.",
    rows=(
        Row(
            "All of them",
            (
                rows(
                    "Hosts",
                    "A line for each host. Host detail tells more of one.",
                    ("instance",),
                    (
                        Column(
                            "CPU",
                            f"max by (instance) (instance:node_cpu_busy:ratio_rate5m{NODE})",
                            "percentunit",
                            above(doubtful=of_alert("HostCpuSaturated")),
                        ),
                        Column(
                            "Stolen CPU",
                            f"max by (instance) (instance:node_cpu_steal:ratio_rate5m{NODE})",
                            "percentunit",
                            above(doubtful=of_alert("HostCpuStealHigh")),
                        ),
                        Column(
                            "Load per CPU",
                            f"max by (instance) (instance:node_load1_per_cpu:ratio{NODE})",
                            "short",
                            above(doubtful=1, bad=2),
                        ),
                        Column(
                            "Memory left",
                            f"min by (instance) (instance:node_memory_available:ratio{NODE})",
                            "percentunit",
                            below(doubtful=of_alert("HostMemoryPressure")),
                        ),
                        Column(
                            "Fullest disk",
                            f"min by (instance) (instance:node_filesystem_available:ratio{NODE})",
                            "percentunit",
                            DISK,
                        ),
                        Column("Up for", f"time() - max by (instance) (node_boot_time_seconds{NODE})", "s"),
                    ),
                ),
            ),
        ),
        services('{job="node_exporter"}'),
        Row(
            "What they use",
            (
                graph(
                    "CPU",
                    "The share of all CPUs' time that is not idle.",
                    "percentunit",
                    above(doubtful=of_alert("HostCpuSaturated")),
                    {"{{instance}}": f"instance:node_cpu_busy:ratio_rate5m{NODE}"},
                    most=1,
                ),
                graph(
                    "Memory that is left",
                    "The share of memory that programs can have without swapping.",
                    "percentunit",
                    below(doubtful=of_alert("HostMemoryPressure")),
                    {"{{instance}}": f"instance:node_memory_available:ratio{NODE}"},
                    most=1,
                ),
                graph(
                    "Disk space that is left",
                    "The share that is free of each host's fullest file system.",
                    "percentunit",
                    DISK,
                    {"{{instance}}": f"min by (instance) (instance:node_filesystem_available:ratio{NODE})"},
                    most=1,
                ),
                graph(
                    "Network",
                    "Bits per second, received and sent, of all links but the loopback.",
                    "bps",
                    none(),
                    {
                        f"{{{{instance}}}} {way}": f"""8 * sum by (instance) (
                            rate(node_network_{series}_bytes_total{{{LINKS}}}[$__rate_interval]))"""
                        for way, series in (("received", "receive"), ("sent", "transmit"))
                    },
                    width=12,
                ),
                graph(
                    "Disks that are busy",
                    "The share of time for which each host's busiest disk had something to do.",
                    "percentunit",
                    above(doubtful=0.9),
                    {
                        "{{instance}}": f"""max by (instance) (
                            rate(node_disk_io_time_seconds_total{{{DEVICES}}}[$__rate_interval]))"""
                    },
                    width=12,
                    most=1,
                ),
            ),
        ),
        Row(
            "What they wait for",
            (
                graph(
                    "Load per CPU",
                    "Programs that run or want to, for each CPU, over one minute.",
                    "short",
                    above(doubtful=1, bad=2),
                    {"{{instance}}": f"max by (instance) (instance:node_load1_per_cpu:ratio{NODE})"},
                ),
                graph(
                    "Stolen CPU",
                    "CPU time that the hypervisor withholds; on t3 that is exhausted CPU credits.",
                    "percentunit",
                    above(doubtful=of_alert("HostCpuStealHigh")),
                    {"{{instance}}": f"instance:node_cpu_steal:ratio_rate5m{NODE}"},
                ),
                graph(
                    "Waiting for memory",
                    "The share of time for which every program waited for memory: the host is thrashing.",
                    "percentunit",
                    above(doubtful=of_alert("HostMemoryStalled")),
                    {"{{instance}}": f"instance:node_pressure_memory_stalled:ratio_rate5m{NODE}"},
                ),
            ),
        ),
    ),
)
