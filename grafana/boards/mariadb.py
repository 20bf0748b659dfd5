"""The database: what it is asked, what it waits for, and what it has to spare."""

from grafana.boards.board import Board, Choice, Row
from grafana.boards.limits import above, below, none, of_alert
from grafana.boards.panels import UP_OR_DOWN, graph, names, number

ITS = '{job="mysqld_exporter", instance=~"$instance"}'


def rate(series: str) -> str:
    """Per second."""
    return f"rate(mysql_global_status_{series}{ITS}[$__rate_interval])"


BOARD = Board(
    uid="mariadb",
    title="MariaDB",
    description="The database: what it is asked, what it waits for, and what it has to spare.",
    choice=Choice('mysql_up{job="mysqld_exporter"}'),
    rows=(
        Row(
            "Now",
            (
                number(
                    "MariaDB",
                    "Whether the exporter can log in.",
                    "short",
                    below(bad=1),
                    {"{{instance}}": f"mysql_up{ITS}"},
                    words=UP_OR_DOWN,
                ),
                number(
                    "Up for",
                    "Time since MariaDB started.",
                    "s",
                    below(doubtful=of_alert("MariaDBRestarted")),
                    {"{{instance}}": f"mysql_global_status_uptime{ITS}"},
                ),
                number(
                    "Connections in use",
                    "The share of max_connections that is in use.",
                    "percentunit",
                    above(doubtful=of_alert("MariaDBConnectionsNearLimit"), bad=0.95),
                    {"{{instance}}": f"instance:mysql_connections_used:ratio{ITS}"},
                ),
                number(
                    "Statements",
                    "Statements per second.",
                    "ops",
                    none(),
                    {"{{instance}}": rate("questions")},
                ),
                names("Version", "What the server says it is.", {"{{version}}": f"mysql_version_info{ITS}"}),
            ),
        ),
        Row(
            "What it is asked",
            (
                graph(
                    "Statements by kind",
                    "The eight most frequent kinds of statements, per second.",
                    "ops",
                    none(),
                    {"{{command}}": f"topk(8, sum by (command) ({rate('commands_total')}) > 0)"},
                    stacked=True,
                ),
                graph(
                    "Slow statements",
                    "Statements per second that took longer than long_query_time.",
                    "ops",
                    above(doubtful=of_alert("MariaDBSlowQueries")),
                    {"{{instance}}": rate("slow_queries")},
                ),
                graph(
                    "Traffic",
                    "Bytes per second that come in and go out.",
                    "Bps",
                    none(),
                    {"received": rate("bytes_received"), "sent": rate("bytes_sent")},
                ),
            ),
        ),
        Row(
            "Connections",
            (
                graph(
                    "Connections",
                    "Connections that are open, the most there ever were, and the most there may be.",
                    "short",
                    none(),
                    {
                        "open": f"mysql_global_status_threads_connected{ITS}",
                        "the most ever": f"mysql_global_status_max_used_connections{ITS}",
                        "allowed": f"mysql_global_variables_max_connections{ITS}",
                    },
                ),
                graph(
                    "Running",
                    "Connections that do something right now; more than CPUs means waiting.",
                    "short",
                    none(),
                    {"{{instance}}": f"mysql_global_status_threads_running{ITS}"},
                ),
                graph(
                    "Refused and broken off",
                    "Log-ins that failed and clients that vanished, per second.",
                    "cps",
                    above(doubtful=of_alert("MariaDBAbortedConnects")),
                    {"failed to log in": rate("aborted_connects"), "vanished": rate("aborted_clients")},
                ),
            ),
        ),
        Row(
            "InnoDB",
            (
                graph(
                    "Buffer pool misses",
                    "The share of page reads that had to go to the disk.",
                    "percentunit",
                    above(doubtful=of_alert("MariaDBBufferPoolMissesHigh")),
                    {
                        "{{instance}}": f"""{rate("innodb_buffer_pool_reads")}
                            / ({rate("innodb_buffer_pool_read_requests")} > 0)"""
                    },
                ),
                graph(
                    "Buffer pool",
                    "Bytes in the buffer pool, those of them not yet on the disk, and its size.",
                    "bytes",
                    none(),
                    {
                        "data": f"mysql_global_status_innodb_buffer_pool_bytes_data{ITS}",
                        "dirty": f"mysql_global_status_innodb_buffer_pool_bytes_dirty{ITS}",
                        "size": f"mysql_global_variables_innodb_buffer_pool_size{ITS}",
                    },
                ),
                graph(
                    "History list",
                    "Old versions of rows that some transaction may still want; one left open lets it grow.",
                    "short",
                    above(doubtful=of_alert("MariaDBHistoryListLong")),
                    {"{{instance}}": f"mysql_global_status_innodb_history_list_length{ITS}"},
                ),
                graph(
                    "Waits for rows",
                    "Waits for locked rows per second, and deadlocks.",
                    "ops",
                    above(doubtful=of_alert("MariaDBRowLockWaits")),
                    {"waits": rate("innodb_row_lock_waits"), "deadlocks": rate("innodb_deadlocks")},
                ),
                graph(
                    "Disk",
                    "Bytes per second that InnoDB reads and writes.",
                    "Bps",
                    none(),
                    {"read": rate("innodb_data_read"), "written": rate("innodb_data_written")},
                ),
                graph(
                    "Temporary tables",
                    "Temporary tables per second, those on the disk, and tables that had to be opened.",
                    "ops",
                    none(),
                    {
                        "temporary": rate("created_tmp_tables"),
                        "on the disk": rate("created_tmp_disk_tables"),
                        "opened": rate("table_open_cache_misses"),
                    },
                ),
            ),
        ),
    ),
)
