"""What a host's survey says, and what it would be sent."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ec2.facts import Facts, Sending, clock_off, feeder, read_facts, to_send
from ec2.host_scripts import host_script
from ec2.images import Image
from ec2.layers import Layer

BASE, PYTHON, NGINX, CODE, NEW = (Layer(f"sha256:{name}", size) for name, size in {
    "base": 80, "python": 20, "nginx": 7, "code": 3, "new": 4,
}.items())  # fmt: skip
PRINTED = """\
architecture aarch64
time 1000.500000000
memory_kib 2097152
image sha256:1 microblog/app:1,app:latest sha256:base,sha256:python,sha256:code
image sha256:2  sha256:base,sha256:nginx
free_bytes 5000
"""


def image(name: str, identity: str, *layers: Layer) -> Image:
    return Image(name, f"microblog/{name}:{identity}", f"sha256:{identity}", "amd64", 0, layers)


def host(**known: Any) -> Facts:
    idle = {"architecture": "amd64", "clock_off_seconds": 0, "memory_bytes": 0, "free_bytes": 0}
    return Facts(**(idle | known))


APP = image("app", "1", BASE, PYTHON, CODE)
CHANGED = image("app", "3", BASE, PYTHON, NEW)
WEB = image("web", "2", BASE, NGINX)


def test_a_survey_is_read() -> None:
    facts = read_facts(PRINTED, 1000, 1001)
    assert (facts.architecture, facts.clock_off_seconds, facts.docker) == ("arm64", 0, "")
    assert (facts.memory_bytes, facts.free_bytes) == (2**31, 5000)
    assert facts.names == {"microblog/app:1": "sha256:1", "app:latest": "sha256:1"}
    assert ("sha256:base", "sha256:nginx") in facts.chains


def test_an_engine_that_does_not_answer_has_no_images() -> None:
    lines = [line for line in PRINTED.splitlines() if not line.startswith("image")]
    facts = read_facts("\n".join([*lines, "docker Cannot connect to the Docker daemon"]), 1000, 1001)
    assert facts.docker == "Cannot connect to the Docker daemon"
    assert (facts.names, facts.chains) == ({}, frozenset())


# An engine that answers the third time it is asked.
LATE_DOCKER = (
    "#!/bin/sh\n"
    'echo asked >>"$0.asked"\n'
    '[ "$(wc -l <"$0.asked")" -gt 2 ] || { echo \'Cannot connect to the Docker daemon\'; exit 1; }\n'
    'if [ "$1" = info ]; then echo /; fi\n'
)


@pytest.mark.parametrize(("patience", "complaint"), [(30, ""), (0, "Cannot connect to the Docker daemon")])
def test_an_engine_that_comes_up_after_its_host_is_waited_for_by_who_is_patient(
    tmp_path: Path, patience: int, complaint: str
) -> None:
    docker = tmp_path / "docker"
    docker.write_text(LATE_DOCKER)
    docker.chmod(0o755)
    done = subprocess.run(
        ["sh", "-s"],
        input=f"ENGINE_WITHIN_SECONDS={patience}\n{host_script('survey.sh')}",
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert read_facts(done.stdout, 0, 0).docker == complaint


def test_a_clock_is_off_by_what_the_time_of_asking_does_not_explain() -> None:
    assert clock_off(1000.5, 1000, 1001) == 0
    assert clock_off(1100, 1000, 1001) == 99
    assert clock_off(900, 1000, 1001) == -100


def test_an_image_is_there_only_under_its_name() -> None:
    facts = read_facts(PRINTED, 1000, 1001)
    assert facts.lacks([APP, WEB]) == (WEB,)


def test_an_empty_host_is_sent_each_layer_once() -> None:
    assert to_send([APP, WEB], host()) == Sending(4, 80 + 20 + 3 + 7)


def test_of_a_change_only_the_changed_layer_is_sent() -> None:
    assert to_send([CHANGED], read_facts(PRINTED, 1000, 1001)) == Sending(1, 4)


def test_a_layer_over_another_base_is_another_layer() -> None:
    other_base = image("app", "4", NGINX, PYTHON)
    assert to_send([other_base], read_facts(PRINTED, 1000, 1001)) == Sending(2, 27)


def test_a_host_that_has_all_is_sent_nothing() -> None:
    assert to_send([APP], read_facts(PRINTED, 1000, 1001)) == Sending(0, 0)


def test_the_host_with_the_most_room_feeds_and_among_equals_the_first() -> None:
    facts = {"b": host(free_bytes=9), "a": host(free_bytes=9), "c": host(free_bytes=1)}
    assert feeder(["c", "b", "a"], facts) == "a"
    assert feeder(["c"], facts) == "c"
