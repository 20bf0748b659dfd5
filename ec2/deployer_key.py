"""The key with which the launcher logs in: one per stack, kept with its secrets, here only while used."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from cryptography.hazmat.primitives import serialization

from compose.secret_files import ssh_key_pair

PREFIX = "ec2-key-"
# In a key's folder: locked while its launcher lives, as containers that share the folder see, too.
HELD = "held"


@dataclass(frozen=True)
class DeployerKey:
    """The private half, as OpenSSH writes it."""

    private: str

    @property
    def public(self) -> str:
        """The public half as a line of OpenSSH's."""
        key = serialization.load_ssh_private_key(self.private.encode(), None)
        line = key.public_key().public_bytes(
            serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        )
        return line.decode()

    def __repr__(self) -> str:
        """Without the key."""
        return "DeployerKey()"


def parameter(stack: str) -> str:
    """Where it is kept; no host may read there."""
    return f"/{stack}/deployer/ssh_key"


def deployer_key(ssm: Any, stack: str) -> DeployerKey:
    """The stack's key, made when there is none yet; `ssm` is a boto3 client."""
    name = parameter(stack)
    try:
        return DeployerKey(ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        private, _ = ssh_key_pair()
        ssm.put_parameter(Name=name, Value=private, Type="SecureString")
        return DeployerKey(private)


@contextmanager
def on_disk(key: DeployerKey) -> Iterator[Path]:
    """A folder with the key in it, for as long as the context lasts; only this user enters it.

    Folders of launchers that were killed go, too.
    """
    forget_abandoned(Path(gettempdir()))
    with TemporaryDirectory(prefix=PREFIX) as folder, held(Path(folder)):
        file = Path(folder) / "key"
        file.touch(mode=0o600)
        file.write_text(key.private)
        yield Path(folder)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Let others see meanwhile that the folder is in use."""
    new = folder / "new"
    with new.open("wb") as file:
        # Not every file system has locks; nobody takes a folder for abandoned there.
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Under its name only once it is locked.
        new.rename(folder / HELD)
        yield


def forget_abandoned(temporary: Path) -> None:
    """Remove the keys of launchers that are gone."""
    for folder in temporary.glob(f"{PREFIX}*"):
        if is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)


def is_abandoned(folder: Path) -> bool:
    """Whether somebody held the folder, and nobody does any more."""
    try:
        with (folder / HELD).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
