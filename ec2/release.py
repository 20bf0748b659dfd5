"""A release: what one host is given, as one archive; pure."""

import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from compose.project import HERE, Service
from ec2.images import Built
from ec2.inventory import Host
from ec2.secrets import SecretFile, of_services

ROOT = "/srv/stack"
RELEASES = f"{ROOT}/releases"
STORED_SECRETS = f"{ROOT}/secrets"
COMPOSE_FILES = ("compose.yaml", "compose.ec2.yaml")
# Which image each service runs; the first file names them by the commit.
IMAGES_FILE = "compose.images.yaml"
PROJECT = "microblog"


@dataclass(frozen=True)
class Release:
    """What is rolled out: its id, its images, and what every service is told."""

    id: str
    stack: str
    region: str
    endpoint: str
    built: Built
    secrets: tuple[SecretFile, ...]
    # Where an app host finds the database when it has none of its own.
    database_address: str = ""
    # What Jenkins is told, as variables of the compose file.
    pipeline: Mapping[str, str] = field(default_factory=dict)
    # What services are told beyond that, as the compose file calls it.
    told: Mapping[str, str] = field(default_factory=dict)

    def services_on(self, host: Host) -> tuple[str, ...]:
        """The services that run on a host: those of its roles and those of every role."""
        return tuple(
            name
            for name, service in self.built.services.items()
            if name not in self.built.left_out and (not service.roles or set(service.roles) & set(host.roles))
        )

    def environment(self, host: Host) -> str:
        """The variables of the compose file, as its .env file."""
        absent = [name for name, service in self.built.services.items() if name in self.built.left_out]
        values = {
            "TAG": self.built.tag,
            "REVISION": self.built.tag,
            "STACK": self.stack,
            "AWS_REGION": self.region,
            "AWS_ENDPOINT_URL": self.endpoint,
            "PRIVATE_ADDRESS": host.private_address,
            "HOST_NAME": host.name,
            "DATABASE_HOST": "mariadb" if "database" in host.roles else self.database_address,
            "SECRETS_DIR": self.secrets_folder(host),
            "LEFT_OUT": " ".join(absent),
            "JENKINS_AGENT_FOLDER": DATA["jenkins_agent"],
            **(self.pipeline if "jenkins" in host.roles else {}),
            "COMPOSE_PROJECT_NAME": PROJECT,
            "COMPOSE_FILE": ":".join((*COMPOSE_FILES, IMAGES_FILE)),
            "COMPOSE_PROFILES": ",".join(host.roles),
            **self.told,
        }
        return "".join(f"{key}='{value}'\n" for key, value in values.items())

    def archive(self, host: Host) -> bytes:
        """All that the host needs but images: compose files, variables, and its services' secrets.

        To be unpacked at /. Each secret belongs to its reader's uid, and nobody else may read it.
        """
        packed, folder = io.BytesIO(), f"{RELEASES}/{self.id}"
        with tarfile.open(fileobj=packed, mode="w") as archive:
            add_folder(archive, folder)
            for name, content in self.files(host).items():
                add(archive, f"{folder}/{name}", content)
            add_folder(archive, STORED_SECRETS)
            for file in of_services(self.secrets, self.services_on(host)):
                reader = self.built.services[file.service]
                add_secret(archive, f"{self.secrets_folder(host)}/{file}", file.value, reader)
        return packed.getvalue()

    def outline(self, host: Host) -> bytes:
        """The release without secrets, to be looked at in any folder."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name, content in self.files(host).items():
                add(archive, name, content)
        return packed.getvalue()

    def files(self, host: Host) -> dict[str, bytes]:
        """What the release's folder on the host has, by name."""
        return {
            **{name: (HERE / name).read_bytes() for name in COMPOSE_FILES},
            IMAGES_FILE: self.image_names(host).encode(),
            ".env": self.environment(host).encode(),
            "services": "".join(f"{name}\n" for name in self.services_on(host)).encode(),
        }

    def image_names(self, host: Host) -> str:
        """The compose file that says which image each service of the host runs."""
        images = self.built.of(self.services_on(host))
        return json.dumps({"services": {image.service: {"image": image.name} for image in images}}, indent=2)

    def secrets_folder(self, host: Host) -> str:
        """Where the host keeps these secrets: another folder for other values, the same for the same."""
        files = sorted(of_services(self.secrets, self.services_on(host)), key=str)
        content = "".join(f"{file}={file.value}\n" for file in files)
        return f"{STORED_SECRETS}/{sha256(content.encode()).hexdigest()[:16]}"

    def data_folders(self, host: Host) -> tuple[tuple[str, int, int], ...]:
        """Where services keep data on the host's data volumes, each with the uid and gid that write there."""
        running = set(self.services_on(host))
        return tuple(
            (folder, self.built.services[name].uid, self.built.services[name].gid)
            for name, folder in DATA.items()
            if name in running
        )


# As compose.ec2.yaml has it.
DATA = {
    "mariadb": "/srv/database/mariadb",
    "jenkins": "/srv/jenkins/jenkins",
    "jenkins_agent": "/srv/jenkins/jenkins_agent",
    "prometheus": "/srv/monitoring/prometheus",
    "alertmanager": "/srv/monitoring/alertmanager",
    "grafana": "/srv/monitoring/grafana",
}


def add(archive: tarfile.TarFile, path: str, content: bytes) -> None:
    """A file of root's."""
    entry = tarfile.TarInfo(path.lstrip("/"))
    entry.size, entry.mode = len(content), 0o600
    archive.addfile(entry, io.BytesIO(content))


def add_folder(archive: tarfile.TarFile, path: str) -> None:
    """A folder that only root enters."""
    entry = tarfile.TarInfo(path.lstrip("/"))
    entry.type, entry.mode = tarfile.DIRTYPE, 0o700
    archive.addfile(entry)


def add_secret(archive: tarfile.TarFile, path: str, value: str, reader: Service) -> None:
    """A secret that its reader alone may read."""
    entry, content = tarfile.TarInfo(path.lstrip("/")), value.encode()
    entry.size, entry.mode, entry.uid, entry.gid = len(content), 0o400, reader.uid, reader.gid
    archive.addfile(entry, io.BytesIO(content))
