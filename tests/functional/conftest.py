"""One container at a time, confined as compose.yaml says."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from testcontainers.core.container import DockerContainer

from tests.conftest import ROOT

SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "compose/compose.yaml").read_text())["services"]
StartAlone = Callable[..., DockerContainer]


@pytest.fixture
def start_alone(image: Callable[[str], str], tmp_path: Path) -> Iterator[StartAlone]:
    """Start one service's image by itself with its user, limits and temporary file systems."""
    with ExitStack() as started:

        def start(name: str, secrets: dict[str, str] | None = None, **choices: Any) -> DockerContainer:
            # Without a name testcontainers takes the network of the container in which the tests may run.
            chosen = confinement(name) | {"network": "bridge"} | choices
            container = DockerContainer(image(name))
            container.tmpfs = chosen.pop("tmpfs")
            container.env = chosen.pop("environment", {})
            container.with_kwargs(**chosen)
            for secret, value in (secrets or {}).items():
                file = tmp_path / secret
                file.write_text(value)
                file.chmod(0o444)
                container.with_volume_mapping(file, f"/run/secrets/{secret}", "ro")
            return started.enter_context(container)

        yield start


def confinement(name: str) -> dict[str, Any]:
    """The service's keys in compose.yaml, as the Docker SDK calls them."""
    service = SERVICES[name]
    return {
        "user": service["user"],
        "read_only": service["read_only"],
        "cap_drop": service["cap_drop"],
        "security_opt": service["security_opt"],
        "init": service["init"],
        "pids_limit": service["pids_limit"],
        "tmpfs": dict(mount.split(":", 1) for mount in service.get("tmpfs", [])),
    }
