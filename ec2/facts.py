"""What a host says of itself before anything is sent to it, and what it would be sent; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ec2.images import Image
from ec2.layers import Layer

# What a kernel calls its architecture, and what Docker does.
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
# An image's layers up to one of them: the engine knows a layer by all that is below it.
Chain = tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """A host as survey.sh found it; `docker` is why its engine does not answer, or nothing."""

    architecture: str
    clock_off_seconds: float
    memory_bytes: int
    free_bytes: int
    docker: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    chains: frozenset[Chain] = frozenset()

    def lacks(self, images: Iterable[Image]) -> tuple[Image, ...]:
        """Those of the images that the host does not have under their names."""
        return tuple(image for image in images if self.names.get(image.name) != image.id)


@dataclass(frozen=True)
class Sending:
    """What would be sent: how many layers, and their unpacked bytes."""

    layers: int
    bytes: int


def to_send(images: Iterable[Image], facts: Facts) -> Sending:
    """What a host would be sent to have the images: the layers that it lacks, each once."""
    lacking = {
        chain: layer.bytes
        for image in facts.lacks(images)
        for chain, layer in chains(image.layers)
        if chain not in facts.chains
    }
    return Sending(len(lacking), sum(lacking.values()))


def chains(layers: Sequence[Layer]) -> Iterable[tuple[Chain, Layer]]:
    """Each layer with all that is below it."""
    digests = tuple(layer.digest for layer in layers)
    return ((digests[: number + 1], layer) for number, layer in enumerate(layers))


def read_facts(printed: str, started: float, ended: float) -> Facts:
    """What survey.sh printed between these two moments of our clock."""
    said: dict[str, list[str]] = {}
    for line in printed.splitlines():
        key, _, value = line.partition(" ")
        said.setdefault(key, []).append(value)
    (machine,) = said["architecture"]
    images = [value.split(" ") for value in said.get("image", ())]
    return Facts(
        architecture=ARCHITECTURES.get(machine, machine),
        clock_off_seconds=clock_off(float(said["time"][0]), started, ended),
        memory_bytes=int(said["memory_kib"][0]) * 1024,
        free_bytes=int(said["free_bytes"][0]),
        docker="\n".join(said.get("docker", ())),
        names={name: identity for identity, names, _ in images for name in names.split(",") if name},
        chains=frozenset(chain for _, _, digests in images for chain in growing(digests.split(","))),
    )


def growing(digests: Sequence[str]) -> Iterable[Chain]:
    """Every beginning of the digests."""
    return (tuple(digests[: number + 1]) for number in range(len(digests)))


def clock_off(told: float, started: float, ended: float) -> float:
    """By how many seconds at least a clock is ahead that told this time between two moments of ours."""
    return max(told - ended, 0.0) + min(told - started, 0.0)


def feeder(hosts: Iterable[str], facts: Mapping[str, Facts]) -> str:
    """Which of these hosts passes on to the others what they lack: the one with the most room."""
    return max(sorted(hosts), key=lambda host: facts[host].free_bytes)
