"""One host in detail."""

from grafana.boards.board import Board, Choice, Row
from grafana.boards.limits import above, below, none, of_alert
from grafana.boards.panels import Column, bars, graph, number, rows
from grafana.boards.services import services

IT = 'job="node_exporter", instance="$instance"'
NODE = f"{{{IT}}}"
DISKS = f'{{{IT}, device=~"(nvme|xvd|sd|vd).*"}}'
LINKS = f'{{{IT}, device!="lo"}}'
CPUS = f"instance:node_cpus:count{NODE}"
REAL = f'{{{IT}, fstype!~"tmpfs|ramfs"}}'
DISK = below(
    doubtful=of_alert("HostFilesystemAlmostFull", "warning"),
    bad=of_alert("HostFilesystemAlmostFull", "critical"),
)


def rate(series: str, selector: str = NODE) -> str:
    """Per second."""
    return f"rate(node_{series}{selector}[$__rate_interval])"


NOW = Row(
    "Now",
    (
        number(
            "CPU",
            "The share of all CPUs' time that is not idle.",
            "percentunit",
            above(doubtful=of_alert("HostCpuSaturated")),
            {"busy": f"instance:node_cpu_busy:ratio_rate5m{NODE}"},
        ),
        number(
            "Memory that is left",
            "The share of memory that programs can have without swapping.",
            "percentunit",
            below(doubtful=of_alert("HostMemoryPressure")),
            {"left": f"instance:node_memory_available:ratio{NODE}"},
        ),
        number(
            "Fullest disk",
            "The least space that is left on any file system.",
            "percentunit",
            DISK,
            {"left": f"min(instance:node_filesystem_available:ratio{NODE})"},
        ),
        number(
            "CPUs",
            "How many CPUs the host has.",
            "short",
            none(),
            {"CPUs": CPUS},
        ),
        number(
            "Up for",
            "Time since the host booted.",
            "s",
            below(doubtful=of_alert("HostRebooted")),
            {"up for": f"time() - node_boot_time_seconds{NODE}"},
        ),
        number(
            "Killed for memory",
            "Processes that the kernel killed for want of memory, in the time that is shown.",
            "short",
            above(bad=1),
            {"killed": f"increase(node_vmstat_oom_kill{NODE}[$__range])"},
        ),
    ),
)

PROCESSOR = Row(
    "CPU and pressure",
    (
        graph(
            "CPU by what it does",
            "The share of all CPUs' time, by mode; iowait is waiting for disks, steal is the hypervisor.",
            "percentunit",
            none(),
            {
                "{{mode}}": f"""avg by (mode) (
                    rate(node_cpu_seconds_total{{{IT}, mode!="idle"}}[$__rate_interval]))"""
            },
            stacked=True,
            most=1,
        ),
        graph(
            "Load per CPU",
            "Programs that run or want to, for each CPU.",
            "short",
            above(doubtful=1, bad=2),
            {f"{minutes} min": f"node_load{minutes}{NODE} / on (instance) {CPUS}" for minutes in (1, 5, 15)},
        ),
        graph(
            "Pressure",
            "The share of time for which some program waited for CPU, disks or memory, or all of them did.",
            "percentunit",
            above(doubtful=of_alert("HostMemoryStalled")),
            {
                "some wait for CPU": rate("pressure_cpu_waiting_seconds_total"),
                "some wait for disks": rate("pressure_io_waiting_seconds_total"),
                "all wait for disks": rate("pressure_io_stalled_seconds_total"),
                "some wait for memory": rate("pressure_memory_waiting_seconds_total"),
                "all wait for memory": rate("pressure_memory_stalled_seconds_total"),
            },
        ),
    ),
)

MEMORY = Row(
    "Memory",
    (
        graph(
            "Memory by what it is for",
            "Programs, what the kernel keeps of files, and what nobody uses.",
            "bytes",
            none(),
            {
                "programs": f"""node_memory_MemTotal_bytes{NODE} - node_memory_MemFree_bytes{NODE}
                    - node_memory_Buffers_bytes{NODE} - node_memory_Cached_bytes{NODE}""",
                "files": f"node_memory_Buffers_bytes{NODE} + node_memory_Cached_bytes{NODE}",
                "free": f"node_memory_MemFree_bytes{NODE}",
            },
            stacked=True,
        ),
        graph(
            "Swap in use",
            "Memory that was moved to the disk, and how much may be.",
            "bytes",
            none(),
            {
                "used": f"node_memory_SwapTotal_bytes{NODE} - node_memory_SwapFree_bytes{NODE}",
                "size": f"node_memory_SwapTotal_bytes{NODE}",
            },
        ),
        graph(
            "Swapping",
            "Pages per second that move between memory and disk; much of both is thrashing.",
            "ops",
            above(doubtful=100),
            {
                "in": rate("vmstat_pswpin"),
                "out": rate("vmstat_pswpout"),
                "major faults": rate("vmstat_pgmajfault"),
            },
        ),
    ),
)

