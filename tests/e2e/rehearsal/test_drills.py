"""Whatever goes wrong: all hosts on one release, no post lost, and the next deployment needs no help."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ec2.lease import take
from ec2.lease_record import Record
from tests.e2e.rehearsal.load import Poster
from tests.e2e.rehearsal.obstacles import SmallDisk
from tests.e2e.rehearsal.rolling import STACK_FILE, Rolling, Try, refused

ONE_MORE = '\n[hosts.more]\nroles = ["monitoring"]\ninstance_type = "t3.small"\n'
AS_IT_WAS = "every host is as it was"
# The preflight demands 1 GiB.
ROOM_KIBIBYTES = 1_200_000
SICK = {
    "images/microblog/microblog/health.py": (
        "reason = database.why_not_ready(SCHEMA)", 'reason = "sick on purpose"'
    ),
    "images/microblog/Dockerfile": (
        "--interval=10s --timeout=3s --start-period=60s",
        "--interval=1s --retries=10",
    ),
}  # fmt: skip
MIGRATION = """
from alembic import op

revision = "9999"
down_revision = "{newest}"


def upgrade() -> None:
    op.execute("ALTER TABLE nowhere ADD COLUMN anything INT")
"""
FOLDERS = "making folders as somebody wants them"
DROP = "iptables --{way} INPUT --protocol tcp --dport 22 --jump DROP"


def begun(rolling: Rolling, running: Try, stage: str) -> None:
    """Return once the deployment is in the stage."""
    lines = {
        "images": "building registry",
        "agreed": "interruption: none",
        "stack": "create in progress: AppHost",
        "first provision": "app: making a file system",
        "provision": f"app: {FOLDERS}",
        "ship": "app: pulling microblog",
        "prepare": "starting microblog beside",
        "replace": "tools: starting .*prometheus",
    }
    if stage in lines:
        running.wait_to_say(lines[stage])
    elif stage == "plan":
        running.wait_for(lambda: leased(rolling))
    elif stage == "switch":
        running.wait_to_say(lines["prepare"])
        before = rolling.serving("app")
        running.wait_for(lambda: rolling.serving("app") != before)
    else:
        written = f'grep --count \'{rolling.checkout.tags[-1]}.*"outcome": "done"\' /srv/stack/ledger || true'
        running.wait_for(lambda: rolling.on("app", written) != "0")


@contextmanager
def spoilt(rolling: Rolling) -> Iterator[None]:
    """What is committed and said in the stack file meanwhile is undone, also where the drill fails."""
    before, tags = rolling.checkout.git("rev-parse", "HEAD"), len(rolling.checkout.tags)
    try:
        yield
    finally:
        rolling.checkout.git("reset", "--quiet", "--hard", before)
        del rolling.checkout.tags[tags:]
        rolling.file.write_text(STACK_FILE)


def leased(rolling: Rolling) -> bool:
    """Whether somebody has the lease."""
    found = rolling.cloud.aws("ssm").get_parameters_by_path(Path="/rolling/lease")["Parameters"]
    return any('"released": false' in one["Value"] for one in found)


@contextmanager
def somebody_posts(rolling: Rolling, name: str, *, unnoticed: bool) -> Iterator[None]:
    """While it goes wrong, and while it is mended."""
    with Poster(rolling.address, name) as person:
        yield
    print(f"{name}: {len(person.acknowledged)} posts acknowledged, {len(person.failed)} not")
    assert person.lost() == set()
    assert len(person.acknowledged) > 0
    if unnoticed:
        assert person.failed == []


def test_a_resource_that_fails_when_the_stack_is_made(rolling: Rolling) -> None:
    ec2 = rolling.cloud.aws("ec2")
    ec2.create_key_pair(KeyName="rolling")
    print(rolling.fail("KeyPair", "already exists"))
    ec2.delete_key_pair(KeyName="rolling")


def test_a_launcher_killed_while_the_first_deployment_is_made(rolling: Rolling) -> None:
    for stage in ("stack", "first provision", "ship"):
        with rolling.start("deploy", "--yes") as running:
            begun(rolling, running, stage)
            running.kill()
    rolling.check(rolling.deploy()["release"])


@pytest.fixture(scope="module")
def standing(rolling: Rolling) -> dict[str, Any]:
    """What serves when a drill begins."""
    return rolling.deploy()


@pytest.mark.parametrize("stage", ["images", "plan", "prepare", "replace", "switch", "finish"])
def test_a_launcher_killed_while_it_updates(rolling: Rolling, standing: dict[str, Any], stage: str) -> None:
    if stage == "replace":
        rolling.checkout.change("prometheus/prometheus.yml", "global:", "# killed\nglobal:")
    tag = rolling.checkout.mark(f"killed in {stage}")
    with somebody_posts(rolling, f"killed_{stage}", unnoticed=True):
        with rolling.start("deploy", "--yes") as running:
            begun(rolling, running, stage)
            running.kill()
        report = rolling.deploy()
    assert report["release"].endswith(tag)
    rolling.check(report["release"])


# Which host's connection is cut, and what becomes of it: in the roll-out every host goes back, and once the
# release serves, it stays.
CUTS = {
    "provision": ("app", ()),
    "ship": ("app", ()),
    "prepare": ("app", (AS_IT_WAS,)),
    "replace": ("tools", (AS_IT_WAS,)),
    "switch": ("app", ()),
}


@pytest.mark.parametrize("stage", CUTS)
def test_a_connection_cut_while_it_updates(rolling: Rolling, standing: dict[str, Any], stage: str) -> None:
    host, account = CUTS[stage]
    if stage == "provision":
        rolling.checkout.append("ec2/host/layout.sh", f"say '{FOLDERS}'\nsleep 1\n")
    if stage == "replace":
        rolling.checkout.change("prometheus/prometheus.yml", "global:", "# cut\nglobal:")
    tag = rolling.checkout.mark(f"cut in {stage}")
    with somebody_posts(rolling, f"cut_{stage}", unnoticed=True):
        with rolling.start("deploy", "--yes") as running:
            begun(rolling, running, stage)
            running.cut(rolling.instance(host)["PublicIpAddress"])
            refused(running.end(), running.said, f"the connection to {host} was cut", *account)
            print(running.said)
        report = rolling.deploy()
    assert report["release"].endswith(tag)
    rolling.check(report["release"])


def test_a_network_that_is_away_for_half_a_minute(rolling: Rolling, standing: dict[str, Any]) -> None:
    tag = rolling.checkout.mark("away")
    with somebody_posts(rolling, "away", unnoticed=True):
        with rolling.start("deploy", "--yes") as running:
            begun(rolling, running, "prepare")
            rolling.on("app", DROP.format(way="insert"))
            running.wait_to_say("going back to what ran before")
            rolling.on("app", DROP.format(way="delete"))
            refused(running.end(), running.said, "the connection to app was cut", AS_IT_WAS)
            print(running.said)
        report = rolling.deploy()
    assert report["release"].endswith(tag)
    rolling.check(report["release"])


def test_a_host_that_reboots_in_the_middle(rolling: Rolling, standing: dict[str, Any]) -> None:
    tag = rolling.checkout.mark("rebooted")
    with somebody_posts(rolling, "rebooted", unnoticed=False):
        with rolling.start("deploy", "--yes") as running:
            begun(rolling, running, "prepare")
            rolling.cloud.aws("ec2").reboot_instances(InstanceIds=[rolling.instance("app")["InstanceId"]])
            # Its engine goes before the connection, or after it.
            refused(running.end(), running.said, "app", AS_IT_WAS)
            print(running.said)
        report = rolling.deploy()
    assert report["release"].endswith(tag)
    rolling.check(report["release"])


def sick(rolling: Rolling) -> tuple[str, ...]:
    """Its health check never passes."""
    for path, (old, new) in SICK.items():
        rolling.checkout.change(path, old, new)
    return "microblog is running, unhealthy", "sick on purpose"


def migrates_badly(rolling: Rolling) -> tuple[str, ...]:
    """Its migration asks for a table that is not there."""
    versions = rolling.checkout.folder / "images/microblog/microblog/migrations/versions"
    newest = max(file.name for file in versions.glob("[0-9]*.py")).partition("_")[0]
    (versions / "9999_nowhere.py").write_text(MIGRATION.format(newest=newest))
    return "microblog is ", "The migration of the database microblog at mariadb failed", "nowhere"


@pytest.mark.parametrize("spoil", [sick, migrates_badly])
def test_a_release_that_never_gets_healthy(
    rolling: Rolling, standing: dict[str, Any], spoil: Callable[[Rolling], tuple[str, ...]]
) -> None:
    before = rolling.serving("app")
    with somebody_posts(rolling, spoil.__name__, unnoticed=True):
        with spoilt(rolling):
            words = spoil(rolling)
            tag = rolling.checkout.commit()
            print(rolling.fail(*words, "app: 'prepare' ended with status 1", AS_IT_WAS))
            last = rolling.releases()["entries"][-1]
            assert (last["commit"], last["outcome"]) == (tag, "failed")
        again = rolling("deploy", "--yes")
        assert "nothing to do" in again.stderr
    assert rolling.serving("tools") == before
    assert rolling.serving("app") == before


def test_hosts_of_another_architecture_are_refused_before_anything_begins(
    rolling: Rolling, standing: dict[str, Any]
) -> None:
    with spoilt(rolling):
        rolling.file.write_text(STACK_FILE.replace("t3.small", "t4g.small"))
        rolling.fail("hosts.app.instance_type", "an instance type of AWS for x86-64")
    assert rolling.deploy()["stack_outcome"] == "unchanged"


def test_a_resource_that_fails_when_the_stack_is_updated(rolling: Rolling, standing: dict[str, Any]) -> None:
    ec2 = rolling.cloud.aws("ec2")
    (key,) = ec2.describe_key_pairs(KeyNames=["rolling"], IncludePublicKey=True)["KeyPairs"]
    with somebody_posts(rolling, "updated", unnoticed=True):
        # Somebody tidied up by hand; hosts that run do not mind.
        ec2.delete_key_pair(KeyName="rolling")
        with spoilt(rolling):
            rolling.file.write_text(STACK_FILE + ONE_MORE)
            print(rolling.fail("MoreHost", "rolling"))
        ec2.import_key_pair(KeyName="rolling", PublicKeyMaterial=key["PublicKey"].encode())
        report = rolling.deploy()
    rolling.check(report["release"])


def test_a_lease_that_nobody_gives_back(rolling: Rolling, standing: dict[str, Any]) -> None:
    gone = Record("eve@elsewhere", 4711, "0123abc", "2026-05-01T11:58:00+00:00", lasts_seconds=40)
    take(rolling.cloud.aws("ssm"), "rolling", gone, print)
    again = rolling("deploy", "--yes")
    assert again.returncode == 0, again.stderr
    assert "eve@elsewhere (process 4711, commit 0123abc) has the lease; waiting until" in again.stderr
    assert re.search(r"the lease was taken from eve@elsewhere.*, silent for \d+ s", again.stderr)
    assert "nothing to do" in again.stderr


def test_every_host_stopped_and_started(rolling: Rolling, standing: dict[str, Any]) -> None:
    with somebody_posts(rolling, "stopped", unnoticed=False):
        for command in (["stop", "--yes"], ["start"]):
            done = rolling(*command)
            assert done.returncode == 0, done.stderr
        report = rolling.deploy()
    assert report["stack_outcome"] == "unchanged"
    rolling.check(report["release"])


@pytest.fixture(scope="module")
def small(rolling: Rolling, standing: dict[str, Any]) -> Iterator[SmallDisk]:
    """The app host's disk, for the last of the drills: a host that boots has its old one again."""
    disk = SmallDisk(rolling, "app")
    disk.begin()
    yield disk
    disk.end()
    rolling.deploy()


@pytest.mark.parametrize("stage", ["agreed", "prepare", "switch"])
def test_a_disk_that_fills_up_in_the_middle(rolling: Rolling, small: SmallDisk, stage: str) -> None:
    small.leave(ROOM_KIBIBYTES)
    tag = rolling.checkout.mark(f"full in {stage}")
    with somebody_posts(rolling, f"full_{stage}", unnoticed=True):
        with rolling.start("deploy", "--yes") as running:
            begun(rolling, running, stage)
            small.leave(0)
            ended = running.end()
            print(running.said)
        # A new side that was just there in time needs no more room.
        if ended or stage == "agreed":
            refused(ended, running.said, "app", "o space left on device")
            assert "going back did not succeed" not in running.said
        state = rolling("status")
        assert state.returncode == 0, state.stdout + state.stderr
        small.leave(ROOM_KIBIBYTES)
        report = rolling.deploy()
    assert report["release"].endswith(tag)
    rolling.check(report["release"])
