"""A board as a whole: where its variables, links and annotations come from, and its panels in rows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from grafana_foundation_sdk.builders.dashboard import (
    AnnotationQuery,
    Dashboard,
    DashboardLink,
    DatasourceVariable,
    QueryVariable,
)
from grafana_foundation_sdk.builders.dashboard import Row as RowPanel
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from grafana.boards.panels import DATASOURCE

TAG = "stack"


@dataclass(frozen=True)
class Row:
    """Panels under a heading, from left to right."""

    title: str
    panels: Sequence[Any]


@dataclass(frozen=True)
class Choice:
    """A variable by which a person chooses instances: the series whose label `instance` has them."""

    series: str
    several: bool = True


@dataclass(frozen=True)
class Board:
    """A dashboard: its uid is the name of its file."""

    uid: str
    title: str
    description: str
    rows: Sequence[Row]
    choice: Choice | None = None
    since: str = "now-1h"
    extra_annotations: Sequence[AnnotationQuery] = field(default_factory=tuple)

    def json(self) -> str:
        """As Grafana reads it, always the same text for the same board."""
        plain = json.loads(json.dumps(self.build().build(), cls=JSONEncoder))
        for shown in (*plain["annotations"]["list"], *plain["links"]):
            # Else Grafana keeps them behind a button.
            del shown["placement"]
        for number, panel in enumerate(plain["panels"], 1):
            panel["id"] = number
        return json.dumps(plain, indent=2, sort_keys=True, ensure_ascii=False) + "\n"

    def build(self) -> Dashboard:
        """The same as the library has it."""
        board = Dashboard(self.title).uid(self.uid).description(self.description).tags([TAG]).readonly()
        board.refresh("30s").time(self.since, "now").timezone("browser").tooltip(
            DashboardCursorSync.CROSSHAIR
        )
        board.link(others())
        board.with_variable(datasource())
        if self.choice:
            board.with_variable(instances(self.choice))
        for annotation in (releases(), *self.extra_annotations):
            board.annotation(annotation)
        for row in self.rows:
            board.with_row(RowPanel(row.title))
            for panel in row.panels:
                board.with_panel(panel)
        return board


def others() -> DashboardLink:
    """A menu of every board of the stack."""
    link = DashboardLink("Boards").type(DashboardLinkType.DASHBOARDS).tags([TAG]).as_dropdown(True)
    return link.keep_time(True).include_vars(False)


def datasource() -> DatasourceVariable:
    """Which Prometheus is asked: the provisioned one, until somebody chooses another."""
    chosen = VariableOption(selected=True, text="Prometheus", value="prometheus")
    return DatasourceVariable("datasource").label("Prometheus").type("prometheus").current(chosen)


def instances(choice: Choice) -> QueryVariable:
    """One host or service, several or all."""
    query = f"label_values({choice.series}, instance)"
    variable = (
        QueryVariable("instance").label("Instance").datasource(DATASOURCE).query(query).definition(query)
    )
    variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).sort(VariableSort.ALPHABETICAL_ASC)
    if choice.several:
        variable.multi(True).include_all(True)
        variable.current(VariableOption(selected=True, text="All", value="$__all"))
    return variable


def annotation(name: str, colour: str, expression: str, title: str, text: str) -> AnnotationQuery:
    """A line in every graph at each time for which the expression has a value."""
    made = AnnotationQuery().name(name).datasource(DATASOURCE).enable(True).icon_color(colour)
    return made.expr(" ".join(expression.split())).title_format(title).text_format(text).step("60s")


def releases() -> AnnotationQuery:
    """When another version of the microblog began to serve."""
    return annotation(
        "Releases",
        "blue",
        """count by (version, revision) (microblog_build_info{job="microblog"})
           unless count by (version, revision) (microblog_build_info{job="microblog"} offset 5m)""",
        "Microblog {{version}}",
        "revision {{revision}}",
    )
