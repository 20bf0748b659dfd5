"""The order of resources, and the walk through it."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ec2.rehearsal.stacks.errors import ValidationError
from ec2.rehearsal.stacks.order import ordered, turned
from ec2.rehearsal.stacks.walk import walk


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, frozenset[str]]:
    """Graphs without circles: each name leans on some that were named before, then all are shuffled."""
    names = [f"R{number}" for number in range(draw(st.integers(0, 12)))]
    edges = {
        name: frozenset(draw(st.sets(st.sampled_from(names[:index])))) if index else frozenset()
        for index, name in enumerate(names)
    }
    return {name: edges[name] for name in draw(st.permutations(names))}


@given(graphs())
def test_each_resource_comes_after_all_that_it_leans_on(graph: dict[str, frozenset[str]]) -> None:
    order = ordered(graph)
    assert sorted(order) == sorted(graph)
    assert all(order.index(before) < order.index(name) for name in graph for before in graph[name])
    back = ordered(turned(graph))
    assert all(back.index(before) > back.index(name) for name in graph for before in graph[name])


@settings(max_examples=30)  # each example starts threads
@given(graphs())
def test_a_walk_does_everything_once_and_in_order(graph: dict[str, frozenset[str]]) -> None:
    done: list[str] = []
    lock = threading.Lock()

    def act(name: str) -> bool:
        with lock:
            assert graph[name] <= set(done)
            done.append(name)
        return True

    assert walk(graph, act) == []
    assert sorted(done) == sorted(graph)


def test_a_circle_is_refused_by_the_names_in_it() -> None:
    graph = {"A": {"B"}, "B": {"C"}, "C": {"B"}, "D": {"A"}, "E": set[str]()}
    with pytest.raises(ValidationError) as refused:
        ordered({name: frozenset(before) for name, before in graph.items()})
    assert refused.value.message == "Circular dependency between resources: [B, C]"


CHAIN = {"A": frozenset[str](), "B": frozenset(["A"]), "C": frozenset(["B"]), "D": frozenset[str]()}


def test_after_a_failure_nothing_more_is_begun_unless_asked_for() -> None:
    done: list[str] = []

    def act(name: str) -> bool:
        done.append(name)
        return name != "A"

    assert walk(CHAIN, act) == ["A"]
    assert sorted(done) == ["A", "D"]
    done.clear()
    assert walk({**CHAIN, "E": frozenset(["D"])}, act, go_on=True) == ["A"]
    assert sorted(done) == ["A", "D", "E"]


def test_a_walk_that_is_halted_finishes_what_runs_and_begins_nothing() -> None:
    done: list[str] = []

    def act(name: str) -> bool:
        done.append(name)
        return True

    assert walk(CHAIN, act, halt=lambda: "A" in done) == []
    assert "B" not in done


def test_independent_resources_are_made_side_by_side() -> None:
    together = threading.Barrier(4, timeout=5)
    graph = dict.fromkeys("ABCD", frozenset[str]())
    assert walk(graph, lambda _: together.wait() >= 0) == []
