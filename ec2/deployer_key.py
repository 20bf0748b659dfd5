"""The key with which the launcher logs in: one per stack, kept with its secrets, here only while used."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from cryptography.hazmat.primitives import serialization

from compose.secret_files import ssh_key_pair
from ec2.this_process import start_of

PREFIX = "ec2-key-"


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
    with TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-") as folder:
        file = Path(folder) / "key"
        file.touch(mode=0o600)
        file.write_text(key.private)
        yield Path(folder)


def forget_abandoned(temporary: Path) -> None:
    """Remove the keys of processes that are gone."""
    for folder in temporary.glob(f"{PREFIX}*-*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not start_of(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)
