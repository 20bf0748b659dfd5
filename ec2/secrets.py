"""The stack's secrets: made once, kept in the Parameter Store, given to the hosts of their role alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from compose.project import Service
from compose.secret_files import SECRETS


@dataclass(frozen=True)
class SecretFile:
    """A secret as the file SERVICE/NAME that its one reader opens."""

    service: str
    name: str
    value: str

    def __str__(self) -> str:
        """The file's path below the folder of secrets."""
        return f"{self.service}/{self.name}"

    def __repr__(self) -> str:
        """Without the value: it is in no log and in no message."""
        return f"SecretFile({self})"


def stored_secrets(
    ssm: Any, stack: str, services: Mapping[str, Service], keep: bool = True
) -> tuple[SecretFile, ...]:
    """Every secret of the stack, those that are missing made now; `ssm` is a boto3 client.

    What only a person can give is not made: its file says that it is not there. To look ahead, nothing that
    is made need be kept.
    """
    known = read_all(ssm, stack)
    for secret in SECRETS:
        names = [[parameter(stack, services, name) for name in group] for group in secret.files]
        missing = [one for group in names for one in group if one not in known]
        if not missing:
            continue
        found = [next((known[one] for one in group if one in known), None) for group in names]
        values = [str(value) for value in found] if None not in found else list(secret.make())
        if secret.given:
            known |= {one: value for group, value in zip(names, values, strict=True) for one in group}
            continue
        for group, value in zip(names, values, strict=True):
            for one in group:
                if keep and (one in missing or known[one] != value):
                    write(ssm, one, value)
                known[one] = value
    return tuple(
        secret_file(name, known[parameter(stack, services, name)])
        for secret in SECRETS
        for group in secret.files
        for name in group
    )


def secret_file(path: str, value: str) -> SecretFile:
    """The file SERVICE/NAME with its value."""
    service, _, name = path.partition("/")
    return SecretFile(service, name, value)


def parameter(stack: str, services: Mapping[str, Service], file: str) -> str:
    """Where a file's value is kept: below its role, since that is what a host's permissions name."""
    return f"/{stack}/{services[file.partition('/')[0]].roles[0]}/{file}"


def read_all(ssm: Any, stack: str) -> dict[str, str]:
    """Every parameter of the stack, decrypted."""
    pages = ssm.get_paginator("get_parameters_by_path").paginate(
        Path=f"/{stack}/", Recursive=True, WithDecryption=True
    )
    return {each["Name"]: each["Value"] for page in pages for each in page["Parameters"]}


def write(ssm: Any, name: str, value: str) -> None:
    """Keep a value, encrypted with the account's own key."""
    ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)


def forget_all(ssm: Any, stack: str, but: str) -> int:
    """Remove every secret of the stack, but nothing below that folder; how many there were."""
    names = [name for name in read_all(ssm, stack) if not name.startswith(f"{but}/")]
    for start in range(0, len(names), 10):
        # AWS takes ten at a time.
        ssm.delete_parameters(Names=names[start : start + 10])
    return len(names)


def of_services(files: Iterable[SecretFile], services: Iterable[str]) -> tuple[SecretFile, ...]:
    """What these services read."""
    wanted = set(services)
    return tuple(file for file in files if file.service in wanted)
