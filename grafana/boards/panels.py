"""The panels that boards are made of: each says what it shows, in what unit, and from when on that is bad."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from grafana_foundation_sdk.builders import bargauge, heatmap, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders.common import (
    GraphThresholdsStyleConfig,
    ReduceDataOptions,
    StackingConfig,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.builders.dashboard import FieldColor, ThresholdsConfig
from grafana_foundation_sdk.builders.heatmap import HeatmapColorOptions, YAxisConfig
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    RangeMap,
    RegexMap,
    SpecialValueMap,
    ValueMap,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from grafana.boards import limits

DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
# What a legend says -> its expression.
Queries = Mapping[str, str]
Panel = TypeVar("Panel", bound=Any)
SMALL, MIDDLE, LARGE = 4, 8, 9
UP_OR_DOWN = {0: ("down", limits.BAD), 1: ("up", limits.GOOD)}


def number(
    title: str,
    description: str,
    unit: str,
    thresholds: ThresholdsConfig,
    queries: Queries,
    width: int = 4,
    words: Mapping[int, tuple[str, str]] | None = None,
    background: bool = False,
) -> stat.Panel:
    """One figure as it is now, over how it was; `words` are said instead of some values."""
    panel = described(stat.Panel(), title, description, unit, thresholds, queries, width, SMALL)
    mode = common.BigValueColorMode.BACKGROUND if background else common.BigValueColorMode.VALUE
    graph = common.BigValueGraphMode.NONE if words or background else common.BigValueGraphMode.AREA
    panel.color_mode(mode).graph_mode(graph).reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
    return panel.mappings(mappings(words)) if words else panel


def names(title: str, description: str, queries: Queries, width: int = 8) -> stat.Panel:
    """What is said by labels, such as a version: the legend of each series."""
    panel = described(
        stat.Panel(), title, description, "short", limits.none(), queries, width, SMALL, instant=True
    )
    panel.text_mode(common.BigValueTextMode.NAME).graph_mode(common.BigValueGraphMode.NONE)
    return panel.color_mode(common.BigValueColorMode.VALUE).reduce_options(
        ReduceDataOptions().calcs(["lastNotNull"])
    )


def graph(
    title: str,
    description: str,
    unit: str,
    thresholds: ThresholdsConfig,
    queries: Queries,
    width: int = 8,
    stacked: bool = False,
    most: float | None = None,
) -> timeseries.Panel:
    """Lines over time; a bound is drawn where there is one. `most` is the end of the axis."""
    panel = described(timeseries.Panel(), title, description, unit, thresholds, queries, width, MIDDLE)
    panel.line_width(1).fill_opacity(60 if stacked else 10).show_points(common.VisibilityMode.NEVER).min(0)
    panel.color_scheme(FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
    panel.legend(legend()).tooltip(tooltip())
    if stacked:
        panel.stacking(StackingConfig().mode(common.StackingMode.NORMAL).group("A"))
    elif has_bounds(thresholds):
        panel.thresholds_style(GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED))
    return panel if most is None else panel.max(most)


def timeline(
    title: str,
    description: str,
    queries: Queries,
    width: int = 12,
    words: Mapping[int, tuple[str, str]] = UP_OR_DOWN,
) -> statetimeline.Panel:
    """When each was how: a bar in the colour of its state."""
    thresholds = limits.steps((None, limits.BAD), (1, limits.GOOD))
    panel = described(statetimeline.Panel(), title, description, "short", thresholds, queries, width, LARGE)
    panel.mappings(mappings(words)).merge_values(True).show_value(common.VisibilityMode.NEVER)
    return panel.legend(legend()).row_height(0.8).fill_opacity(80)


def bars(
    title: str, description: str, unit: str, thresholds: ThresholdsConfig, queries: Queries, width: int = 8
) -> bargauge.Panel:
    """A bar for each, the figure beside it."""
    panel = described(
        bargauge.Panel(), title, description, unit, thresholds, queries, width, MIDDLE, instant=True
    )
    panel.orientation(common.VizOrientation.HORIZONTAL).display_mode(common.BarGaugeDisplayMode.BASIC).min(0)
    return panel.reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))


def spectrum(title: str, description: str, unit: str, query: str, width: int = 12) -> heatmap.Panel:
    """How many fell into each bucket of a histogram, over time."""
    panel = described(heatmap.Panel(), title, description, unit, limits.none(), {}, width, MIDDLE)
    target = asked("A", "{{le}}", query).format(PromQueryFormat.HEATMAP)
    panel.targets([target]).calculate(False).y_axis(YAxisConfig().unit(unit))
    return panel.color(HeatmapColorOptions().scheme("Oranges"))


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, its value by the table's labels, and how it is shown."""

    heading: str
    query: str
    unit: str
    thresholds: ThresholdsConfig | None = None


