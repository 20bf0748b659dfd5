"""Images to hosts: every digest on every host that needs it, each layer over our uplink once, nothing left.

A host reaches the registry on this machine through the connection that is there anyway. Where several hosts
lack something one of them feeds the others, so that what they share comes from here once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from compose.build import Say
from ec2.errors import LauncherError, ShipFailed
from ec2.everywhere import everywhere
from ec2.facts import Facts, feeder
from ec2.host_scripts import host_script
from ec2.images import Image
from ec2.registry import Registry, open_registry
from ec2.relay import Relay, relay
from ec2.roles import RELAY
from ec2.ssh import Session


@dataclass(frozen=True)
class Shipped:
    """What went to which host, names of images by name of host, and the bytes that it took.

    What crossed our uplink is all that the registry sent, protocol too; between hosts content alone counts.
    """

    pulled: Mapping[str, tuple[str, ...]]
    uplink_bytes: int = 0
    between_bytes: int = 0


@dataclass(frozen=True)
class Parcel:
    """An image that a host lacks, and the digest under which the registry has it."""

    image: Image
    digest: str


def ship_images(wanted: Mapping[Session, Sequence[Image]], facts: Mapping[str, Facts], say: Say) -> Shipped:
    """Have each host hold its images; the facts, by name of host, say which are there already.

    Raises ShipFailed or one error that names every host that failed.
    """
    lacking = {
        session: lacks
        for session, images in wanted.items()
        if (lacks := facts[session.host.name].lacks(images))
    }
    if not lacking:
        say("every host has its images")
        return Shipped({})
    with open_registry() as registry:
        parcels = push(registry, lacking, say)
        before = registry.sent_bytes()
        pulled, between = pull_everywhere(registry, parcels, facts, say)
        return Shipped(pulled, registry.sent_bytes() - before, between)


def push(
    registry: Registry, lacking: Mapping[Session, Sequence[Image]], say: Say
) -> dict[Session, list[Parcel]]:
    """Have in the registry what any host lacks."""
    digests: dict[str, str] = {}
    for image in (image for images in lacking.values() for image in images):
        if image.id not in digests:
            say(f"preparing {image.name}")
            digests[image.id] = registry.push(image)
    return {
        session: [Parcel(image, digests[image.id]) for image in images] for session, images in lacking.items()
    }


def pull_everywhere(
    registry: Registry, parcels: Mapping[Session, Sequence[Parcel]], facts: Mapping[str, Facts], say: Say
) -> tuple[dict[str, tuple[str, ...]], int]:
    """Have each host pull its parcels; what it pulled, and the bytes that hosts gave each other."""
    by_name = {session.host.name: session for session in parcels}
    first = by_name[feeder(by_name, facts)]
    with first.reverse_forward(0, registry.port) as port:
        if len(parcels) == 1:
            return {first.host.name: pull(first, f"127.0.0.1:{port}", parcels[first], say)}, 0
        address = f"{first.host.private_address}:{RELAY.port}"
        with relay(first, f"127.0.0.1:{port}", feed=address) as feeding:
            pulled = fan_out(first, feeding, address, parcels, say)
        return pulled, feeding.given


def fan_out(
    first: Session, feeding: Relay, address: str, parcels: Mapping[Session, Sequence[Parcel]], say: Say
) -> dict[str, tuple[str, ...]]:
    """Have every host pull from the first one, it too."""

    def pull_from_first(session: Session) -> tuple[str, ...]:
        if session is first:
            return pull(first, feeding.address, parcels[first], say)
        with relay(session, address) as near:
            return pull(session, near.address, parcels[session], say)

    say(f"{first.host.name} feeds the other hosts")
    try:
        pulled = everywhere(list(parcels), pull_from_first)
    except LauncherError as error:
        raise not_fed(first, feeding, error) from error
    return {session.host.name: names for session, names in zip(parcels, pulled, strict=True)}


def not_fed(first: Session, feeding: Relay, error: LauncherError) -> ShipFailed:
    """What failed, and what the host that feeds said of it."""
    how = "fed the others" if feeding.held.running else "fed the others until its relay ended"
    said = "".join(f"\n    {line}" for line in list(feeding.held.last)[1:])
    return ShipFailed(f"{error.message}\n{first.host.name} {how}{said and ':'}{said}", error.hint)


def pull(session: Session, address: str, parcels: Sequence[Parcel], say: Say) -> tuple[str, ...]:
    """Have one host pull from there what it lacks; the names of that."""
    arguments = [word for parcel in parcels for word in (parcel.image.name, parcel.image.id, parcel.digest)]
    printed = session.run(
        host_script("pull.sh"),
        arguments=[address, *arguments],
        sudo=True,
        what="pulling images",
        on_line=lambda line: say(f"{session.host.name}: {line}"),
    )
    return tuple(printed.split())
