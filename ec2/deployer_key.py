"""The key with which the launcher logs in: one per stack, kept with its secrets, here only while used."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives import serialization

from compose.secret_files import ssh_key_pair


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
    """A folder with the key in it, for as long as the context lasts; only this user enters it."""
    with TemporaryDirectory(prefix="ec2-key-") as folder:
        file = Path(folder) / "key"
        file.touch(mode=0o600)
        file.write_text(key.private)
        yield Path(folder)
