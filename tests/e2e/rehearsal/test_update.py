"""An update and a rollback while people are at work: nobody notices, as clients count that are not ours."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.e2e.person import Person
from tests.e2e.rehearsal.load import Load, Poster
from tests.e2e.rehearsal.rolling import MICROBLOGS, STACK_FILE, Rolling
from tests.functional.ec2.test_provision import may_resize

HUNDREDS = 500
# A rollback is over before so many have come.
AT_WORK_SECONDS = 30
# Whom the end of the load interrupts is gone when the answer comes.
GONE = 499
STARTED = (
    "docker inspect --format '{{.Id}} {{.State.StartedAt}} {{.RestartCount}}' $(docker ps --all --quiet)"
)
LOG = "docker logs --since {since} $(docker ps --quiet --filter label=com.docker.compose.service=nginx) 2>&1"


@pytest.fixture(scope="module")
def first(rolling: Rolling) -> dict[str, Any]:
    """The report of the deployment that everything here changes."""
    return rolling.deploy()


@contextmanager
def people_at_work(rolling: Rolling, *names: str) -> Iterator[None]:
    """Hundreds of requests at the least before, during and after; none may fail, and no post may be lost."""
    since = rolling.on("app", "date +%s")
    one, other = (Poster(rolling.address, name) for name in names)
    began = time.monotonic()
    with one, other, Load(rolling.address) as load:
        yield
        time.sleep(max(0, began + AT_WORK_SECONDS - time.monotonic()))
    print({name: str(each) for name, each in load.counted.items()})
    print({each.person.name: len(each.acknowledged) for each in (one, other)})
    assert load.failed == 0
    assert load.requests > HUNDREDS
    assert one.failed + other.failed == []
    assert len(one.acknowledged) > 20
    assert one.lost() | other.lost() == set()
    log = rolling.on("app", LOG.format(since=since))
    # A container that is gone would be waited for.
    assert "timed out" not in log
    answered = list(read_log(log))
    by_container = {line["upstream"].split(", ")[-1] for line in answered if line["path"] == "/explore"}
    assert len(by_container) == 2, "the switch was not within the load"
    print("slowest, ms:", max(line["duration_ms"] for line in answered))
    assert {line["status"] for line in answered} <= {200, 303, GONE}
    assert sum(line["status"] == GONE for line in answered) <= 4


def read_log(said: str) -> Iterator[dict[str, Any]]:
    """The requests in nginx's log."""
    for line in said.splitlines():
        if line.startswith("{"):
            yield json.loads(line)


def started(rolling: Rolling) -> list[str]:
    return [rolling.on(name, STARTED) for name in ("app", "tools")]


def test_a_second_deployment_says_so_and_restarts_nothing(rolling: Rolling, first: dict[str, Any]) -> None:
    before = started(rolling)
    again = rolling("deploy", "--yes")
    assert again.returncode == 0, again.stderr
    assert f"nothing to do: every host runs {rolling.checkout.tags[-1]}, healthy" in again.stderr
    assert f"release {first['release']}" in again.stdout
    assert started(rolling) == before
    rolling.check(first["release"])


def test_nobody_notices_a_code_change(rolling: Rolling, first: dict[str, Any]) -> None:
    tag = rolling.checkout.mark("the second")
    foretold = rolling("plan").stdout
    assert "replaced: microblog; 6 unchanged" in foretold
    assert foretold.endswith("interruption: none\n")
    before = rolling.on("app", MICROBLOGS)
    with people_at_work(rolling, "ada", "bob"):
        report = rolling.deploy()
    assert report["release"].endswith(tag)
    assert rolling.on("app", MICROBLOGS) != before
    assert "<!-- the second -->" in Person(rolling.address, "ada").get("/explore").text
    rolling.check(report["release"])


def test_how_the_two_releases_differ_is_told(rolling: Rolling, first: dict[str, Any]) -> None:
    said = rolling("diff").stdout
    known = rolling.releases()
    assert said.startswith(f"from {first['release']} to {known['serving']['app']}\n")
    assert "  image of microblog: microblog/microblog:" in said
    assert "tools: the same" in said
    assert {first["release"], known["serving"]["app"]} <= set(known["kept"])
    served = [one for one in known["entries"] if one["outcome"] == "done"]
    assert [one["release"] for one in served[-2:]] == [first["release"], known["serving"]["app"]]


def test_nobody_notices_a_rollback(rolling: Rolling, first: dict[str, Any]) -> None:
    with people_at_work(rolling, "cleo", "dora"):
        done = rolling("rollback", "--yes")
    assert done.returncode == 0, done.stderr
    assert f"every host runs {first['release']}, healthy" in done.stdout
    assert "<!-- the second -->" not in Person(rolling.address, "ada").get("/explore").text
    last = rolling.releases()["entries"][-1]
    assert (last["action"], last["release"], last["outcome"]) == ("rollback", first["release"], "done")
    rolling.check(first["release"])


def test_after_a_rollback_the_plan_leads_forward_again(rolling: Rolling) -> None:
    assert "replaced: microblog; 6 unchanged\n" in rolling("plan").stdout


def test_a_larger_host_with_a_larger_volume_is_foretold_and_used_to_its_end(rolling: Rolling) -> None:
    """The last one: no volume shrinks again."""
    larger = STACK_FILE.replace("t3.small", "t3.medium").replace("database = 1", "database = 2")
    rolling.file.write_text(larger)
    foretold = rolling("plan").stdout
    assert "  stop and start AppHost (AWS::EC2::Instance)\n" in foretold
    assert "  modify AppDatabaseVolume (AWS::EC2::Volume): AWS takes up to six hours per TiB" in foretold
    assert "interruption by AppHost: it stops and starts" in foretold
    report = rolling.deploy()
    assert report["stack_outcome"] == "updated"
    assert rolling.instance("app")["InstanceType"] == "t3.medium"
    size = rolling.on("app", "df --output=size --block-size=1M /srv/database | tail -n 1")
    assert (int(size) > 1500) is may_resize()
    rolling.check(report["release"])