STORAGE = Row(
    "Disks",
    (
        rows(
            "File systems",
            "What is left on each, and when it is full if it goes on as in the last hour.",
            ("mountpoint", "device"),
            (
                Column("Size", f"max by (mountpoint, device) (node_filesystem_size_bytes{REAL})", "bytes"),
                Column("Left", f"max by (mountpoint, device) (node_filesystem_avail_bytes{REAL})", "bytes"),
                Column(
                    "Share left",
                    f"max by (mountpoint, device) (instance:node_filesystem_available:ratio{NODE})",
                    "percentunit",
                    DISK,
                ),
                Column(
                    "Inodes left",
                    f"""max by (mountpoint, device) (node_filesystem_files_free{REAL}
                        / (node_filesystem_files{REAL} > 0))""",
                    "percentunit",
                    below(doubtful=of_alert("HostInodesAlmostUsed")),
                ),
                Column(
                    "Full in",
                    f"""max by (mountpoint, device) (node_filesystem_avail_bytes{REAL}
                        / -(deriv(node_filesystem_avail_bytes{REAL}[1h]) < 0))""",
                    "s",
                    below(doubtful=86400, bad=3600),
                ),
            ),
            width=16,
        ),
        bars(
            "Space that is left",
            "The share that is free of each file system.",
            "percentunit",
            DISK,
            {"{{mountpoint}}": f"instance:node_filesystem_available:ratio{NODE}"},
        ),
        graph(
            "Operations",
            "Reads and writes that were completed, per second.",
            "iops",
            none(),
            {
                "{{device}} reads": rate("disk_reads_completed_total", DISKS),
                "{{device}} writes": rate("disk_writes_completed_total", DISKS),
            },
            width=6,
        ),
        graph(
            "Throughput",
            "Bytes per second, read and written.",
            "Bps",
            none(),
            {
                "{{device}} read": rate("disk_read_bytes_total", DISKS),
                "{{device}} written": rate("disk_written_bytes_total", DISKS),
            },
            width=6,
        ),
        graph(
            "Time of an operation",
            "The mean time of a read and of a write, its waiting included.",
            "s",
            above(doubtful=0.1),
            {
                "{{device}} read": f"""{rate("disk_read_time_seconds_total", DISKS)}
                    / ({rate("disk_reads_completed_total", DISKS)} > 0)""",
                "{{device}} write": f"""{rate("disk_write_time_seconds_total", DISKS)}
                    / ({rate("disk_writes_completed_total", DISKS)} > 0)""",
            },
            width=6,
        ),
        graph(
            "Queue",
            "Operations that wait or are under way, on average.",
            "short",
            above(doubtful=of_alert("HostDiskSaturated")),
            {"{{device}}": rate("disk_io_time_weighted_seconds_total", DISKS)},
            width=6,
        ),
    ),
)

NETWORK = Row(
    "Network and kernel",
    (
        graph(
            "Traffic",
            "Bits per second, received and sent.",
            "bps",
            none(),
            {
                "{{device}} received": f"8 * {rate('network_receive_bytes_total', LINKS)}",
                "{{device}} sent": f"8 * {rate('network_transmit_bytes_total', LINKS)}",
            },
        ),
        graph(
            "Errors and drops",
            "Packets per second that were broken or dropped.",
            "pps",
            above(doubtful=1),
            {
                f"{word} {way}": f"sum({rate(f'network_{series}_{kind}_total', LINKS)})"
                for word, kind in (("errors", "errs"), ("drops", "drop"))
                for way, series in (("received", "receive"), ("sent", "transmit"))
            },
        ),
        graph(
            "TCP sent again",
            "The share of TCP segments that had to be sent again: a bad network, or a full one.",
            "percentunit",
            above(doubtful=0.02),
            {"again": f"{rate('netstat_Tcp_RetransSegs')} / ({rate('netstat_Tcp_OutSegs')} > 0)"},
        ),
        graph(
            "Tables that can be full",
            "The share in use of the tables of connections and of open files.",
            "percentunit",
            above(doubtful=of_alert("HostConntrackNearLimit")),
            {
                "connections": f"node_nf_conntrack_entries{NODE} / node_nf_conntrack_entries_limit{NODE}",
                "open files": f"node_filefd_allocated{NODE} / node_filefd_maximum{NODE}",
            },
            most=1,
        ),
        graph(
            "Clock",
            "How far the clock is from the right time, as the kernel believes.",
            "s",
            above(doubtful=of_alert("HostClockSkewed")),
            {"offset": f"abs(node_timex_offset_seconds{NODE})"},
        ),
        graph(
            "Processes",
            "Processes that run, and that wait for a disk.",
            "short",
            none(),
            {"running": f"node_procs_running{NODE}", "blocked": f"node_procs_blocked{NODE}"},
        ),
    ),
)

BOARD = Board(
    uid="host",
    title="Host detail",
    description="One host: CPU, memory, disks, network and kernel.",
    choice=Choice('node_uname_info{job="node_exporter"}', several=False),
    rows=(NOW, services(NODE), PROCESSOR, MEMORY, STORAGE, NETWORK),
)
