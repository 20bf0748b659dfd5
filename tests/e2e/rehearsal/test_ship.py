"""Images to three hosts: what crosses the uplink, what hosts give each other, what is refused beforehand."""

import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import docker
import pytest

from ec2 import aws, inventory
from ec2.deployer_key import deployer_key
from ec2.errors import NotFit, ShipFailed
from ec2.facts import to_send
from ec2.images import Image
from ec2.layers import layers
from ec2.preflight import Load, check_fit, survey
from ec2.provision import provision
from ec2.reach import reached
from ec2.relay import relay
from ec2.roles import RELAY
from ec2.settings import parse_settings
from ec2.ship import Shipped, ship_images
from ec2.ssh import Session
from ec2.stack import Stack
from ec2.template.build import as_json, build_template
from ec2.template.parameters import launch_parameters
from ec2.zones import zones_of
from tests.e2e.rehearsal.conftest import Cloud, opens
from tests.waiting import PATIENCE

STACK_FILE = """
name = "ship"
region = "us-east-1"
admin = "my address"
network = "10.217.0.0/16"

[hosts.app]
roles = ["app", "database"]
instance_type = "t3.small"
zone = 1
data_volumes_gib = { database = 1 }

[hosts.jenkins]
roles = ["jenkins"]
instance_type = "t3.small"
zone = 1
data_volumes_gib = { jenkins = 1 }

[hosts.monitoring]
roles = ["monitoring"]
instance_type = "t3.small"
zone = 2
data_volumes_gib = { monitoring = 1 }
"""
SHARED_BYTES, OWN_BYTES = 12_000_000, 4_000_000
# What SSH, HTTP and TCP add to content; and what is said to a host that is sent nothing.
OVERHEAD, TALK_BYTES = 1.06, 400_000
FAILS_WITHIN_SECONDS = 150
LISTENING = "ss --no-header --listening --tcp --numeric | awk '{ print $4 }' | sort"


@dataclass(frozen=True)
class Standing:
    """A stack whose hosts are provisioned and have no image, and a way to them that is not the launcher's."""

    cloud: Cloud
    sessions: list[Session]

    def inside(self, session: Session, lines: str) -> str:
        """What shell lines print on a host, said by Docker and not by SSH."""
        container = self.cloud.containers.container(session.host.instance_id)
        status, said = container.exec_run(["sh", "-c", lines])
        assert status == 0, f"{lines}: {said.decode()}"
        return str(said.decode().strip())

    def everywhere(self, lines: str) -> dict[str, str]:
        return {session.host.name: self.inside(session, lines) for session in self.sessions}

    def received(self) -> dict[str, int]:
        """How many bytes have come to each host's sshd over the connections that are there."""
        said = self.everywhere("ss --no-header --info --tcp --numeric state established sport = :22")
        return {name: sum(map(int, re.findall(r"bytes_received:(\d+)", text))) for name, text in said.items()}

    def holds(self, image: Image) -> dict[str, bool]:
        """Which hosts have the image under its name."""
        asked = f"docker image inspect --format '{{{{.Id}}}}' {image.name} 2>&1 || true"
        return {name: said == image.id for name, said in self.everywhere(asked).items()}

    def ship(self, *images: Image) -> Shipped:
        """Ship the images to every host."""
        return ship_images(dict.fromkeys(self.sessions, images), survey(self.sessions), print)


@pytest.fixture(scope="module")
def standing(cloud: Cloud) -> Iterator[Standing]:
    with pytest.MonkeyPatch.context() as environment:
        for key, value in cloud.environment.items():
            environment.setenv(key, value)
        settings = parse_settings(STACK_FILE, "stack.toml")
        clients = aws.connect(settings.region)
        key = deployer_key(clients("ssm"), settings.name)
        stack = Stack(settings.name, clients("cloudformation"), print)
        admin = settings.admin_cidrs(aws.my_address())
        zones = zones_of(clients("ec2"), settings, {})
        parameters = launch_parameters(settings, key.public, admin, zones, {})
        plan = stack.plan(as_json(build_template(settings)), parameters, {"Stack": settings.name})
        hosts = inventory.hosts(stack.launch(plan).outputs)
        with reached(hosts, clients, key) as sessions:
            provision(sessions, print)
            yield Standing(cloud, sessions)
        cloud.delete(settings.name)