def rows(
    title: str,
    description: str,
    by: Sequence[str],
    columns: Sequence[Column],
    width: int = 24,
    height: int = MIDDLE,
) -> table.Panel:
    """A table: a row for each combination of the labels `by`, as it is now."""
    panel = described(table.Panel(), title, description, columns[0].unit, limits.none(), {}, width, height)
    ids = [chr(ord("A") + place) for place in range(len(columns))]
    panel.targets(
        [
            asked(id, "", column.query).instant().format(PromQueryFormat.TABLE)
            for id, column in zip(ids, columns, strict=True)
        ]
    )
    panel.transformations(as_rows(by, dict(zip(ids, columns, strict=True))))
    for column in columns:
        panel.override_by_name(column.heading, shown_as(column))
    return panel


def as_rows(by: Sequence[str], columns: Mapping[str, Column]) -> list[DataTransformerConfig]:
    """Several answers as one table: labels first, then a column for each answer, nothing else."""
    values = {
        "Value" if len(columns) == 1 else f"Value #{id}": column.heading for id, column in columns.items()
    }
    order = [*by, *values]
    return [
        DataTransformerConfig("merge", options={}),
        DataTransformerConfig("filterFieldsByName", options={"include": {"names": order}}),
        DataTransformerConfig("organize", options={
            "indexByName": {name: place for place, name in enumerate(order)},
            "renameByName": values,
        }),
    ]  # fmt: skip


def shown_as(column: Column) -> list[DynamicConfigValue]:
    """A column's unit, and its colours where it has any."""
    chosen = [DynamicConfigValue("unit", column.unit)]
    if column.thresholds:
        chosen.append(DynamicConfigValue("thresholds", column.thresholds.build()))
        chosen.append(DynamicConfigValue("custom.cellOptions", {"type": "color-text"}))
    return chosen


def described(
    panel: Panel,
    title: str,
    description: str,
    unit: str,
    thresholds: ThresholdsConfig,
    queries: Queries,
    width: int,
    height: int,
    instant: bool = False,
) -> Panel:
    """A panel with all that every panel has."""
    targets = [asked(chr(ord("A") + place), *query) for place, query in enumerate(queries.items())]
    # The library's panels have these methods and no class in common.
    chosen: Any = panel
    chosen.title(title).description(description).datasource(DATASOURCE).span(width).height(height)
    chosen.unit(unit).thresholds(thresholds).color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
    chosen.targets([target.instant() if instant else target for target in targets])
    return panel


def asked(id: str, legend_format: str, expression: str) -> Dataquery:
    """A query of Prometheus; over the whole time that is shown, unless it is made an instant one."""
    bare = " ".join(expression.split())
    return Dataquery().ref_id(id).datasource(DATASOURCE).expr(bare).legend_format(legend_format).range()


def mappings(words: Mapping[int, tuple[str, str]]) -> list[ValueMap | RangeMap | RegexMap | SpecialValueMap]:
    """What is said instead of a value, and its colour."""
    said = {
        str(value): ValueMappingResult(text=text, color=colour) for value, (text, colour) in words.items()
    }
    return [ValueMap(options=said)]


def legend() -> VizLegendOptions:
    """Below, as a list."""
    shown = VizLegendOptions().show_legend(True).placement(common.LegendPlacement.BOTTOM)
    return shown.display_mode(common.LegendDisplayMode.LIST)


def tooltip() -> VizTooltipOptions:
    """Every line at the pointer's time, the greatest first."""
    return VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING)


def has_bounds(thresholds: ThresholdsConfig) -> bool:
    """Whether there is anything to draw."""
    return len(thresholds.build().steps) > 1
