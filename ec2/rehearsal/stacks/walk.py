"""Walks a graph of resources: each after those it waits for, independent ones side by side."""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from ec2.rehearsal.stacks.order import Graph

SIDE_BY_SIDE = 8


def walk(
    graph: Graph, act: Callable[[str], bool], halt: Callable[[], bool] = lambda: False, go_on: bool = False
) -> list[str]:
    """Do `act` for every name and return those that failed.

    After a failure, or once `halt` says so, nothing more is begun; with `go_on` only what waits for
    a failed name is left out.
    """
    waiting = {name: set(before) for name, before in graph.items()}
    running: dict[Future[bool], str] = {}
    failed: list[str] = []
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        while True:
            if go_on or not (failed or halt()):
                for name in [name for name, before in waiting.items() if not before]:
                    del waiting[name]
                    running[pool.submit(act, name)] = name
            if not running:
                return failed
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name = running.pop(future)
                if not future.result():
                    failed.append(name)
                    continue
                for before in waiting.values():
                    before.discard(name)