Build = Callable[..., Image]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A layer that several images have."""
    return os.urandom(SHARED_BYTES)


@pytest.fixture
def build(engine: docker.DockerClient, shared: bytes, tmp_path: Path) -> Iterator[Build]:
    """Builds an image of the shared layer and one of its own, which nobody has seen before."""
    built = []

    def image(name: str, own_bytes: int = OWN_BYTES, platform: str = "linux/amd64") -> Image:
        (tmp_path / "shared").write_bytes(shared)
        os.utime(tmp_path / "shared", (0, 0))
        (tmp_path / "own").write_bytes(os.urandom(own_bytes))
        (tmp_path / "Dockerfile").write_text('FROM scratch\nCOPY shared /\nCOPY own /\nCMD ["/none"]\n')
        tagged = f"shipped/{name}:{uuid4().hex[:12]}"
        words = ["docker", "build", "--quiet", "--platform", platform, "--tag", tagged, str(tmp_path)]
        subprocess.run(words, capture_output=True, check=True)
        built.append(tagged)
        found = engine.images.get(tagged)
        held = layers(found.attrs["RootFS"]["Layers"], found.history(), found.attrs["Size"])
        return Image(name, tagged, str(found.id), found.attrs["Architecture"], found.attrs["Size"], held)

    yield image
    for tagged in built:
        engine.images.remove(tagged, force=True)


def test_three_hosts_are_fed_over_the_uplink_once_and_nothing_listens_afterwards(
    standing: Standing, build: Build
) -> None:
    images, listening = (build("app"), build("web")), standing.everywhere(LISTENING)
    content = SHARED_BYTES + 2 * OWN_BYTES
    for facts in survey(standing.sessions).values():
        assert to_send(images, facts).bytes == content
    before = standing.received()
    shipped = standing.ship(*images)
    came = {name: after - before[name] for name, after in standing.received().items()}
    print(f"uplink {shipped.uplink_bytes:,}, between {shipped.between_bytes:,}, to each host by SSH {came}")
    names = tuple(image.name for image in images)
    assert shipped.pulled == dict.fromkeys(("app", "jenkins", "monitoring"), names)
    for image in images:
        assert all(standing.holds(image).values())
    # As the registry counts it, and as each host's own sshd does.
    assert content < shipped.uplink_bytes < content * OVERHEAD
    *others, fed = sorted(came.values())
    assert content < fed < content * OVERHEAD
    assert max(others) < TALK_BYTES
    assert 2 * content < shipped.between_bytes < 2 * content * OVERHEAD
    assert standing.everywhere(LISTENING) == listening
    assert standing.everywhere("pgrep --full --count ec2.host. || true") == dict.fromkeys(came, "1")
    assert standing.everywhere(
        "docker image ls --digests --format '{{.Repository}} {{.Digest}}' | sort -u"
    ) == (dict.fromkeys(came, "shipped/app <none>\nshipped/web <none>"))


def test_with_nothing_to_send_no_registry_starts(
    standing: Standing, build: Build, engine: docker.DockerClient, capsys: pytest.CaptureFixture[str]
) -> None:
    image = build("app")
    standing.ship(image)
    facts, began = survey(standing.sessions), int(time.time())
    assert all(to_send([image], known).layers == 0 for known in facts.values())
    capsys.readouterr()
    again = ship_images({session: [image] for session in standing.sessions}, facts, print)
    assert again == Shipped({})
    past = engine.events(since=began, until=int(time.time()) + 1, decode=True)
    assert [
        event["Action"] for event in past if event["Type"] == "container" and event["Action"] == "create"
    ] == []
    assert capsys.readouterr().out == "every host has its images\n"


def test_one_host_that_lacks_something_is_sent_the_changed_layer_by_itself(
    standing: Standing, build: Build
) -> None:
    standing.ship(build("app"))
    changed = build("app")
    first, *rest = standing.sessions
    facts = survey(standing.sessions)
    shipped = ship_images({first: [changed], **{session: [] for session in rest}}, facts, print)
    assert shipped.pulled == {first.host.name: (changed.name,)}
    assert shipped.between_bytes == 0
    assert OWN_BYTES < shipped.uplink_bytes < OWN_BYTES * OVERHEAD
    assert [name for name, held in standing.holds(changed).items() if held] == [first.host.name]


def test_while_it_listens_the_relay_is_reached_by_hosts_and_by_nobody_else(standing: Standing) -> None:
    first, other, third = standing.sessions
    place = f"{first.host.private_address}/{RELAY.port}"
    ask = f'timeout 3 bash -c "</dev/tcp/{place}" 2>/dev/null && echo reached || true'
    with relay(first, "127.0.0.1:9", feed=place.replace("/", ":")):
        assert [standing.inside(host, ask) for host in (other, third)] == ["reached", "reached"]
        assert not opens(first.host.address, RELAY.port)
    assert [standing.inside(host, ask) for host in (other, third)] == ["", ""]


def test_a_host_that_stops_feeding_is_named_and_nobody_waits_for_ever(
    standing: Standing, build: Build
) -> None:
    image, done = build("app", own_bytes=80_000_000), threading.Event()

    def stop_the_relay() -> None:
        """Once it has said that it listens: at another port, too."""
        listening = "ss --no-header --listening --tcp --numeric --processes"
        feeding = f"{listening} sport = :{RELAY.port} | sed -n 's/.*pid=\\([0-9]*\\).*/\\1/p'"
        ready = f'test "$({listening} | grep --count "pid=$process,")" -gt 1'
        while not done.wait(0.05):
            standing.everywhere(f'for process in $({feeding}); do {ready} && kill "$process"; done; true')

    stopping, started = threading.Thread(target=stop_the_relay), time.monotonic()
    stopping.start()
    try:
        with pytest.raises(ShipFailed) as caught:
            standing.ship(image)
    finally:
        done.set()
        stopping.join()
    print(f"{time.monotonic() - started:.1f} s: {caught.value.message}")
    assert time.monotonic() - started < FAILS_WITHIN_SECONDS * PATIENCE
    assert re.search(r"\w+ fed the others until its relay ended", caught.value.message)
    assert set(standing.ship(image).pulled) <= {"app", "jenkins", "monitoring"}
    assert all(standing.holds(image).values())


def test_images_for_another_architecture_are_refused_for_every_host(standing: Standing, build: Build) -> None:
    image = build("app", platform="linux/arm64")
    loads = {session.host.name: Load([image], []) for session in standing.sessions}
    with pytest.raises(NotFit) as caught:
        check_fit(loads, survey(standing.sessions))
    assert caught.value.message.splitlines() == [
        f"{name}: the images are for arm64, the host is amd64" for name in ("app", "jenkins", "monitoring")
    ]


@contextmanager
def small_disk(standing: Standing, session: Session, mebibytes: int) -> Iterator[None]:
    """Docker on the host keeps its images on a disk of that size meanwhile."""
    stop = "systemctl stop docker.socket docker.service && "
    # systemd counts starts, and this is not the trouble that it looks for.
    start = " && systemctl reset-failed docker.service && systemctl start docker.service"
    standing.inside(session, f"{stop}mount -t tmpfs -o size={mebibytes}m small /var/lib/docker{start}")
    yield
    standing.inside(session, f"{stop}umount /var/lib/docker{start}")


def test_a_disk_that_is_too_small_is_refused_for_its_host_alone(standing: Standing, build: Build) -> None:
    image, (_, jenkins, _) = build("app"), standing.sessions
    loads = {session.host.name: Load([image], []) for session in standing.sessions}
    with small_disk(standing, jenkins, 1030), pytest.raises(NotFit) as caught:
        check_fit(loads, survey(standing.sessions))
    assert caught.value.message == (
        "jenkins: 1.0 GiB of its disk must be free for the new images, 1.0 GiB are"
    )
    assert "root_volume_gib of jenkins" in caught.value.hint
    check_fit(loads, survey(standing.sessions))


def test_an_engine_that_does_not_answer_is_named_with_its_complaint(standing: Standing, build: Build) -> None:
    monitoring = standing.sessions[2]
    standing.inside(monitoring, "systemctl stop docker.socket docker.service")
    with pytest.raises(NotFit) as caught:
        check_fit({"monitoring": Load([build("app")], [])}, survey([monitoring]))
    standing.inside(monitoring, "systemctl start docker.service")
    assert caught.value.message.startswith("monitoring: Docker does not answer: Cannot connect")
