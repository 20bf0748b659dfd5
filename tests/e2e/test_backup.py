"""What docs/backup.md says brings back what people wrote, in a stack that knows nothing of it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from tests.conftest import LEFT_OUT
from tests.e2e.backups import MAKE, NAME, RESTORE, of_project, only, typed
from tests.e2e.conftest import PORTS, Stack, free_ports
from tests.e2e.test_people import registered
from tests.waiting import wait_until

TEXTFILE = "/textfiles/backup.prom"


@pytest.fixture
def small(
    run_id: str, image: Callable[[str], str], engine: docker.DockerClient, tmp_path: Path
) -> Iterator[Stack]:
    """The microblog and its database, alone."""
    stack = Stack(
        f"{run_id}-backup",
        {
            "COMPOSE_PROJECT_NAME": f"{run_id}-backup",
            "TAG": run_id,
            "SECRETS_DIR": str(tmp_path / "secrets"),
            **LEFT_OUT,
            **{name: str(port) for name, port in zip(PORTS, free_ports(len(PORTS)), strict=True)},
        },
        engine,
    )
    try:
        stack.up("app", "database")
        yield stack
    finally:
        stack.clean()


def test_what_was_written_is_back_in_an_empty_stack_after_a_restore(small: Stack, tmp_path: Path) -> None:
    ada = registered(small, "ada")
    thought = "kept: ¿qué tal? 你好 🌍 'quoted' \\ and \"double\""
    ada.post(thought)
    typed(of_project(MAKE, small.name), tmp_path)
    dump = only(tmp_path)
    told = small.container("node_exporter").exec_run(["cat", TEXTFILE])[1].decode()
    assert re.search(
        r'^backup_last_success_timestamp_seconds\{backup="mariadb"\} \d{10}$', told, re.MULTILINE
    )
    assert f'backup_size_bytes{{backup="mariadb"}} {dump.stat().st_size}\n' in told
    small.clean()
    small.up("app", "database")
    assert thought not in small.person("somebody").reads("/explore")
    dump.rename(dump.with_name(NAME))
    typed(of_project(RESTORE, small.name), tmp_path)
    again = small.person(ada.name)
    wait_until(lambda: again.get("/login").ok, 60, "the microblog back")
    assert again.log_in().ok
    assert thought in again.reads("/")


def test_a_dump_that_broke_off_takes_no_place_and_is_not_told(small: Stack, tmp_path: Path) -> None:
    small.container("mariadb").stop()
    with pytest.raises(AssertionError):
        typed(of_project(MAKE, small.name), tmp_path)
    assert only(tmp_path).suffix == ".new"
    assert small.container("node_exporter").exec_run(["test", "-e", TEXTFILE])[0] == 1
