"""Every board, in the order in which one looks."""

from grafana.boards import (
    delivery,
    edge,
    host,
    hosts,
    jenkins,
    mariadb,
    microblog,
    monitoring,
    stack_overview,
)

BOARDS = (
    stack_overview.BOARD,
    microblog.BOARD,
    edge.BOARD,
    mariadb.BOARD,
    hosts.BOARD,
    host.BOARD,
    jenkins.BOARD,
    monitoring.BOARD,
    delivery.BOARD,
)
