"""Secrets as files, a folder per service: made on first use, never printed, for their reader only."""

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EACCES
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compose.errors import PreflightFailed
from compose.project import Service


@dataclass(frozen=True)
class Secret:
    """Values made together, and for each value the files that carry it, as SERVICE/NAME."""

    make: Callable[[], tuple[str, ...]]
    files: tuple[tuple[str, ...], ...]

    @property
    def given(self) -> bool:
        """Whether only a person can give it: what is made holds its place until then."""
        return self.make in (nothing_yet, no_key)


# As images/alertmanager/entrypoint knows it.
UNSET = "unset"


def nothing_yet() -> tuple[str]:
    """The place of a value that a person gives: Compose wants a file."""
    return (UNSET,)


def no_key() -> tuple[str]:
    """The place of a key that nobody needs to give, as scans/dependency_check.py knows it."""
    return ("none",)


def password() -> tuple[str]:
    """256 bits as 43 letters, digits, - and _: safe in SQL, URLs and YAML without quoting."""
    return (secrets.token_urlsafe(32),)


def ssh_key_pair() -> tuple[str, str]:
    """An Ed25519 private key in OpenSSH's format and its public half as one line."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return private.decode(), public.decode() + "\n"


def private_key() -> tuple[str]:
    """The private half alone; whoever holds it tells the other."""
    return (ssh_key_pair()[0],)


SECRETS = (
    Secret(password, (("microblog/secret_key",),)),
    # The owners of mail servers and of a Slack-compatible webhook give these.
    Secret(nothing_yet, (("microblog/mail_password",),)),
    Secret(nothing_yet, (("alertmanager/smtp_password",),)),
    Secret(nothing_yet, (("alertmanager/slack_webhook",),)),
    Secret(nothing_yet, (("jenkins/smtp_password",),)),
    Secret(password, (("microblog/database_password", "mariadb/microblog_password"),)),
    Secret(password, (("mysqld_exporter/database_password", "mariadb/exporter_password"),)),
    Secret(password, (("grafana/admin_password",),)),
    Secret(password, (("grafana/secret_key",),)),
    Secret(password, (("jenkins/jenkins_admin_password",),)),
    Secret(password, (("jenkins/jenkins_prometheus_password", "prometheus/jenkins_password"),)),
    # Whoever has a key of the NVD's gives it.
    Secret(no_key, (("jenkins/nvd_api_key",),)),
    Secret(private_key, (("jenkins/git_private_key",),)),
    Secret(ssh_key_pair, (("jenkins_agent/agent_host_key",), ("jenkins/agent_host_public_key",))),
    Secret(ssh_key_pair, (("jenkins/agent_private_key",), ("jenkins_agent/agent_authorized_key",))),
)

# Whoever owns the folder writes them.
GIVEN = frozenset(name for secret in SECRETS if secret.given for names in secret.files for name in names)


def place_secrets(folder: Path, services: Iterable[Service]) -> list[str]:
    """Have every secret in the folder, each readable for its reader; the files that were made.

    Raises PreflightFailed where the folder cannot be read or written, or a file is empty.
    """
    with usable(folder):
        made = make_missing(folder)
        hand_to_readers(services)
    return made


@contextmanager
def usable(folder: Path) -> Iterator[None]:
    """Work on the files; PreflightFailed names the one that the machine does not let us have."""
    try:
        yield
    except OSError as error:
        # A write to a full disk names none.
        file = Path(error.filename or folder)
        mend = f"sudo chown --recursive $USER {folder}, or repeat the command as the user who made it"
        raise PreflightFailed(
            f"{reader_of(file, folder)}: cannot use the secret file {file}: {error.strerror}",
            mend if isinstance(error, PermissionError) else f"df {folder.parent}, then repeat the command",
        ) from error


def make_missing(folder: Path) -> list[str]:
    """Make every secret that has no file yet. A value that one reader has goes to the others."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # It may have been there, open to others, and what is in it may be readable: see hand_to_readers.
    folder.chmod(0o700)
    return [name for secret in SECRETS for name in complete(secret, folder)]


def complete(secret: Secret, folder: Path) -> list[str]:
    """Write the files of one secret that are missing; their names."""
    missing = [name for names in secret.files for name in names if not present(folder / name, folder)]
    if not missing:
        return []
    known = [known_value(names, folder) for names in secret.files]
    values = known if all(known) else secret.make()
    for names, value in zip(secret.files, values, strict=True):
        for name in names:
            write_secret(folder / name, value)
    return missing


def present(file: Path, folder: Path) -> bool:
    """Whether the file holds something. Raises PreflightFailed for an empty one: its value was lost."""
    if not file.exists():
        return False
    if file.stat().st_size == 0:
        raise PreflightFailed(
            f"{reader_of(file, folder)}: the secret file {file} is empty",
            f"put the value back, or remove the file to have a new one made: rm {file}",
        )
    return True


def known_value(names: Iterable[str], folder: Path) -> str:
    """The value one of the files already has, or ""."""
    return next(((folder / name).read_text() for name in names if (folder / name).exists()), "")


def write_secret(file: Path, value: str) -> None:
    """Write the value in one step, so that an interruption leaves no half of it."""
    file.parent.mkdir(mode=0o700, exist_ok=True)
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o400), "w") as opened:
        opened.write(value)
    draft.replace(file)


def hand_to_readers(services: Iterable[Service]) -> None:
    """Let each service read its own files, and nobody else's.

    Compose ignores `uid` and `mode` of file secrets: what counts is the file on this machine. Root gives it
    to the service's uid; anybody else cannot, and opens it inside a folder that only they can enter, where
    they can write what only a person can give.
    """
    for service in services:
        for file in service.secret_files:
            if os.geteuid() == 0:
                os.chown(file, service.uid, service.gid)
                file.chmod(0o400)
            else:
                file.chmod(0o644 if "/".join(file.parts[-2:]) in GIVEN else 0o444)


def remove_all(folder: Path) -> None:
    """Remove the files that this module makes, and the folders that are empty then.

    Raises PreflightFailed where one cannot be removed.
    """
    with usable(folder):
        for file in every_file(folder):
            file.unlink(missing_ok=True)
        for emptied in [*folder.glob("*/"), folder]:
            if emptied.is_dir() and not any(emptied.iterdir()):
                emptied.rmdir()


def check_removable(folder: Path) -> None:
    """Raise PreflightFailed where this user may not remove what remove_all removes."""
    with usable(folder):
        if not folder.exists():
            return
        for place in (folder.parent, folder, *{file.parent for file in every_file(folder)}):
            if place.exists() and not os.access(place, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError(EACCES, os.strerror(EACCES), str(place))


def every_file(folder: Path) -> list[Path]:
    """What this module makes in the folder, whether or not it is there."""
    return [folder / name for secret in SECRETS for names in secret.files for name in names]


def reader_of(file: Path, folder: Path) -> str:
    """The service whose folder the file is in."""
    return file.relative_to(folder).parts[0] if file.is_relative_to(folder) and file != folder else "secrets"
