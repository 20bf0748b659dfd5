"""Take, write and load: moto's models of every service in use, and what the caller adds, in one pickle.

One, because they share objects: an Auto Scaling group holds the very instances that EC2 holds.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.backends import get_backend
from moto.core.base_backend import BackendDict

from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.settings import Rehearsal
from ec2.rehearsal.snapshot import sealed
from ec2.rehearsal.snapshot.bodies import Bodies
from ec2.rehearsal.snapshot.reducers import Pickler, Unpickler

# Ours takes the place of the first; the second is moto's own dashboard.
NOT_KEPT = {"cloudformation", "moto_api"}
# What a BackendDict is by birth; anything beyond, such as S3's names of buckets, is its state.
BY_BIRTH = {"backend", "service_name", "_use_boto3_regions", "_additional_regions", "_id"}
# A reader may add a region or a default while we walk.
ATTEMPTS = 5


@dataclass(frozen=True)
class Picture:
    """The cloud at one moment, not on disk yet; without the services whose models cannot be pickled."""

    payload: bytes
    bodies: Bodies
    left_out: tuple[str, ...] = ()


def take(rehearsal: Rehearsal, additions: Mapping[str, object]) -> Picture:
    """Take the cloud as it is now, without a write to the disk.

    To be called while no request changes anything; requests that read may go on. Raises RehearsalError for an
    addition that cannot be pickled.
    """
    bodies = Bodies(rehearsal.state / "objects")
    in_use: list[Any] = list(vars(BackendDict)["_instances"])
    kept = {each.service_name: each for each in in_use if each.service_name not in NOT_KEPT}
    left_out: list[str] = []
    try:
        payload = pickled(kept, additions, bodies)
    except OSError as error:  # a body that cannot be read is no reason to leave out S3 with its objects
        raise failed(error) from error
    except Exception:  # whatever a model's own code raises
        left_out = [name for name, each in kept.items() if not can_be_pickled(name, each, bodies)]
        kept = {name: each for name, each in kept.items() if name not in left_out}
        payload = pickled_or_refused(kept, additions, bodies)
    return Picture(payload, bodies, tuple(left_out))


def write(rehearsal: Rehearsal, picture: Picture) -> None:
    """Write a picture to disk, whole or not at all; what came since may go on meanwhile.

    Raises RehearsalError when the disk is full.
    """
    rehearsal.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        picture.bodies.write()
    except OSError as error:
        raise failed(error) from error
    sealed.write(file(rehearsal), picture.payload)
    picture.bodies.forget_others()


def load(rehearsal: Rehearsal) -> dict[str, Any] | None:
    """Make this process the cloud that was saved, and give what its saver added; None when none was saved.

    To be called before anything is answered. Raises RehearsalError when what is there cannot be trusted or
    understood: another version of moto, a damaged file, a file of somebody else.
    """
    if not file(rehearsal).exists():
        return None
    payload = sealed.read(file(rehearsal))
    try:
        known = Unpickler(io.BytesIO(payload), Bodies(rehearsal.state / "objects")).load()
    except (
        Exception
    ) as error:  # its seal is whole, so this is code that has changed, or an object's lost body
        raise RehearsalError(
            f"{file(rehearsal)} cannot be loaded: {type(error).__name__}: {error}", sealed.HINT
        ) from error
    for service, state in known["services"].items():
        restore(get_backend(service), state)
    additions: dict[str, Any] = known["additions"]
    return additions


def file(rehearsal: Rehearsal) -> Path:
    """Where it lies; only root reads it."""
    return rehearsal.state / "snapshot"


def pickled(services: Mapping[str, Any], additions: Mapping[str, object], bodies: Bodies) -> bytes:
    """One pickle of it all; again if a reader changed a dictionary under us."""
    for attempt in range(ATTEMPTS):
        written = io.BytesIO()
        states = {name: state_of(each) for name, each in services.items()}
        try:
            Pickler(written, bodies).dump({"services": states, "additions": dict(additions)})
        except RuntimeError:
            if attempt == ATTEMPTS - 1:
                raise
            continue
        return written.getvalue()
    raise AssertionError("unreachable")


def pickled_or_refused(services: Mapping[str, Any], additions: Mapping[str, object], bodies: Bodies) -> bytes:
    """The same, with what is wrong as a sentence."""
    try:
        return pickled(services, additions, bodies)
    except OSError as error:
        raise failed(error) from error
    except Exception as error:  # whatever an addition's own code raises
        raise RehearsalError(f"the cloud could not be saved: {type(error).__name__}: {error}") from error


def failed(error: OSError) -> RehearsalError:
    """The disk's own refusal as a sentence."""
    return RehearsalError(f"the cloud could not be saved: {error}", "free some disk space")


def can_be_pickled(name: str, service: Any, bodies: Bodies) -> bool:
    """Whether a service's models let themselves be written."""
    try:
        pickled({name: service}, {}, bodies)
    except Exception:  # whatever a model's own code raises
        return False
    return True


def state_of(service: Any) -> dict[str, Any]:
    """A service's models by account and region, and what it keeps beside them."""
    return {
        "accounts": {account: dict(regions.items()) for account, regions in list(service.items())},
        "beside": {name: value for name, value in vars(service).items() if name not in BY_BIRTH},
    }


def restore(service: Any, state: Mapping[str, Any]) -> None:
    """Put the models where every module of moto looks for them: into the dictionaries that exist."""
    service.clear()
    for account, regions in state["accounts"].items():
        for region, backend in regions.items():
            service[account][region] = backend
    for name, value in state["beside"].items():
        setattr(service, name, value)
